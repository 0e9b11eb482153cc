"""How many posts platforms counted by themselves, by topic, query and hour. It outlives the posts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from monitor.models import Query, Window
from monitor.nouns.coverage import Tally
from monitor.seams.scored import NO_TALLIES, Tallied
from monitor.store.codec import from_ms, to_ms
from monitor.store.connection import Connection
from monitor.store.keys import ROLLUP_DAYS
from monitor.store.mentions import HOUR_MS

DAY_MS = 24 * HOUR_MS


class TallyStore:
    """Implements the Tallies protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, topics: Iterable[str], query: Query, tallies: Sequence[Tally]) -> None:
        """Keep the hours that were counted for a query, on behalf of topics: a later count of an hour replaces it."""
        fields = [part for each in tallies for part in (_name(each.start, query), _packed(each))]
        for topic in topics if fields else ():
            self._connection.execute("HSET", self._connection.keys.topic(topic).tallies, *fields)

    def of(self, topic: str, queries: Sequence[Query], window: Window) -> Tallied:
        """Return the counted hours of a topic's queries that begin in a window, and its stored posts in them."""
        found = self._connection.execute("HGETALL", self._connection.keys.topic(topic).tallies)
        if not found:
            return NO_TALLIES
        kept = found if isinstance(found, dict) else dict(zip(found[::2], found[1::2], strict=True))
        by_hash = {_hash(query): query for query in queries}
        by_query: dict[Query, list[Tally]] = defaultdict(list)
        for name, packed in kept.items():
            hour, _, hashed = name.decode().partition(" ")
            start = from_ms(int(hour) * HOUR_MS)
            if hashed in by_hash and window.start <= start < window.end:
                posts, until = map(int, packed.split())
                by_query[by_hash[hashed]].append(Tally(start=start, until=from_ms(until), posts=posts))
        return Tallied(by_query, self._read(topic, by_query))

    def trim(self, topic: str, now: datetime) -> int:
        """Forget hours that are too old to be compared with; return how many counts that were."""
        limit = to_ms(now - timedelta(days=ROLLUP_DAYS)) // HOUR_MS
        key = self._connection.keys.topic(topic).tallies
        old = [name for name in self._connection.execute("HKEYS", key) if int(name.partition(b" ")[0]) < limit]
        return int(self._connection.execute("HDEL", key, *old)) if old else 0

    def _read(self, topic: str, by_query: dict[Query, list[Tally]]) -> dict[tuple[str, datetime], int]:
        """Return how many posts of the counted platforms are stored, by hour; back-fill is in no count by the hour."""
        starts = [each.start for tallies in by_query.values() for each in tallies]
        sources = {query.source for query in by_query}
        if not starts:
            return {}
        keys = self._connection.keys.topic(topic)
        counts: Counter[tuple[str, datetime]] = Counter()
        first, last = to_ms(min(starts)), to_ms(max(starts)) + HOUR_MS
        for name, sign in ((keys.times, 1), (keys.backfilled, -1)):
            for key, at in self._members(name, first, last):
                source = key.partition(b":")[0].decode()
                if source in sources:
                    counts[source, from_ms(at // HOUR_MS * HOUR_MS)] += sign
        return counts

    def _members(self, name: str, first: int, last: int) -> Iterator[tuple[bytes, int]]:
        """Yield the posts of an index with their times, a day at a time: no command may take long."""
        for start in range(first, last, DAY_MS):
            end = min(start + DAY_MS, last)
            found = self._connection.execute("ZRANGEBYSCORE", name, start, f"({end}", "WITHSCORES")
            for key, at in zip(found[::2], found[1::2], strict=True):
                yield key, int(float(at))


def _name(start: datetime, query: Query) -> str:
    return f"{to_ms(start) // HOUR_MS} {_hash(query)}"


def _hash(query: Query) -> str:
    return sha256(str(query).encode()).hexdigest()[:12]


def _packed(tally: Tally) -> str:
    return f"{tally.posts} {to_ms(tally.until)}"
