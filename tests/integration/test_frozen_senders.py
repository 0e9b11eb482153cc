"""A sender freezes just before an edit, another one takes its work up, and then the edit is made after all."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import pytest
from msgspec.structs import replace

from monitor.errors import DeliveryUnknown
from monitor.models import Parcel, Quoted
from monitor.protocols import Edited
from monitor.services.courier import deliver
from monitor.services.desk import Desk
from monitor.store.connection import Connection
from monitor.store.erasure import MessageEraser
from monitor.store.fsck import check
from tests.integration.couriers import TIMES, drain, is_done, parcels
from tests.simulators.telegram_api import Simulator
from tests.simulators.telegram_faults import Fault, Order

pytestmark = pytest.mark.parametrize("connection", ["valkey"], indirect=True)

SHORT = TIMES._replace(lease=timedelta(seconds=1.2), request=timedelta(seconds=0.4), margin=timedelta(seconds=0.1))


class Killed(BaseException):
    """Ends a sender as SIGKILL does: nothing of it runs any more."""


class FreezesAtEdit:
    """A messenger that freezes before it edits an id, until others have done their work; then it edits all the same."""

    def __init__(self, desk: Desk, message_id: int, meanwhile: Callable[[], None], *, ends: str = "") -> None:
        self._messenger = desk.messenger
        self._message_id = message_id
        self._meanwhile = meanwhile
        self._ends = ends
        self.edited: Edited | None = None
        self.send, self.delete = desk.messenger.send, desk.messenger.delete

    def edit(self, parcel: Parcel, address: str, message_id: int, *, is_plain: bool) -> Edited:
        if message_id != self._message_id or self.edited is not None:
            return self._messenger.edit(parcel, address, message_id, is_plain=is_plain)
        self._meanwhile()
        self.edited = self._messenger.edit(parcel, address, message_id, is_plain=is_plain)
        if self._ends == "dies":
            raise Killed
        if self._ends == "hears nothing":
            raise DeliveryUnknown("telegram", "no answer")
        return self.edited


class FreezesAtSend:
    """A messenger that freezes before it sends, until others have done their work; then it sends all the same."""

    def __init__(self, desk: Desk, meanwhile: Callable[[], None]) -> None:
        self._messenger = desk.messenger
        self._meanwhile = meanwhile
        self.sent: int | None = None
        self.edit, self.delete = desk.messenger.edit, desk.messenger.delete

    def send(self, parcel: Parcel, address: str, *, is_plain: bool) -> int:
        self._meanwhile()
        self.sent = self._messenger.send(parcel, address, is_plain=is_plain)
        return self.sent


@pytest.fixture
def desk(desk: Desk) -> Desk:
    return desk._replace(times=SHORT)


@pytest.fixture
def chat(telegram: Simulator, desk: Desk, connection: Connection) -> str:
    """Return a channel in which one message of ours is known; the next send there is lost on its way."""
    chat = str(telegram.state.world.add_chat("channel", "Digests").id)
    desk.outbox.hand_over(chat, parcels(chat, "anchor"))
    drain(desk, connection, [chat])
    lost = telegram.state.faults.calls["sendMessage"] + 1
    telegram.state.faults.add(Order(Fault("hang_up_before"), "sendMessage", calls=frozenset({lost})))
    return chat


def work(desk: Desk, chat: str, owner: str, is_done: Callable[[], bool]) -> None:
    """Deliver until something is done."""
    pause = threading.Event()
    for _ in range(1000):
        wait = deliver(desk, chat, owner)
        if is_done():
            return
        pause.wait(min(0.1, wait.total_seconds()))
    raise AssertionError("it does not come to an end")


def send(desk: Desk, chat: str, digest: str) -> None:
    """Hand a message over and deliver until it is sent."""
    desk.outbox.hand_over(chat, parcels(chat, digest))

    def is_sent() -> bool:
        found = desk.outbox.find(chat, f"{digest}-0")
        return found is not None and found.delivery.state == "sent"

    work(desk, chat, "other", is_sent)


def next_id(telegram: Simulator, chat: str) -> int:
    return telegram.state.ledger.history(int(chat))[-1].message_id + 1


def shown(telegram: Simulator, chat: str) -> list[str]:
    return [each.text for each in telegram.state.ledger.visible(int(chat))]


def texts(chat: str, *digests: str) -> list[str]:
    return [parcels(chat, digest)[0].message.text for digest in digests]


def frozen_probe(telegram: Simulator, desk: Desk, chat: str, *, ends: str = "") -> None:
    """Let a sender look for a message that was lost, and freeze before it looks at the second id after the last.

    Meanwhile the message is sent again, and the next one gets that id.
    """
    desk.outbox.hand_over(chat, parcels(chat, "first"))
    frozen = FreezesAtEdit(desk, next_id(telegram, chat) + 1, lambda: send(desk, chat, "second"), ends=ends)
    with pytest.raises(Killed) if ends == "dies" else nullcontext():
        work(desk._replace(messenger=frozen), chat, "frozen", lambda: frozen.edited is not None)
    assert frozen.edited == "changed", "it wrote over the second message"


def test_a_frozen_probe_that_wrote_over_its_successors_message_has_it_put_back(
    telegram: Simulator, desk: Desk, connection: Connection, chat: str
) -> None:
    frozen_probe(telegram, desk, chat)

    drain(desk, connection, [chat])

    assert shown(telegram, chat) == texts(chat, "anchor", "first", "second")
    assert check(connection) == []


def test_what_a_frozen_probe_wrote_over_before_it_died_is_put_back(
    telegram: Simulator, desk: Desk, connection: Connection, chat: str
) -> None:
    terms = desk.terms._replace(late_look_after=timedelta(seconds=2))
    frozen_probe(telegram, desk._replace(terms=terms), chat, ends="dies")

    drain(desk, connection, [chat])

    assert shown(telegram, chat) == texts(chat, "anchor", "first", "second")
    assert check(connection) == []


QUICKLY = timedelta(seconds=2)


def test_what_a_frozen_probe_wrote_over_without_hearing_of_it_is_put_back(
    telegram: Simulator, desk: Desk, connection: Connection, chat: str
) -> None:
    terms = desk.terms._replace(look_after=QUICKLY, late_look_after=timedelta(0))
    frozen_probe(telegram, desk._replace(terms=terms), chat, ends="hears nothing")

    drain(desk, connection, [chat])

    assert shown(telegram, chat) == texts(chat, "anchor", "first", "second")
    assert check(connection) == []


def test_what_a_frozen_late_look_wrote_over_without_hearing_of_it_is_put_back(
    telegram: Simulator, desk: Desk, connection: Connection, chat: str
) -> None:
    quick = desk._replace(terms=desk.terms._replace(look_after=QUICKLY))
    send(quick, chat, "first")  # in its second attempt, so that copies of it are looked for

    def meanwhile() -> None:
        work(quick, chat, "other", lambda: is_done(connection, chat))
        send(quick, chat, "second")

    frozen = FreezesAtEdit(quick, next_id(telegram, chat), meanwhile, ends="hears nothing")
    work(quick._replace(messenger=frozen), chat, "frozen", lambda: frozen.edited is not None)
    assert frozen.edited == "changed", "it wrote over the second message"

    drain(quick, connection, [chat])

    assert shown(telegram, chat) == texts(chat, "anchor", "first", "second")
    assert check(connection) == []


def test_what_a_probe_wrote_over_without_hearing_of_it_does_not_leave_the_message_there_twice(
    telegram: Simulator, desk: Desk, connection: Connection, chat: str
) -> None:
    telegram.state.faults.stop()
    quick = desk._replace(terms=desk.terms._replace(look_after=QUICKLY))
    (unknown,) = parcels(chat, "unknown")
    stray = quick.messenger.send(unknown, chat, is_plain=False)
    answered = telegram.state.faults.calls["sendMessage"]
    telegram.state.faults.add(Order(Fault("reset_after"), "sendMessage", calls=frozenset({answered + 1})))
    quick.outbox.hand_over(chat, parcels(chat, "first"))
    deaf = FreezesAtEdit(quick, stray, lambda: None, ends="hears nothing")

    drain(quick._replace(messenger=deaf), connection, [chat])

    assert deaf.edited == "changed", "it wrote over what nobody knew"
    assert shown(telegram, chat) == texts(chat, "anchor", "first")
    assert check(connection) == []


def test_a_frozen_late_look_does_not_delete_its_successors_message(
    telegram: Simulator, desk: Desk, connection: Connection, chat: str
) -> None:
    send(desk, chat, "first")  # in its second attempt, so that copies of it are looked for
    frozen = FreezesAtEdit(desk, next_id(telegram, chat), lambda: send(desk, chat, "second"))
    work(desk._replace(messenger=frozen), chat, "frozen", lambda: frozen.edited is not None)
    assert frozen.edited == "changed", "it wrote over the second message"

    drain(desk, connection, [chat])

    assert shown(telegram, chat) == texts(chat, "anchor", "first", "second")
    assert check(connection) == []


def test_a_frozen_correction_does_not_bring_back_what_was_taken_since(
    telegram: Simulator, desk: Desk, connection: Connection, chat: str
) -> None:
    telegram.state.faults.stop()
    (made,) = parcels(chat, "first")
    end = len(made.message.text) + 1  # the fire takes two units
    quotes = tuple(Quoted(post, end - 4 + 2 * n, 2) for n, post in enumerate(made.posts))
    desk.outbox.hand_over(chat, [replace(made, message=replace(made.message, quotes=quotes))])
    drain(desk, connection, [chat])
    eraser = MessageEraser(connection)
    eraser.erase([made.posts[0]])

    def meanwhile() -> None:
        eraser.erase([made.posts[1]])
        work(desk, chat, "other", lambda: is_done(connection, chat))

    frozen = FreezesAtEdit(desk, next_id(telegram, chat) - 1, meanwhile)
    work(desk._replace(messenger=frozen), chat, "frozen", lambda: frozen.edited is not None)
    assert frozen.edited == "changed", "it brought the second words back"
    drain(desk, connection, [chat])

    assert not any(words in shown(telegram, chat)[-1] for words in ("砸锅", "卖铁"))
    assert check(connection) == []


def test_what_came_late_of_a_held_message_is_not_written_over(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    """In a group nobody can tell that a message is missing, so it is held; then its frozen sender woke and sent it."""
    group = str(telegram.state.world.add_chat("group", "Desk").id)
    desk.outbox.hand_over(group, parcels(group, "anchor"))
    drain(desk, connection, [group])
    desk.outbox.hand_over(group, parcels(group, "held"))

    def is_held() -> bool:
        found = desk.outbox.find(group, "held-0")
        return found is not None and found.delivery.is_held

    frozen = FreezesAtSend(desk, lambda: work(desk, group, "other", is_held))
    work(desk._replace(messenger=frozen), group, "frozen", lambda: frozen.sent is not None)
    drain(desk, connection, [group])
    lost = telegram.state.faults.calls["sendMessage"] + 1
    telegram.state.faults.add(Order(Fault("hang_up_after"), "sendMessage", calls=frozenset({lost})))
    send(desk, group, "next")

    assert shown(telegram, group) == texts(group, "anchor", "held", "next")
    assert check(connection) == []
