"""One item of a page after the other: one that cannot be read is set aside, and the others are read.

An exception costs its item only. What kills or stops the whole process is read in a child (monitor/isolation.py), which
sees each item at a gate before it is touched.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from monitor.models import Author, Batch, Cursor, Post, SetAside

Gate = Callable[[bytes], bool]
"""Lets an item be worked on, by its bytes as the platform gave them; False for one that must not be touched."""


def open_gate(raw: bytes) -> bool:
    """Let every item pass."""
    del raw
    return True


class Asked(NamedTuple):
    """What a page was asked for: with which query, from where on, and when."""

    query: str
    cursor: Cursor | None
    now: datetime


class Itemized(Protocol):
    """A source whose page is asked for here and read where it can do no harm: `fetch` is `read` of `ask`."""

    def ask(self, asked: Asked) -> bytes:
        """Return a page in a form of its own; raise SourceError."""
        ...

    def read(self, page: bytes, asked: Asked, gate: Gate = open_gate) -> Batch:
        """Return what a page holds, asking the gate before each item is touched. Pure; raise PayloadChanged."""
        ...

    def nameless(self, raw: bytes) -> SetAside:
        """Return an item that is set aside, its author apart from its bytes."""
        ...

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of an item without its author; None when there is none in it. Raise what it raises."""
        ...


class Sorted(NamedTuple):
    """What became of the items of a page: the posts, and what could not be read; `refused` counts those at the gate."""

    posts: tuple[Post, ...]
    set_aside: tuple[SetAside, ...]
    refused: int

    @property
    def unreadable(self) -> int:
        """Return how many items gave no post though they should."""
        return len(self.set_aside) + self.refused


def sort_out(
    raws: Iterable[bytes], read: Callable[[bytes], Post | None], nameless: Callable[[bytes], SetAside], gate: Gate
) -> Sorted:
    """Read items one by one; None is an item that holds no post and is no failure."""
    posts: list[Post] = []
    set_aside: list[SetAside] = []
    refused = 0
    for raw in raws:
        if not gate(raw):
            refused += 1
            continue
        try:
            post = read(raw)
        except Exception as e:  # noqa: BLE001 - an item may break in any way, and costs itself only
            set_aside.append(msgspec.structs.replace(nameless(raw), reason=worded(e)))
            continue
        if post is not None:
            posts.append(post)
    return Sorted(tuple(posts), tuple(set_aside), refused)


def without_author(record: object, fields: Mapping[str, str]) -> tuple[object, Author]:
    """Return a JSON object without the fields that name its author, and the author; `fields` maps ours to theirs."""
    if not isinstance(record, dict):
        return record, Author()
    found = {ours: _short(record[theirs]) for ours, theirs in fields.items() if record.get(theirs) is not None}
    return {name: value for name, value in record.items() if name not in fields.values()}, Author(**found)


def item_id(source: str, raw: bytes) -> str:
    """Return the id of an item that has none of its own that could be trusted: a hash of its bytes."""
    return f"{source}:{hashlib.sha256(raw).hexdigest()[:24]}"


def worded(error: BaseException) -> str:
    """Word an exception in one line."""
    said = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _short(value: object) -> str:
    return str(value)[:200]
