"""The newest trend of each topic, and what was said in each hour, which outlives the posts."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from monitor.models import Window
from monitor.seams.scored import HourCount, Scored
from monitor.store.codec import encode, from_ms, to_ms
from monitor.store.connection import Connection
from monitor.store.keys import ROLLUP_DAYS
from monitor.store.mentions import HOUR_MS

NEWEST = "newest"

decode_scored = msgspec.msgpack.Decoder(Scored).decode


class ScoreStore:
    """Implements the HourCounts protocol, and keeps the newest Scored of each topic."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, topic: str, scored: Scored) -> None:
        """Keep what a look at the numbers found, in place of what the one before found."""
        self._connection.execute("HSET", self._connection.keys.topic(topic).scores, NEWEST, encode(scored))

    def of(self, topic: str) -> Scored | None:
        """Return what the newest look at the numbers of a topic found; None before the first one."""
        packed = self._connection.execute("HGET", self._connection.keys.topic(topic).scores, NEWEST)
        if packed is None:
            return None
        try:
            return decode_scored(packed)
        except msgspec.ValidationError:
            return None  # another version kept it in another shape: the next look keeps a new one

    def count(self, topic: str, counts: Mapping[datetime, HourCount]) -> None:
        """Keep what was said in hours, by their begin."""
        if counts:
            fields = [
                part for hour, each in counts.items() for part in (to_ms(hour) // HOUR_MS, " ".join(map(str, each)))
            ]
            self._connection.execute("HSET", self._connection.keys.topic(topic).said, *fields)

    def counted(self, topic: str, window: Window) -> Mapping[datetime, HourCount]:
        """Return what is kept of the hours that begin in a window."""
        first, last = -(-to_ms(window.start) // HOUR_MS), -(-to_ms(window.end) // HOUR_MS)
        hours = range(first, last)
        if not hours:
            return {}
        found = self._connection.execute("HMGET", self._connection.keys.topic(topic).said, *hours)
        return {
            from_ms(hour * HOUR_MS): decode_count(packed)
            for hour, packed in zip(hours, found, strict=True)
            if packed is not None
        }

    def trim(self, topic: str, now: datetime) -> int:
        """Forget hours that are too old to be compared with; return how many."""
        limit = to_ms(now - timedelta(days=ROLLUP_DAYS)) // HOUR_MS
        key = self._connection.keys.topic(topic).said
        old = [hour for hour in self._connection.execute("HKEYS", key) if int(hour) < limit]
        return int(self._connection.execute("HDEL", key, *old)) if old else 0


def decode_count(packed: bytes) -> HourCount:
    """Return the counts of an hour, as they are kept."""
    return HourCount(*map(int, packed.split()))
