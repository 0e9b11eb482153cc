"""Commands are answered in order, whatever one of them does to the others."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.bot.answer import Ready, decide
from monitor.bot.clerk import AGAIN, MOST_EXCUSED, Clerk, Decide
from monitor.errors import StoreError
from monitor.models import Delivery, Incoming, Role
from monitor.settings import load
from monitor.store import subscriptions
from monitor.store.codec import decode_parcel
from monitor.store.connection import Argument, Call, Connection
from monitor.store.fsck import check
from monitor.store.inbox import INBOX_JOB
from monitor.store.subscriptions import Order
from monitor.wiring import Monitor, opened

BOT = "7000001"
NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)
NUMBERS = itertools.count(1)


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


def work(monitor: Monitor, answers: Decide) -> None:
    lease = monitor.leases.acquire(INBOX_JOB, f"worker {next(NUMBERS)}", MINUTE)
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

    assert answers.done == [1, 1, 3], "what was begun with it is begun anew, which changes nothing"
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
            clock = monitor.keeper.clock
            monitor.keeper.clock = lambda: clock() + 10
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


def test_answers_of_several_chats_are_given_together_and_those_of_one_in_their_order(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[str]] = []
    together = Connection.together

    def noted(connection: Connection, calls: Sequence[Call]) -> list[Any]:
        given.append([str(call.args[0]) for call in calls if call.script == "apply"])
        return together(connection, calls)

    monkeypatch.setattr(Connection, "together", noted)
    for user in "5678":
        monitor.people.grant(user, "owner" if user == "8" else "reader")
    asked = {1: ("5", "/help"), 2: ("6", "/help"), 3: ("5", "/status"), 4: ("7", "/help")}
    take_in_words(monitor, asked | {5: ("6", "/start a-link")})
    work_as_it_is(monitor)

    assert [each for each in given if each] == [["1", "2"], ["3", "4"], ["5"]]
    assert [at.subject for at, _ in monitor.schedule.due()[:3] if at.kind == "deliver"] == ["5", "6", "7"]
    assert check(monitor.connection) == []


def test_a_role_that_is_taken_later_refuses_nothing_that_was_asked_before(monitor: Monitor) -> None:
    """Killed after the revocation, the next worker would refuse what came first, had it not been answered by then."""
    monitor.people.grant("5", "owner")
    monitor.people.grant("6", "owner")
    take_in_words(monitor, {1: ("6", "/people"), 2: ("5", "/revoke 6")})

    def killed(monitor: Monitor, update: Incoming, role: Role | None, now: datetime) -> Ready | None:
        ready = decide(monitor, update, role, now)
        if update.id == 2:
            raise Killed
        return ready

    with pytest.raises(Killed):
        work(monitor, killed)
    work_as_it_is(monitor)

    first = monitor.outbox.find("6", "reply:1")
    assert first is not None
    assert first.parcel.message.text == "5: owner\n6: owner"
    assert monitor.people.role_of("6") is None


def test_an_answer_that_cannot_be_given_is_set_aside_and_its_neighbours_are_given(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(order: Order, now: datetime, record: Delivery) -> Iterator[Argument]:
        if order.chat == "6":
            raise ValueError("our bug")
        return arguments(order, now, record)

    arguments = subscriptions._arguments
    monkeypatch.setattr(subscriptions, "_arguments", broken)
    for user in "567":
        monitor.people.grant(user, "reader")
    take_in_words(monitor, {1: ("5", "/help"), 2: ("6", "/help"), 3: ("7", "/help")})

    work_as_it_is(monitor)

    assert [monitor.outbox.find(chat, f"reply:{n}") is not None for n, chat in ((1, "5"), (2, "6"), (3, "7"))] == [
        True,
        False,
        True,
    ]
    assert [(each.item.id, each.item.is_deadly) for each in monitor.quarantine.all()] == [("2", False)]
    assert monitor.inbox.waiting() == 0


def test_who_gets_no_answer_is_told_so_and_an_owner_is_told_once_a_day(monitor: Monitor) -> None:
    """The button went on turning, the command stayed without an answer, and only the log said why."""
    for user, role in (("5", "owner"), ("6", "reader")):
        monitor.people.grant(user, role)  # type: ignore[arg-type]
    take_in_words(monitor, {1: ("6", "/recent"), 2: ("6", "/recent water"), 3: ("7", "/help")})

    work(monitor, Answers(lambda update, tries: ValueError("our bug")))  # noqa: ARG005
    work(monitor, Answers())

    said = [monitor.outbox.find("6", f"sorry:{n}") for n in (1, 2)]
    assert all(each is not None and "failed at /recent" in each.parcel.message.text for each in said)
    assert monitor.outbox.find("7", "sorry:3") is None, "strangers are told nothing"
    texts = [text for text in waiting_for(monitor, "5") if "set it aside" in text]
    assert len(texts) == 1
    assert check(monitor.connection) == []


def waiting_for(monitor: Monitor, chat: str) -> list[str]:
    packed = monitor.connection.execute("HVALS", monitor.connection.keys.chat(chat).parcels)
    return [decode_parcel(each).message.text for each in packed]


def test_a_script_that_the_server_forgot_is_sent_again(monitor: Monitor) -> None:
    monitor.people.grant("5", "reader")
    take_in_words(monitor, {1: ("5", "/help"), 2: ("5", "/help")})
    monitor.connection.execute("SCRIPT", "FLUSH")

    work_as_it_is(monitor)

    assert monitor.outbox.find("5", "reply:2") is not None


def test_what_was_read_ahead_counts_until_this_thread_writes(monitor: Monitor) -> None:
    people = monitor.people
    people.grant("5", "reader")
    monitor.connection.read_ahead([people.reads("5")])

    Connection(monitor.connection.url, monitor.connection.keys).execute("HSET", people.reads("5")[1], "5", "editor")

    assert people.role_of("5") == "reader"
    with ThreadPoolExecutor(1) as other:
        assert other.submit(people.role_of, "5").result() == "editor"
    monitor.schedule.sight()
    assert people.role_of("5") == "reader", "reading changes nothing"
    people.grant("6", "reader")
    assert people.role_of("5") == "editor"


def test_a_role_that_is_given_counts_for_the_next_command_of_the_same_look(monitor: Monitor) -> None:
    monitor.people.grant("5", "owner")
    take_in_words(monitor, {1: ("5", "/grant 6 owner"), 2: ("6", "/people")})

    work_as_it_is(monitor)

    second = monitor.outbox.find("6", "reply:2")
    assert second is not None
    assert second.parcel.message.text == "5: owner\n6: owner"


def test_what_was_read_ahead_is_asked_again_after_the_look(monitor: Monitor) -> None:
    """A look that ends without a write left its thread with what was so then."""
    monitor.people.grant("5", "reader")
    take_in_words(monitor, {1: ("5", "/help")})

    def stopped(monitor: Monitor, update: Incoming, role: Role | None, now: datetime) -> Ready | None:
        raise Killed

    lease = monitor.leases.acquire(INBOX_JOB, "worker", MINUTE)
    assert lease is not None
    with pytest.raises(Killed):
        Clerk(monitor, lease, NOW, stopped).work()
    Connection(monitor.connection.url, monitor.connection.keys).execute(
        "HSET", monitor.people.reads("5")[1], "5", "editor"
    )

    assert monitor.people.role_of("5") == "editor"


def take_in_words(monitor: Monitor, asked: Mapping[int, tuple[str, str]]) -> None:
    updates = [
        Incoming(id=n, kind="message", chat=user, chat_type="private", user=user, text=text)
        for n, (user, text) in asked.items()
    ]
    monitor.inbox.take_in(BOT, updates, None, None)


def work_as_it_is(monitor: Monitor) -> None:
    work(monitor, decide)
