"""TOML that cannot be read: on which line, and what to do about it, in words of whoever wrote it."""

import re
import tomllib
from collections.abc import Iterable

from monitor.topics.lines import Lines

REMEDY = "check the quotes, commas and brackets of this line and the one before"

_SLIPS = {"“": '"', "”": '"', "‘": '"', "’": '"', "，": ",", "、": ",", "＝": "=", "【": "[", "】": "]"}
"""Characters that look like TOML's own, and what is meant; they are looked for only in a line that is not TOML."""

_AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
_TITLE_AS_NAME = re.compile(r"\s*\[\s*topics\s*\.\s*([^\s\]\"'.]+)\s*\]")
_TWICE = ("Cannot declare", "Cannot overwrite")


class NotToml(ValueError):
    """A text that is no TOML: the line, from 1, and a sentence."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(line, sentence)
        self.line = line
        self.sentence = sentence


def tables_of(text: str) -> dict[str, object]:
    """Return the tables of a text. Raises NotToml."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise NotToml(1, "brackets are nested too deep; a list needs one pair") from error
    except ValueError as error:
        # TOMLDecodeError, or what int() says of a number with thousands of digits. It tells the line in its words only.
        place = _AT_LINE.search(str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1 if place else 1
        raise NotToml(line, _sentence(text, line, _AT_LINE.sub("", str(error)))) from error


def wrong_name(name: str) -> str:
    """Word what is wrong with a topic's name; one in other letters is most likely meant as its title."""
    made_of = "a name is made of a-z, 0-9 and -"
    if name.isascii():
        return f"{made_of}, as in [topics.smash-pots]"
    return f'{made_of}; write [topics.smash-pots] and below it title = "{name}"'


def _sentence(text: str, line: int, reason: str) -> str:
    written = text.split("\n")[line - 1 : line]
    if reason.startswith(_TWICE) and (twice := _twice(text, line)):
        return twice
    for each in written:
        if (title := _TITLE_AS_NAME.match(each)) and not title[1].isascii() and not _slips_in(title[1]):
            return wrong_name(title[1])
    return f"not valid TOML: {reason}; {_slip(written) or REMEDY}"


def _twice(text: str, line: int) -> str | None:
    """Word what stands a second time at a line, and where it stands first."""
    found = Lines(text).first_of_two(line)
    if found is None:
        return None
    path, first, is_table = found
    name = f"[{'.'.join(path)}]" if is_table else f'"{path[-1]}"'
    return f"{name} stands twice, here and at line {first}; delete one"


def _slip(lines: Iterable[str]) -> str | None:
    """Word the slip that a Chinese keyboard or a word processor makes, where the line holds one."""
    found = [char for line in lines for char in _slips_in(line)]
    if not found:
        return None
    return f"this line holds {found[0]}, and TOML wants {_SLIPS[found[0]]} there"


def _slips_in(line: str) -> list[str]:
    return [char for char in line if char in _SLIPS]
