"""Buckets of platforms: shared by all workers, exact over any window, and corrected by what platforms say."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from monitor.seams.pace import Bucket, named
from monitor.store.connection import Connection, script_text, store_now
from monitor.store.fsck import check
from monitor.store.pace import PaceStore
from tests.replays.replayer import CLOCK, FREEZE

HOUR = timedelta(hours=1)
NOTHING = timedelta(0)
SEARCH = Bucket("x:search", 5, HOUR)


@pytest.fixture
def pace(connection: Connection) -> PaceStore:
    return PaceStore(connection)


def test_a_bucket_gives_what_it_holds_and_then_says_how_long_to_wait(pace: PaceStore) -> None:
    waits = [pace.admit(SEARCH) for _ in range(7)]

    assert waits[:5] == [NOTHING] * 5
    assert all(HOUR <= each <= HOUR + HOUR / 60 for each in waits[5:])


def test_workers_share_a_bucket(connection: Connection) -> None:
    with ThreadPoolExecutor(4) as pool:
        waits = list(pool.map(lambda _: PaceStore(connection).admit(SEARCH), range(20)))

    assert waits.count(NOTHING) == 5


def test_one_credential_does_not_use_up_the_bucket_of_another(pace: PaceStore) -> None:
    ours, theirs = (SEARCH._replace(name=named("x:search", token)) for token in ("token a", "token b"))
    for _ in range(5):
        pace.admit(ours)

    assert pace.admit(ours) > NOTHING
    assert pace.admit(theirs) == NOTHING
    assert "token" not in ours.name


def test_no_window_of_any_beginning_holds_more_than_the_bucket(connection: Connection) -> None:
    """A bucket that fills up again evenly would let nearly twice as many pass within a window."""
    clocked = Clocked(connection)
    bucket, step = Bucket("b", 10, timedelta(seconds=60)), 700
    taken = [at for at in range(0, 300_000, step) if clocked.admit(bucket, at) == 0]

    assert len(taken) > 40, "it is used as fast as it may be"
    assert max(sum(start <= at < start + 60_000 for at in taken) for start in taken) == 10


def test_what_a_bucket_says_to_wait_is_enough(connection: Connection) -> None:
    clocked = Clocked(connection)
    bucket = Bucket("b", 3, timedelta(seconds=60))
    at, waits = 0, []
    for _ in range(12):
        wait = clocked.admit(bucket, at)
        waits.append(wait)
        at += wait or 5_000

    assert all(first == 0 or second == 0 for first, second in itertools.pairwise(waits))


def test_headers_are_believed_over_our_own_count(pace: PaceStore, connection: Connection) -> None:
    pace.heed(SEARCH, 1, store_now(connection) + HOUR / 2)

    waits = [pace.admit(SEARCH) for _ in range(2)]

    assert waits[0] == NOTHING
    assert HOUR / 2 - timedelta(seconds=5) < waits[1] <= HOUR / 2


def test_headers_can_grant_more_than_we_knew(pace: PaceStore, connection: Connection) -> None:
    pace.heed(SEARCH, 100, store_now(connection) + HOUR / 2)

    assert [pace.admit(SEARCH) for _ in range(50)] == [NOTHING] * 50


def test_answers_that_overtake_each_other_give_nothing_back(pace: PaceStore, connection: Connection) -> None:
    reset_at = store_now(connection) + HOUR / 2
    pace.heed(SEARCH, 1, reset_at)
    pace.heed(SEARCH, 3, reset_at - timedelta(seconds=1))
    pace.heed(SEARCH, 5, reset_at - HOUR / 4)

    assert [pace.admit(SEARCH) == NOTHING for _ in range(3)] == [True, False, False]


def test_a_window_of_which_the_platform_spoke_ends_when_it_said(connection: Connection) -> None:
    """What was taken in that window is not counted against the next."""
    clocked = Clocked(connection)
    bucket = Bucket("b", 3, timedelta(seconds=900))
    clocked.heed(bucket, 3, 600_000, at=500_000)
    first = [clocked.admit(bucket, 500_000 + n) for n in range(4)]
    second = [clocked.admit(bucket, 620_000 + n) for n in range(4)]

    assert first == [0, 0, 0, 99_997]
    assert second[:3] == [0, 0, 0]
    assert second[3] > 800_000


def test_a_platform_whose_clock_is_years_ahead_stops_us_for_a_window_only(
    pace: PaceStore, connection: Connection
) -> None:
    pace.heed(SEARCH, 0, store_now(connection) + 10_000 * HOUR)

    assert pace.admit(SEARCH) <= HOUR


def test_a_bucket_ends_by_itself(pace: PaceStore, connection: Connection) -> None:
    pace.admit(SEARCH)
    pace.heed(SEARCH, 3, store_now(connection) + HOUR)

    assert 0 < connection.execute("PTTL", connection.keys.bucket("x:search")) <= 3 * HOUR / timedelta(milliseconds=1)
    assert check(connection) == []


class Clocked:
    """A bucket on a clock of its own, ms from a beginning."""

    def __init__(self, connection: Connection) -> None:
        self._store = connection
        self._number = 0

    def admit(self, bucket: Bucket, at: int) -> int:
        self._number += 1
        per = int(bucket.per / timedelta(milliseconds=1))
        return int(self._run("draw", bucket, (f"attempt {self._number}", bucket.size, per, 150_000), at))

    def heed(self, bucket: Bucket, remaining: int, reset: int, at: int) -> None:
        per = int(bucket.per / timedelta(milliseconds=1))
        self._run("heed", bucket, (remaining, CLOCK + reset, 2000, per), at)

    def _run(self, script: str, bucket: Bucket, args: tuple[object, ...], at: int) -> object:
        text = FREEZE + script_text(script)
        return self._store.execute("EVAL", text, 1, self._store.keys.bucket(bucket.name), *args, CLOCK + at)
