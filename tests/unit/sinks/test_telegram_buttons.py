"""Buttons and topics of forums: what is sent is what stands there, and an edit to the same changes nothing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace

from monitor.errors import DeliveryError, RecipientGone
from monitor.models import Button, Message, Parcel
from monitor.sinks.telegram import TelegramSink
from monitor.sinks.telegram_line import Account
from tests.data import data_path
from tests.simulators.telegram_api import TOKEN, Simulator
from tests.simulators.telegram_chats import Member

BUTTONS = ((Button("砸锅卖铁", "1.s.pots.x"), Button("English", "e" * 64)), (Button("…", "…"),))


@pytest.fixture(autouse=True)
def durations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def telegram() -> Iterator[Simulator]:
    with Simulator(data_path("specs/telegram_bot_api_10.1.json.gz"), seed=3) as simulator:
        yield simulator
    assert simulator.breaches == []


@pytest.fixture
def sink(telegram: Simulator) -> Iterator[TelegramSink]:
    made = TelegramSink(Account(TOKEN, telegram.url), timedelta(seconds=5))
    yield made
    made.close()


def a_parcel(chat: int, *, thread: int | None = None) -> Parcel:
    text = "Which topic?"
    made = Message(id="m", chat=str(chat), digest_id="m", part=0, text=text, thread=thread, buttons=BUTTONS)
    return Parcel(message=made)


def test_buttons_and_topic_stand_as_they_were_sent_and_the_same_edit_is_no_change(
    telegram: Simulator, sink: TelegramSink
) -> None:
    forum = telegram.state.world.add_chat("supergroup", "Forum", is_forum=True)
    thread = telegram.people.open_topic(forum, telegram.state.world.add_user("Anna"), "News")
    parcel = a_parcel(forum.id, thread=thread)

    sent = sink.send(parcel, str(forum.id), is_plain=False)

    shown = telegram.state.ledger.get(forum.id, sent)
    assert shown is not None
    rows = shown.message["reply_markup"]["inline_keyboard"]
    assert [[(b["text"], b["callback_data"]) for b in row] for row in rows] == [
        [(b.label, b.data) for b in row] for row in BUTTONS
    ]
    assert shown.message["message_thread_id"] == thread
    assert sink.edit(parcel, str(forum.id), sent, is_plain=False) == "same"
    bare = replace(parcel, message=replace(parcel.message, buttons=()))
    assert sink.edit(bare, str(forum.id), sent, is_plain=False) == "changed"


def test_a_photo_has_buttons_too(telegram: Simulator, sink: TelegramSink) -> None:
    chat = telegram.state.world.add_chat("channel", "C").id
    pixel = (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0"
        b"\xf0\x1f\0\x05\0\x01\xff\xab\xce6\x9d\0\0\0\0IEND\xaeB`\x82"
    )
    parcel = replace(a_parcel(chat), photo=pixel)

    sent = sink.send(parcel, str(chat), is_plain=False)

    assert sink.edit(parcel, str(chat), sent, is_plain=False) == "same"


def test_a_deleted_topic_is_a_place_that_is_gone(telegram: Simulator, sink: TelegramSink) -> None:
    forum = telegram.state.world.add_chat("supergroup", "Forum", is_forum=True)

    with pytest.raises(RecipientGone, match="thread not found"):
        sink.send(a_parcel(forum.id, thread=99), str(forum.id), is_plain=False)


def test_standing_and_name_are_told(telegram: Simulator, sink: TelegramSink) -> None:
    anna = telegram.state.world.add_user("Anna")
    group = telegram.state.world.add_chat("supergroup", "G")
    telegram.state.world.set_member(group, anna, Member("administrator"))

    assert sink.standing(str(group.id), str(anna.id)) == "administrator"
    assert sink.username() == "discussion_monitor_bot"
    with pytest.raises(DeliveryError):
        sink.standing(str(group.id), "1")


def test_a_press_is_answered_once_and_one_too_old_is_no_error(telegram: Simulator, sink: TelegramSink) -> None:
    anna = telegram.state.world.add_user("Anna")
    telegram.people.start(anna)
    sent = sink.send(a_parcel(anna.id), str(anna.id), is_plain=False)
    press = telegram.people.press(anna, telegram.people.private(anna), sent)

    sink.acknowledge(press, "Done.")
    sink.acknowledge(press, "Done.")

    assert telegram.state.answers[press]["text"] == "Done."
