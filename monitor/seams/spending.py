"""The meter of what is paid for, between a source and the store. The seam, and a meter for one process."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol, runtime_checkable

from monitor.errors import OutOfCredit
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
from monitor.seams.credentials import missing_of


class Reservation(NamedTuple):
    """What a request may spend: so many things. It is settled once the answer is here, or was refused."""

    name: str
    day: str
    things: int


class Meter(Protocol):
    """What a platform may cost in a UTC day. It is shared by all workers, and survives them."""

    def reserve(self, query: str, wish: Wish, now: datetime) -> Reservation:
        """Reserve what a request may cost, on behalf of the topics of a query; raise OutOfCredit when that is too much.

        Fewer things may be granted than wished for.
        """
        ...

    def settle(self, reservation: Reservation, ids: Sequence[str]) -> float:
        """Pay for what came: things of these ids, each once in a UTC day. Return what it cost, in US dollars."""
        ...

    def is_stale(self, now: datetime) -> bool:
        """Tell whether requests were reserved for and never settled: whoever made them was killed."""
        ...

    def reconcile(self, kind: str, read: int, now: datetime) -> None:
        """Believe the platform's own count of what was read of a kind today, as far as we do not know it."""
        ...

    def left(self, query: str, now: datetime) -> int:
        """Return how many micro-dollars may still be spent today on behalf of a query."""
        ...


@runtime_checkable
class Metered(Protocol):
    """A source that costs money. It begins with a meter of its own; the store's is put in its place."""

    meter: Meter

    @property
    def budget(self) -> Budget:
        """Return what may be spent in a UTC day, as it is configured."""
        ...


def may_be_asked(source: object) -> bool:
    """Tell whether a source lacks neither a key nor a budget."""
    return missing_of(source) is None and not (isinstance(source, Metered) and not source.budget.day)


@runtime_checkable
class Sharing(Protocol):
    """A source that spends out of another's purse: one account of a platform, of which both have a budget."""

    purse: str


class LocalMeter:
    """A meter that one process keeps for itself, where there is no store."""

    def __init__(self, source: str, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._ledgers: dict[str, Ledger] = {}
        self._billed: set[tuple[str, str]] = set()
        self._made = 0

    def reserve(self, query: str, wish: Wish, now: datetime) -> Reservation:
        """Reserve what a request may cost."""
        del query
        ledger = self._today(now)
        things = granted(ledger, wish, self._budget)
        if not things:
            raise OutOfCredit(self._source, "budget", until_midnight(now))
        self._made += 1
        made = Reservation(str(self._made), day_of(now), things)
        self._ledgers[made.day] = reserve(ledger, made.name, Hold(wish.kind, wish.price, things, (), ms_of(now)))
        return made

    def settle(self, reservation: Reservation, ids: Sequence[str]) -> float:
        """Pay for things that were not paid for today."""
        fresh = {(reservation.day, each) for each in ids} - self._billed
        self._billed |= fresh
        ledger = self._ledgers[reservation.day]
        hold = ledger.holds.get(reservation.name)
        self._ledgers[reservation.day] = settle(ledger, reservation.name, len(fresh), self._budget)
        return 0.0 if hold is None else dollars(hold.price * len(fresh))

    def is_stale(self, now: datetime) -> bool:
        """Tell whether requests were never settled."""
        return bool(stale_of(self._today(now), now))

    def reconcile(self, kind: str, read: int, now: datetime) -> None:
        """Believe the platform's own count."""
        self._ledgers[day_of(now)] = reconcile(self._today(now), kind, read, self._budget, now)

    def left(self, query: str, now: datetime) -> int:
        """Return how many micro-dollars may still be spent today."""
        del query
        return granted(self._today(now), Wish("", 1, self._budget.day or 1), self._budget)

    def _today(self, now: datetime) -> Ledger:
        return self._ledgers.get(day_of(now), EMPTY)


def day_of(now: datetime) -> str:
    """Return the UTC day for which is paid."""
    return now.astimezone(UTC).date().isoformat()


def until_midnight(now: datetime) -> timedelta:
    """Return how long it is until the budget of the next UTC day."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1) - now


def ms_of(now: datetime) -> int:
    """Return ms since 1970."""
    return int(now.timestamp() * 1000)
