"""Digests that wait for somebody's yes before a channel gets them: one for each topic and channel.

A record holds no words and no posts: these are in the copy that the review chat was handed, where all that takes words
back finds them.
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from monitor.models import Window
from monitor.store.codec import encode
from monitor.store.connection import Connection
from monitor.store.keys import DELIVERIES_DAYS

State = Literal["waits", "sent", "dropped", "stale"]


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A digest of a topic for a chat, by its id and window, and what became of it by whom.

    `claims` says whether the chat is shown its posts once only. "stale": another message showed one of them before it
    was sent. What waits or is stale is told by the next digest.
    """

    id: str
    topic: str
    chat: str
    window: Window
    claims: bool
    state: State = "waits"
    by: str = ""

    @property
    def name(self) -> str:
        """Return under which name it is kept: the next of its topic takes its place."""
        return f"{self.topic} {self.chat}"

    @property
    def is_open(self) -> bool:
        """Tell whether the chat was not told of its posts, and nobody said that it shall not be."""
        return self.state in ("waits", "stale")


decode_review = msgspec.msgpack.Decoder(Review).decode


class ReviewStore:
    """The newest digest of each topic and channel that was to be looked at."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, topic: str, chat: str) -> Review | None:
        """Return the newest digest of a topic for a chat that was shown for review."""
        packed = self._connection.execute("HGET", self._key, f"{topic} {chat}")
        return None if packed is None else decode_review(packed)

    def all(self) -> list[Review]:
        """Return the newest of each topic and chat, oldest first."""
        found = [decode_review(packed) for _, packed in self._connection.pairs("HSCAN", self._key)]
        return sorted(found, key=lambda each: (each.window.end, each.name))

    def move(self, before: Review | None, after: Review) -> bool:
        """Write what became of a digest, or the next one; False when it was something else than before."""
        known = b"" if before is None else encode(before)
        return bool(self._connection.run("replace", (self._key,), (after.name, known, encode(after))))

    def sweep(self, now: datetime) -> None:
        """Forget those whose copy is forgotten, too."""
        for name, packed in self._connection.pairs("HSCAN", self._key):
            if decode_review(packed).window.end < now - timedelta(days=DELIVERIES_DAYS):
                self._connection.run("replace", (self._key,), (name, packed, b""))  # not one that took its place

    @property
    def _key(self) -> str:
        return self._connection.keys.work.reviews
