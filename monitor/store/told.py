"""Up to where each topic was told, and how fast a chat is told what it missed."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from monitor.digests.schedule import Told
from monitor.store.codec import encode
from monitor.store.connection import Connection
from monitor.store.schedule import ms

MOST_LATE = 3
LATE_WINDOW = timedelta(minutes=1)
"""So many late digests a chat is told within this time: a reader who comes back is not buried."""

decode_told = msgspec.msgpack.Decoder(Told).decode


class ToldStore:
    """Implements the Telling protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, ends: Mapping[str, datetime]) -> None:
        """Let topics that were never told count as told up to a time; others are left alone."""
        for topic, end in ends.items():
            self._connection.execute("HSETNX", self._key, topic, encode(Told(end=end)))

    def of(self, topic: str) -> Told | None:
        """Return up to where a topic was told; None when never."""
        packed = self._connection.execute("HGET", self._key, topic)
        return None if packed is None else decode_told(packed)

    def known(self) -> frozenset[str]:
        """Return the names of all that was ever told."""
        return frozenset(name.decode() for name in self._connection.execute("HKEYS", self._key))

    def move(self, topic: str, before: Told | None, after: Told) -> bool:
        """Write how far the telling of a topic has come; False when it was elsewhere than before."""
        known = b"" if before is None else encode(before)
        return bool(self._connection.run("replace", (self._key,), (topic, known, encode(after))))

    def forget(self, topics: Iterable[str]) -> None:
        """Forget topics that ended."""
        for topic in topics:
            self._connection.execute("HDEL", self._key, topic)

    def admit_late(self, chat: str, digest_id: str) -> timedelta:
        """Let a chat be told a late digest: zero, or how long it must wait. The same digest again counts once."""
        key = self._connection.keys.chat(chat).late_digests
        return timedelta(
            milliseconds=int(self._connection.run("admit", (key,), (digest_id, MOST_LATE, ms(LATE_WINDOW))))
        )

    @property
    def _key(self) -> str:
        return self._connection.keys.work.told
