"""One item of a page after the other: one that cannot be read is set aside, and the others are read.

An exception costs its item only. What kills or stops the whole process is read in a child (processes/isolation.py),
which sees each item at a gate before it is touched.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from monitor.models import Author, Post, SetAside
from monitor.seams.quarantine import Gate, worded

LONGEST_TEXT = 1_000_000
"""No post of a person is longer; one that is would hold up all that work on it."""


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
        if not gate.admits(raw):
            refused += 1
            continue
        try:
            post = _bounded(read(raw))
        except Exception as e:  # noqa: BLE001 - an item may break in any way, and costs itself only
            item = msgspec.structs.replace(nameless(raw), reason=worded(e))
            set_aside.append(item)
            gate.failed(item)
            continue
        if post is not None:
            posts.append(post)
    return Sorted(tuple(posts), tuple(set_aside), refused)


def _bounded(post: Post | None) -> Post | None:
    if post is not None and len(post.text) > LONGEST_TEXT:
        raise ValueError(f"its text has {len(post.text):,} characters, more than {LONGEST_TEXT:,}")
    return post


def without_author(record: object, fields: Mapping[str, str]) -> tuple[object, Author]:
    """Return a JSON object without the fields that name its author, and the author; `fields` maps ours to theirs."""
    if not isinstance(record, dict):
        return record, Author()
    found = {ours: _short(record[theirs]) for ours, theirs in fields.items() if record.get(theirs) is not None}
    return {name: value for name, value in record.items() if name not in fields.values()}, Author(**found)


def nameless_item(source: str, raw: bytes, fields: Mapping[str, str]) -> SetAside:
    """Return a JSON object that is set aside, without the fields that name its author; `fields` as above."""
    try:
        record, author = without_author(msgspec.json.decode(raw), fields)
        kept = msgspec.json.encode(record)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        kept, author = b"", Author()  # nobody can tell where in it the author's name stands
    return SetAside(kind="item", id=item_id(source, raw), raw=kept, reason="", author=author)


def item_id(source: str, raw: bytes) -> str:
    """Return the id of an item that has none of its own that could be trusted: a hash of its bytes."""
    return f"{source}:{hashlib.sha256(raw).hexdigest()[:24]}"


def _short(value: object) -> str:
    return str(value)[:200]
