"""Where to look in an archive: its busiest day, and what of it was read."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitor.models import Coverage, Query, QueryStatus, Window

HOUR = timedelta(hours=1)
DAY_HOURS = 24


def whole_hours(first: datetime, last: datetime) -> Window:
    """Return the window of whole hours that holds both times."""
    start = first.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    end = last.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
    return Window(start, end)


def busiest_day(span: Window, hourly: Sequence[int]) -> Window:
    """Return the 24 hours of `span` with the most posts, the latest of equals; `hourly` holds one count per hour of it.

    A span shorter than a day gives the 24 hours that end with it.
    """
    assert len(hourly) == span.length // HOUR, "one count for each hour of the span"
    best, best_count = max(0, len(hourly) - DAY_HOURS), -1
    running = sum(hourly[:DAY_HOURS])
    for start in range(max(1, len(hourly) - DAY_HOURS + 1)):
        if start:
            running += hourly[start + DAY_HOURS - 1] - hourly[start - 1]
        if running >= best_count:
            best, best_count = start, running
    end = span.start + (best + DAY_HOURS) * HOUR if len(hourly) >= DAY_HOURS else span.end
    return Window(end - DAY_HOURS * HOUR, end)


class ArchiveCoverage:
    """Implements the CoverageLedger: an archive was read from its first post to its last, and nowhere else."""

    def __init__(self, first: datetime, last: datetime) -> None:
        self._read = Window(first, last)

    def windows(self, query: Query, window: Window) -> list[Coverage]:
        """Return the part of a window that lies in the archive."""
        del query
        start, end = max(self._read.start, window.start), min(self._read.end, window.end)
        return [Coverage(start=start, end=end)] if start < end else []

    def statuses(self, queries: Sequence[Query], window: Window) -> list[QueryStatus]:
        """Return the same for each query: which part of the window was read."""
        read = sum((each.end - each.start for each in self.windows(Query("", ""), window)), timedelta())
        return [
            QueryStatus(query=query, read=read / window.length, last_read=min(self._read.end, window.end))
            for query in queries
        ]
