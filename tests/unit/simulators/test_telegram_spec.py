"""Every request is held against the published specification, and so is every answer of ours."""

import struct
import zlib
from pathlib import Path

import pytest
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, LinkPreviewOptions
from telegram.error import BadRequest, InvalidToken
from telegram.request import HTTPXRequest

from tests.simulators.telegram_api import TOKEN, Simulator
from tests.simulators.telegram_chats import Chat, Member, User
from tests.simulators.telegram_methods import METHODS
from tests.simulators.telegram_spec import Spec
from tests.unit.simulators.conftest import Asker, with_bot


def png(width: int = 40, height: int = 20) -> bytes:
    """Return a grey picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(height)))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_unknown_method_is_not_found(telegram: Simulator, ask: Asker) -> None:
    answer = ask("sendTelepathy")

    assert (answer["error_code"], answer["description"]) == (404, "Not Found: method not found")
    assert telegram.take_breaches() == ["sendTelepathy: 404 Not Found: method not found"]


def test_method_without_simulation_says_so_and_fails_the_run(telegram: Simulator, ask: Asker, channel: Chat) -> None:
    answer = ask("sendDice", chat_id=channel.id)

    assert answer["error_code"] == 501
    assert "does not have" in telegram.take_breaches()[0]


def test_method_names_do_not_mind_their_case(ask: Asker) -> None:
    assert ask("getme")["result"]["username"] == "discussion_monitor_bot"


def test_wrong_token_is_unauthorised(telegram: Simulator) -> None:
    async def act(_: Bot) -> None:
        request = HTTPXRequest()
        async with Bot("7000001:wrong", base_url=telegram.base_url, request=request) as stranger:
            await stranger.get_me()

    with pytest.raises(InvalidToken):
        with_bot(telegram, act)


@pytest.mark.parametrize(
    ("method", "arguments", "problem"),
    [
        ("sendMessage", {"text": "a"}, "sendMessage.chat_id is missing"),
        ("sendMessage", {"chat_id": 1, "text": "a", "txet": "b"}, "sendMessage has no field 'txet'"),
        ("sendMessage", {"chat_id": 1, "text": 5}, "sendMessage.text is int, not String"),
        ("sendMessage", {"chat_id": 1.5, "text": "a"}, "sendMessage.chat_id is float, not Integer"),
        ("sendMessage", {"chat_id": 1, "text": "a", "message_thread_id": "7"}, "message_thread_id is str, not Integer"),
        ("sendMessage", {"chat_id": 1, "text": "a", "protect_content": 1}, "protect_content is int, not Boolean"),
        ("sendMessage", {"chat_id": 1, "text": "a", "parse_mode": "BBCode"}, "unsupported parse_mode 'BBCode'"),
        ("sendMessage", {"chat_id": 1, "text": "a", "entities": {}}, "entities is dict, not an array"),
        ("sendMessage", {"chat_id": 1, "text": "a", "entities": [{"type": "bold", "offset": 0}]}, "length is missing"),
        (
            "sendMessage",
            {"chat_id": 1, "text": "a", "entities": [{"type": "blink", "offset": 0, "length": 1}]},
            "entities[0].type is 'blink', not one of blockquote, bold",
        ),
        (
            "sendMessage",
            {"chat_id": 1, "text": "a", "reply_markup": {"inline_keyboard": [[{"text": "x", "style": "pink"}]]}},
            "style is 'pink', not one of danger, primary, success",
        ),
        ("sendMessage", {"chat_id": 1, "text": "a", "reply_markup": {"keys": []}}, "has no field 'keys'"),
        ("sendChatAction", {"chat_id": 1, "action": "thinking"}, "action is 'thinking', not one of choose_sticker"),
        ("setMyCommands", {"commands": [], "scope": {"type": "chat"}}, "scope"),
        (
            "setMyCommands",
            {"commands": [{"command": "a" * 33, "description": "b"}]},
            "command is not of 1-32 characters",
        ),
        (
            "setMyCommands",
            {"commands": [{"command": "a", "description": ""}]},
            "description is not of 1-256 characters",
        ),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "text is not of 0-200 characters"),
        ("getUpdates", {"limit": 101}, "limit is not of 1-100"),
        ("deleteMessages", {"chat_id": 1, "message_ids": []}, "message_ids is not of 1-100 items"),
        ("sendPhoto", {"chat_id": 1, "photo": "attach://chart"}, "attach://chart is not in the request"),
    ],
)
def test_request_outside_the_specification_is_refused_and_noted(
    telegram: Simulator, ask: Asker, method: str, arguments: dict[str, object], problem: str
) -> None:
    answer = ask(method, **arguments)

    assert answer["error_code"] == 400
    assert problem in answer["description"]
    assert len(telegram.take_breaches()) == 1


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        (b"chat_id=1&text=a&disable_notification=yes", "disable_notification is not Boolean: 'yes'"),
        (b"chat_id=1&text=a&message_thread_id=7.5", "message_thread_id is not Integer"),
        (b"chat_id=1&text=a&entities=[", "can't parse entities JSON object"),
    ],
)
def test_form_fields_must_read_as_their_types(telegram: Simulator, ask: Asker, form: bytes, problem: str) -> None:
    _, answer = ask.post(f"/bot{TOKEN}/sendMessage", form, "application/x-www-form-urlencoded")

    assert problem in answer["description"]
    assert len(telegram.take_breaches()) == 1


def test_file_that_no_field_names_is_refused(telegram: Simulator, ask: Asker) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    fields = part % (b"chat_id", b"", b"1") + part % (b"text", b"", b"a")
    body = fields + part % (b"chart", b'; filename="c.png"', b"x") + b"--b--\r\n"

    _, answer = ask.post(f"/bot{TOKEN}/sendMessage", body, "multipart/form-data; boundary=b")

    assert "file 'chart' is referenced by no field" in answer["description"]
    assert len(telegram.take_breaches()) == 1


def test_enumerations_are_read_from_the_descriptions(spec_path: Path) -> None:
    spec = Spec(spec_path)
    values = {(name, field.name): field.values for name, fields in spec.types.items() for field in fields}

    assert len(values["MessageEntity", "type"]) == 20
    assert values["BotCommandScopeChat", "type"] == {"chat"}
    assert values["ChatMemberBanned", "status"] == {"kicked"}
    assert values["MessageEntity", "url"] == frozenset()


def test_every_method_answers_python_telegram_bot_without_a_breach(
    telegram: Simulator, channel: Chat, anna: User
) -> None:
    every = frozenset({"can_manage_chat", "can_post_messages", "can_edit_messages", "can_delete_messages"})
    channel.members[telegram.state.world.bot.id] = Member("administrator", every)
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("Why", callback_data="why")]])

    async def act(bot: Bot) -> None:
        await bot.set_my_commands([BotCommand("start", "Begin")], language_code="zh")
        assert [command.command for command in await bot.get_my_commands(language_code="zh")] == ["start"]
        assert await bot.get_my_commands() == ()
        await bot.delete_my_commands(language_code="zh")
        await bot.set_my_name("Monitor")
        await bot.set_my_description("Follows", language_code="en")
        await bot.set_my_short_description("F")
        assert (await bot.get_my_name()).name == "Monitor"
        assert (await bot.get_my_description("en")).description == "Follows"
        assert (await bot.get_my_short_description("zh")).short_description == "F"
        sent = await bot.send_message(
            channel.id, "a", reply_markup=keys, link_preview_options=LinkPreviewOptions(is_disabled=True)
        )
        await bot.edit_message_text("b", channel.id, sent.message_id)
        await bot.edit_message_reply_markup(channel.id, sent.message_id, reply_markup=keys)
        await bot.pin_chat_message(channel.id, sent.message_id)
        assert (await bot.get_chat(channel.id)).pinned_message.text == "b"
        await bot.unpin_chat_message(channel.id)
        photo = await bot.send_photo(channel.id, png(), caption="c")
        await bot.edit_message_caption(channel.id, photo.message_id, caption="d")
        await bot.edit_message_media(InputMediaPhoto(png(30, 30), caption="e"), channel.id, photo.message_id)
        again = await bot.send_photo(channel.id, photo.photo[0].file_id)
        document = await bot.send_document(channel.id, b"1,2", filename="export.csv", caption="f")
        assert document.document.file_name == "export.csv"
        await bot.delete_message(channel.id, again.message_id)
        with pytest.raises(BadRequest):  # the only answer of a simulator without locations
            await bot.stop_message_live_location(channel.id, sent.message_id)
        await bot.delete_messages(channel.id, [document.message_id, 999_999])
        await bot.send_chat_action(anna.id, "typing")
        assert (await bot.get_chat_member(channel.id, bot.id)).can_edit_messages
        assert [admin.user.id for admin in await bot.get_chat_administrators(channel.id)] == [bot.id]
        assert await bot.get_chat_member_count(channel.id) == 1
        await bot.set_webhook("http://127.0.0.1:9/hook", secret_token="s-1")
        assert (await bot.get_webhook_info()).url == "http://127.0.0.1:9/hook"
        await bot.delete_webhook()
        query = telegram.people.press(anna, channel, sent.message_id, "Why")
        await bot.answer_callback_query(query, "412 / 133")
        assert [update.callback_query.data for update in await bot.get_updates()] == ["why"]
        await bot.leave_chat(channel.id)

    with_bot(telegram, act)

    assert set(telegram.state.faults.calls) == {*METHODS, "getUpdates"}


def test_answers_and_updates_fit_the_specification(telegram: Simulator, ask: Asker, anna: User) -> None:
    world, people, spec = telegram.state.world, telegram.people, telegram.spec
    forum = world.add_chat("supergroup", "Forum", is_forum=True)
    group = world.add_chat("group", "Group", bot=Member("left"))
    people.add_bot(group, anna)
    thread = people.open_topic(forum, anna, "News")
    people.say(forum, anna, "/topics@discussion_monitor_bot", thread=thread)
    people.close_topic(forum, anna, thread)
    sent = ask(
        "sendMessage",
        chat_id=anna.id,
        text="a #b",
        reply_markup={"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]},
    )
    people.press(anna, people.private(anna), sent["result"]["message_id"])
    people.upgrade(group, anna)
    people.block(anna)

    updates = ask("getUpdates")["result"]

    kinds = {kind for update in updates for kind in update if kind != "update_id"}
    assert kinds == {"message", "my_chat_member", "callback_query"}
    assert [problem for update in updates for problem in spec.problems("Update", update)] == []
    assert spec.problems("Message", sent["result"]) == []
    assert spec.problems("ChatFullInfo", ask("getChat", chat_id=forum.id)["result"]) == []
    assert spec.problems("WebhookInfo", ask("getWebhookInfo")["result"]) == []
