"""Authors who asked to be forgotten: keyed hashes, which are all that is left of them."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.models import Job
from monitor.store.codec import from_ms, to_ms
from monitor.store.connection import Connection, store_now
from monitor.store.schedule import ms

AGAIN_AFTER = timedelta(minutes=2)
"""A look that was under way when somebody was forgotten has stored its page by then."""

PURGE = Job("upkeep", "forget")


class Tomb(NamedTuple):
    """What is left of an author: the hash that new posts are compared with, those of stored ones, and since when."""

    hash: str
    stored: frozenset[str]
    since: datetime


class ForgottenStore:
    """The tombs, and the job that looks again whether anything of their authors is stored."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, tomb: str, stored: Collection[str], now: datetime) -> None:
        """Leave a tomb, once, and have it looked after soon."""
        keys = self._connection.keys.work
        self._connection.execute("HSETNX", keys.forgotten, tomb, f"{to_ms(now)} {' '.join(sorted(stored))}")
        soon = to_ms(store_now(self._connection)) + ms(AGAIN_AFTER)
        self._connection.execute("ZADD", keys.due, "XX", "LT", soon, str(PURGE))

    def all(self) -> dict[str, Tomb]:
        """Return the tombs by their hashes."""
        found = self._connection.execute("HGETALL", self._connection.keys.work.forgotten)
        rows = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        tombs = (_tomb(name.decode(), value.decode()) for name, value in rows)
        return {each.hash: each for each in tombs}

    def count(self) -> int:
        """Return how many there are; none is ever removed, so this says whether there are new ones."""
        return int(self._connection.execute("HLEN", self._connection.keys.work.forgotten))


def _tomb(name: str, value: str) -> Tomb:
    at, *stored = value.split()
    return Tomb(name, frozenset(stored), from_ms(int(at)))
