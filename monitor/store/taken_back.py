"""Posts that were taken back a short while ago: what was composed with them before is handed over after the deletion.

deletion ─► noted here ─► taken out of every message ; message ─► outbox ─► looked at for these ─► sent
"""

from collections.abc import Iterable
from datetime import timedelta

from monitor.models import PostKey
from monitor.store.codec import to_ms
from monitor.store.connection import Connection, store_now
from monitor.store.mentions import pages
from monitor.store.outbox import post_of

LATELY = timedelta(minutes=15)
"""Three times as long as a digest may take from its first look at posts to its outbox (duties/jobs.py)."""


class TakenBack:
    """Such posts, for as long as a message with them may still come."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, posts: Iterable[PostKey]) -> None:
        """Note posts before messages are looked through: what is handed over later is looked at by its sender."""
        now = store_now(self._connection)
        for page in pages(sorted(posts)):
            scored = [part for post in page for part in (to_ms(now), str(post))]
            self._connection.execute("ZADD", self._key, "GT", *scored)
        self._connection.execute("ZREMRANGEBYSCORE", self._key, "-inf", to_ms(now - LATELY))
        self._connection.execute("PEXPIREAT", self._key, to_ms(now + LATELY))

    def lately(self) -> frozenset[PostKey]:
        """Return the posts."""
        return frozenset(post_of(each) for each in self._connection.execute("ZRANGE", self._key, 0, -1))

    @property
    def _key(self) -> str:
        return self._connection.keys.work.taken_back
