"""What a refusal of Telegram means: whether something may have arrived, and what is known of a message by it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Literal

import httpx
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from monitor.errors import (
    DeliveryDelayed,
    DeliveryError,
    DeliveryUnknown,
    MessageRejected,
    RecipientGone,
    RecipientMoved,
)
from monitor.protocols import Edited
from monitor.seams.repairs import Standing

NAME = "telegram"

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Only these prove that no byte of a request left; every other failure on the way may come after the delivery."""

AGAIN = timedelta(seconds=5)
AGAIN_WHEN_REFUSED = timedelta(minutes=15)

_NO_CHAT = (
    "chat not found",
    "chat_write_forbidden",
    "group chat was deactivated",
    "need administrator rights",
    "not enough rights",
    "have no rights",
    "message thread not found",
    "peer_id_invalid",
    "topic_closed",
    "topic_deleted",
    "user is deactivated",
)
_SAME = "message is not modified"
_MISSING = ("message to edit not found", "message_id_invalid", "message identifier is not specified")
# Telegram asks whether a message is there and is ours before it asks what is in it:
# https://github.com/tdlib/td (MessagesManager::edit_message_live_location)
_UNTOUCHED = "there is no live location in the message"
_FOREIGN = ("message can't be edited", "there is no text in the message", "there is no caption in the message")


def edited(call: Callable[[Bot], Awaitable[Edited]]) -> Callable[[Bot], Awaitable[Edited]]:
    """Return a call that takes refusals of an edit for what they tell about the message."""

    async def told(bot: Bot) -> Edited:
        try:
            return await call(bot)
        except BadRequest as e:
            return "same" if _SAME in e.message.lower() else _not_ours(e)

    return told


def standing_of(refusal: BadRequest) -> Standing:
    """Return what a refusal of a request that changes nothing tells of a message; raise one that tells nothing."""
    return "ours" if _UNTOUCHED in refusal.message.lower() else _not_ours(refusal)


def _not_ours(refusal: BadRequest) -> Literal["missing", "foreign"]:
    """Return why a message is none of ours; raise a refusal that does not tell."""
    said = refusal.message.lower()
    if any(words in said for words in _MISSING):
        return "missing"
    if any(words in said for words in _FOREIGN):
        return "foreign"
    raise refusal


def translate(error: TelegramError | TimeoutError, token: str) -> DeliveryError:
    """Return the error that says what to do. Refusals come first: the library derives BadRequest from NetworkError."""
    reason = hidden(str(error) or type(error).__name__, token)
    if isinstance(error, RetryAfter):
        return DeliveryDelayed(NAME, reason, retry_after(error))
    if isinstance(error, ChatMigrated):
        return RecipientMoved(NAME, reason, str(error.new_chat_id))
    if isinstance(error, Forbidden):
        return RecipientGone(NAME, reason)
    if isinstance(error, BadRequest):
        is_gone = any(words in reason.lower() for words in _NO_CHAT)
        return RecipientGone(NAME, reason) if is_gone else MessageRejected(NAME, reason)
    if isinstance(error, InvalidToken | Conflict):
        return DeliveryDelayed(NAME, f"the bot is refused, a person must act: {reason}", AGAIN_WHEN_REFUSED)
    if isinstance(error.__cause__, NEVER_SENT):
        return DeliveryDelayed(NAME, reason, AGAIN)
    return DeliveryUnknown(NAME, reason)


def hidden(text: str, token: str) -> str:
    """Return a text without the token, also where it stands in an address."""
    return text.replace(token, "<token>")


def retry_after(error: RetryAfter) -> timedelta:
    """Return how long a flood answer asks us to wait."""
    # The public property is an int or a timedelta, by a variable of the environment, and warns that it will change.
    return error._retry_after  # noqa: SLF001
