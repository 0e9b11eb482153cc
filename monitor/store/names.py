"""Names of authors that were looked up for money, by the keyed hash that posts have of them, for a month."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import msgspec

from monitor.models import Author
from monitor.store.codec import encode, from_ms, to_ms
from monitor.store.connection import Connection
from monitor.store.keys import NAMES_DAYS
from monitor.text.authors import plain_name

KEPT = timedelta(days=NAMES_DAYS)


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    at: int
    handle: str | None
    name: str | None


_decode = msgspec.msgpack.Decoder(_Kept).decode


class NameStore:
    """Implements the Names protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> dict[str, Author]:
        """Return every name that is known, by the hash of its author."""
        return {hashed: Author(id=hashed, handle=each.handle, name=each.name) for hashed, each in self._kept().items()}

    def keep(self, names: Mapping[str, Author], now: datetime) -> None:
        """Keep names by the hash of their author."""
        fields = [
            part
            for hashed, each in names.items()
            for part in (hashed, encode(_Kept(to_ms(now), each.handle, each.name)))
        ]
        if fields:
            self._connection.execute("HSET", self._key, *fields)

    def remove(self, hashes: Collection[str], handle: str | None = None) -> frozenset[str]:
        """Forget authors, also who has a handle; return the hashes of those that were there."""
        wanted = plain_name(handle or "")
        kept = self._kept().items()
        found = frozenset(
            hashed for hashed, each in kept if hashed in hashes or (wanted and plain_name(each.handle or "") == wanted)
        )
        if found:
            self._connection.execute("HDEL", self._key, *sorted(found))
        return found

    def trim(self, now: datetime) -> int:
        """Forget what was looked up too long ago: people change their names. Return how many."""
        old = [hashed for hashed, each in self._kept().items() if from_ms(each.at) < now - KEPT]
        return len(self.remove(old)) if old else 0

    def _kept(self) -> dict[str, _Kept]:
        found = self._connection.execute("HGETALL", self._key)
        rows = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        return {hashed.decode(): _decode(packed) for hashed, packed in rows}

    @property
    def _key(self) -> str:
        return self._connection.keys.work.names
