"""Commands are answered in order, whatever one of them does to the others."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.bot.clerk import AGAIN, MOST_EXCUSED, Clerk
from monitor.errors import StoreError
from monitor.models import Incoming, Role
from monitor.settings import load
from monitor.store.fsck import check
from monitor.store.inbox import INBOX_JOB
from monitor.wiring import Monitor, opened

BOT = "7000001"
NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def monitor(redis_url: str, tmp_path: Path) -> Iterator[Monitor]:
    """Open all parts on a store of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MONITOR_CONFIG", str(tmp_path))
        patch.setenv("MONITOR_HOME", str(tmp_path))
        patch.setenv("MONITOR_REDIS_URL", redis_url)
        settings = load()
    with opened(settings, prefix=f"{tmp_path.name}:") as monitor:
        monitor.connection.erase()
        monitor.schedule.sync({INBOX_JOB: timedelta(0)})
        yield monitor
        monitor.connection.erase()


class Answers:
    """Answers, and fails as it is told to; `done` are the updates that were answered, in order."""

    def __init__(self, fails: Callable[[int, int], BaseException | None] = lambda update, tries: None) -> None:  # noqa: ARG005
        self.done: list[int] = []
        self.roles: list[Role | None] = []
        self.tries: Counter[int] = Counter()
        self._fails = fails

    def __call__(self, monitor: Monitor, update: Incoming, role: Role | None, now: datetime) -> None:
        self.tries[update.id] += 1
        error = self._fails(update.id, self.tries[update.id])
        if error is not None:
            raise error
        self.done.append(update.id)
        self.roles.append(role)


class Killed(BaseException):
    """Ends a worker as SIGKILL does: nothing of it runs any more."""


def take_in(monitor: Monitor, *ids: int, user: int | None = 5) -> None:
    person = None if user is None else str(user)
    updates = [
        Incoming(id=n, kind="message", chat=person or "-5", chat_type="private", user=person, text="/help") for n in ids
    ]
    monitor.inbox.take_in(BOT, updates, None, None)


def work(monitor: Monitor, answers: Answers) -> None:
    lease = monitor.leases.acquire(INBOX_JOB, f"worker {sum(answers.tries.values())}", MINUTE)
    assert lease is not None
    try:
        Clerk(monitor, lease, NOW, answers).work()
    finally:
        monitor.leases.release(lease)


def due_in(monitor: Monitor) -> timedelta:
    due = dict(monitor.schedule.due())[INBOX_JOB]
    seconds = int(monitor.connection.execute("TIME")[0])
    return due - datetime.fromtimestamp(seconds, UTC)


def test_each_is_answered_once_with_the_role_of_now(monitor: Monitor) -> None:
    answers = Answers()
    take_in(monitor, 1, user=5)
    take_in(monitor, 2, user=6)
    take_in(monitor, 3, user=None)
    monitor.people.grant("6", "editor")

    work(monitor, answers)
    work(monitor, answers)

    assert answers.done == [1, 2, 3]
    assert answers.roles == [None, "editor", None]
    assert due_in(monitor) > MINUTE, "an empty inbox rests"
    assert check(monitor.connection) == []


def test_one_that_always_fails_is_set_aside_after_three_tries_and_the_others_go_on(monitor: Monitor) -> None:
    answers = Answers(lambda update, tries: ValueError("our bug") if update == 2 else None)  # noqa: ARG005
    take_in(monitor, 1, 2, 3)

    work(monitor, answers)

    assert answers.done == [1, 3]
    assert answers.tries[2] == 3
    (kept,) = monitor.quarantine.all()
    assert (kept.item.kind, kept.item.id, kept.tries, kept.item.is_deadly) == ("update", "2", 3, False)
    assert kept.item.reason == "ValueError: our bug"
    assert check(monitor.connection) == []


def test_one_that_kills_its_worker_is_set_aside_after_three_of_them(monitor: Monitor) -> None:
    answers = Answers(lambda update, tries: Killed() if update == 2 else None)  # noqa: ARG005
    take_in(monitor, 1, 2, 3)

    for _ in range(3):
        with pytest.raises(Killed):
            work(monitor, answers)
    work(monitor, answers)

    assert answers.done == [1, 3]
    (kept,) = monitor.quarantine.all()
    assert (kept.item.id, kept.item.is_deadly) == ("2", True)
    assert monitor.inbox.waiting() == 0


def test_an_outage_of_the_store_is_held_against_no_update(monitor: Monitor) -> None:
    answers = Answers(lambda update, tries: StoreError("away") if tries <= 5 else None)  # noqa: ARG005
    take_in(monitor, 1, 2)

    for _ in range(5):
        work(monitor, answers)
        assert timedelta(0) < due_in(monitor) <= AGAIN + timedelta(seconds=1)
    work(monitor, answers)
    assert answers.done == [1], "and then the next one fails"
    for _ in range(5):
        work(monitor, answers)

    assert answers.done == [1, 2]
    assert monitor.quarantine.all() == []


def test_one_that_makes_the_store_fail_for_ever_does_not_stop_the_others_for_ever(monitor: Monitor) -> None:
    answers = Answers(lambda update, tries: StoreError("refused") if update == 1 else None)  # noqa: ARG005
    take_in(monitor, 1, 2)

    for _ in range(MOST_EXCUSED + 1):
        work(monitor, answers)

    assert answers.done == [2]
    assert [each.item.id for each in monitor.quarantine.all()] == ["1"]


def test_who_was_frozen_while_answering_ends_nothing(monitor: Monitor) -> None:
    """The next worker answers again, which changes nothing, and the order of the others is kept."""
    inner = Answers()

    def freeze(update: int, tries: int) -> None:
        if update == 1 and tries == 1:
            held = monitor.connection.execute("HGET", monitor.connection.keys.work.leases, str(INBOX_JOB)).split()
            monitor.connection.execute(
                "HSET", monitor.connection.keys.work.leases, str(INBOX_JOB), b" ".join([b"0", *held[1:]])
            )
            work(monitor, inner)

    frozen = Answers(freeze)  # type: ignore[arg-type]
    take_in(monitor, 1, 2)

    work(monitor, frozen)

    assert inner.done == [1, 2]
    assert frozen.done == [1]
    assert monitor.inbox.waiting() == 0
    assert monitor.quarantine.all() == []


def test_a_record_that_cannot_be_read_is_set_aside(monitor: Monitor) -> None:
    answers = Answers()
    take_in(monitor, 1, 2)
    monitor.connection.execute("HSET", monitor.connection.keys.work.inbox, "1", b".\xc1")

    work(monitor, answers)

    assert answers.done == [2]
    assert [each.item.id for each in monitor.quarantine.all()] == ["1"]


def test_who_sends_too_many_is_told_once(monitor: Monitor) -> None:
    answers = Answers()
    take_in(monitor, *range(1, 30))

    work(monitor, answers)

    assert answers.done == [1, 2, 3, 4, 5]
    told = monitor.outbox.find("5", "slow:6")
    assert told is not None
    assert "Please wait" in told.parcel.message.text
