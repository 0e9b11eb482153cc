"""Authors whose accounts are gone, until all that they wrote is erased: keyed hashes, as posts have them."""

from collections.abc import Collection
from datetime import datetime

from monitor.store.codec import to_ms
from monitor.store.connection import Connection


class DepartedStore:
    """Implements the Departed protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, authors: Collection[str], at: datetime) -> None:
        """Note that the accounts of authors are gone."""
        if authors:
            scored = [part for author in sorted(authors) for part in (to_ms(at), author)]
            self._connection.execute("ZADD", self._key, "NX", *scored)

    def all(self) -> frozenset[str]:
        """Return whose posts are still to be erased."""
        return frozenset(each.decode() for each in self._connection.execute("ZRANGE", self._key, 0, -1))

    def before(self, at: datetime) -> frozenset[str]:
        """Return who was noted up to a time."""
        found = self._connection.execute("ZRANGE", self._key, "-inf", to_ms(at), "BYSCORE")
        return frozenset(each.decode() for each in found)

    def remove(self, authors: Collection[str]) -> None:
        """Forget authors whose posts are erased."""
        if authors:
            self._connection.execute("ZREM", self._key, *sorted(authors))

    @property
    def _key(self) -> str:
        return self._connection.keys.work.departed
