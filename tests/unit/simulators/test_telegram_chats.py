"""What chats let a bot do, and what it hears when they do not."""

from collections.abc import Callable

import pytest
from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, Forbidden

from tests.simulators.telegram_api import Simulator
from tests.simulators.telegram_chats import Chat, Member, User
from tests.unit.simulators.conftest import Asker, with_bot


def _blocked(telegram: Simulator, anna: User) -> int:
    telegram.people.block(anna)
    return anna.id


def _stranger(telegram: Simulator, anna: User) -> int:
    return telegram.state.world.add_user("Boris").id


def _kicked_from(kind: str) -> Callable[[Simulator, User], int]:
    def prepare(telegram: Simulator, anna: User) -> int:
        chat = telegram.state.world.add_chat(kind, "C")
        telegram.people.kick_bot(chat, anna)
        return chat.id

    return prepare


def _never_joined(telegram: Simulator, anna: User) -> int:
    return telegram.state.world.add_chat("supergroup", "C", bot=Member("left")).id


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (_blocked, "bot was blocked by the user"),
        (_stranger, "bot can't initiate conversation with a user"),
        (_kicked_from("group"), "bot was kicked from the group chat"),
        (_kicked_from("supergroup"), "bot was kicked from the supergroup chat"),
        (_kicked_from("channel"), "bot was kicked from the channel chat"),
        (_never_joined, "bot is not a member of the supergroup chat"),
    ],
)
def test_shut_doors_are_forbidden(
    telegram: Simulator, anna: User, prepare: Callable[[Simulator, User], int], words: str
) -> None:
    chat_id = prepare(telegram, anna)

    with pytest.raises(Forbidden, match=words):
        with_bot(telegram, lambda bot: bot.send_message(chat_id, "a"))


def _unknown(telegram: Simulator, anna: User) -> tuple[int, int | None]:
    return -42, None


def _reader_of_a_channel(telegram: Simulator, anna: User) -> tuple[int, int | None]:
    return telegram.state.world.add_chat("channel", "C", bot=Member("administrator")).id, None


def _muted(telegram: Simulator, anna: User) -> tuple[int, int | None]:
    return telegram.state.world.add_chat("supergroup", "C", bot=Member("restricted")).id, None


def _muted_with_all(telegram: Simulator, anna: User) -> tuple[int, int | None]:
    chat = telegram.state.world.add_chat("supergroup", "C")
    chat.may_members_send = False
    return chat.id, None


def _closed_topic(telegram: Simulator, anna: User) -> tuple[int, int | None]:
    forum = telegram.state.world.add_chat("supergroup", "F", is_forum=True)
    thread = telegram.people.open_topic(forum, anna, "News")
    telegram.people.close_topic(forum, anna, thread)
    return forum.id, thread


def _deleted_topic(telegram: Simulator, anna: User) -> tuple[int, int | None]:
    forum = telegram.state.world.add_chat("supergroup", "F", is_forum=True)
    thread = telegram.people.open_topic(forum, anna, "News")
    telegram.people.delete_topic(forum, thread)
    return forum.id, thread


def _topic_without_forum(telegram: Simulator, anna: User) -> tuple[int, int | None]:
    return telegram.state.world.add_chat("supergroup", "C").id, 7


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (_unknown, "[Cc]hat not found"),
        (_reader_of_a_channel, "[Nn]eed administrator rights in the channel chat"),
        (_muted, "[Nn]ot enough rights to send text messages to the chat"),
        (_muted_with_all, "[Nn]ot enough rights to send text messages to the chat"),
        (_closed_topic, "(?i)topic_closed"),
        (_deleted_topic, "[Mm]essage thread not found"),
        (_topic_without_forum, "[Mm]essage thread not found"),
    ],
)
def test_what_a_chat_does_not_allow_is_a_bad_request(
    telegram: Simulator, anna: User, prepare: Callable[[Simulator, User], tuple[int, int | None]], words: str
) -> None:
    chat_id, thread = prepare(telegram, anna)

    with pytest.raises(BadRequest, match=words):
        with_bot(telegram, lambda bot: bot.send_message(chat_id, "a", message_thread_id=thread))


