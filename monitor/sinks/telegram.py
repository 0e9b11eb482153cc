"""Telegram: sends, edits and deletes messages by the Bot API, and says of each failure whether it may have arrived.

One event loop and one client per process, in a thread of their own: a client that is used from a second loop fails on
its second call (https://github.com/python-telegram-bot/python-telegram-bot/issues/4023). Nothing is retried here and
nothing waits for a limit: that is the outbox's work.
"""

import asyncio
import logging
import threading
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

import httpx
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MessageEntity,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

from monitor.errors import (
    DeliveryDelayed,
    DeliveryError,
    DeliveryUnknown,
    MessageRejected,
    RecipientGone,
    RecipientMoved,
)
from monitor.models import Parcel
from monitor.protocols import Edited
from monitor.seams.repairs import Standing

log = logging.getLogger(__name__)

NAME = "telegram"
API_URL = "https://api.telegram.org"
PATIENCE = timedelta(seconds=10)
"""For one request, all in all; less than half of a sender's lease."""

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

Answer = TypeVar("Answer")


class Account(NamedTuple):
    """Who sends, and by which server. The token is a secret: it is part of every address that is asked."""

    token: str
    api_url: str = API_URL

    def __repr__(self) -> str:
        return f"Account({self.api_url})"


class TelegramSink:
    """Implements the Messenger protocol, and what answering people needs beside sending.

    Thread-safe; the loop and the client begin with the first call.
    """

    def __init__(self, account: Account, patience: timedelta = PATIENCE) -> None:
        self._account = account
        self._patience = patience
        self._lock = threading.Lock()
        self._line: _Line | None = None
        self._username: str | None = None

    def send(self, parcel: Parcel, address: str, *, is_plain: bool) -> int:
        """Send and return the id there. DeliveryUnknown says that it may have arrived, all other errors that not."""
        message = parcel.message
        entities = [] if is_plain else _entities(parcel)
        buttons = _buttons(parcel)

        async def call(bot: Bot) -> int:
            if parcel.photo is not None:
                sent = await bot.send_photo(
                    chat_id=_id(address),
                    photo=parcel.photo,
                    caption=_text(parcel),
                    caption_entities=entities,
                    disable_notification=message.silent,
                    message_thread_id=message.thread,
                    reply_markup=buttons,
                )
                return sent.message_id
            if parcel.document is not None:
                sent = await bot.send_document(
                    chat_id=_id(address),
                    document=parcel.document,
                    filename=parcel.file_name,
                    caption=_text(parcel),
                    caption_entities=entities,
                    disable_notification=message.silent,
                    message_thread_id=message.thread,
                    reply_markup=buttons,
                )
                return sent.message_id
            sent = await bot.send_message(
                chat_id=_id(address),
                text=_text(parcel),
                entities=entities,
                disable_notification=message.silent,
                message_thread_id=message.thread,
                reply_markup=buttons,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
            return sent.message_id

        return self._call(call)

    def edit(self, parcel: Parcel, address: str, message_id: int, *, is_plain: bool) -> Edited:
        """Give a message this text, or as a photo this caption. The same text is no change, and says whose it is.

        An edit without the buttons would take them away, and so be a change.
        """
        entities = [] if is_plain else _entities(parcel)
        buttons = _buttons(parcel)

        async def call(bot: Bot) -> Edited:
            if parcel.photo is not None or parcel.document is not None:
                await bot.edit_message_caption(
                    chat_id=_id(address),
                    message_id=message_id,
                    caption=_text(parcel),
                    caption_entities=entities,
                    reply_markup=buttons,
                )
                return "changed"
            await bot.edit_message_text(
                chat_id=_id(address),
                message_id=message_id,
                text=_text(parcel),
                entities=entities,
                reply_markup=buttons,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
            return "changed"

        return self._call(_told(call))

    def delete(self, address: str, message_id: int) -> None:
        """Delete a message; one that is gone already is no error."""

        async def call(bot: Bot) -> None:
            try:
                await bot.delete_message(chat_id=_id(address), message_id=message_id)
            except BadRequest as e:
                if "message to delete not found" not in e.message.lower():
                    raise

        self._call(call)

    def username(self) -> str:
        """Return the bot's own name, without "@"; asked once."""
        if self._username is None:

            async def call(bot: Bot) -> str:
                return (await bot.get_me()).username or ""

            self._username = self._call(call)
        return self._username

    def chat_id(self, name: str) -> str:
        """Return the id of a public chat by its "@name"."""
        return str(self._call(lambda bot: bot.get_chat(name)).id)

    def is_channel(self, address: str) -> bool:
        """Tell whether a chat is a channel, in which nobody but its administrators can write."""
        return self._call(lambda bot: bot.get_chat(_id(address))).type == "channel"

    def standing(self, address: str, user: str) -> str:
        """Return what somebody is in a chat, in Telegram's words."""

        async def call(bot: Bot) -> str:
            return (await bot.get_chat_member(_id(address), int(user))).status

        return self._call(call)

    def list_commands(self, scope: str, language_code: str, commands: Sequence[tuple[str, str]]) -> None:
        """Let Telegram show commands, each with its line, to people of a language in a kind of chat."""

        async def call(bot: Bot) -> None:
            listed = [BotCommand(name, line) for name, line in commands]
            await bot.set_my_commands(listed, scope=BotCommandScope(scope), language_code=language_code or None)

        self._call(call)

    def acknowledge(self, button: str, text: str = "") -> None:
        """Tell Telegram that a press was taken, showing a short text; one too old to be answered is no error."""

        async def call(bot: Bot) -> None:
            try:
                await bot.answer_callback_query(button, text=text or None)
            except BadRequest as e:
                if "query is too old" not in e.message.lower():
                    raise

        self._call(call)

    def stands(self, address: str, message_id: int) -> Standing:
        """Look at an id without changing anything: no message of ours has a live location that could be stopped."""

        async def call(bot: Bot) -> Standing:
            try:
                await bot.stop_message_live_location(chat_id=_id(address), message_id=message_id)
            except BadRequest as e:
                return _standing(e)
            return "ours"

        return self._call(call)

    def close(self) -> None:
        """End the loop and its connections; a later call begins anew."""
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.close()

    def _call(self, call: Callable[[Bot], Awaitable[Answer]]) -> Answer:
        with self._lock:
            if self._line is None:
                self._line = _Line(self._account, self._patience)
            line = self._line
        try:
            return line.ask(call)
        except (TelegramError, TimeoutError) as e:
            error = translate(e, self._account.token)
        # Raised here and without its cause: tracebacks of the library hold addresses, and those hold the token.
        raise error


class _Line:
    """A thread with one event loop and one client."""

    def __init__(self, account: Account, patience: timedelta) -> None:
        self._patience = patience.total_seconds()
        # The library warns of a change of type in each flood answer that it reads; `_retry_after` has the new type.
        warnings.filterwarnings("ignore", message=".*retry_after", category=PTBDeprecationWarning)
        request = HTTPXRequest(
            connection_pool_size=8,
            read_timeout=self._patience,
            write_timeout=self._patience,
            media_write_timeout=self._patience,
            connect_timeout=min(5.0, self._patience),
            pool_timeout=min(5.0, self._patience),
            # A proxy of the environment would see the token in every address.
            httpx_kwargs={"trust_env": False},
        )
        base = account.api_url.rstrip("/")
        self._bot = Bot(account.token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=request)
        self._request = request
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="telegram", daemon=True)
        self._thread.start()

    def ask(self, call: Callable[[Bot], Awaitable[Answer]]) -> Answer:
        """Make a call in the loop's thread and wait for its end."""
        return self._run(self._limited(call))

    def close(self) -> None:
        """Close connections, loop and thread."""
        self._run(self._request.shutdown())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._runner.close()

    async def _limited(self, call: Callable[[Bot], Awaitable[Answer]]) -> Answer:
        async with asyncio.timeout(self._patience):
            return await call(self._bot)

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _told(call: Callable[[Bot], Awaitable[Edited]]) -> Callable[[Bot], Awaitable[Edited]]:
    """Return a call that takes refusals of an edit for what they tell about the message."""

    async def told(bot: Bot) -> Edited:
        try:
            return await call(bot)
        except BadRequest as e:
            said = e.message.lower()
            if _SAME in said:
                return "same"
            if any(words in said for words in _MISSING):
                return "missing"
            if any(words in said for words in _FOREIGN):
                return "foreign"
            raise

    return told


def _standing(refusal: BadRequest) -> Standing:
    said = refusal.message.lower()
    if _UNTOUCHED in said:
        return "ours"
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


def _text(parcel: Parcel) -> str:
    """Return the text without the white space at its end, which Telegram cuts off: what is sent is what is seen."""
    return parcel.message.text.rstrip()


def _entities(parcel: Parcel) -> list[MessageEntity]:
    return [
        MessageEntity(type=each.type, offset=each.offset, length=each.length, url=each.url)
        for each in parcel.message.entities
    ]


def _buttons(parcel: Parcel) -> InlineKeyboardMarkup | None:
    rows = parcel.message.buttons
    if not rows:
        return None
    return InlineKeyboardMarkup([[InlineKeyboardButton(b.label, callback_data=b.data) for b in row] for row in rows])


def _id(address: str) -> int | str:
    return address if address.startswith("@") else int(address)
