"""What readers said of what they got: useful or not, once a day for each reader and topic, for a month."""

from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.store.connection import Connection

KEPT = timedelta(days=30)
USEFUL, NOT_USEFUL = "+", "-"


class Opinion(NamedTuple):
    """How many readers of the last month said so."""

    useful: int
    not_useful: int


class FeedbackStore:
    """The opinions of readers, by topic."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def say(self, topic: str, user: str, sign: str, at: datetime) -> None:
        """Note what a reader says; the last word of a day counts, and the same again changes nothing."""
        self._connection.execute("HSET", self._connection.keys.work.feedback, f"{topic} {user} {at:%Y-%m-%d}", sign)
        for field, _, day in self._lines():
            if day < f"{at - KEPT:%Y-%m-%d}":
                self._connection.execute("HDEL", self._connection.keys.work.feedback, field)

    def of(self, topic: str) -> Opinion:
        """Return what readers said of a topic."""
        signs = [sign for field, sign, _ in self._lines() if field.startswith(f"{topic} ")]
        return Opinion(signs.count(USEFUL), signs.count(NOT_USEFUL))

    def forget(self, user: str) -> None:
        """Forget what a reader said."""
        for field, _, _ in self._lines():
            if field.split(" ")[1] == user:
                self._connection.execute("HDEL", self._connection.keys.work.feedback, field)

    def _lines(self) -> list[tuple[str, str, str]]:
        """Return field, sign and day of each opinion."""
        pairs = self._connection.pairs("HSCAN", self._connection.keys.work.feedback)
        return [(name.decode(), sign.decode(), name.decode().rpartition(" ")[2]) for name, sign in pairs]
