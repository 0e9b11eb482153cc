"""The usual hour: mean and variance of the hours that were read at the same time of day, over four weeks.

counts of whole hours ─read whole?─► same local hour and its neighbours, 28 days back ─► mean, dispersion, variance

    mean       = (sum + 1/2) ÷ n                the gamma prior of Jeffreys (Theory of Probability, 1961): never zero
    dispersion = max(1, s² ÷ (sum ÷ n))         s² = (squares - sum² ÷ n) ÷ (n - 1)
    variance   = dispersion × mean × (1 + 1 ÷ n)        of one more hour, as n hours foretell it (Farrington et al. 1996)

Of all days and of the same weekdays alone the larger mean counts. Hours above a cap count as the cap, so that one
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
FEWEST_HOURS = 6
"""Earlier hours of the same time of day below which nothing is said: two of three days, each with its neighbours."""

FEWEST_OF_WEEKDAY = 9
"""Hours of the same weekday from which these are looked at alone: three weeks of them."""

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


class UsualHour(NamedTuple):
    """What is usual for an hour, with what it was computed from: `hours` counts, their sum and sum of squares.

    `is_weekday`: the mean is that of the same weekdays, `weekday_hours` and `weekday_sum`. `capped` hours were above
    `cap` and count as it.
    """

    mean: float
    variance: float
    dispersion: float
    hours: int
    sum: int
    squares: int
    weekday_hours: int
    weekday_sum: int
    cap: int
    capped: int

    @property
    def is_weekday(self) -> bool:
        """Tell whether the mean is that of the same weekdays alone."""
        return self.weekday_hours >= FEWEST_OF_WEEKDAY and _mean(self.weekday_sum, self.weekday_hours) > _mean(
            self.sum, self.hours
        )


def sampled_hours(first: datetime, counts: Sequence[int], sampled: Iterable[Window]) -> Hours:
    """Return the counts with those of hours that were not read whole taken out; `first` is on the hour."""
    read = [timedelta()] * len(counts)
    for window in merged(sampled):
        start = max(0, (window.start - first) // HOUR)
        for index in range(start, min(len(counts), -((first - window.end) // HOUR))):
            hour = first + index * HOUR
            read[index] += min(window.end, hour + HOUR) - max(window.start, hour)
    return Hours(first, [count if each >= WHOLE * HOUR else None for count, each in zip(counts, read, strict=True)])


def usual_hour(hours: Hours, window: Window, zone: ZoneInfo) -> UsualHour | None:
    """Return what is usual for a window of an hour, None where too little was read to say.

    Taken are the whole hours that touch the same hour, or the hour before or after it, on each of the last 28 days.
    """
    every: list[int] = []
    weekday: list[int] = []
    for days in range(1, DAYS_BACK + 1):
        found = _around(hours, days_before(window.start, days, zone), window.start)
        every += found
        if days % WEEK == 0:
            weekday += found
    return usual_of(every, weekday) if len(every) >= FEWEST_HOURS else None


def usual_of(every: Sequence[int], weekday: Sequence[int]) -> UsualHour:
    """Return the usual of counts, some of which (`weekday`) are those of the same weekday."""
    cap = _cap(every)
    n, total, squares = len(every), sum(min(cap, x) for x in every), sum(min(cap, x) ** 2 for x in every)
    weekday_total = sum(min(cap, x) for x in weekday)
    dispersion = 1.0
    if total and n > 1:
        dispersion = max(1.0, (squares - total * total / n) / (n - 1) / (total / n))
    mean = _mean(total, n)
    if len(weekday) >= FEWEST_OF_WEEKDAY:
        mean = max(mean, _mean(weekday_total, len(weekday)))
    return UsualHour(
        mean=mean,
        variance=dispersion * mean * (1 + 1 / n),
        dispersion=dispersion,
        hours=n,
        sum=total,
        squares=squares,
        weekday_hours=len(weekday),
        weekday_sum=weekday_total,
        cap=cap,
        capped=sum(x > cap for x in every),
    )


def days_before(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the same local time of day some days earlier, in UTC; clocks may have changed in between."""
    return (moment.astimezone(zone) - timedelta(days=days)).astimezone(UTC)


def _around(hours: Hours, start: datetime, before: datetime) -> list[int]:
    """Return the counts of the whole hours that touch the three hours around a start and end in time."""
    low = (start - HOUR - hours.first) // HOUR
    high = -((hours.first - start - 2 * HOUR) // HOUR)
    last = min(high, (before - hours.first) // HOUR, len(hours.counts))
    return [count for count in hours.counts[max(0, low) : max(0, last)] if count is not None]


def _cap(counts: Sequence[int]) -> int:
    """Return twice the count that nine of ten hours do not exceed, at least five."""
    usual_high = sorted(counts)[int(CAP_QUANTILE * (len(counts) - 1))]
    return max(SMALLEST_CAP, CAP_TIMES * usual_high)


def _mean(total: int, hours: int) -> float:
    return (total + 0.5) / hours
