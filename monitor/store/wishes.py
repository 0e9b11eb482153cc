"""What each chat asks of its digests, and an index of the topics that are told there by a plan of its own.

Both are written by `apply`, with the update that asks for them (subscriptions.py). The index comes first: it may know a
plan that is no longer true, never miss one, and whoever works by it reads what is true.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from monitor.nouns.wishes import Manners, Wishes
from monitor.store.connection import Argument, Connection

CHAT = "*"
"""The field of what is asked for all topics; no topic is called so."""

decode_wishes = msgspec.msgpack.Decoder(Wishes).decode
decode_manners = msgspec.msgpack.Decoder(Manners).decode


class Plan(NamedTuple):
    """A topic that is told to a chat at its own times: `times` say which, for the name of its job."""

    topic: str
    chat: str
    times: str

    @property
    def name(self) -> str:
        """Return under which name it is kept, and how far it was told."""
        return f"{self.topic} {self.chat}"


class WishStore:
    """The wishes of chats."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, chat: str, topic: str) -> Wishes | None:
        """Return what a chat asks for a topic; None where it never asked for anything."""
        packed = self._connection.execute(*self.reads(chat, topic))
        return None if packed is None else decode_wishes(packed)

    def manners(self, chat: str) -> Manners:
        """Return how a chat is spoken to."""
        packed = self._connection.execute(*self.reads(chat))
        return Manners() if packed is None else decode_manners(packed)

    def reads(self, chat: str, field: str = CHAT) -> tuple[Argument, ...]:
        """Return what `of` and `manners` ask the store."""
        return ("HGET", self._connection.keys.chat(chat).wishes, field)

    def plans(self) -> list[Plan]:
        """Return what is told at times of its own."""
        found = self._connection.pairs("HSCAN", self._connection.keys.work.plans)
        return sorted(plan_of(name.decode(), times.decode()) for name, times in found)

    def set_plan(self, plan: Plan) -> None:
        """Let a topic be told to a chat at these times."""
        self._connection.execute("HSET", self._connection.keys.work.plans, plan.name, plan.times)

    def drop_plans(self, plans: Iterable[Plan]) -> None:
        """Forget plans of subscriptions that ended."""
        for each in plans:
            self._connection.execute("HDEL", self._connection.keys.work.plans, each.name)


def plan_of(name: str, times: str) -> Plan:
    """Return a plan by the name of its field."""
    topic, _, chat = name.partition(" ")
    return Plan(topic, chat, times)
