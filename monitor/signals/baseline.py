"""What is usual at an hour: mean and variance of what was read at the same time of day, over four weeks.

counts of whole hours ─read whole?─► the same local time, 28 days back ─► mean, dispersion, variance

    mean       = (sum + 1/2) ÷ n                the gamma prior of Jeffreys (Theory of Probability, 1961): never zero
    dispersion = max(1, s² ÷ (sum ÷ n))         s² = (squares - sum² ÷ n) ÷ (n - 1)
    variance   = dispersion × mean × (1 + 1 ÷ n)        of one more, as n foretell it (Farrington et al. 1996)

Of all days and of the same weekdays alone the larger mean counts. Counts above a cap count as the cap, so that one
earlier burst does not become the measure of the next.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.models import Window
from monitor.signals.coverage import merged

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

DAYS_BACK = 28
WHOLE = 0.95
"""Share of an earlier window that must have been read for its count to count."""

NEEDED_HOURS = 72
FEWEST_DAYS = 3
FEWEST_OF_DAY = 2
"""Days of which the same time must have been read, and how many of the three hours around an hour stand for a day."""

FEWEST_WEEKS = 3
"""Weeks from which the same weekdays are looked at alone."""

WEEK = 7
SMALLEST_CAP = 5
CAP_QUANTILE = 0.9
CAP_TIMES = 2


class Hours(NamedTuple):
    """Counts of whole hours, the first of which begins at `first`; None for an hour that was not read whole."""

    first: datetime
    counts: Sequence[int | None]

    @property
    def read(self) -> int:
        """Return how many of the hours were read whole."""
        return len(self.counts) - self.counts.count(None)


class Usual(NamedTuple):
    """What is usual, with what it was computed from: how many earlier counts, their sum and sum of squares.

    `weekdays` counts are those of the same weekday, 0 where there are too few. Nine of ten counts were at most `high`.
    `capped` counts were above `cap` and count as it.
    """

    mean: float
    variance: float
    dispersion: float
    counts: int
    sum: int
    squares: int
    weekdays: int
    weekday_sum: int
    high: int
    cap: int
    capped: int

    @property
    def is_weekday(self) -> bool:
        """Tell whether the mean is that of the same weekdays alone, being the larger one."""
        return self.weekdays > 0 and _mean(self.weekday_sum, self.weekdays) > _mean(self.sum, self.counts)


def sampled_hours(first: datetime, counts: Sequence[int], sampled: Iterable[Window]) -> Hours:
    """Return the counts with those of hours that were not read whole taken out; `first` is on the hour."""
    read = [timedelta()] * len(counts)
    for window in merged(sampled):
        start = max(0, (window.start - first) // HOUR)
        for index in range(start, min(len(counts), -((first - window.end) // HOUR))):
            hour = first + index * HOUR
            read[index] += min(window.end, hour + HOUR) - max(window.start, hour)
    return Hours(first, [count if each >= WHOLE * HOUR else None for count, each in zip(counts, read, strict=True)])


def usual_at(hours: Hours, window: Window, zone: ZoneInfo) -> Usual | None:
    """Return what is usual for a window of whole hours, None where too little was read to say.

    Taken are, on each of the last 28 days, the windows at the same local time that were read whole. For a single hour
    these are all whole hours that touch it, or the hour before or after it. A longer window off the hour is compared
    with earlier ones that begin up to 59 minutes sooner.
    """
    every: list[int] = []
    weekday: list[int] = []
    for days in range(1, DAYS_BACK + 1):
        start = days_before(window.start, days, zone)
        found = _around(hours, start, window) if window.length == HOUR else _whole(hours, start, window)
        every += found
        if days % WEEK == 0:
            weekday += found
    each_day = FEWEST_OF_DAY if window.length == HOUR else 1
    if len(every) < FEWEST_DAYS * each_day:
        return None
    return usual_of(every, weekday if len(weekday) >= FEWEST_WEEKS * each_day else ())


def usual_of(every: Sequence[int], weekday: Sequence[int]) -> Usual:
    """Return the usual of counts, some of which (`weekday`) are those of the same weekday."""
    high = _high(every)
    cap = max(SMALLEST_CAP, CAP_TIMES * high)
    n, total, squares = len(every), sum(min(cap, x) for x in every), sum(min(cap, x) ** 2 for x in every)
    weekday_total = sum(min(cap, x) for x in weekday)
    dispersion = 1.0
    if total and n > 1:
        dispersion = max(1.0, (squares - total * total / n) / (n - 1) / (total / n))
    mean = _mean(total, n)
    if weekday:
        mean = max(mean, _mean(weekday_total, len(weekday)))
    return Usual(
        mean=mean,
        variance=dispersion * mean * (1 + 1 / n),
        dispersion=dispersion,
        counts=n,
        sum=total,
        squares=squares,
        weekdays=len(weekday),
        weekday_sum=weekday_total,
        high=high,
        cap=cap,
        capped=sum(x > cap for x in every),
    )


def days_before(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the same local time of day some days earlier, in UTC; clocks may have changed in between."""
    return (moment.astimezone(zone) - timedelta(days=days)).astimezone(UTC)


def _around(hours: Hours, start: datetime, window: Window) -> list[int]:
    """Return the counts of the whole hours that touch the three hours around a start, and end before the window."""
    low = (start - HOUR - hours.first) // HOUR
    high = min(-((hours.first - start - 2 * HOUR) // HOUR), (window.start - hours.first) // HOUR)
    return [count for count in hours.counts[max(0, low) : max(0, high)] if count is not None]


def _whole(hours: Hours, start: datetime, window: Window) -> list[int]:
    """Return the count of the window of the same length that begins with the hour of a start, if all of it was read."""
    low = (start - hours.first) // HOUR
    counts = hours.counts[max(0, low) : max(0, low + window.length // HOUR)]
    read = [count for count in counts if count is not None]
    return [sum(read)] if len(read) == window.length // HOUR else []


def _high(counts: Sequence[int]) -> int:
    """Return the count that nine of ten do not exceed; twice that, and at least five, is the cap."""
    return sorted(counts)[int(CAP_QUANTILE * (len(counts) - 1))]


def _mean(total: int, counts: int) -> float:
    return (total + 0.5) / counts
