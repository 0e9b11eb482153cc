"""The due list and the leases, on the store's clock."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from monitor.models import Batch, Coverage, Cursor, Incoming, Job, Query, Window
from monitor.protocols import Sight
from monitor.seams.inbox import NOTHING
from monitor.seams.ledger import Resume
from monitor.store.chats import ChatList
from monitor.store.connection import Connection, store_now
from monitor.store.fsck import check
from monitor.store.inbox import INBOX_JOB, InboxStore
from monitor.store.progress import ProgressStore
from monitor.store.schedule import HINT_AGAIN, DueList, LeaseStore
from tests.build import NOW
from tests.integration.product import wait_until

QUERY = Query("rss", "https://feed.example/a:b")
JOB = Job("poll", str(QUERY))
PRUNE = Job("prune", "pots")
MINUTE = timedelta(minutes=1)


class Parts:
    """The three stores of the work slot."""

    def __init__(self, connection: Connection) -> None:
        self.due = DueList(connection)
        self.leases = LeaseStore(connection)
        self.progress = ProgressStore(connection)


@pytest.fixture
def parts(connection: Connection) -> Parts:
    return Parts(connection)


def test_a_due_job_is_taken_by_one_of_many_sweepers(parts: Parts) -> None:
    jobs = {Job("poll", str(n)): timedelta(0) for n in range(50)}
    parts.due.sync(jobs)

    with ThreadPoolExecutor(8) as pool:
        taken = [job for some in pool.map(lambda _: parts.due.take(50), range(8)) for job in some]

    assert sorted(taken) == sorted(jobs)


def test_a_job_not_yet_due_is_left_alone(parts: Parts) -> None:
    parts.due.sync({JOB: MINUTE})

    assert parts.due.take(10) == []
    assert parts.due.sight() == Sight()


def test_the_plan_is_the_whole_list(parts: Parts) -> None:
    parts.due.sync({JOB: MINUTE, Job("prune", "pots"): MINUTE})
    before = dict(parts.due.due())

    parts.due.sync({JOB: timedelta(0)})

    assert dict(parts.due.due()) == {JOB: before[JOB]}


def test_a_lost_hint_comes_again_and_lateness_shows(parts: Parts, connection: Connection) -> None:
    parts.due.sync({JOB: timedelta(0)})
    first = parts.due.take(10)
    # The store's clock cannot be turned, so the list is: as if four seconds had passed.
    connection.execute("ZADD", connection.keys.work.due, 0, str(JOB))

    again = parts.due.take(10)

    assert first == again == [JOB]
    seen = parts.due.sight()
    assert seen.job == JOB
    assert seen.neglected is not None
    assert seen.neglected > timedelta(0)


def test_a_job_that_no_sweeper_takes_is_late(parts: Parts, connection: Connection) -> None:
    parts.due.sync({JOB: MINUTE})
    seconds = int(connection.execute("TIME")[0])
    connection.execute("ZADD", connection.keys.work.due, (seconds - 100) * 1000, str(JOB))

    seen = parts.due.sight()
    assert seen.job == JOB
    assert seen.neglected is not None
    assert seen.neglected >= timedelta(seconds=99)


def test_a_job_at_work_is_not_neglected_and_one_that_ended_is_progress(parts: Parts) -> None:
    other = Job("prune", "pots")
    parts.due.sync({JOB: timedelta(0), other: MINUTE})
    parts.due.take(10)
    lease = parts.leases.acquire(JOB, "me", MINUTE)
    assert lease is not None

    assert parts.due.sight() == Sight()
    parts.progress.complete(lease, QUERY, Batch(), MINUTE)
    after = parts.due.sight()

    assert after.neglected is None
    assert after.committed is not None
    assert after.committed < MINUTE


def test_a_job_whose_holder_died_is_neglected(parts: Parts) -> None:
    parts.due.sync({JOB: timedelta(0)})
    parts.due.take(10)
    parts.leases.acquire(JOB, "dead", timedelta(milliseconds=1))

    wait_until(lambda: parts.due.sight().job == JOB)


def test_one_holder_at_a_time_and_a_greater_fence_each_time(parts: Parts) -> None:
    with ThreadPoolExecutor(8) as pool:
        leases = [each for each in pool.map(lambda n: parts.leases.acquire(JOB, f"w{n}", MINUTE), range(8)) if each]

    assert len(leases) == 1
    assert parts.leases.acquire(JOB, leases[0].owner, MINUTE) == leases[0]
    parts.leases.release(leases[0])
    following = parts.leases.acquire(JOB, "next", MINUTE)
    assert following is not None
    assert following.fence > leases[0].fence


def test_a_lease_that_ran_out_is_anothers(parts: Parts) -> None:
    frozen = parts.leases.acquire(JOB, "frozen", timedelta(milliseconds=1))
    threading.Event().wait(0.005)
    following = parts.leases.acquire(JOB, "next", MINUTE)
    assert frozen is not None
    assert following is not None
    batch = Batch(cursor=Cursor("late"))

    assert not parts.progress.complete(frozen, QUERY, batch, MINUTE)
    assert not parts.leases.renew(frozen, MINUTE)
    parts.leases.release(frozen)
    assert parts.progress.resume(QUERY) == Resume()
    assert parts.progress.complete(following, QUERY, Batch(cursor=Cursor("right")), MINUTE)
    assert parts.progress.resume(QUERY).cursor == "right"


def test_a_stale_hint_finds_the_job_done(parts: Parts) -> None:
    parts.due.sync({JOB: timedelta(0)})
    parts.due.take(1)
    lease = parts.leases.acquire(JOB, "first", MINUTE, only_due=True)
    assert lease is not None
    parts.progress.complete(lease, QUERY, Batch(), MINUTE)

    assert parts.leases.acquire(JOB, "second", MINUTE, only_due=True) is None
    assert parts.leases.acquire(JOB, "by hand", MINUTE) is not None


def test_a_job_at_work_is_not_hinted_again(parts: Parts, connection: Connection) -> None:
    parts.due.sync({JOB: timedelta(0)})
    parts.due.take(1)
    parts.leases.acquire(JOB, "busy", MINUTE)
    connection.execute("ZADD", connection.keys.work.due, 0, str(JOB))

    assert parts.due.take(1) == []


def test_a_job_that_left_the_plan_does_not_come_back(parts: Parts) -> None:
    parts.due.sync({JOB: timedelta(0)})
    lease = parts.leases.acquire(JOB, "me", MINUTE)
    assert lease is not None
    parts.due.sync({})

    parts.progress.complete(lease, QUERY, Batch(), MINUTE)

    assert parts.due.due() == []


def read(parts: Parts, start: int, end: int, *, truncated: bool = False, cursor: str = "c") -> None:
    """Read a window given in minutes after NOW."""
    lease = parts.leases.acquire(JOB, f"{start}", MINUTE)
    assert lease is not None
    window = Coverage(start=NOW + start * MINUTE, end=NOW + end * MINUTE, truncated=truncated)
    assert parts.progress.complete(lease, QUERY, Batch(cursor=Cursor(cursor), coverage=window), MINUTE)


def test_windows_that_touch_are_joined_and_holes_stay(parts: Parts, connection: Connection) -> None:
    # Coverage is kept for 35 days on the store's clock, so these windows are written around the server's own time.
    seconds = int(connection.execute("TIME")[0])
    base = (seconds - NOW.timestamp()) // 60
    offset = int(base) - 600
    read(parts, offset, offset + 10)
    read(parts, offset + 10, offset + 20)
    read(parts, offset + 40, offset + 60)
    read(parts, offset + 60, offset + 70, truncated=True)
    window = Window(NOW + offset * MINUTE, NOW + (offset + 100) * MINUTE)

    windows = parts.progress.windows(QUERY, window)

    lengths = [((w.start - window.start) / MINUTE, (w.end - window.start) / MINUTE, w.truncated) for w in windows]
    assert lengths == [(0, 20, False), (40, 60, False), (60, 70, True)]
    status = parts.progress.statuses([QUERY], window)[0]
    assert status.read == pytest.approx(0.5)
    assert status.truncated
    assert status.last_read == NOW + (offset + 70) * MINUTE
    assert parts.progress.resume(QUERY).covered_since == NOW + offset * MINUTE
    assert check(connection) == []


def test_a_hole_is_recorded_with_its_reason_and_closed_by_a_later_look(parts: Parts, connection: Connection) -> None:
    seconds = int(connection.execute("TIME")[0])
    offset = int((seconds - NOW.timestamp()) // 60) - 600
    window = Window(NOW + offset * MINUTE, NOW + (offset + 100) * MINUTE)
    read(parts, offset, offset + 10)
    lease = parts.leases.acquire(JOB, "f", MINUTE)
    assert lease is not None
    parts.progress.fail(lease, QUERY, "503", MINUTE)
    read(parts, offset + 50, offset + 60)
    read(parts, offset + 60, offset + 70, truncated=True)

    def gaps() -> list[tuple[float, float, str, int, bool]]:
        [status] = parts.progress.statuses([QUERY], window)
        return [
            ((g.start - window.start) / MINUTE, (g.end - window.start) / MINUTE, g.why, g.tries, g.is_partial)
            for g in status.gaps
        ]

    partly = (60, 70, "more came than could be read", 1, True)
    assert gaps() == [(10, 50, "503", 0, False), partly]
    read(parts, offset + 20, offset + 30)
    assert gaps() == [(10, 20, "503", 1, False), (30, 50, "503", 1, False), partly]
    read(parts, offset + 5, offset + 75)
    assert gaps() == []
    assert check(connection) == []


def test_what_could_not_be_read_and_when_it_was_tried_is_told(parts: Parts) -> None:
    lease = parts.leases.acquire(JOB, "me", MINUTE)
    assert lease is not None
    parts.progress.complete(lease, QUERY, Batch(unreadable=7), MINUTE)

    [status] = parts.progress.statuses([QUERY], Window(NOW, NOW + MINUTE))

    assert status.unreadable == 7
    assert status.tried is not None


def test_a_look_that_was_put_off_keeps_the_reason_and_counts_nothing(parts: Parts) -> None:
    for n, reason in enumerate(["503 of old", "not asked: 503"]):
        lease = parts.leases.acquire(JOB, f"{n}", MINUTE)
        assert lease is not None
        if n:
            parts.progress.hold(lease, QUERY, reason, MINUTE)
        else:
            parts.progress.fail(lease, QUERY, reason, MINUTE)

    [status] = parts.progress.statuses([QUERY], Window(NOW, NOW + MINUTE))

    assert status.reason == "503 of old"
    assert parts.progress.resume(QUERY).failures == 1


def test_failures_are_counted_until_a_look_succeeds(parts: Parts) -> None:
    for n in range(3):
        lease = parts.leases.acquire(JOB, f"f{n}", MINUTE)
        assert lease is not None
        parts.progress.fail(lease, QUERY, f"503 number {n}", MINUTE)

    failing = parts.progress.statuses([QUERY], Window(NOW, NOW + MINUTE))[0]
    assert parts.progress.resume(QUERY).failures == 3
    assert (failing.reason, failing.read) == ("503 number 2", 0)
    assert failing.since is not None

    read(parts, 0, 1)
    assert parts.progress.resume(QUERY).failures == 0
    assert parts.progress.statuses([QUERY], Window(NOW, NOW + MINUTE))[0].reason is None


def test_a_failure_keeps_the_cursor(parts: Parts) -> None:
    read(parts, 0, 1, cursor="place")
    lease = parts.leases.acquire(JOB, "x", MINUTE)
    assert lease is not None

    parts.progress.fail(lease, QUERY, "down", MINUTE)

    assert parts.progress.resume(QUERY).cursor == "place"


def test_what_a_dead_owner_held_comes_at_once(connection: Connection) -> None:
    schedule, leases = DueList(connection), LeaseStore(connection)
    schedule.sync({JOB: timedelta(0), PRUNE: timedelta(0)})
    for job, owner in ((JOB, "dead"), (PRUNE, "alive")):
        assert leases.acquire(job, owner, timedelta(seconds=60)) is not None
    assert schedule.take(10) == [], "both are at work"

    freed = [leases.bury(lambda owner: owner == "dead") for _ in range(2)]

    assert freed == [1, 0]
    assert schedule.take(10) == [JOB]
    assert leases.acquire(JOB, "another", timedelta(seconds=60)) is not None
    assert leases.bury(lambda owner: owner == "dead") == 0


def test_a_hint_that_died_with_its_worker_comes_again_at_once(connection: Connection) -> None:
    """It came after four seconds, of the ten in which a killed worker's work has to go on."""
    schedule, leases = DueList(connection), LeaseStore(connection)
    at_work, lost, later = JOB, PRUNE, Job("prune", "later")
    schedule.sync({at_work: timedelta(0), lost: timedelta(0), later: MINUTE})
    assert {*schedule.take(10)} == {at_work, lost}
    assert leases.acquire(at_work, "dead", MINUTE) is not None
    assert schedule.take(10) == [], "all hints are out"

    leases.bury(lambda owner: owner == "dead")

    assert {*schedule.take(10)} == {at_work, lost}


