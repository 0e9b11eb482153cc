"""What people do to the bot, and what they may do."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

LONG_AGO = datetime.fromtimestamp(0, UTC)

Role = Literal["owner", "editor", "reader"]
"""What a person may do with the bot; each may all that the next may. Who has none may nothing."""


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did to the bot: one update of Telegram, as far as it matters. Ids are the platform's, as text.

    `user` is None for channel posts and administrators who hide behind their group. `text` is a message's, or the data
    of a pressed button, whose press is answered by its id `button`. `status` is what the bot became in the chat
    ("member", "administrator", "restricted", "left", "kicked"), `moved_to` the chat's new id. `at` is the platform's
    time, where it tells one. `was_restored`: it waited in a backup, and may have been answered since that was made.
    """

    id: int
    kind: Literal["message", "button", "membership", "moved", "other"]
    chat: str
    chat_type: Literal["private", "group", "supergroup", "channel"]
    user: str | None = None
    language: str | None = None
    text: str = ""
    message_id: int | None = None
    thread: int | None = None
    button: str | None = None
    status: str = ""
    moved_to: str | None = None
    at: datetime | None = None
    was_restored: bool = False

    @property
    def told_by(self) -> datetime | None:
        """Return a time by which it was answered, if that was before a restore; None where it was not."""
        return LONG_AGO if self.was_restored else None
