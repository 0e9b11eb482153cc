"""The posts of a topic as a file, CSV or JSON lines: ids alone, so that platforms decide what is shown, or texts. Pure.

Posts that could expose somebody are left out, authors are in neither form; what digests may not quote has no text.
"""

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Literal

from monitor.digests.people import Shown, classify, has_handle, show
from monitor.digests.recent import Rules
from monitor.models import Mention, PostKey

Form = Literal["csv", "jsonl"]
IDS = ("source", "id", "time", "seen", "language", "script", "matched")
TEXTS = ("url", "text")
BY_DEFAULT = Rules()
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With these a cell begins that a spreadsheet would compute: https://owasp.org/www-community/attacks/CSV_Injection"""


def table_of(mentions: Iterable[Mention], form: Form, rules: Rules = BY_DEFAULT, *, with_text: bool) -> bytes:
    """Return the file, UTF-8; of CSV with a mark in front that spreadsheets look for."""
    columns = IDS + TEXTS if with_text else IDS
    rows = [{name: row[name] for name in columns} for row in _rows(mentions, rules)]
    if form == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8", "replace")
    return _written(({name: _cell(value) for name, value in row.items()} for row in rows), columns)


def without_rows(table: bytes, file_name: str, posts: Collection[PostKey], *, ids_too: bool = False) -> bytes:
    """Return a file of `table_of` without the texts of some posts; one of ids alone, or any other file, as it is.

    With `ids_too` those of ids alone go as well: an id may say who wrote its post.
    """

    def may_stay(row: Mapping[str, str]) -> bool:
        return ("text" not in row and not ids_too) or _key(row) not in posts

    if file_name.endswith(".jsonl"):
        lines = table.splitlines(keepends=True)
        return b"".join(line for line in lines if may_stay(json.loads(line)))
    if not file_name.endswith(".csv"):
        return table
    rows = _read(table)
    kept = [row for row in rows if may_stay(row)]
    return table if len(kept) == len(rows) else _written(kept, list(rows[0]))


def posts_in_file(table: bytes, file_name: str) -> frozenset[PostKey]:
    """Return the posts of a file of `table_of`; none of any other file."""
    if file_name.endswith(".jsonl"):
        return frozenset(_key(json.loads(line)) for line in table.splitlines())
    return frozenset(map(_key, _read(table))) if file_name.endswith(".csv") else frozenset()


def _read(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))


def _key(row: Mapping[str, str]) -> PostKey:
    return PostKey(row["source"], row["id"].removeprefix("'"))


def _written(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig", "replace")


def may_leave(mention: Mention, rules: Rules) -> bool:
    """Tell whether a post may stand in a file: it was not taken back, and more of it may be told than a count."""
    return not mention.withdrawn and any(_shown(mention, rules))


def _shown(mention: Mention, rules: Rules) -> Shown:
    return show(classify(mention, rules.named), rules.policy, mention.post.key.source)


def _rows(mentions: Iterable[Mention], rules: Rules) -> Iterator[dict[str, str]]:
    for each in mentions:
        post, shown = each.post, _shown(each, rules)
        if each.withdrawn or not any(shown):
            continue
        is_quotable = shown.quote and (shown.name or not has_handle(post.text))
        yield {
            "source": post.key.source,
            "id": post.key.id,
            "time": post.time.astimezone(UTC).isoformat(),
            "seen": post.observed_at.astimezone(UTC).isoformat(),
            "language": each.language,
            "script": each.script or "",
            "matched": " ".join(hit.term for hit in each.terms),
            "url": (post.url or "") if shown.link else "",
            "text": post.text if is_quotable else "",
        }


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA) else value
