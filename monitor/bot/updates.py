"""What somebody did to the bot, read from an update of Telegram. Pure; whatever is not understood is of kind "other".

Only what can be a command is read: in groups and channels text that begins with "/", in private chats all text. What
was forwarded, edited or written by another bot commands nothing. https://core.telegram.org/bots/api#update
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from monitor.models import Incoming

ASKED_FOR = ("message", "channel_post", "callback_query", "my_chat_member")
"""The kinds of update that are asked for; all that this module reads."""

LARGEST_ID = 2**53 - 1
"""The store counts in doubles, and Telegram's ids have 52 bits: https://core.telegram.org/bots/api#chat"""

LONGEST_TEXT = 4096
LONGEST_DATA = 64
_CHAT_TYPES: tuple[Literal["private", "group", "supergroup", "channel"], ...] = (
    "private",
    "group",
    "supergroup",
    "channel",
)
_STATUSES = frozenset({"administrator", "member", "restricted", "left", "kicked"})
_FORWARDED = ("forward_origin", "forward_date", "is_automatic_forward")
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{2,35}")
_LATEST = 2**36

Json = Mapping[str, Any]


def parse(raw: object) -> Incoming | None:
    """Return what an update says; None when it has not even an id, as nothing that Telegram sends."""
    update = _table(raw)
    id_ = _whole(update.get("update_id"))
    if id_ is None or id_ < 0:
        return None
    for name, read in _READERS.items():
        found = read(id_, _table(update.get(name))) if name in update else None
        if found is not None:
            return found
    return Incoming(id=id_, kind="other", chat="", chat_type="private")


def _message(id_: int, message: Json) -> Incoming | None:
    chat = _place(id_, message)
    if chat is None or any(name in message for name in _FORWARDED):
        return None
    moved = _moved(chat, message)
    if moved is not None:
        return moved
    text = _clean(message.get("text"), LONGEST_TEXT)
    sender = _table(message.get("from"))
    is_hidden = "sender_chat" in message or chat["chat_type"] == "channel"
    if not text or (sender.get("is_bot") is True and not is_hidden):
        return None
    if chat["chat_type"] != "private" and not text.startswith("/"):
        return None
    who = {} if is_hidden else _person(sender)
    return Incoming(kind="message", text=text, message_id=_whole(message.get("message_id")), **chat, **who)


def _moved(chat: dict[str, Any], message: Json) -> Incoming | None:
    """Return the move of a basic group, which both of its chats tell."""
    # No chat is number 0.
    to = _whole(message.get("migrate_to_chat_id")) or None
    from_ = _whole(message.get("migrate_from_chat_id")) or None
    if to is not None:
        return Incoming(kind="moved", moved_to=str(to), **chat)
    if from_ is not None:
        # This one stands in the new chat: its id there is the first that is known.
        place = chat | {"chat": str(from_), "chat_type": "group"}
        return Incoming(kind="moved", moved_to=chat["chat"], message_id=_whole(message.get("message_id")), **place)
    return None


def _button(id_: int, query: Json) -> Incoming | None:
    message = _table(query.get("message"))
    chat = _place(id_, message)
    who = _person(_table(query.get("from")))
    press, text = _clean(query.get("id"), LONGEST_DATA), _clean(query.get("data"), LONGEST_DATA)
    if chat is None or not who or not press or not text:
        return None
    # The date is the message's, and says nothing about when its button was pressed.
    place = chat | {"at": None}
    message_id = _whole(message.get("message_id"))
    return Incoming(kind="button", text=text, button=press, message_id=message_id, **place, **who)


def _membership(id_: int, change: Json) -> Incoming | None:
    chat = _place(id_, change)
    now = _table(change.get("new_chat_member"))
    status = now.get("status")
    if chat is None or not isinstance(status, str) or status not in _STATUSES:
        return None
    if status == "restricted" and now.get("is_member") is False:
        status = "left"
    return Incoming(kind="membership", status=status, **chat, **_person(_table(change.get("from"))))


_READERS = {
    "message": _message,
    "channel_post": _message,
    "callback_query": _button,
    "my_chat_member": _membership,
}


def _place(id_: int, where: Json) -> dict[str, Any] | None:
    """Return id, chat, thread and time; None when there is no chat."""
    chat = _table(where.get("chat"))
    number, kind = _whole(chat.get("id")), chat.get("type")
    if number is None or number == 0 or kind not in _CHAT_TYPES:
        return None
    # In a group without topics the field names the thread of an answer, and nothing can be sent there.
    thread = _whole(where.get("message_thread_id")) if where.get("is_topic_message") is True else None
    return {"id": id_, "chat": str(number), "chat_type": kind, "thread": thread, "at": _time(where.get("date"))}


def _person(user: Json) -> dict[str, Any]:
    number, language = _whole(user.get("id")), user.get("language_code")
    if number is None or number <= 0:
        return {}
    known = isinstance(language, str) and _LANGUAGE.fullmatch(language) is not None
    return {"user": str(number), "language": language if known else None}


def _table(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _whole(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if abs(value) <= LARGEST_ID else None


def _time(value: object) -> datetime | None:
    seconds = _whole(value)
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 < seconds < _LATEST else None


def _clean(value: object, longest: int) -> str:
    """Return a text without half characters, which JSON can spell and nothing can store."""
    if not isinstance(value, str):
        return ""
    return value[:longest].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
