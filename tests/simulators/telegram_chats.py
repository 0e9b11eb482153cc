"""The simulated world: users, chats of all four kinds, topics, members and their rights, and what they let a bot do.

Message ids are consecutive: per chat in supergroups and channels; private chats and basic groups share the numbers of
the bot's account, as at Telegram.
"""

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Literal

from tests.simulators.telegram_refusals import (
    BLOCKED,
    CHAT_NOT_FOUND,
    NEED_ADMIN,
    NEVER_STARTED,
    THREAD_NOT_FOUND,
    TOPIC_CLOSED,
    Refused,
    bad_request,
    migrated,
)

Json = dict[str, Any]
Kind = Literal["private", "group", "supergroup", "channel"]
Status = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]

PRESENT: frozenset[Status] = frozenset({"creator", "administrator", "member", "restricted"})
ADMIN_RIGHTS = frozenset(
    (
        "can_manage_chat",
        "can_delete_messages",
        "can_manage_video_chats",
        "can_restrict_members",
        "can_promote_members",
        "can_change_info",
        "can_invite_users",
        "can_post_stories",
        "can_edit_stories",
        "can_delete_stories",
    )
)
_CHANNEL_ONLY = {"can_post_messages", "can_edit_messages", "can_manage_direct_messages"}
_GROUP_ONLY = {"can_pin_messages", "can_manage_topics"}
_RESTRICTIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
_SUPERGROUP_BASE = -1_000_000_000_000


@dataclass(frozen=True)
class User:
    """A person or a bot."""

    id: int
    first_name: str
    username: str | None = None
    is_bot: bool = False
    language_code: str | None = None

    def json(self) -> Json:
        """Return the object User."""
        named = {"username": self.username, "language_code": self.language_code}
        given = {name: value for name, value in named.items() if value is not None}
        return {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name, **given}


@dataclass(frozen=True)
class Member:
    """A user's standing in a chat."""

    status: Status = "member"
    rights: frozenset[str] = frozenset()
    is_anonymous: bool = False

    def has(self, right: str) -> bool:
        """Tell whether the member may do something that needs a right."""
        return self.status == "creator" or (self.status == "administrator" and right in self.rights)

    def json(self, user: User, kind: Kind) -> Json:
        """Return the object ChatMember of this status."""
        plain: Json = {"status": self.status, "user": user.json()}
        if self.status == "creator":
            return plain | {"is_anonymous": self.is_anonymous}
        if self.status == "administrator":
            rights = ADMIN_RIGHTS | (_CHANNEL_ONLY if kind == "channel" else _GROUP_ONLY)
            flags = {right: right in self.rights for right in sorted(rights)}
            return plain | {"can_be_edited": False, "is_anonymous": self.is_anonymous} | flags
        if self.status == "restricted":
            flags = {right: right in self.rights for right in _RESTRICTIONS}
            return plain | {"is_member": True, "until_date": 0} | flags
        return plain | ({"until_date": 0} if self.status == "kicked" else {})


@dataclass
class Topic:
    """A topic of a forum."""

    name: str
    is_closed: bool = False
    is_deleted: bool = False


@dataclass
class Chat:
    """A chat of any kind."""

    id: int
    kind: Kind
    title: str
    username: str | None = None
    is_forum: bool = False
    is_started: bool = True
    is_blocked: bool = False
    may_members_send: bool = True
    migrated_to: int | None = None
    members: dict[int, Member] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)

    def json(self) -> Json:
        """Return the object Chat."""
        named: Json = {"first_name": self.title} if self.kind == "private" else {"title": self.title}
        if self.username is not None:
            named["username"] = self.username
        if self.is_forum:
            named["is_forum"] = True
        return {"id": self.id, "type": self.kind, **named}


