"""Packed queries: which are in the plan, what they inherit from earlier ones, what platforms taught of them."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from monitor.errors import StoreError
from monitor.models import Query, Window
from monitor.store.codec import decode_learned, encode, to_ms
from monitor.store.connection import Argument, Connection
from monitor.store.keys import QUERY_TTL_DAYS
from monitor.store.progress import MOST_GAPS, ProgressStore
from monitor.store.schedule import ms
from monitor.topics.polling.planning import query_of
from monitor.topics.queries.fitting import UNTAUGHT, Learned
from monitor.topics.queries.packing import atoms_in, is_packed
from monitor.topics.queries.repacking import EarlierQuery, Inheritance, beginning, inherited

KEPT = timedelta(days=QUERY_TTL_DAYS)
MOST_TRIES = 10


class PackStore:
    """The packed queries of the plan, and of the last forty days."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._progress = ProgressStore(connection)

    def adopt(self, queries: Iterable[Query], now: datetime) -> None:
        """Let the packed ones of these queries be those of the plan; new ones begin where their alternatives were left.

        Whoever is killed meanwhile, or asks again, changes nothing of it.
        """
        wanted = {str(query) for query in queries if is_packed(query.source)}
        known = self._known()
        current = {name for name, is_current in known.items() if is_current}
        if wanted == current:
            return
        for name in sorted(wanted - current):
            self._let_in(query_of(name), [query_of(each) for each in known], now)
        for name in sorted(current - wanted):
            self._connection.execute("ZADD", self._key, "XX", "LT", to_ms(now), name)
        self._connection.execute("ZREMRANGEBYSCORE", self._key, "-inf", to_ms(now - KEPT))

    def learned(self) -> dict[str, Learned]:
        """Return what each platform taught, by source."""
        found = self._connection.execute("HGETALL", self._connection.keys.work.learned)
        pairs = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        return {source.decode(): decode_learned(packed) for source, packed in pairs}

    def learn(self, source: str, change: Callable[[Learned], Learned]) -> None:
        """Remember what a platform taught."""
        key = self._connection.keys.work.learned
        for _ in range(MOST_TRIES):
            before = self._connection.execute("HGET", key, source) or b""
            known = decode_learned(before) if before else UNTAUGHT
            after = change(known)
            if after == known or self._connection.run("replace", (key,), (source, before, encode(after))):
                return
        raise StoreError(f"what {source} taught was changed {MOST_TRIES} times while it was looked at")

    def _known(self) -> dict[str, bool]:
        """Return the packed queries of the last weeks, and whether each is in the plan."""
        found = self._connection.execute("ZRANGE", self._key, 0, -1, "WITHSCORES")
        return {
            name.decode(): float(score) == float("inf") for name, score in zip(found[::2], found[1::2], strict=True)
        }

    def _let_in(self, query: Query, known: list[Query], now: datetime) -> None:
        atoms, span = atoms_in(query), Window(now - KEPT, now)
        related = ((each, atoms_in(each)) for each in known if each.source == query.source)
        earlier = [self._earlier(each, held, span) for each, held in related if held & atoms]
        self._connection.run(
            "adopt",
            (self._connection.keys.query(query), self._key),
            (str(query), ms(KEPT), *_said(inherited(atoms, earlier, now))),
        )

    def _earlier(self, query: Query, atoms: frozenset[str], span: Window) -> EarlierQuery:
        [status] = self._progress.statuses([query], span)
        return EarlierQuery(atoms, self._progress.windows(query, span), status.gaps)

    @property
    def _key(self) -> str:
        return self._connection.keys.work.packs


def _said(found: Inheritance | None) -> tuple[Argument, ...]:
    if found is None:
        return "", "", "", ""
    windows = [(to_ms(each.start), to_ms(each.end), int(each.truncated)) for each in found.windows]
    since = windows[0][0] if windows else to_ms(found.begin)
    gaps = [
        (to_ms(each.start), to_ms(each.end), each.why, each.tries, int(each.is_partial))
        for each in found.gaps[-MOST_GAPS:]
    ]
    return beginning(found.begin), since, encode(windows), encode(gaps) if gaps else ""
