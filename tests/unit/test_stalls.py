"""What is a stall and what is not, second by second, on an invented clock."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Job
from monitor.processes.stalls import Beat, Rules, Watched, neglect, stall, watched, watched_from
from monitor.protocols import Sight

WORKER = Rules(idleness=timedelta(seconds=30))
PAGE = Rules()
QUIET = Sight()
WAITS = Sight(neglected=timedelta(seconds=1), job=Job("poll", "hackernews:"))

Seen = tuple[Beat | None, Sight | None]


def first_stall(seen: Callable[[int], Seen], rules: Rules = WORKER, seconds: int = 600) -> tuple[int, str] | None:
    """Look once a second; return when a stall is found, and what is said of it."""
    known = watched_from(0)
    for second in range(1, seconds):
        beat, sight = seen(second)
        known = watched(known, beat, sight, second)
        said = stall(known, rules, second)
        if said is not None:
            return second, said
    return None


def test_an_idle_worker_is_well() -> None:
    assert first_stall(lambda _: (Beat(), QUIET)) is None


def test_a_worker_under_full_load_is_well() -> None:
    """Work always waits, and something is always taken up, if slowly."""
    assert first_stall(lambda second: (Beat(moves=second // 25, free=0, kept=4), WAITS)) is None


def test_a_flood_of_hints_is_well() -> None:
    """Hints of jobs that are done: taken up and dropped, nothing is committed."""
    assert first_stall(lambda second: (Beat(moves=1000 * second, free=0), WAITS)) is None


def test_hands_that_are_all_busy_within_their_time_are_well() -> None:
    assert first_stall(lambda _: (Beat(moves=4, free=0, kept=4), WAITS)) is None


def test_a_deaf_worker_is_found_in_half_a_minute() -> None:
    assert first_stall(lambda second: (Beat(moves=min(second, 50)), WAITS)) == (
        81,
        "it did nothing for 31 s while poll:hackernews: waits",
    )


def test_a_deaf_worker_is_found_beside_one_that_hears() -> None:
    """Jobs wait, others are done meanwhile: each worker is judged by its own moves."""
    assert first_stall(lambda _: (Beat(moves=7), WAITS._replace(committed=timedelta(0)))) is not None


def test_tasks_that_hang_are_found_when_their_longest_time_is_over() -> None:
    found = first_stall(lambda second: (Beat(moves=4, free=0, kept=4 if second < 60 else 0), WAITS))

    assert found is not None
    assert found[0] == 60


def test_tasks_that_hang_before_they_hold_anything_are_found() -> None:
    assert first_stall(lambda _: (Beat(moves=4, free=0), WAITS)) is not None


def test_silence_is_found_in_twenty_seconds_with_and_without_work() -> None:
    for sight in (QUIET, WAITS):
        found = first_stall(lambda second, sight=sight: (Beat(moves=second) if second < 50 else None, sight))  # type: ignore[misc]
        assert found == (70, "it gave no sign of life for 21 s")


def test_a_role_without_work_is_judged_by_its_signs_alone() -> None:
    assert first_stall(lambda _: (Beat(), WAITS), PAGE) is None
    assert first_stall(lambda second: (Beat() if second < 9 else None, QUIET), PAGE) is not None


def test_a_start_may_take_a_minute() -> None:
    assert first_stall(lambda second: (Beat(moves=second) if second > 58 else None, WAITS)) is None
    assert first_stall(lambda _: (None, WAITS)) == (61, "it gave no sign of life for 61 s")


def test_an_outage_of_the_store_is_held_against_nobody() -> None:
    """Ten minutes without a store, in which a worker may be stuck in a call; then it has its time."""

    def seen(second: int) -> Seen:
        if second < 10 or second > 510 + 15:
            return Beat(moves=second), WAITS
        return None, (None if second < 510 else WAITS)

    assert first_stall(seen) is None


def test_what_an_outage_left_behind_is_found_after_it() -> None:
    found = first_stall(lambda second: (Beat(moves=3), None if second < 300 else WAITS))

    assert found is not None
    assert 329 <= found[0] <= 332


def test_a_machine_that_slept_is_held_against_nobody() -> None:
    known = watched_from(0)
    for second in range(1, 20):
        known = watched(known, Beat(moves=second), WAITS, second)

    night = 19 + 8 * 3600
    known = watched(known, None, Sight(timedelta(hours=8), WAITS.job), night)

    assert stall(known, WORKER, night) is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 4), st.sampled_from("qwn")), max_size=200))
def test_nothing_is_held_against_a_role_before_its_time(looks: list[tuple[bool, int, int, str]]) -> None:
    """A stall is never found within the shortest time after a sign of life and of progress, whatever else is seen."""
    known: Watched = watched_from(0)
    moves = signs_at = moved_at = 0
    for second, (has_beat, moved, free, store) in enumerate(looks, start=1):
        moves += moved if has_beat else 0
        sight = {"q": QUIET, "w": WAITS, "n": None}[store]
        known = watched(known, Beat(moves=moves, free=free) if has_beat else None, sight, second)
        signs_at = second if has_beat or sight is None else signs_at
        moved_at = second if (has_beat and moved) or sight is not WAITS else moved_at
        if stall(known, WORKER, second) is not None:
            assert second - signs_at > 20 or second - moved_at > 30


@pytest.mark.parametrize(
    ("neglected", "committed", "is_neglect"),
    [(None, None, False), (10, None, False), (40, 5, False), (40, 40, True), (40, None, True), (10, 400, False)],
)
def test_a_single_look_says_whether_anybody_works(
    neglected: int | None, committed: int | None, is_neglect: bool
) -> None:
    times = [None if each is None else timedelta(seconds=each) for each in (neglected, committed)]

    assert (neglect(Sight(times[0], WAITS.job, times[1])) is not None) == is_neglect
