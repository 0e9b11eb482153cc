"""Updates are read as they are, and whatever is no command commands nothing."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from monitor.bot.updates import ASKED_FOR, parse
from monitor.models import Incoming
from tests.data import data_path
from tests.simulators.telegram_api import Simulator
from tests.unit.bot.shapes import ANYTHING, spoilt, updates

Json = dict[str, Any]

ANNA: Json = {"id": 5001, "is_bot": False, "first_name": "Anna", "language_code": "zh-hans"}
PRIVATE: Json = {"id": 5001, "type": "private", "first_name": "Anna"}
GROUP: Json = {"id": -1001, "type": "supergroup", "title": "Desk", "is_forum": True}
AT = 1_714_550_400


def message(chat: Json = PRIVATE, **fields: Any) -> Json:
    plain = {"message_id": 7, "date": AT, "chat": chat, "from": ANNA, "text": "/topics"}
    return {"update_id": 9, "message": plain | fields}


def read(raw: object) -> Incoming:
    found = parse(raw)
    assert found is not None
    return found


def test_a_message_is_read() -> None:
    assert read(message()) == Incoming(
        id=9,
        kind="message",
        chat="5001",
        chat_type="private",
        user="5001",
        language="zh-hans",
        text="/topics",
        message_id=7,
        at=datetime.fromtimestamp(AT, UTC),
    )


def test_the_thread_of_a_topic_is_kept_and_that_of_an_answer_is_not() -> None:
    assert read(message(GROUP, message_thread_id=3, is_topic_message=True)).thread == 3
    assert read(message(GROUP, message_thread_id=3)).thread is None


def test_a_press_of_a_button_is_its_users_not_its_messages() -> None:
    shown = {"message_id": 7, "date": AT, "chat": GROUP, "from": {"id": 1, "is_bot": True, "first_name": "Bot"}}
    found = read({"update_id": 9, "callback_query": {"id": "77", "from": ANNA, "message": shown, "data": "1.mute"}})

    assert (found.kind, found.user, found.chat) == ("button", "5001", "-1001")
    assert (found.button, found.text, found.message_id, found.at) == ("77", "1.mute", 7, None)


@pytest.mark.parametrize("to_old", [True, False])
def test_both_chats_tell_of_a_move(to_old: bool) -> None:
    old = {"id": -5, "type": "group", "title": "Desk"}
    raw = message(old, migrate_to_chat_id=-1001) if to_old else message(GROUP, migrate_from_chat_id=-5)

    found = read(raw)

    assert (found.kind, found.chat, found.chat_type, found.moved_to) == ("moved", "-5", "group", "-1001")


@pytest.mark.parametrize(
    ("member", "status"),
    [
        ({"status": "kicked"}, "kicked"),
        ({"status": "restricted", "is_member": True}, "restricted"),
        ({"status": "restricted", "is_member": False}, "left"),
    ],
)
def test_what_the_bot_became_in_a_chat(member: Json, status: str) -> None:
    change = {"chat": GROUP, "from": ANNA, "date": AT, "old_chat_member": {}, "new_chat_member": member}
    found = read({"update_id": 9, "my_chat_member": change})

    assert (found.kind, found.status, found.user) == ("membership", status, "5001")


def test_who_hides_behind_a_chat_is_nobody() -> None:
    hidden = {"sender_chat": GROUP, "from": {"id": 1_087_968_824, "is_bot": True, "first_name": "Group"}}

    assert read(message(GROUP, **hidden)).kind == "message"
    assert read(message(GROUP, **hidden)).user is None
    post = {"message_id": 7, "date": AT, "chat": {"id": -1002, "type": "channel"}, "text": "/topics", "from": ANNA}
    assert read({"update_id": 9, "channel_post": post}).user is None


@pytest.mark.parametrize(
    "raw",
    [
        message(forward_origin={"type": "user", "date": AT, "sender_user": ANNA}),
        message(**{"from": ANNA | {"is_bot": True}}),
        message(GROUP, text="what Anna tells her friends"),
        message(text=None),
        {"update_id": 9, "edited_message": message()["message"]},
        {"update_id": 9, "callback_query": {"id": "77", "from": ANNA, "inline_message_id": "x", "data": "1.mute"}},
        {"update_id": 9, "poll": {}},
        {"update_id": 9},
    ],
    ids=["forwarded", "of a bot", "talk", "no text", "edited", "inline", "not asked for", "empty"],
)
def test_what_is_no_command_is_not_even_kept(raw: Json) -> None:
    assert read(raw) == Incoming(id=9, kind="other", chat="", chat_type="private")


def test_half_a_character_does_not_stop_the_queue() -> None:
    found = read(message(text="/topics \ud83d"))

    assert found.text == "/topics \ufffd"
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Incoming) == found


@pytest.mark.parametrize("raw", [None, [], {}, {"update_id": -1}, {"update_id": True}, {"update_id": "9"}])
def test_what_has_no_id_is_no_update(raw: object) -> None:
    assert parse(raw) is None


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(updates())
def test_every_update_of_the_specification_is_read(raw: Json) -> None:
    assert_sound(raw)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(spoilt() | ANYTHING)
def test_nothing_that_is_malformed_raises(raw: object) -> None:
    assert_sound(raw)


def assert_sound(raw: object) -> None:
    found = parse(raw)
    if found is None:
        return
    assert isinstance(raw, dict)
    assert found.id == raw["update_id"]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Incoming) == found, "it can be stored"
    if found.kind != "other":
        assert set(raw) & set(ASKED_FOR)
        assert int(found.chat)
        assert found.user is None or int(found.user) > 0


def test_what_people_do_in_the_simulator_is_understood() -> None:
    with Simulator(data_path("specs/telegram_bot_api_10.1.json.gz")) as telegram:
        anna = telegram.state.world.add_user("Anna")
        group = telegram.state.world.add_chat("group", "Desk")
        telegram.people.start(anna, "token")
        telegram.people.say(group, anna, "/topics")
        telegram.people.upgrade(group, anna)
        telegram.people.block(anna)
        raws = telegram.state.updates.poll({}, lambda: False)

    found = [read(raw) for raw in raws]

    assert [each.kind for each in found] == ["message", "message", "moved", "moved", "membership"]
    assert [each.text for each in found[:2]] == ["/start token", "/topics"]
    assert found[2].moved_to == found[3].moved_to
    assert found[4].status == "kicked"
