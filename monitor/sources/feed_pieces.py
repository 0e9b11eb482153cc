"""A feed in pieces: when one entry breaks the parser, the others are found by halving.

all ─breaks─┬─ first half ─► entries
            └─ second half ─breaks─┬─ … one entry: broken, set aside
                                   └─ …
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from monitor.sources.feed import Feed, FeedEntry

MOST_PARSES = 60
"""Of pieces of one feed: enough for five broken entries among a thousand."""

# What stands in CDATA or a comment begins no entry.
_STEP = re.compile(rb"<!\[CDATA\[.*?\]\]>|<!--.*?-->|<((?:\w+:)?(?:item|entry))(?=[\s>/])", re.DOTALL | re.IGNORECASE)
_END = re.compile(rb"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_NAMES = re.compile(
    rb"<((?:\w+:)?(?:author|creator|contributor|publisher|owner|credit|managingEditor|webMaster))\b.*?</\1\s*>",
    re.DOTALL | re.IGNORECASE,
)


class Pieces(NamedTuple):
    """A document's bytes before its first entry, the entries, and what follows the last."""

    head: bytes
    entries: tuple[bytes, ...]
    tail: bytes

    def joined(self, entries: Sequence[bytes]) -> bytes:
        """Return the document with these entries only."""
        return self.head + b"".join(entries) + self.tail


class Halved(NamedTuple):
    """What could be read of a feed, the entries that break its parser, and how many nobody had the time to look at."""

    feed: Feed
    broken: tuple[bytes, ...]
    left: int


def pieces_of(body: bytes) -> Pieces | None:
    """Cut a document at its entries; None when it has fewer than two, or is written in units of more than a byte."""
    starts = [found.start() for found in _STEP.finditer(body) if found[1]]
    if len(starts) < 2 or b"\0" in body[:200]:
        return None
    ends = [found.end() for found in _END.finditer(body, starts[-1])]
    end = ends[-1] if ends else len(body)
    edges = [*starts, end]
    entries = tuple(body[start:stop] for start, stop in pairwise(edges))
    return Pieces(body[: starts[0]], entries, body[end:])


def halve(pieces: Pieces, parse: Callable[[bytes], Feed | None]) -> Halved:
    """Read all entries that can be read; `parse` returns None for a document that breaks the parser."""
    read: dict[int, Feed] = {}
    broken: list[bytes] = []
    waiting = [range(len(pieces.entries))]
    for _ in range(MOST_PARSES):
        if not waiting:
            break
        part = waiting.pop()
        feed = parse(pieces.joined(pieces.entries[part.start : part.stop]))
        if feed is not None:
            read[part.start] = feed
        elif len(part) == 1:
            broken.append(pieces.entries[part.start])
        else:
            middle = (part.start + part.stop) // 2
            waiting += [range(middle, part.stop), range(part.start, middle)]
    left = sum(map(len, waiting))
    entries: tuple[FeedEntry, ...] = tuple(entry for start in sorted(read) for entry in read[start].entries)
    patience = max((feed.patience for feed in read.values() if feed.patience is not None), default=None)
    return Halved(Feed(entries=entries, count=len(entries) + left, patience=patience), tuple(broken), left)


def without_names(piece: bytes) -> bytes:
    """Return an entry without the elements that name people."""
    return _NAMES.sub(b"", piece)
