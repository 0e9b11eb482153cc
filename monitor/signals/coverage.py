"""Windows of time that were really read: merged, cut, compared."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec.structs import replace

from monitor.models import QueryStatus, Window


def merged(windows: Iterable[Window]) -> list[Window]:
    """Return the windows without overlaps, oldest first; empty ones vanish."""
    joined: list[Window] = []
    for window in sorted(each for each in windows if each.start < each.end):
        if joined and window.start <= joined[-1].end:
            joined[-1] = Window(joined[-1].start, max(joined[-1].end, window.end))
        else:
            joined.append(window)
    return joined


def covered(window: Window, sampled: Iterable[Window]) -> timedelta:
    """Return how much of a window lies in the sampled ones, which must not overlap (see `merged`)."""
    overlaps = (min(window.end, each.end) - max(window.start, each.start) for each in sampled)
    return sum((overlap for overlap in overlaps if overlap > timedelta()), timedelta())


def uncovered(window: Window, sampled: Iterable[Window], least: timedelta) -> list[Window]:
    """Return the parts of a window outside the sampled ones, which must not overlap, that are as long as `least`."""
    inside = [each for each in sampled if each.end > window.start and each.start < window.end]
    ends = (window.start, *(each.end for each in inside))
    starts = (*(each.start for each in inside), window.end)
    return [Window(*each) for each in zip(ends, starts, strict=True) if each[1] - each[0] >= least]


def since(start: datetime, windows: Iterable[Window]) -> list[Window]:
    """Return what of the windows lies after a time."""
    return [Window(max(each.start, start), each.end) for each in windows if each.end > start]


def read_since(status: QueryStatus, start: datetime, windows: Iterable[Window], within: Window) -> QueryStatus:
    """Return what is known of a query to who asks since `start` only: what others had it read before tells nothing.

    `windows` are those read by this query. One that was begun since then was read for who asks, however far back.
    """
    if status.begun is None or status.begun >= start:
        return status
    read = covered(within, merged(since(start, windows)))
    gaps = tuple(gap for gap in status.gaps if gap.end > start)
    return replace(status, read=read / within.length, begun=start, gaps=gaps)


def read_together(windows_by_query: Sequence[Iterable[Window]], share: float = 0.8) -> list[Window]:
    """Return the times at which at least `share` of the queries were being read.

    Counts of such times can be compared: the same sources stood behind them. One dead feed of ten blinds no topic.
    """
    needed = max(1.0, share * len(windows_by_query))
    edges = sorted(
        edge for windows in windows_by_query for each in merged(windows) for edge in ((each.start, 1), (each.end, -1))
    )
    together: list[Window] = []
    reading = 0
    for (moment, step), (following, _) in pairwise(edges):
        reading += step
        if reading >= needed:
            together.append(Window(moment, following))
    return merged(together)
