"""The catalogs of translations, read as translators write them: gettext's .po files, with no step between.

Babel, a tool of development, finds what is to be translated (`make words`); nothing but these files is needed to run.
https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

FOLDER = "locale"


@cache
def catalog(language: str) -> Mapping[str, str]:
    """Return what each message is in a language; empty for English, in which the messages are written."""
    path = files("monitor") / FOLDER / f"{language}.po"
    return dict(read_po(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def read_po(text: str) -> Iterator[tuple[str, str]]:
    """Yield message and translation; of plurals the first form, which in Chinese is the only one."""
    entry: dict[str, str] = {}
    field = ""
    for line in [*text.splitlines(), 'msgid ""']:
        if line.startswith("msgid "):
            yield from _complete(entry)
            entry = {}
        if line.startswith('"'):
            entry[field] += ast.literal_eval(line)
        elif line and not line.startswith("#"):
            field, _, quoted = line.partition(" ")
            entry[field] = ast.literal_eval(quoted)


def _complete(entry: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield an entry that has both sides; the head of the file has no message."""
    translated = entry.get("msgstr") or entry.get("msgstr[0]")
    if entry.get("msgid") and translated:
        yield entry["msgid"], translated