def test_a_chat_that_is_woken_while_its_hint_is_under_way_is_not_hinted_again(
    parts: Parts, connection: Connection
) -> None:
    """In a rush the queue of hints was full of the same few jobs, and all others waited behind them."""
    chats, job = ChatList(connection), Job("deliver", "-1001")
    chats.wake("-1001", "first")
    assert parts.due.take(10) == [job]

    for n in range(3):
        chats.wake("-1001", f"more {n}")
    assert parts.due.take(10) == []
    [(_, due)] = parts.due.due()
    assert due <= store_now(connection) + HINT_AGAIN, "a hint that is lost comes again"

    lease = parts.leases.acquire(job, "worker", MINUTE, only_due=True)
    assert lease is not None
    token = chats.token("-1001")
    chats.wake("-1001", "while at work")
    assert chats.rest(lease, MINUTE, token)
    assert parts.due.take(10) == [job]


def test_updates_that_keep_coming_hint_their_answer_once(parts: Parts, connection: Connection) -> None:
    inbox = InboxStore(connection)
    for n in range(3):
        update = Incoming(id=n, kind="message", chat="7", chat_type="private", user="7", text="/help")
        inbox.take_in("1", [update], n + 1, None)
        assert parts.due.take(10) == ([INBOX_JOB] if n == 0 else [])
    lease = parts.leases.acquire(INBOX_JOB, "worker", MINUTE, only_due=True)
    assert lease is not None

    assert inbox.rest(lease, NOTHING, timedelta(0))
    assert parts.due.take(10) == [INBOX_JOB]
