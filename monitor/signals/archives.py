"""Where to look in an archive: the times at which it was written, and its busiest day.

times of its posts ─► hours with any post ─silences under a week closed─► stretches ─► what was read, and when most
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from monitor.models import Coverage, Query, QueryStatus, Window

HOUR = timedelta(hours=1)
DAY_HOURS = 24

LONGEST_SILENCE = timedelta(days=7)
"""An archive without one post for longer than this was not being written: what it lacks then is unknown, not zero."""

EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Times that a post can have. A time on the first day of 1970 is a zero that somebody's program took for a time."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_possible(time: datetime) -> bool:
    """Tell whether a post can have been written at a time."""
    return EARLIEST <= time < LATEST


def hour_of(time: datetime) -> int:
    """Return the whole hours since 1970."""
    return int(time.timestamp() // 3600)


def stretches(hours: Iterable[int]) -> list[Window]:
    """Return the windows in which an archive was being written, from its hours (see `hour_of`) with any post.

    They begin and end on the hour and lie apart, oldest first.
    """
    found: list[Window] = []
    for hour in sorted(set(hours)):
        start = _EPOCH + hour * HOUR
        if found and start - found[-1].end <= LONGEST_SILENCE:
            found[-1] = Window(found[-1].start, start + HOUR)
        else:
            found.append(Window(start, start + HOUR))
    return found


def busiest_day(counted: Iterable[tuple[Window, Sequence[int]]]) -> Window:
    """Return the 24 hours with the most posts, the latest of equals; each stretch comes with one count per hour of it.

    A stretch shorter than a day gives the 24 hours that end with it. Raise ValueError without any stretch.
    """
    days = [(count, day) for stretch, hourly in counted for count, day in [_busiest_of(stretch, hourly)]]
    return max(days)[1]


def _busiest_of(stretch: Window, hourly: Sequence[int]) -> tuple[int, Window]:
    assert len(hourly) == stretch.length // HOUR, "one count for each hour of the stretch"
    best, best_count = 0, -1
    running = sum(hourly[:DAY_HOURS])
    for start in range(max(1, len(hourly) - DAY_HOURS + 1)):
        if start:
            running += hourly[start + DAY_HOURS - 1] - hourly[start - 1]
        if running >= best_count:
            best, best_count = start, running
    end = stretch.start + (best + DAY_HOURS) * HOUR if len(hourly) >= DAY_HOURS else stretch.end
    return best_count, Window(end - DAY_HOURS * HOUR, end)


class ArchiveCoverage:
    """Implements the CoverageLedger: an archive was read from its first hour to its last, and nowhere else.

    Only its stretches can say what is usual; a silence between them is no failure to read.
    """

    def __init__(self, stretches: Sequence[Window]) -> None:
        self._stretches = tuple(stretches)
        self._whole = Window(self._stretches[0].start, self._stretches[-1].end)

    def windows(self, query: Query, window: Window) -> list[Coverage]:
        """Return the parts of a window in which the archive was being written."""
        del query
        parts = (_overlap(each, window) for each in self._stretches)
        return [Coverage(start=part.start, end=part.end) for part in parts if part is not None]

    def statuses(self, queries: Sequence[Query], window: Window) -> list[QueryStatus]:
        """Return the same for each query: which part of the window was read."""
        part = _overlap(self._whole, window)
        read, last = (part.length / window.length, part.end) if part else (0.0, None)
        return [QueryStatus(query=query, read=read, begun=self._whole.start, last_read=last) for query in queries]


def _overlap(one: Window, other: Window) -> Window | None:
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Window(start, end) if start < end else None
