"""Tells a quiet source from one that says nothing any more: it answers, and brings nothing where much was usual. Pure.

    usual of an hour   the least that came in the same hour of the last seven days on which it was looked at, but for
                       one of four or more days, which may have been an outage's; while there are less than two such
                       days, the lower quartile of the last 24 hours, of less than twelve hours a fifth of it
    silence            whole hours, and the part of this one, without anything; their usual adds up to LEAST or more

The least of a week is a mean that is nowhere too high. Where 20 posts were to be expected, none comes by chance once in
500 million times (Poisson). Of a new source nobody knows the nights: a fifth is what they brought in the mean of real
streams (tests/evaluation/silence.py). Sources that bring next to nothing are never called silent.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

LEAST = 20.0
DAYS = 7
FEWEST_DAYS = 2
ONE_MAY_BE_LEFT_OUT = 4
FEWEST_HOURS = 4
HALF_A_DAY = 12
NIGHT = 0.2
HOUR = timedelta(hours=1)


class Came(NamedTuple):
    """How much a query brought that it had not brought before, by whole hours since 1970 in which it was looked at."""

    hours: Mapping[int, int]
    last: datetime | None
    """When a look brought something last."""


class Silence(NamedTuple):
    """Since when nothing came, and how many posts were to be expected since then, at least."""

    since: datetime
    expected: float


def silence_of(came: Came, looked: datetime) -> Silence | None:
    """Return the silence of a query that was looked at last at a time; None: it is not silent, or nobody can tell."""
    if came.last is None or not came.hours:
        return None
    current = hour_of(looked)
    silent = [hour for hour in range(hour_of(came.last) + 1, current + 1) if came.hours.get(hour) == 0]
    expected = sum(_usual(came.hours, hour, hour_of(came.last)) * _share(hour, looked) for hour in silent)
    return Silence(came.last, expected) if expected >= LEAST else None


def hour_of(moment: datetime) -> int:
    """Return the whole hours since 1970."""
    return int(moment.astimezone(UTC).timestamp() // 3600)


def _share(hour: int, looked: datetime) -> float:
    """Return how much of an hour is over."""
    return min(1.0, (looked.timestamp() - 3600 * hour) / 3600)


def _usual(hours: Mapping[int, int], hour: int, last: int) -> float:
    """Return what comes in an hour at least, by what came before the silence."""
    same = _known(hours, [hour - 24 * day for day in range(1, DAYS + 1)], last)
    if len(same) >= FEWEST_DAYS:
        return same[len(same) >= ONE_MAY_BE_LEFT_OUT]
    recent = _known(hours, range(last - 24, last), last)
    if len(recent) < FEWEST_HOURS:
        return 0.0
    quartile = recent[len(recent) // 4]
    return quartile if len(recent) >= HALF_A_DAY else NIGHT * quartile


def _known(hours: Mapping[int, int], wanted: Sequence[int], last: int) -> list[int]:
    """Return what came in some hours, the least first; the hour in which the silence began is not whole."""
    return sorted(hours[hour] for hour in wanted if hour < last and hour in hours)