def test_group_that_became_a_supergroup_says_where_it_went(telegram: Simulator, anna: User) -> None:
    group = telegram.state.world.add_chat("group", "Group")
    upgraded = telegram.people.upgrade(group, anna)

    async def act(bot: Bot) -> int:
        with pytest.raises(ChatMigrated) as moved:
            await bot.send_message(group.id, "a")
        return (await bot.send_message(moved.value.new_chat_id, "a")).chat.id

    assert with_bot(telegram, act) == upgraded.id
    service = [update.message for update in with_bot(telegram, lambda bot: bot.get_updates())]
    assert [(m.migrate_to_chat_id, m.migrate_from_chat_id) for m in service] == [(upgraded.id, None), (None, group.id)]


def test_manager_of_topics_writes_in_a_closed_one(telegram: Simulator, anna: User, ask: Asker) -> None:
    chat_id, thread = _closed_topic(telegram, anna)
    rights = frozenset({"can_manage_topics"})
    telegram.state.world.chats[chat_id].members[telegram.state.world.bot.id] = Member("administrator", rights)

    answer = ask("sendMessage", chat_id=chat_id, text="a", message_thread_id=thread)

    assert answer["result"]["is_topic_message"]


def test_channel_is_found_by_its_name_and_a_person_is_not(telegram: Simulator, ask: Asker, anna: User) -> None:
    chat = telegram.state.world.add_chat("channel", "C", username="digests")

    assert ask("getChat", chat_id="@Digests")["result"]["id"] == chat.id
    assert ask("getChat", chat_id=f"@{anna.username}")["description"] == "Bad Request: chat not found"


def test_members_are_told_apart(telegram: Simulator, anna: User) -> None:
    world = telegram.state.world
    group = world.add_chat("supergroup", "G", bot=Member("administrator"))
    boss, guest, banned = (world.add_user(name) for name in ("Boss", "Guest", "Banned"))
    other_bot = world.add_user("Other")
    world.users[other_bot.id] = other_bot.__class__(other_bot.id, "Other", is_bot=True)
    for user, member in ((boss, Member("creator")), (anna, Member("administrator")), (banned, Member("kicked"))):
        world.set_member(group, user, member)
    world.set_member(group, world.users[other_bot.id], Member("administrator"))

    async def act(bot: Bot) -> None:
        statuses = [(await bot.get_chat_member(group.id, user.id)).status for user in (boss, anna, guest, banned)]
        assert statuses == ["creator", "administrator", "left", "kicked"]
        assert {a.user.id for a in await bot.get_chat_administrators(group.id)} == {boss.id, anna.id, bot.id}
        with pytest.raises(BadRequest, match=r"(?i)participant_id_invalid"):
            await bot.get_chat_member(group.id, 1)
        with pytest.raises(BadRequest, match="no administrators in the private chat"):
            await bot.get_chat_administrators(anna.id)

    with_bot(telegram, act)


def test_pin_needs_its_right(telegram: Simulator, ask: Asker, anna: User) -> None:
    group = telegram.state.world.add_chat("supergroup", "G")
    number = ask("sendMessage", chat_id=group.id, text="a")["result"]["message_id"]

    refused = ask("pinChatMessage", chat_id=group.id, message_id=number)
    group.members[telegram.state.world.bot.id] = Member("administrator", frozenset({"can_pin_messages"}))
    pinned = ask("pinChatMessage", chat_id=group.id, message_id=number)

    assert refused["description"] == "Bad Request: not enough rights to manage pinned messages in the chat"
    assert pinned["ok"]
    assert ask("getChat", chat_id=group.id)["result"]["pinned_message"]["message_id"] == number


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ("/topics", True),
        ("/topics@discussion_monitor_bot", True),
        ("/topics@other_bot", False),
        ("hello", False),
        ("@discussion_monitor_bot hi", True),
    ],
)
def test_privacy_mode_hides_the_talk_of_a_group(telegram: Simulator, anna: User, text: str, is_read: bool) -> None:
    group = telegram.state.world.add_chat("supergroup", "G")

    telegram.people.say(group, anna, text)

    assert len(telegram.state.updates.pending) == is_read


def test_who_writes_as_a_chat_hides_behind_telegrams_own_senders(
    telegram: Simulator, anna: User, channel: Chat
) -> None:
    group = telegram.state.world.add_chat("supergroup", "G")

    telegram.people.say(group, anna, "/topics", sender=group)
    telegram.people.say(group, anna, "/topics", sender=channel)

    messages = [update.message for update in with_bot(telegram, lambda bot: bot.get_updates())]
    assert [(m.from_user.username, m.sender_chat.id) for m in messages] == [
        ("GroupAnonymousBot", group.id),
        ("Channel_Bot", channel.id),
    ]
