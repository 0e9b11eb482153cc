"""What a bot sends, edits and deletes is what readers see: the ledger says so, and the errors are Telegram's."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters
from telegram.error import BadRequest

from tests.simulators.telegram_api import Simulator
from tests.simulators.telegram_chats import Chat, Member, User
from tests.simulators.telegram_files import picture_size
from tests.simulators.telegram_ledger import Ledger
from tests.simulators.telegram_refusals import (
    DELETE_FORBIDDEN,
    DELETE_NOT_FOUND,
    EDIT_FORBIDDEN,
    EDIT_NOT_FOUND,
    NOT_MODIFIED,
    REPLY_NOT_FOUND,
    Refused,
)
from tests.unit.simulators.conftest import Asker, Clock, with_bot
from tests.unit.simulators.test_telegram_spec import png

_WHY = {"inline_keyboard": [[{"text": "Why", "callback_data": "why"}]]}


def sent_id(ask: Asker, chat: Chat | User, text: str = "a", **more: object) -> int:
    """Send a text; return its id."""
    answer = ask("sendMessage", chat_id=chat.id, text=text, **more)
    return int(answer["result"]["message_id"])


def test_ids_are_consecutive_in_a_channel_and_shared_by_private_chats(
    telegram: Simulator, ask: Asker, channel: Chat, anna: User
) -> None:
    boris = telegram.state.world.add_user("Boris")
    group = telegram.state.world.add_chat("group", "Group")
    telegram.people.start(boris)

    channel_ids = [sent_id(ask, channel) for _ in range(3)]
    account_ids = [sent_id(ask, chat) for chat in (anna, boris, group, anna)]

    assert channel_ids == list(range(channel_ids[0], channel_ids[0] + 3))
    assert account_ids == list(range(account_ids[0], account_ids[0] + 4))


def test_ledger_counts_copies_and_their_time(telegram: Simulator, ask: Asker, channel: Chat, clock: Clock) -> None:
    first = sent_id(ask, channel, "digest", disable_notification=True)
    clock.now += 10
    second = sent_id(ask, channel, "digest")
    clock.now += 5
    ask("deleteMessage", chat_id=channel.id, message_id=second)

    ledger = telegram.state.ledger
    assert ledger.copies(channel.id) == {"digest": 1}
    assert ledger.most_at_once(channel.id, "digest") == 2
    assert ledger.seconds_seen_twice(channel.id, "digest") == 5
    assert [shown.message_id for shown in ledger.history(channel.id)] == [first, second]
    assert [shown.is_silent for shown in ledger.history(channel.id)] == [True, False]


def test_an_edit_that_ends_a_copy_counts_as_its_end(
    telegram: Simulator, ask: Asker, channel: Chat, clock: Clock
) -> None:
    sent_id(ask, channel, "digest")
    second = sent_id(ask, channel, "digest")
    bystander = sent_id(ask, channel, "unrelated")
    clock.now += 3
    ask("editMessageText", chat_id=channel.id, message_id=second, text="other")
    ask("editMessageText", chat_id=channel.id, message_id=bystander, text="still unrelated")
    clock.now += 3

    ledger = telegram.state.ledger
    assert ledger.copies(channel.id) == {"digest": 1, "other": 1, "still unrelated": 1}
    assert (ledger.most_at_once(channel.id, "digest"), ledger.seconds_seen_twice(channel.id, "digest")) == (2, 3)


def test_ledger_is_the_same_from_its_file(spec_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Simulator(spec_path, ledger=path) as telegram:
        chat, ask = telegram.state.world.add_chat("channel", "C"), Asker(telegram.url)
        ids = [sent_id(ask, chat, f"锅 {number}") for number in range(3)]
        ask("editMessageText", chat_id=chat.id, message_id=ids[0], text="edited")
        ask("deleteMessage", chat_id=chat.id, message_id=ids[1])
        with path.open("ab") as broken_off:
            broken_off.write(b'{"event": "se')

        read = Ledger.read(path)

    assert read.history() == telegram.state.ledger.history()
    assert read.copies(chat.id) == {"edited": 1, "锅 2": 1}


def test_same_edit_is_not_modified_and_another_one_shows(
    telegram: Simulator, ask: Asker, channel: Chat, clock: Clock
) -> None:
    number = sent_id(ask, channel, "a", reply_markup=_WHY)
    clock.now += 60

    same = ask("editMessageText", chat_id=channel.id, message_id=number, text="a", reply_markup=_WHY)
    without_keys = ask("editMessageText", chat_id=channel.id, message_id=number, text="a")

    assert same["description"] == NOT_MODIFIED
    assert "reply_markup" not in without_keys["result"]
    assert without_keys["result"]["edit_date"] == without_keys["result"]["date"] + 60
    assert telegram.state.ledger.get(channel.id, number).edits == 1


@pytest.mark.parametrize(("text", "is_same"), [("no link", True), ("see https://a.example", False)])
def test_wish_for_a_preview_counts_where_there_is_a_link(ask: Asker, channel: Chat, text: str, is_same: bool) -> None:
    number = sent_id(ask, channel, text, link_preview_options={"is_disabled": True})

    answer = ask("editMessageText", chat_id=channel.id, message_id=number, text=text)

    assert (answer.get("description") == NOT_MODIFIED) is is_same


def test_python_telegram_bot_hears_the_three_answers_of_the_probe(telegram: Simulator, anna: User) -> None:
    private = telegram.people.private(anna)
    other = telegram.people.say(private, anna, "hello")["message_id"]
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("Why", callback_data="why")]])

    async def act(bot: Bot) -> list[str]:
        sent = await bot.send_message(anna.id, "frozen", reply_markup=keys)
        heard = []
        for number in (sent.message_id, sent.message_id + 1, other):
            with pytest.raises(BadRequest) as refused:
                await bot.edit_message_text("frozen", anna.id, number, reply_markup=keys)
            heard.append(f"Bad Request: {refused.value.message[0].lower()}{refused.value.message[1:]}")
        return heard

    assert with_bot(telegram, act) == [NOT_MODIFIED, EDIT_NOT_FOUND, EDIT_FORBIDDEN]


def test_probe_by_text_never_touches_a_photo_but_by_caption_finds_it(
    ask: Asker, telegram: Simulator, channel: Chat
) -> None:
    photo = with_bot(telegram, lambda bot: bot.send_photo(channel.id, png(), caption="digest"))
    where = {"chat_id": channel.id, "message_id": photo.message_id}

    assert "there is no text in the message to edit" in ask("editMessageText", **where, text="digest")["description"]
    assert ask("editMessageCaption", **where, caption="digest")["description"] == NOT_MODIFIED
    assert ask("editMessageReplyMarkup", **where)["description"] == NOT_MODIFIED
    assert telegram.state.ledger.get(channel.id, photo.message_id).edits == 0


def test_caption_of_a_text_cannot_be_edited(ask: Asker, channel: Chat) -> None:
    answer = ask("editMessageCaption", chat_id=channel.id, message_id=sent_id(ask, channel), caption="b")

    assert "there is no caption in the message to edit" in answer["description"]


def test_service_messages_and_deleted_ones_cannot_be_edited(ask: Asker, telegram: Simulator, channel: Chat) -> None:
    every = frozenset({"can_post_messages", "can_edit_messages", "can_delete_messages"})
    channel.members[telegram.state.world.bot.id] = Member("administrator", every)
    number = sent_id(ask, channel)
    ask("pinChatMessage", chat_id=channel.id, message_id=number)

    service = ask("editMessageText", chat_id=channel.id, message_id=number + 1, text="b")
    ask("deleteMessage", chat_id=channel.id, message_id=number)
    gone = ask("editMessageText", chat_id=channel.id, message_id=number, text="b")

    assert (service["description"], gone["description"]) == (EDIT_FORBIDDEN, EDIT_NOT_FOUND)


def test_only_an_editor_of_a_channel_edits_posts_of_others(
    ask: Asker, telegram: Simulator, channel: Chat, anna: User
) -> None:
    number = telegram.people.say(channel, anna, "by hand")["message_id"]
    edit = {"chat_id": channel.id, "message_id": number, "text": "by bot"}

    before = ask("editMessageText", **edit)
    rights = frozenset({"can_post_messages", "can_edit_messages"})
    channel.members[telegram.state.world.bot.id] = Member("administrator", rights)
    after = ask("editMessageText", **edit)

    assert (before.get("description"), after["ok"]) == (EDIT_FORBIDDEN, True)


def test_own_messages_can_be_deleted_for_48_hours(ask: Asker, channel: Chat, clock: Clock) -> None:
    young, old = sent_id(ask, channel), sent_id(ask, channel)
    assert ask("deleteMessage", chat_id=channel.id, message_id=young)["ok"]
    clock.now += 48 * 3600

    again = ask("deleteMessage", chat_id=channel.id, message_id=young)
    late = ask("deleteMessage", chat_id=channel.id, message_id=old)

    assert (again["description"], late["description"]) == (DELETE_NOT_FOUND, DELETE_FORBIDDEN)


def test_reply_needs_its_message_or_leave_to_go_without(telegram: Simulator, channel: Chat) -> None:
    async def act(bot: Bot) -> None:
        sent = await bot.send_message(channel.id, "a")
        reply = await bot.send_message(channel.id, "b", reply_parameters=ReplyParameters(sent.message_id))
        assert reply.reply_to_message.text == "a"
        lost = ReplyParameters(999_999, allow_sending_without_reply=True)
        assert (await bot.send_message(channel.id, "c", reply_parameters=lost)).reply_to_message is None
        with pytest.raises(BadRequest, match=REPLY_NOT_FOUND.removeprefix("Bad Request: m")):
            await bot.send_message(channel.id, "d", reply_parameters=ReplyParameters(999_999))

    with_bot(telegram, act)


@pytest.mark.parametrize(
    ("picture", "problem"),
    [
        (b"", "file must be non-empty"),
        (b"GIF89a", "IMAGE_PROCESS_FAILED"),
        (png()[:-12], "IMAGE_PROCESS_FAILED"),
        (png(420, 20), "PHOTO_INVALID_DIMENSIONS"),
    ],
    ids=["empty", "gif", "cut", "long"],
)
def test_pictures_are_measured(telegram: Simulator, channel: Chat, picture: bytes, problem: str) -> None:
    with pytest.raises(BadRequest, match=f"(?i){problem}"):
        with_bot(telegram, lambda bot: bot.send_photo(channel.id, picture))

    telegram.take_breaches()


def test_file_comes_through_multipart_byte_for_byte(telegram: Simulator, channel: Chat) -> None:
    body = bytes(range(256)) * 3 + b"\r\n--\r\n\n\r"

    sent = with_bot(telegram, lambda bot: bot.send_document(channel.id, body, filename="é.bin"))

    assert telegram.state.files[sent.document.file_id].body == body


def test_jpeg_is_measured_by_its_frame_header() -> None:
    comment, frame = b"\xff\xfe\x00\x04ab", b"\xff\xc0\x00\x11\x08" + bytes([0, 20, 0, 40]) + bytes(10)

    assert picture_size(b"\xff\xd8" + comment + frame) == (40, 20)
    with pytest.raises(Refused, match="IMAGE_PROCESS_FAILED"):
        picture_size(b"\xff\xd8" + comment)


def test_messages_sent_at_once_lose_no_id(telegram: Simulator, ask: Asker, channel: Chat) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: sent_id(ask, channel, str(number)), range(80)))

    assert sorted(ids) == list(range(min(ids), min(ids) + 80))
    assert set(telegram.state.ledger.copies(channel.id).values()) == {1}


def test_what_a_text_loses_is_a_breach_of_the_run(telegram: Simulator, ask: Asker, channel: Chat) -> None:
    number = sent_id(ask, channel, "a\u202eb ")

    assert telegram.state.ledger.get(channel.id, number).text == "ab"
    assert telegram.take_breaches() == [
        "sendMessage: the text is changed at character 1: '\\u202eb ' becomes 'b'",
    ]
