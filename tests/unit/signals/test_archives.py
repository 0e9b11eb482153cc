"""When an archive was being written, and when most."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Query, Window
from monitor.signals.archives import (
    DAY_HOURS,
    HOUR,
    LONGEST_SILENCE,
    ArchiveCoverage,
    busiest_day,
    hour_of,
    is_possible,
    stretches,
)

START = datetime(2024, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
QUERY = Query("replay", "")


def at(hours: int) -> datetime:
    return START + hours * HOUR


def window(first: int, last: int) -> Window:
    return Window(at(first), at(last))


def hours(*offsets: int) -> list[int]:
    return [hour_of(at(offset)) for offset in offsets]


@pytest.mark.parametrize(
    ("time", "possible"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (datetime(1970, 1, 1, 8, tzinfo=UTC), False),
        (datetime(1994, 4, 20, tzinfo=UTC), True),
        (START, True),
        (datetime(2199, 12, 31, tzinfo=UTC), True),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), False),
    ],
)
def test_times_that_no_post_can_have_are_told_apart(time: datetime, possible: bool) -> None:
    assert is_possible(time) is possible


def test_an_hour_lasts_to_its_last_microsecond() -> None:
    assert hour_of(START) == hour_of(START + HOUR - timedelta(microseconds=1)) == hour_of(at(1)) - 1


def test_silences_up_to_a_week_do_not_interrupt_a_stretch() -> None:
    week = int(LONGEST_SILENCE / HOUR)

    assert stretches(hours(0, week + 1)) == [window(0, week + 2)]
    assert stretches(hours(0, week + 2)) == [window(0, 1), window(week + 2, week + 3)]


@given(st.lists(st.integers(0, 100_000), min_size=1))
def test_stretches_hold_every_post_and_lie_apart(numbers: list[int]) -> None:
    found = stretches(numbers)

    starts = [hour_of(each.start) for each in found]
    ends = [hour_of(each.end) for each in found]
    assert all(any(s <= number < e for s, e in zip(starts, ends, strict=True)) for number in numbers)
    assert set(starts) | {end - 1 for end in ends} <= set(numbers)
    assert all(later.start - earlier.end > LONGEST_SILENCE for earlier, later in pairwise(found))
    assert stretches(reversed(numbers * 2)) == found


@given(st.lists(st.integers(0, 9), min_size=DAY_HOURS, max_size=100))
def test_no_day_is_busier_than_the_busiest(counts: list[int]) -> None:
    stretch = Window(START, START + len(counts) * HOUR)

    found = busiest_day([(stretch, counts)])

    sums = [sum(counts[first : first + DAY_HOURS]) for first in range(len(counts) - DAY_HOURS + 1)]
    first = (found.start - START) // HOUR
    assert found.length == DAY
    assert sums[first] == max(sums)
    assert sums[first] not in sums[first + 1 :]


def test_a_stretch_shorter_than_a_day_gives_the_day_that_ends_with_it() -> None:
    assert busiest_day([(window(0, 9), [1] * 9)]) == window(9 - DAY_HOURS, 9)


def test_the_busiest_day_is_looked_for_in_every_stretch() -> None:
    quiet, loud, late = (window(0, 2), [3, 0]), (window(1000, 1030), [1] * 30), (window(3000, 3001), [2])

    assert busiest_day([quiet, loud, late]) == window(1006, 1030)


def test_a_silence_is_read_but_says_nothing_of_what_is_usual() -> None:
    ledger = ArchiveCoverage([window(0, 10), window(1000, 1010)])

    assert [(each.start, each.end) for each in ledger.windows(QUERY, window(5, 1005))] == [
        (at(5), at(10)),
        (at(1000), at(1005)),
    ]
    (status,) = ledger.statuses([QUERY], window(5, 1005))
    assert status.read == 1.0
    assert status.last_read == at(1005)


def test_what_lies_outside_the_archive_was_not_read() -> None:
    ledger = ArchiveCoverage([window(0, 12)])

    assert ledger.windows(QUERY, window(12, 20)) == []
    assert [each.read for each in ledger.statuses([QUERY, QUERY], window(-12, 12))] == [0.5, 0.5]
    (status,) = ledger.statuses([QUERY], window(12, 20))
    assert (status.read, status.last_read) == (0.0, None)
