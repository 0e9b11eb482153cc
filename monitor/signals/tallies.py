"""What platforms counted and nobody read: added to what was read, so that a sample is no measure of how much was said.

    unread of an hour = max(0, counted by the platform - stored posts of it)

A part of a counted hour is taken to hold its share: an hour is the finest that is kept. Where a topic has more than one
query on a platform and only some are counted, this comes out too small, never too large.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.models import Query, Window
from monitor.nouns.coverage import Counted, Tally
from monitor.seams.scored import NO_TALLIES, Tallied

HOUR = timedelta(hours=1)


class Unread(NamedTuple):
    """An hour that a platform counted, as far as it did: how many posts there were, and how many of them are stored."""

    source: str
    window: Window
    counted: int
    read: int

    @property
    def posts(self) -> int:
        """Return how many posts nobody read."""
        return max(0, self.counted - self.read)


def windows_of(query: Query, tallied: Tallied = NO_TALLIES) -> list[Window]:
    """Return the times of which it is known how many posts of a query there were, read or not."""
    return [Window(each.start, each.until) for each in tallied.by_query.get(query, ())]


def unread(tallied: Tallied) -> list[Unread]:
    """Return the counted hours of each platform, oldest first; those of several queries are added up."""
    by_hour: dict[tuple[datetime, str], list[Tally]] = defaultdict(list)
    for query, tallies in tallied.by_query.items():
        for each in tallies:
            by_hour[each.start, query.source].append(each)
    return [
        Unread(
            source,
            Window(start, min(each.until for each in some)),
            sum(each.posts for each in some),
            tallied.read.get((source, start), 0),
        )
        for (start, source), some in sorted(by_hour.items())
    ]


def posts_in(window: Window, hours: Iterable[Unread]) -> int:
    """Return how many posts of a window nobody read."""
    return round(sum(each.posts * _share(window, each.window) for each in hours))


def counted_in(window: Window, hours: Sequence[Unread]) -> tuple[Counted, ...]:
    """Return what each platform counted in a window, and how much of it was read; none that was read whole."""
    totals: Mapping[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for each in hours:
        share = _share(window, each.window)
        totals[each.source][0] += share * max(each.counted, each.read)
        totals[each.source][1] += share * each.read
    found = [Counted(source, round(posts), round(read)) for source, (posts, read) in sorted(totals.items())]
    return tuple(each for each in found if each.posts > each.read)


def added(hourly: Sequence[int], first: datetime, hours: Iterable[Unread]) -> list[int]:
    """Return counts of whole hours, the first of which begins at `first`, with what nobody read."""
    counts = list(hourly)
    for each in hours:
        index = (each.window.start - first) // HOUR
        if 0 <= index < len(counts):
            counts[index] += each.posts
    return counts


def _share(window: Window, hour: Window) -> float:
    """Return which share of a counted time lies in a window."""
    overlap = min(window.end, hour.end) - max(window.start, hour.start)
    return max(0.0, overlap / hour.length) if hour.length else 0.0
