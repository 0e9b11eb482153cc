"""Mentions of a few topics in an archive, counted in one pass by means of their own.

Nothing of the product is imported here: plain json, each spelling listed, regular expressions. It knows the two
archives that it is used on and no others. Keywords are asked for as written (=word): variants have their own tests.
"""

import difflib
import gzip
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import opencc


class Wanted(NamedTuple):
    """A topic: one of `any`, each of `all` in one of its spellings, and not one of `none`."""

    any: tuple[str, ...]
    all: tuple[tuple[str, ...], ...] = ()
    none: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return all spellings whose presence speaks for a post."""
        return (*self.any, *(spelling for spellings in self.all for spelling in spellings))


_HAN = "\u3400-\u9fff"
_ADDRESSES = (
    r"https?://[^\s<>\"'`{}|\\^\u2018-\u201f\u2026\u2e80-\uffef]+",
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    r"(?<![\w@＠.-])(?:[\w-]+\.)+(?:com|org|net|gov|edu)(?![\w-])(?:[/?#][!-~]*)?",
    r"(?<![\w@＠.-])(?:[\w-]+\.)+(?:info|io|co|cn|hk|tw|jp|uk|de|fr|ly|gl|me|tv|im)[/?#][!-~]+",
)
_NAMES = (
    rf"(?<=//)[@＠][\w{_HAN}-]+(?=[:：])",
    rf"(?<!\w)[@＠][\w-]+[{_HAN}][\w{_HAN}-]*(?=[\s:：@＠]|\Z)",
    rf"[@＠][{_HAN}][\w{_HAN}-]+(?:[@＠][\w{_HAN}-]+)*",
    r"(?:(?<![\w!#$%&*@＠])|(?<![\w+~.-][Rr][Tt])(?<=[Rr][Tt]))[@＠]\w+(?:[.-]\w+)*(?![\w@＠À-ÖØ-öø-ÿ]|://)",
)
_SILENT = re.compile("|".join((*_ADDRESSES, *_NAMES)), re.ASCII | re.IGNORECASE)


class Row(NamedTuple):
    """A post, as far as counting needs it."""

    id: str
    time: datetime
    account: str
    text: str

    def __repr__(self) -> str:
        return "Row(…)"  # people's posts do not belong in the output of a failed test


class Counted(NamedTuple):
    """What one pass over an archive found: lines with and without a usable time, and each topic's posts by id."""

    readable: int
    unreadable: int
    first: datetime
    last: datetime
    rows: dict[str, dict[str, Row]]


def count(path: Path, fields: Mapping[str, str], topics: Mapping[str, Wanted]) -> Counted:
    """Read an archive once. `fields` says where `id`, `time` and `account` are."""
    rows: dict[str, dict[str, Row]] = {name: {} for name in topics}
    sought = pattern(tuple(spelling for wanted in topics.values() for spelling in wanted.any))
    readable = unreadable = 0
    first, last = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    for record in records(path):
        time = time_of(record[fields["time"]])
        if time is None:
            unreadable += 1
            continue
        readable += 1
        first, last = min(first, time), max(last, time)
        if not sought.search(record["text"]):
            continue
        said = spoken(record["text"])
        for name, wanted in topics.items():
            if is_wanted(said, wanted):
                id_ = record[fields["id"]]
                rows[name].setdefault(id_, Row(id_, time, at(record, fields["account"]), record["text"]))
    return Counted(readable, unreadable, first, last, rows)


def records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of an archive."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def at(record: Any, path: str) -> str:
    """Return what lies at a dotted path."""
    for key in path.split("."):
        record = record[key]
    return str(record)


def time_of(text: str) -> datetime | None:
    """Return a time, in UTC when it names no zone; None for one without a year, as some reposts have."""
    if not re.match(r"\d{4}-", text):
        return None
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def spoken(text: str) -> str:
    """Return a text with addresses and the names of accounts blotted out: they say nothing."""
    return _SILENT.sub(lambda found: "\0" * len(found[0]), text)


def is_wanted(text: str, wanted: Wanted) -> bool:
    """Tell whether a text belongs to a topic."""
    if not pattern(wanted.any).search(text) or (wanted.none and pattern(wanted.none).search(text)):
        return False
    return all(pattern(spellings).search(text) for spellings in wanted.all)


def places(text: str, wanted: Wanted) -> set[tuple[int, int]]:
    """Return where the spellings of a topic stand."""
    said = spoken(text)
    return {found.span() for spelling in wanted.spellings for found in pattern((spelling,)).finditer(said)}


@cache
def pattern(spellings: tuple[str, ...]) -> re.Pattern[str]:
    """Return an expression for any of some spellings: Latin ones as whole words, capitals or not.

    Written out in place of \\b, which takes an underscore for a letter: #new_iphone holds the word.
    """
    border = r"[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]"
    parts = (rf"(?<!{border}){re.escape(each)}(?!{border})" if each.isascii() else each for each in spellings)
    return re.compile("|".join(parts), re.IGNORECASE | re.ASCII)


def busiest_start(times: Sequence[datetime], first: datetime, last: datetime) -> datetime:
    """Return the start of the 24 whole hours with the most posts, within the hours from first to last; latest wins."""
    hour = timedelta(hours=1)
    counts = Counter(time.replace(minute=0, second=0) for time in times)
    begin, end = (time.replace(minute=0, second=0, microsecond=0) for time in (first, last))
    # A best window can be moved later until a post is about to leave it, so these starts are enough.
    starts = {min(time, end - 23 * hour) for time in counts} | {end - 23 * hour}
    return max((sum(counts[start + n * hour] for n in range(24)), start) for start in starts if start >= begin)[1]


def wording(text: str) -> str:
    """Return what a text says: no leading repost marks, no links, no @names, one way of writing, no punctuation."""
    plain = str(converter().convert(unicodedata.normalize("NFKC", text).lower()))
    plain = re.sub(r"\A(?:\s*(?:rt\b|//)\s*:?\s*@[\w.-]+\s*:?\s*)+", "", plain)
    plain = re.sub(r"https?://[!-~]+", " ", plain)
    plain = re.sub(r"@[\w.-]+", " ", plain)
    return "".join(char for char in plain if char.isalnum())


def alike(own: str, wordings: Iterable[str]) -> list[str]:
    """Return the wordings that hold another, are held by it, or need fewer edits than they have letters."""
    matcher = difflib.SequenceMatcher(None, "", own, autojunk=False)
    found: list[str] = []
    for each in wordings:
        matcher.set_seq1(each)
        is_near = matcher.real_quick_ratio() >= 0.5 and matcher.quick_ratio() >= 0.5 and matcher.ratio() >= 0.5
        if is_near or (each and each in own) or own in each:
            found.append(each)
    return found


@cache
def converter() -> opencc.OpenCC:
    """Return a converter to simplified characters."""
    return opencc.OpenCC("t2s")
