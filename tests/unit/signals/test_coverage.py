"""Windows that were read: merged, measured, intersected."""

import itertools
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Window
from monitor.signals.coverage import covered, merged, read_together, uncovered
from tests.build import NOW

MINUTE = timedelta(minutes=1)


def a_window(start: int, end: int) -> Window:
    return Window(NOW + start * MINUTE, NOW + end * MINUTE)


windows = st.lists(
    st.builds(lambda start, length: a_window(start, start + length), st.integers(0, 99), st.integers(0, 30))
)


def minutes(some: list[Window]) -> set[int]:
    return {n for each in some for n in range((each.start - NOW) // MINUTE, (each.end - NOW) // MINUTE)}


@given(windows)
def test_merging_keeps_every_minute_and_leaves_gaps_between(some: list[Window]) -> None:
    joined = merged(some)

    assert minutes(joined) == minutes(some)
    assert all(one.end < other.start for one, other in itertools.pairwise(joined))


@given(windows)
def test_covered_time_is_the_minutes_in_common(some: list[Window]) -> None:
    window = a_window(20, 70)

    assert covered(window, merged(some)) == len(minutes(some) & minutes([window])) * MINUTE


@given(st.lists(windows, min_size=1, max_size=5))
def test_read_together_counts_queries_minute_by_minute(by_query: list[list[Window]]) -> None:
    expected = {n for n in range(140) if sum(n in minutes(each) for each in by_query) >= 0.8 * len(by_query)}

    assert minutes(read_together(by_query)) == expected


def test_nothing_is_read_together_without_queries() -> None:
    assert read_together([]) == []


@given(windows)
def test_what_is_not_covered_is_all_the_rest_of_a_window(some: list[Window]) -> None:
    window = a_window(20, 70)

    rest = uncovered(window, merged(some), MINUTE)

    assert minutes(rest) == minutes([window]) - minutes(some)
    assert all(each.length >= MINUTE for each in rest)
    assert uncovered(window, merged(some), 51 * MINUTE) == []
