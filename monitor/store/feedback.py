"""What readers said of what they got: useful or not, once a day for each reader and topic, for a month."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from monitor.store.connection import Connection

KEPT = timedelta(days=30)
USEFUL, NOT_USEFUL = "+", "-"
Kind = Literal["digest", "alert"]


KINDS: dict[Kind, str] = {"digest": "", "alert": "alert "}
"""What stands before the day of an opinion; earlier releases knew those of digests only."""


class Opinion(NamedTuple):
    """How many readers of the last month said so."""

    useful: int
    not_useful: int


class FeedbackStore:
    """The opinions of readers, by topic."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def say(self, topic: str, user: str, sign: str, at: datetime, of: Kind = "digest") -> None:
        """Note what a reader says; the last word of a day counts, and the same again changes nothing."""
        field = f"{topic} {user} {KINDS[of]}{at:%Y-%m-%d}"
        self._connection.execute("HSET", self._connection.keys.work.feedback, field, sign)
        for field, _, day in self._lines():
            if day < f"{at - KEPT:%Y-%m-%d}":
                self._connection.execute("HDEL", self._connection.keys.work.feedback, field)

    def of(self, topic: str, of: Kind = "digest") -> Opinion:
        """Return what readers said of the digests of a topic, or of its alerts."""
        own = [(field, sign) for field, sign, _ in self._lines() if field.startswith(f"{topic} ")]
        signs = [sign for field, sign in own if (f" {KINDS['alert']}" in field) == (of == "alert")]
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
