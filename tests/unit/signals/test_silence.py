"""A quiet source and one that says nothing any more."""

import random
from datetime import UTC, datetime, timedelta
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.signals.silence import LEAST, Came, hour_of, silence_of

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def came(rates: list[int], silent: int, looked: int = 0) -> Came:
    """Return what came in the hours before a silence, oldest first; then so many hours of looks without anything."""
    now = hour_of(NOW)
    first = now - silent - len(rates) + 1
    hours = {first + n: count for n, count in enumerate(rates)}
    hours |= {now - n: 0 for n in range(max(silent, looked))}
    return Came(hours, NOW - silent * HOUR)


def test_a_busy_source_that_brings_nothing_is_silent_within_the_hour() -> None:
    silence = silence_of(came([200] * 100, silent=1), NOW)

    assert silence is not None
    assert silence.since == NOW - HOUR
    assert silence.expected == 100, "half of this hour is over"


def test_one_that_brings_little_is_never_called_silent() -> None:
    assert silence_of(came([0, 1, 3, 0, 2] * 30, silent=40), NOW) is None


@pytest.mark.parametrize(("usual", "is_told"), [(1, False), (100, True)])
def test_what_is_usual_is_what_came_at_the_same_hour_on_other_days(usual: int, is_told: bool) -> None:
    """Six silent hours, which are the quiet ones of each day, or the loud ones."""
    now = hour_of(NOW)
    silent = range(now - 5, now + 1)
    times = {hour % 24 for hour in silent}
    before = {hour: usual if hour % 24 in times else 101 - usual for hour in range(now - 24 * 5, now - 5)}
    known = Came(before | dict.fromkeys(silent, 0), NOW - 6 * HOUR)

    assert (silence_of(known, NOW) is not None) is is_told


def test_an_outage_of_the_week_before_hides_no_silence() -> None:
    known = came([200] * 120, silent=2)
    broken = {hour: 3 if hour in {hour_of(NOW) - 24, hour_of(NOW) - 25} else n for hour, n in known.hours.items()}

    assert silence_of(Came(broken, known.last), NOW) is not None


def test_storms_of_the_first_day_hide_no_silence() -> None:
    assert silence_of(came([60, 2, 0, 60] + [60] * 12, silent=2), NOW) is not None


def test_hours_in_which_nobody_looked_say_nothing() -> None:
    known = came([200] * 100, silent=8)
    looked = {hour: count for hour, count in known.hours.items() if count}

    assert silence_of(known, NOW) is not None
    assert silence_of(Came(looked, known.last), NOW) is None


@pytest.mark.parametrize(
    ("hours", "silent", "is_told"), [(3, 9, False), (4, 1, False), (4, 3, True), (11, 3, True), (12, 1, True)]
)
def test_a_source_that_is_new_is_judged_by_its_first_hours(hours: int, silent: int, is_told: bool) -> None:
    """It may be night soon, so of less than half a day only a fifth is expected."""
    assert (silence_of(came([60] * (hours + 1), silent=silent), NOW) is not None) is is_told


def test_what_brings_something_is_not_silent() -> None:
    assert silence_of(came([200] * 100, silent=0), NOW) is None
    assert silence_of(Came({}, None), NOW) is None
    assert silence_of(Came({1: 0, 2: 0}, None), NOW) is None


@given(st.integers(0, 10_000), st.floats(0.2, 40))
def test_a_source_as_quiet_as_chance_makes_it_is_not_called_silent(seed: int, rate: float) -> None:
    """A week of posts by chance, and then by chance an hour or two without any: no alarm."""
    draw = random.Random(seed)

    def poisson() -> int:
        count, product, limit = 0, draw.random(), exp(-rate)
        while product > limit:
            count, product = count + 1, product * draw.random()
        return count

    rates = [poisson() for _ in range(24 * 8)]
    gaps = [n for n in range(100, len(rates)) if rates[n] == 0]
    for n in gaps:
        start = max((m for m in range(n) if rates[m]), default=None)
        if start is not None:
            hours = dict(enumerate(rates[: n + 1]))
            found = silence_of(
                Came(hours, datetime.fromtimestamp(start * 3600 + 1800, UTC)),
                datetime.fromtimestamp((n + 1) * 3600 - 1, UTC),
            )
            assert found is None or found.expected >= LEAST
            assert found is None
