"""What may be spent on a platform in a UTC day, what was, and what a request may still cost. Pure.

    reserve ─► request ─► settle            what is reserved counts as spent: a kill between spends nothing unseen
       └─────── killed ──────► reconcile    what the platform's own meter says of it

Amounts are whole micro-dollars: adding cents a million times must not drift.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

MICRO = 1_000_000
"""Micro-dollars in a dollar."""

STALE = timedelta(minutes=10)
"""A reservation that is older belongs to nobody who still works: a request takes a minute at most."""


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """Micro-dollars for one of each, and since when they are so."""

    post: int
    user: int
    count: int
    as_of: str = ""


class Budget(NamedTuple):
    """Micro-dollars in a UTC day: in all, and for one topic."""

    day: int = 0
    topic: int = 0


class Wish(NamedTuple):
    """What a request may bring: `least` to `most` things of a kind, for some topics (none: for all together)."""

    kind: str
    price: int
    most: int
    least: int = 1
    topics: tuple[str, ...] = ()


class Hold(msgspec.Struct, frozen=True, array_like=True):
    """What is reserved: things of a kind at a price, for topics, since when (ms since 1970)."""

    kind: str
    price: int
    things: int
    topics: tuple[str, ...]
    since: int

    @property
    def amount(self) -> int:
        """Return the most that it can cost."""
        return self.price * self.things


class Ledger(msgspec.Struct, frozen=True, array_like=True):
    """The spending of one platform and one UTC day. `things` counts what was paid for, by its kind."""

    settled: int = 0
    topics: Mapping[str, int] = {}
    holds: Mapping[str, Hold] = {}
    things: Mapping[str, int] = {}

    @property
    def reserved(self) -> int:
        """Return what requests under way may cost."""
        return sum(hold.amount for hold in self.holds.values())

    @property
    def spent(self) -> int:
        """Return what is spent, and what may be."""
        return self.settled + self.reserved


EMPTY = Ledger()


def granted(ledger: Ledger, wish: Wish, budget: Budget) -> int:
    """Return how many things a request may bring, at most as many as wished for; 0 when not even the fewest."""
    room = budget.day - ledger.spent
    if wish.topics:
        room = min(room, sum(_rooms(ledger, wish.topics, budget).values()))
    things = min(wish.most, max(0, room) // wish.price)
    return things if things >= wish.least else 0


def reserve(ledger: Ledger, name: str, hold: Hold) -> Ledger:
    """Return the ledger with a request under way."""
    return msgspec.structs.replace(ledger, holds={**ledger.holds, name: hold})


def settle(ledger: Ledger, name: str, things: int, budget: Budget) -> Ledger:
    """Return the ledger after a request, which brought so many things that were not paid for today.

    A reservation that is not there was settled before: nothing changes.
    """
    hold = ledger.holds.get(name)
    if hold is None:
        return ledger
    open_ = msgspec.structs.replace(ledger, holds={key: held for key, held in ledger.holds.items() if key != name})
    amount = hold.price * things
    shares = shared(amount, _rooms(open_, hold.topics, budget))
    return msgspec.structs.replace(
        open_,
        settled=open_.settled + amount,
        topics={**open_.topics, **{topic: open_.topics.get(topic, 0) + share for topic, share in shares.items()}},
        things={**open_.things, hold.kind: open_.things.get(hold.kind, 0) + things},
    )


def stale_of(ledger: Ledger, now: datetime) -> list[str]:
    """Return the names of reservations whose request nobody waits for any more, oldest first."""
    oldest = int((now - STALE).timestamp() * 1000)
    return [name for name, hold in sorted(ledger.holds.items(), key=lambda each: each[1].since) if hold.since < oldest]


def reconcile(ledger: Ledger, kind: str, read: int, budget: Budget, now: datetime) -> Ledger:
    """Return the ledger without stale reservations, when the platform counts `read` things of a kind today.

    What it counts beyond what is settled is shared out among them, none more than it reserved. Those of other kinds,
    which it does not count, are taken for spent.
    """
    missing = max(0, read - ledger.things.get(kind, 0))
    for name in stale_of(ledger, now):
        hold = ledger.holds[name]
        things = min(hold.things, missing) if hold.kind == kind else hold.things
        missing -= things if hold.kind == kind else 0
        ledger = settle(ledger, name, things, budget)
    return ledger


def shared(amount: int, rooms: Mapping[str, int]) -> dict[str, int]:
    """Return who pays how much: alike, but nobody more than there is room, as long as there is any.

    What is beyond all rooms is paid alike, so that no sum is lost.
    """
    paid: dict[str, int] = {}
    for number, topic in enumerate(sorted(rooms, key=lambda each: (rooms[each], each))):
        paid[topic] = min(rooms[topic], -(-amount // (len(rooms) - number)))
        amount -= paid[topic]
    for number, topic in enumerate(sorted(rooms)):
        beyond = -(-amount // (len(rooms) - number))
        paid[topic] += beyond
        amount -= beyond
    return paid


def dollars(amount: int) -> float:
    """Return micro-dollars as dollars."""
    return amount / MICRO


def micro(amount: float) -> int:
    """Return dollars as micro-dollars."""
    return round(amount * MICRO)


def _rooms(ledger: Ledger, topics: Iterable[str], budget: Budget) -> dict[str, int]:
    """Return what topics may still spend, requests under way counted alike for all that they serve."""
    taken = dict(ledger.topics)
    for hold in ledger.holds.values():
        for topic, share in _alike(hold.amount, hold.topics).items():
            taken[topic] = taken.get(topic, 0) + share
    return {topic: max(0, budget.topic - taken.get(topic, 0)) for topic in topics}


def _alike(amount: int, topics: Sequence[str]) -> dict[str, int]:
    return {topic: -(-amount // len(topics)) for topic in topics}
