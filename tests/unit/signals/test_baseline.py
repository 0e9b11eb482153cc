"""The usual is made of the same local time, as far as it was read."""

from datetime import UTC, datetime, timedelta
from statistics import fmean, variance
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Window
from monitor.signals.baseline import HOUR, Hours, Usual, usual_at, usual_of

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = NOON - 29 * DAY
LONG = 29 * 24


def usual(counts: list[int | None]) -> Usual | None:
    return usual_at(Hours(FIRST, counts), Window(NOON, NOON + HOUR), ZoneInfo("UTC"))


@given(st.lists(st.integers(0, 5), min_size=2, max_size=84))
def test_mean_and_variance_are_what_their_names_say(counts: list[int]) -> None:
    got = usual_of(counts, ())

    assert got.mean == pytest.approx(fmean(counts) + 0.5 / len(counts))
    dispersion = max(1.0, variance(counts) / fmean(counts)) if any(counts) else 1.0
    assert got.dispersion == pytest.approx(dispersion)
    assert got.variance == pytest.approx(got.dispersion * got.mean * (1 + 1 / len(counts)))


def test_one_burst_of_the_past_counts_no_more_than_twice_what_is_high() -> None:
    got = usual_of([4] * 27 + [1000], ())

    assert (got.cap, got.capped, got.sum) == (8, 1, 27 * 4 + 8)


def test_of_all_days_and_the_same_weekdays_the_larger_mean_counts() -> None:
    busy = usual_of([2] * 72 + [9] * 12, [9] * 12)
    quiet = usual_of([9] * 72 + [2] * 12, [2] * 12)

    assert (busy.is_weekday, busy.mean) == (True, (9 * 12 + 0.5) / 12)
    assert (quiet.is_weekday, quiet.mean) == (False, (9 * 72 + 2 * 12 + 0.5) / 84)


def test_an_hour_is_compared_with_itself_and_its_neighbours_on_28_days() -> None:
    counts: list[int | None] = [0] * LONG
    for day in range(1, 29):
        for hour, count in ((-2, 500), (-1, 1), (0, 2), (1, 3), (2, 500)):
            counts[LONG - day * 24 + hour] = count

    got = usual_at(Hours(FIRST, counts), Window(NOON, NOON + HOUR), ZoneInfo("UTC"))

    assert got is not None
    assert (got.counts, got.sum) == (3 * 28, 6 * 28)


def test_longer_windows_are_compared_whole() -> None:
    counts: list[int | None] = [1] * LONG
    counts[LONG - 23] = None

    got = usual_at(Hours(FIRST, counts), Window(NOON, NOON + 3 * HOUR), ZoneInfo("UTC"))

    assert got is not None
    assert (got.counts, got.sum) == (27, 81)


def test_one_day_says_nothing_yet() -> None:
    assert usual([*[None] * (LONG - 25), *[1] * 25]) is None
    assert usual([*[None] * (LONG - 73), *[1] * 73]) is not None


def test_clocks_that_change_move_the_hour_with_them() -> None:
    """Berlin's noon is 11:00 UTC in winter and 10:00 in summer."""
    start = datetime(2026, 4, 1, 10, tzinfo=UTC)
    first = start - 29 * DAY
    counts = [0] * LONG
    for day in range(1, 29):
        local_noon = (start.astimezone(ZoneInfo("Europe/Berlin")) - day * DAY).astimezone(UTC)
        counts[(local_noon - first) // HOUR] = 7

    got = usual_at(Hours(first, counts), Window(start, start + HOUR), ZoneInfo("Europe/Berlin"))

    assert got is not None
    assert got.sum == 7 * 28


def test_an_hour_of_the_window_itself_is_never_compared_with() -> None:
    counts: list[int | None] = [1] * LONG + [900] * 48

    assert usual(counts) == usual(counts[:LONG])
