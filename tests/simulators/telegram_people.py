"""What people do in the simulated Telegram, and the updates a bot gets of it.

people.start(anna)                       /start in a private chat
people.say(group, anna, "/topics")       a message, in a topic, or in the name of a chat
people.press(anna, channel, 17, "Mute")  a button by its label, or any data at all: forged
people.kick_bot(group, anna)             my_chat_member, and 403 from then on
"""

from typing import Any

from tests.simulators.telegram_chats import PRESENT, Chat, Member, Topic, User
from tests.simulators.telegram_state import State
from tests.simulators.telegram_text import find_entities

Json = dict[str, Any]

# The senders Telegram puts in for those who write as a chat: core.telegram.org/bots/api#message ("from")
ANONYMOUS_ADMIN = User(1_087_968_824, "Group", "GroupAnonymousBot", is_bot=True)
CHANNEL_BOT = User(136_817_688, "Channel", "Channel_Bot", is_bot=True)


class People:
    """Everybody but the bot."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._world = state.world

    def private(self, user: User) -> Chat:
        """Return a user's private chat with the bot."""
        return self._world.chats[user.id]

    def start(self, user: User, payload: str = "") -> Json:
        """Let a user open the private chat with the bot, perhaps by a deep link. Return the message."""
        self.private(user).is_started = True
        return self.say(self.private(user), user, f"/start {payload}".rstrip())

    def say(self, chat: Chat, user: User, text: str, *, thread: int | None = None, sender: Chat | None = None) -> Json:
        """Let a user write; `sender` is the chat in whose name: the group itself, or a channel. Return the message."""
        found = find_entities(text)
        content: Json = {"text": text} | ({"entities": found} if found else {})
        if thread is not None:
            content |= {"message_thread_id": thread, "is_topic_message": True}
        message = self._state.new_message(chat, _writer(chat, user, sender), content, sender=sender)
        if chat.kind == "channel":
            self._state.updates.push("channel_post", message)
        elif self._bot_reads(chat, message):
            self._state.updates.push("message", message)
        return message

    def press(
        self, user: User, chat: Chat, message_id: int, label: str | None = None, *, data: str | None = None
    ) -> str:
        """Let a user press a button of a message, or send forged data. Return the id of the callback query."""
        shown = self._state.ledger.get(chat.id, message_id)
        assert shown is not None, f"no message {message_id} in {chat.id}"
        query_id = str(self._state.query_numbers.getrandbits(62))
        self._state.queries[query_id] = self._state.clock()
        pressed = data if data is not None else _data_of(shown.message, label)
        query = {
            "id": query_id,
            "from": user.json(),
            "message": shown.message,
            "chat_instance": str(abs(chat.id)),
            "data": pressed,
        }
        self._state.updates.push("callback_query", query)
        return query_id

    def block(self, user: User) -> None:
        """Let a user block the bot."""
        self.private(user).is_blocked = True
        self._tell_standing(self.private(user), user, Member("member"), Member("kicked"))

    def unblock(self, user: User) -> None:
        """Let a user unblock the bot."""
        self.private(user).is_blocked = False
        self._tell_standing(self.private(user), user, Member("kicked"), Member("member"))

    def add_bot(self, chat: Chat, by: User, member: Member | None = None) -> None:
        """Let somebody add the bot to a chat, or change what it may do there."""
        now = member or Member()
        before = self._world.set_member(chat, self._world.bot, now)
        self._tell_standing(chat, by, before, now)
        if chat.kind != "channel" and before.status not in PRESENT:
            joined = {"new_chat_members": [self._world.bot.json()]}
            self._state.updates.push("message", self._state.new_message(chat, by, joined))

    def kick_bot(self, chat: Chat, by: User) -> None:
        """Let somebody remove the bot from a chat for good."""
        before = self._world.set_member(chat, self._world.bot, Member("kicked"))
        self._tell_standing(chat, by, before, Member("kicked"))

    def upgrade(self, group: Chat, by: User) -> Chat:
        """Let a basic group become a supergroup; return the new chat."""
        assert group.kind == "group", "only a basic group becomes a supergroup"
        message = self._state.new_message(group, by, {})
        upgraded = self._world.upgrade(group)
        self._state.updates.push("message", message | {"migrate_to_chat_id": upgraded.id})
        arrived = self._state.new_message(upgraded, by, {"migrate_from_chat_id": group.id})
        self._state.updates.push("message", arrived)
        return upgraded

    def open_topic(self, forum: Chat, by: User, name: str) -> int:
        """Let somebody open a topic in a forum; return its thread id, which is the id of its first message."""
        created = {"forum_topic_created": {"name": name, "icon_color": 7_322_096}, "is_topic_message": True}
        message = self._state.new_message(forum, by, created)
        thread = int(message["message_id"])
        forum.topics[thread] = Topic(name)
        self._state.updates.push("message", message | {"message_thread_id": thread})
        return thread

    def close_topic(self, forum: Chat, by: User, thread: int) -> None:
        """Let somebody close a topic."""
        forum.topics[thread].is_closed = True
        closed = {"forum_topic_closed": {}, "message_thread_id": thread, "is_topic_message": True}
        self._state.updates.push("message", self._state.new_message(forum, by, closed))

    def delete_topic(self, forum: Chat, thread: int) -> None:
        """Let somebody delete a topic with all its messages; no update tells of it."""
        forum.topics[thread].is_deleted = True
        for shown in self._state.ledger.visible(forum.id):
            if shown.message.get("message_thread_id") == thread:
                self._state.ledger.deleted(self._state.clock(), forum.id, shown.message_id)

    def _bot_reads(self, chat: Chat, message: Json) -> bool:
        """Tell whether privacy mode lets the bot see a message: core.telegram.org/bots/features#privacy-mode."""
        bot = self._world.bot_in(chat)
        if chat.kind == "private" or bot.status in ("creator", "administrator"):
            return True
        if bot.status not in PRESENT:
            return False
        return any(self._is_for_bot(message["text"], entity) for entity in message.get("entities", ()))

    def _is_for_bot(self, text: str, entity: Json) -> bool:
        units = text.encode("utf-16-le")
        word = units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le")
        command, _, addressee = word.partition("@")
        is_command = entity["type"] == "bot_command" and addressee in ("", self._world.bot.username)
        return is_command or (entity["type"] == "mention" and not command and addressee == self._world.bot.username)

    def _tell_standing(self, chat: Chat, by: User, before: Member, now: Member) -> None:
        bot = self._world.bot
        standing = {
            "old_chat_member": before.json(bot, chat.kind),
            "new_chat_member": now.json(bot, chat.kind),
        }
        body = {"chat": chat.json(), "from": by.json(), "date": int(self._state.clock()), **standing}
        self._state.updates.push("my_chat_member", body)


def _writer(chat: Chat, user: User, sender: Chat | None) -> User:
    if sender is None:
        return user
    return ANONYMOUS_ADMIN if sender.id == chat.id else CHANNEL_BOT


def _data_of(message: Json, label: str | None) -> str:
    """Return what a button sends; without a label the first button with data."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    buttons = [button for row in rows for button in row if "callback_data" in button]
    chosen = [button for button in buttons if label in (None, button["text"])]
    assert chosen, f"no button {label!r} among {[button['text'] for button in buttons]}"
    return str(chosen[0]["callback_data"])
