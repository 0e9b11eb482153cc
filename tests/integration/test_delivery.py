"""Digests on their way to a strict Telegram that fails in every way: its own ledger judges what readers see."""

import json
import threading
from datetime import timedelta

import pytest
from msgspec.structs import replace

from monitor.errors import DeliveryUnknown
from monitor.models import Delivery, Parcel
from monitor.protocols import Messenger
from monitor.services.courier import deliver
from monitor.services.desk import Desk
from monitor.store.connection import Connection
from monitor.store.floods import MOST_FLOODED
from monitor.store.fsck import check
from tests.integration.couriers import a_channel, drain, parcels
from tests.simulators.telegram_api import Simulator
from tests.simulators.telegram_faults import FAULTS, Fault, FaultKind, Order, storm

pytestmark = pytest.mark.chaos

SHAPES = [kind for kind in FAULTS if kind not in ("forbidden", "migrated")]


def text_of(parcel: Parcel) -> str:
    return parcel.message.text


def state_of(desk: Desk, chat: str, message: str) -> Delivery:
    found = desk.outbox.find(chat, message)
    assert found is not None
    return found.delivery


PIXEL = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0"
    b"\xf0\x1f\0\x05\0\x01\xff\xab\xce6\x9d\0\0\0\0IEND\xaeB`\x82"
)


class Killed(BaseException):
    """Ends a sender as SIGKILL does: nothing of it runs any more."""


class Frozen:
    """A messenger that freezes before it sends, until others have sent; then it sends all the same, or dies of it."""

    def __init__(self, desk: Desk, chat: str, *, dies: bool = False) -> None:
        self._desk = desk
        self._chat = chat
        self._dies = dies
        self.sent_after_all: int | None = None
        self.edit, self.delete, self.stands = desk.messenger.edit, desk.messenger.delete, desk.messenger.stands

    def send(self, parcel: Parcel, address: str, *, is_plain: bool) -> int:
        pause = threading.Event()
        while state_of(self._desk, self._chat, parcel.message.id).state != "sent":
            pause.wait(deliver(self._desk, self._chat, "other").total_seconds())
        self.sent_after_all = self._desk.messenger.send(parcel, address, is_plain=is_plain)
        if self._dies:
            raise Killed
        return self.sent_after_all


def report(**figures: object) -> None:
    print(json.dumps(figures))


@pytest.mark.parametrize("connection", ["valkey"], indirect=True)
@pytest.mark.parametrize("kind", SHAPES)
def test_every_shape_of_failure_ends_in_one_visible_message(
    telegram: Simulator, desk: Desk, connection: Connection, kind: FaultKind
) -> None:
    chat = a_channel(telegram, desk, connection)
    parts = parcels(chat, "d", parts=2)
    before = telegram.state.faults.calls["sendMessage"]
    telegram.state.faults.add(Order(Fault(kind), "sendMessage", calls=frozenset({before + 1, before + 2})))

    desk.outbox.hand_over(chat, parts)
    drain(desk, connection, [chat])

    shown = [each.text for each in telegram.state.ledger.visible(int(chat))][1:]
    assert shown == [text_of(each) for each in parts]
    assert check(connection) == []


