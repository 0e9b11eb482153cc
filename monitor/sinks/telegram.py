"""Telegram: sends, edits and deletes messages by the Bot API, and says of each failure whether it may have arrived.

Nothing is retried here and nothing waits for a limit: that is the outbox's work.
"""

import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MessageEntity,
)
from telegram import Message as Sent
from telegram.error import BadRequest, TelegramError

from monitor.models import Parcel
from monitor.protocols import Edited
from monitor.seams.repairs import Standing
from monitor.sinks.telegram_line import PATIENCE, Account, Answer, TelegramLine
from monitor.sinks.telegram_refusals import edited, standing_of, translate

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramSink:
    """Implements the Messenger protocol, and what answering people needs beside sending.

    Thread-safe; the loop and the client begin with the first call.
    """

    def __init__(self, account: Account, patience: timedelta = PATIENCE) -> None:
        self._account = account
        self._patience = patience
        self._lock = threading.Lock()
        self._line: TelegramLine | None = None
        self._username: str | None = None

    def send(self, parcel: Parcel, address: str, *, is_plain: bool) -> int:
        """Send and return the id there. DeliveryUnknown says that it may have arrived, all other errors that not."""
        to: dict[str, Any] = {
            "chat_id": _id(address),
            "disable_notification": parcel.message.silent,
            "message_thread_id": parcel.message.thread,
            "reply_markup": _buttons(parcel),
        }
        return self._call(lambda bot: _sent(bot, parcel, to, is_plain=is_plain)).message_id

    def edit(self, parcel: Parcel, address: str, message_id: int, *, is_plain: bool) -> Edited:
        """Give a message this text, or as a photo this caption. The same text is no change, and says whose it is.

        An edit without the buttons would take them away, and so be a change.
        """
        at: dict[str, Any] = {"chat_id": _id(address), "message_id": message_id, "reply_markup": _buttons(parcel)}
        text, entities = _text(parcel), [] if is_plain else _entities(parcel)

        async def call(bot: Bot) -> Edited:
            if parcel.photo is not None or parcel.document is not None:
                await bot.edit_message_caption(caption=text, caption_entities=entities, **at)
            else:
                await bot.edit_message_text(text=text, entities=entities, link_preview_options=NO_PREVIEW, **at)
            return "changed"

        return self._call(edited(call))

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
                return standing_of(e)
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
                self._line = TelegramLine(self._account, self._patience)
            line = self._line
        try:
            return line.ask(call)
        except (TelegramError, TimeoutError) as e:
            error = translate(e, self._account.token)
        # Raised here and without its cause: tracebacks of the library hold addresses, and those hold the token.
        raise error


async def _sent(bot: Bot, parcel: Parcel, to: Mapping[str, Any], *, is_plain: bool) -> Sent:
    """Send a photo or a document with its caption, or a text."""
    text, entities = _text(parcel), [] if is_plain else _entities(parcel)
    if parcel.photo is not None:
        return await bot.send_photo(photo=parcel.photo, caption=text, caption_entities=entities, **to)
    if parcel.document is not None:
        return await bot.send_document(
            document=parcel.document, filename=parcel.file_name, caption=text, caption_entities=entities, **to
        )
    return await bot.send_message(text=text, entities=entities, link_preview_options=NO_PREVIEW, **to)


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