class World:
    """Every user and chat, and the bot among them."""

    def __init__(self, bot: User, first_message_id: int = 1) -> None:
        self.bot = bot
        self.users: dict[int, User] = {bot.id: bot}
        self.chats: dict[int, Chat] = {}
        self._account_ids = count(first_message_id)
        self._ids: dict[int, count[int]] = {}
        self._first_message_id = first_message_id
        self._chat_numbers = count(1_001)

    def add_user(self, first_name: str, *, user_id: int | None = None, language_code: str | None = "en") -> User:
        """Add a person who has not yet talked to the bot."""
        number = next(self._chat_numbers)
        user = User(user_id or 5_000_000 + number, first_name, f"user_{number}", language_code=language_code)
        self.users[user.id] = user
        self.chats[user.id] = Chat(user.id, "private", first_name, user.username, is_started=False)
        return user

    def add_chat(
        self,
        kind: Kind,
        title: str,
        *,
        username: str | None = None,
        is_forum: bool = False,
        bot: Member | None = None,
    ) -> Chat:
        """Add a group, supergroup or channel; the bot is a member there, or in a channel one who posts."""
        number = next(self._chat_numbers)
        chat = Chat(-number if kind == "group" else _SUPERGROUP_BASE - number, kind, title, username, is_forum)
        channel_bot = Member("administrator", frozenset({"can_manage_chat", "can_post_messages"}))
        chat.members[self.bot.id] = bot or (channel_bot if kind == "channel" else Member())
        self.chats[chat.id] = chat
        return chat

    def next_message_id(self, chat: Chat) -> int:
        """Return the next message id of a chat."""
        if chat.kind in ("private", "group"):
            return next(self._account_ids)
        return next(self._ids.setdefault(chat.id, count(self._first_message_id)))

    def chat(self, chat_id: int | str) -> Chat:
        """Return a chat by its id or @username. Raise Refused where the bot cannot know it."""
        if isinstance(chat_id, str) and not chat_id.removeprefix("-").isdigit():
            named = [chat for chat in self.chats.values() if f"@{chat.username}".lower() == chat_id.lower()]
            if not named or named[0].kind == "private":
                raise bad_request(CHAT_NOT_FOUND)
            return named[0]
        if int(chat_id) not in self.chats:
            raise bad_request(CHAT_NOT_FOUND)
        return self.chats[int(chat_id)]

    def bot_in(self, chat: Chat) -> Member:
        """Return the bot's standing in a chat."""
        return chat.members.get(self.bot.id, Member("left"))

    def check_read(self, chat: Chat) -> None:
        """Raise Refused where the bot may not even look."""
        if chat.migrated_to is not None:
            raise migrated(chat.migrated_to)
        if chat.kind == "private":
            return
        status = self.bot_in(chat).status
        if status == "kicked":
            raise Refused(403, f"Forbidden: bot was kicked from the {chat.kind} chat")
        if status == "left":
            raise Refused(403, f"Forbidden: bot is not a member of the {chat.kind} chat")

    def check_write(self, chat: Chat, thread: int | None = None) -> None:
        """Raise Refused where the bot may not send."""
        self.check_read(chat)
        bot = self.bot_in(chat)
        if chat.kind == "private":
            _check_private(chat)
        elif chat.kind == "channel" and not bot.has("can_post_messages"):
            raise bad_request(NEED_ADMIN)
        elif not self._may_speak(chat, bot):
            raise bad_request("Bad Request: not enough rights to send text messages to the chat")
        if thread is not None:
            _check_topic(chat, thread, is_manager=bot.has("can_manage_topics"))

    @staticmethod
    def _may_speak(chat: Chat, bot: Member) -> bool:
        """Tell whether the restrictions on a member, or on all members, leave it its voice."""
        is_muted = bot.status == "restricted" or (bot.status == "member" and not chat.may_members_send)
        return not is_muted or "can_send_messages" in bot.rights

    def set_member(self, chat: Chat, user: User, member: Member) -> Member:
        """Change somebody's standing; return what it was."""
        before = chat.members.get(user.id, Member("left"))
        chat.members[user.id] = member
        return before

    def upgrade(self, group: Chat) -> Chat:
        """Turn a basic group into a supergroup: a new chat with new ids; the old one only points to it."""
        upgraded = self.add_chat("supergroup", group.title, bot=replace(self.bot_in(group)))
        upgraded.members = dict(group.members)
        group.migrated_to = upgraded.id
        return upgraded


def _check_private(chat: Chat) -> None:
    if not chat.is_started:
        raise Refused(403, NEVER_STARTED)
    if chat.is_blocked:
        raise Refused(403, BLOCKED)


def _check_topic(chat: Chat, thread: int, *, is_manager: bool) -> None:
    topic = chat.topics.get(thread)
    if not chat.is_forum or topic is None or topic.is_deleted:
        raise bad_request(THREAD_NOT_FOUND)
    if topic.is_closed and not is_manager:
        raise bad_request(TOPIC_CLOSED)