@pytest.mark.parametrize("connection", ["valkey"], indirect=True)
def test_in_private_chats_what_cannot_be_decided_is_held_and_its_posts_are_free_again(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chats = []
    for n in range(10):
        user = telegram.state.world.add_user(f"Reader {n}")
        telegram.people.start(user)
        chats.append(str(user.id))
        desk.outbox.hand_over(chats[-1], parcels(user.id, "anchor"))
    drain(desk, connection, chats)
    telegram.state.faults.add(*storm(0.6, method="sendMessage", kinds=SHAPES))
    for chat in chats:
        desk.outbox.hand_over(chat, parcels(chat, "d"))

    drain(desk, connection, chats, 100)

    held = 0
    for chat in chats:
        delivery = state_of(desk, chat, "d-0")
        shown = telegram.state.ledger.copies(int(chat))[text_of(parcels(chat, "d")[0])]
        held += delivery.is_held
        assert shown == (delivery.state == "sent"), "what was delivered is found, what was not is held"
        again = replace(parcels(chat, "e")[0], posts=parcels(chat, "d")[0].posts)
        refused = desk.outbox.hand_over(chat, [again])
        assert bool(refused) != delivery.is_held
    report(test="private", digests=len(chats), held=held, edits=telegram.state.faults.calls["editMessageText"])
    assert held
    assert check(connection) == []


def test_a_late_look_does_not_write_over_a_message_in_doubt(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chat = a_channel(telegram, desk, connection)
    begun = telegram.state.faults.calls["sendMessage"]
    lost, arrived = Fault("hang_up_before"), Fault("hang_up_after")
    telegram.state.faults.add(Order(lost, "sendMessage", calls=frozenset({begun + 1})))
    telegram.state.faults.add(Order(arrived, "sendMessage", calls=frozenset({begun + 3})))
    # The first is sent twice, so copies of it are looked for, just when the second stands there without our knowing.
    desk.outbox.hand_over(chat, parcels(chat, "first"))
    desk.outbox.hand_over(chat, parcels(chat, "second"))

    drain(desk._replace(terms=desk.terms._replace(late_look_after=timedelta(seconds=0.4))), connection, [chat])

    history = telegram.state.ledger.history(int(chat))
    assert [(each.text, each.edits, each.is_visible) for each in history[1:]] == [
        (text_of(parcels(chat, digest)[0]), 0, True) for digest in ("first", "second")
    ]


@pytest.mark.parametrize("connection", ["valkey"], indirect=True)
def test_what_a_frozen_sender_sent_is_taken_for_the_message_or_deleted(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chat = a_channel(telegram, desk, connection)
    frozen = Frozen(desk, chat)
    desk.outbox.hand_over(chat, parcels(chat, "d"))

    # It freezes before its bytes leave, others find nothing there and send again, then it wakes and sends too.
    deliver(desk._replace(messenger=frozen, terms=desk.terms), chat, "frozen")
    drain(desk, connection, [chat])

    text = text_of(parcels(chat, "d")[0])
    assert frozen.sent_after_all is not None
    assert telegram.state.ledger.copies(int(chat))[text] == 1
    assert len([each for each in telegram.state.ledger.history(int(chat)) if each.text == text]) == 2
    assert check(connection) == []


@pytest.mark.parametrize("connection", ["valkey"], indirect=True)
def test_a_sender_that_died_after_it_sent_late_leaves_no_copy(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chat = a_channel(telegram, desk, connection)
    frozen = Frozen(desk, chat, dies=True)
    desk.outbox.hand_over(chat, parcels(chat, "d"))

    with pytest.raises(Killed):
        deliver(desk._replace(messenger=frozen), chat, "frozen")
    drain(desk, connection, [chat])

    assert telegram.state.ledger.copies(int(chat))[text_of(parcels(chat, "d")[0])] == 1
    assert check(connection) == []


def test_a_migrated_group_is_written_to_at_its_new_id(telegram: Simulator, desk: Desk, connection: Connection) -> None:
    owner = telegram.state.world.add_user("Owner")
    group = telegram.state.world.add_chat("group", "G")
    chat = str(group.id)
    desk.outbox.hand_over(chat, parcels(chat, "before"))
    drain(desk, connection, [chat])
    upgraded = telegram.people.upgrade(group, owner)

    for n in range(3):
        desk.outbox.hand_over(chat, parcels(chat, f"after{n}"))
    drain(desk, connection, [chat])

    shown = [each.text for each in telegram.state.ledger.visible(upgraded.id) if each.text]
    assert shown == [text_of(parcels(chat, f"after{n}")[0]) for n in range(3)]
    assert check(connection) == []


def test_a_chat_that_is_gone_ends_a_digest_with_all_its_parts_and_frees_its_posts(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chat = a_channel(telegram, desk, connection)
    begun = telegram.state.faults.calls["sendMessage"]
    telegram.state.faults.add(Order(Fault("forbidden"), "sendMessage", calls=frozenset({begun + 2})))
    parts = parcels(chat, "d", parts=3)
    desk.outbox.hand_over(chat, parts)

    drain(desk, connection, [chat])

    assert [state_of(desk, chat, each.message.id).state for each in parts] == ["sent", "dead", "dead"]
    again = [replace(each, posts=old.posts) for each, old in zip(parcels(chat, "e", parts=3), parts, strict=True)]
    assert desk.outbox.hand_over(chat, again) == frozenset(parts[0].posts)
    assert desk.outbox.hand_over(chat, again[1:]) == frozenset()
    assert check(connection) == []


def test_a_photo_is_found_again_by_its_caption(telegram: Simulator, desk: Desk, connection: Connection) -> None:
    chat = a_channel(telegram, desk, connection)
    begun = telegram.state.faults.calls["sendPhoto"]
    telegram.state.faults.add(Order(Fault("reset_after"), "sendPhoto", calls=frozenset({begun + 1})))
    picture = replace(parcels(chat, "d")[0], photo=PIXEL)

    desk.outbox.hand_over(chat, [picture])
    drain(desk, connection, [chat])

    assert telegram.state.ledger.copies(int(chat))[text_of(picture)] == 1
    assert telegram.state.faults.calls["editMessageCaption"] == 1
    assert state_of(desk, chat, "d-0").state == "sent"


@pytest.mark.parametrize("connection", ["valkey"], indirect=True)
def test_when_telegram_asks_all_to_wait_it_is_left_alone(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chats = [a_channel(telegram, desk, connection) for _ in range(8)]
    begun = telegram.state.faults.calls["sendMessage"]
    telegram.state.faults.add(Order(Fault("flood", seconds=3), "sendMessage", times=6))
    for chat in chats:
        desk.outbox.hand_over(chat, parcels(chat, "d"))

    waits = [deliver(desk, chat, "sender") for chat in chats]

    assert telegram.state.faults.calls["sendMessage"] - begun == MOST_FLOODED
    assert all(timedelta(seconds=2) < wait <= timedelta(seconds=3) for wait in waits)
    drain(desk, connection, chats)
    assert all(telegram.state.ledger.copies(int(chat))[text_of(parcels(chat, "d")[0])] == 1 for chat in chats)


class Choking:
    """A Telegram that fails at one message each time, and works well else."""

    def __init__(self, messenger: Messenger, text: str) -> None:
        self._messenger = messenger
        self._text = text
        self.edit, self.delete = messenger.edit, messenger.delete

    def send(self, parcel: Parcel, address: str, *, is_plain: bool) -> int:
        if parcel.message.text == self._text:
            raise DeliveryUnknown("telegram", "Internal Server Error")
        return self._messenger.send(parcel, address, is_plain=is_plain)


@pytest.mark.parametrize("connection", ["valkey"], indirect=True)
def test_a_message_at_which_telegram_fails_each_time_does_not_keep_all_later_ones_waiting(
    telegram: Simulator, desk: Desk, connection: Connection
) -> None:
    chat = a_channel(telegram, desk, connection)
    first, second = parcels(chat, "d"), parcels(chat, "e")
    choking = Choking(desk.messenger, text_of(first[0]))
    desk = desk._replace(messenger=choking, terms=desk.terms._replace(most_attempts=3))

    desk.outbox.hand_over(chat, first)
    desk.outbox.hand_over(chat, second)
    drain(desk, connection, [chat], seconds=20)

    shown = [each.text for each in telegram.state.ledger.visible(int(chat))][1:]
    assert shown == [text_of(second[0])]
    given_up = state_of(desk, chat, "d-0")
    assert (given_up.state, given_up.reason) == ("dead", "failed 3 times: Internal Server Error")
    assert desk.outbox.untold(chat) == ["d-0"]
    assert check(connection) == []
