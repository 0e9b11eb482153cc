"""What was spent on a platform, by UTC day and topic; decided in monitor/seams/budget.py."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar
from uuid import uuid4

from monitor.errors import OutOfCredit, StoreError
from monitor.models import Query
from monitor.seams.budget import (
    EMPTY,
    Budget,
    Hold,
    Ledger,
    Wish,
    dollars,
    granted,
    reconcile,
    reserve,
    settle,
    stale_of,
)
from monitor.seams.spending import Reservation, day_of, ms_of, until_midnight
from monitor.store.codec import decode_ledger, encode
from monitor.store.connection import Connection
from monitor.store.keys import BILLED_DAYS, SPEND_DAYS

MOST_TRIES = 20
Told = TypeVar("Told")


class Spent(NamedTuple):
    """The ledger of one UTC day."""

    day: str
    ledger: Ledger


class SpendStore:
    """Implements the Meter protocol for one source. `topics_of` tells for which topics a query is asked.

    `purse`: the source of whose account it spends, where that is another one's. What both spend is one sum.
    """

    def __init__(
        self,
        connection: Connection,
        source: str,
        budget: Budget,
        topics_of: Callable[[Query], Sequence[str]],
        purse: str | None = None,
    ) -> None:
        self._connection = connection
        self._source = source
        self._purse = purse or source
        self._topics_of = topics_of
        self.budget = budget

    def reserve(self, query: str, wish: Wish, now: datetime) -> Reservation:
        """Reserve what a request may cost; raise OutOfCredit when the budget of the day does not give it."""
        day, name = day_of(now), uuid4().hex
        asked = wish._replace(topics=tuple(self._topics_of(Query(self._source, query))))
        self._sweep(now)

        def step(ledger: Ledger) -> tuple[Ledger, int]:
            things = granted(ledger, asked, self.budget)
            hold = Hold(wish.kind, wish.price, things, asked.topics, ms_of(now))
            return (reserve(ledger, name, hold) if things else ledger), things

        things = self._step(day, step)
        if not things:
            raise OutOfCredit(self._source, "budget", until_midnight(now))
        return Reservation(name, day, things)

    def settle(self, reservation: Reservation, ids: Sequence[str]) -> float:
        """Pay for things that were not paid for today; return what they cost, in US dollars."""
        key = self._connection.keys.billed(self._purse, reservation.day)
        known = self._connection.execute("ZMSCORE", key, *ids) if ids else []
        fresh = [each for each, score in zip(ids, known, strict=True) if score is None]
        before = self._ledger(reservation.day).holds.get(reservation.name)
        self._step(reservation.day, lambda ledger: (settle(ledger, reservation.name, len(fresh), self.budget), None))
        # Killed before this, they are counted once more: the meter may be ahead of the platform's, never behind.
        if fresh:
            self._connection.execute("ZADD", key, *(part for each in fresh for part in (0, each)))
            self._connection.execute("PEXPIRE", key, BILLED_DAYS * 86_400_000)
        return 0.0 if before is None else dollars(before.price * len(fresh))

    def is_stale(self, now: datetime) -> bool:
        """Tell whether reservations of today were never settled."""
        return bool(stale_of(self._ledger(day_of(now)), now))

    def reconcile(self, kind: str, read: int, now: datetime) -> None:
        """Believe the platform's count of what was read of a kind today."""
        self._step(day_of(now), lambda ledger: (reconcile(ledger, kind, read, self.budget, now), None))

    def left(self, query: str, now: datetime) -> int:
        """Return how many micro-dollars may still be spent today on behalf of a query."""
        topics = tuple(self._topics_of(Query(self._source, query)))
        return granted(self._ledger(day_of(now)), Wish("", 1, self.budget.day or 1, topics=topics), self.budget)

    def days(self) -> list[Spent]:
        """Return what was spent, the newest day first."""
        found: Mapping[str, Ledger] = {
            field.decode(): decode_ledger(packed) for field, packed in self._connection.pairs("HSCAN", self._key)
        }
        own = ((field.removeprefix(f"{self._purse} "), each) for field, each in found.items() if self._owns(field))
        return [Spent(day, ledger) for day, ledger in sorted(own, reverse=True)]

    def today(self, now: datetime) -> Ledger:
        """Return the ledger of a UTC day."""
        return self._ledger(day_of(now))

    def _sweep(self, now: datetime) -> None:
        """Forget days that nobody asks for any more, at most once a day."""
        if self._connection.execute("HEXISTS", self._key, self._field(day_of(now))):
            return
        oldest = day_of(now - timedelta(days=SPEND_DAYS))
        old = [spent.day for spent in self.days() if spent.day < oldest]
        if old:
            self._connection.execute("HDEL", self._key, *map(self._field, old))

    def _step(self, day: str, step: Callable[[Ledger], tuple[Ledger, Told]]) -> Told:
        """Apply a step to a ledger, again when somebody else was faster.

        Reservations have names of their own, so no two steps lead to the same ledger.
        """
        field = self._field(day)
        for _ in range(MOST_TRIES):
            before: bytes = self._connection.execute("HGET", self._key, field) or b""
            known = decode_ledger(before) if before else EMPTY
            after, told = step(known)
            if after == known or self._connection.run("replace", (self._key,), (field, before, encode(after))):
                return told
        raise StoreError(f"the spending on {self._source} was changed {MOST_TRIES} times while it was looked at")

    def _ledger(self, day: str) -> Ledger:
        packed = self._connection.execute("HGET", self._key, self._field(day))
        return decode_ledger(packed) if packed else EMPTY

    def _field(self, day: str) -> str:
        return f"{self._purse} {day}"

    def _owns(self, field: str) -> bool:
        return field.startswith(f"{self._purse} ")

    @property
    def _key(self) -> str:
        return self._connection.keys.work.spend
