"""Which digests a chat gets, and what updates change about it: each once, together with its answer."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from monitor.digests.restoring import retold
from monitor.models import Delivery, Incoming, Message, Parcel
from monitor.nouns.wishes import Manners, Wishes
from monitor.store.account import AccountIds
from monitor.store.codec import encode, to_ms
from monitor.store.connection import Argument, Call, Connection, store_now
from monitor.store.keys import IDS_KEPT, SUBSCRIBERS_DAYS, UPDATES_DAYS, UPDATES_KEPT
from monitor.store.repairs import RepairStore
from monitor.store.schedule import ms

REFUSAL_KEPT = timedelta(hours=1)
MOST_REFUSED = 1000
UPDATES_REMEMBERED = timedelta(days=UPDATES_DAYS)


class Subscription(msgspec.Struct, frozen=True, array_like=True):
    """A chat gets the digests of a topic, since when, and in which topic of its forum."""

    topic: str
    since: datetime
    thread: int | None = None


class Change(NamedTuple):
    """What an update changes: a subscription, whether the bot is in the chat at all, or what is wished there.

    Wishes are for a topic, manners for the whole chat. `times` of a wish name when the topic is told there by its own
    plan.
    """

    verb: Literal["subscribe", "unsubscribe", "leave", "return", "wish"]
    topic: str = ""
    thread: int | None = None
    wishes: Wishes | Manners | None = None
    times: str = ""


class Outcome(NamedTuple):
    """What became of an update. `is_new`: it was not applied before; `is_first_refusal` of this person in a while.

    `episode` names with what the chat ceased to take messages; empty while it takes them.
    """

    is_new: bool
    is_answered: bool
    is_first_refusal: bool
    episode: str


class Order(NamedTuple):
    """What is to be done for a chat by an update: changes and the answer.

    `refused` is who must not ask, if anybody. It is told always, to each of them once an hour, or to the chat once.
    """

    chat: str
    update: Incoming
    answer: Message | None = None
    changes: tuple[Change, ...] = ()
    refused: str = ""
    told: Literal["always", "each", "chat"] = "each"
    photo: bytes | None = None
    document: bytes | None = None
    file_name: str = ""


decode_subscription = msgspec.msgpack.Decoder(Subscription).decode


class SubscriptionStore:
    """The subscriptions of every chat, and an index of the chats that a topic's digest may go to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._account = AccountIds(connection)

    def of(self, chat: str) -> list[Subscription]:
        """Return the subscriptions of a chat, by topic."""
        packed = self._connection.execute(*self.reads(chat)[0])
        return sorted((decode_subscription(each) for each in packed), key=lambda each: each.topic)

    def find(self, chat: str, topic: str) -> Subscription | None:
        """Return a chat's subscription to a topic; None when it has none, or the bot is out of the chat."""
        found = next((each for each in self.of(chat) if each.topic == topic), None)
        return None if found is None or self.is_away(chat) else found

    def reads(self, chat: str) -> tuple[tuple[Argument, ...], ...]:
        """Return what `of`, `find` and `is_away` ask the store."""
        keys = self._connection.keys.chat(chat)
        return ("HVALS", keys.subscriptions), ("EXISTS", keys.away)

    def is_away(self, chat: str) -> bool:
        """Tell whether the bot was put out of a chat."""
        return bool(self._connection.execute(*self.reads(chat)[1]))

    def chats(self, topic: str) -> list[str]:
        """Return the chats that may be subscribed to a topic: all that are, and some that were lately."""
        return [chat for chat, _ in self._candidates(topic)]

    def apply(self, order: Order) -> Outcome:
        """Do what an update asks of a chat, once."""
        return self.apply_all([order])[0]

    def apply_all(self, orders: Sequence[Order]) -> list[Outcome]:
        """Do what updates ask of their chats, each once: all at once, for the disk's sake.

        The index comes first: it knows more than is true at any time, never less.
        """
        if not orders:
            return []
        now = store_now(self._connection)
        index = self._index(orders, now)
        answers = self._connection.together([*index, *(self._call(order, now) for order in orders)])
        for order in orders:
            self._account.note(order.update.chat, _heard(order.update))
        return [
            Outcome(bool(is_new), bool(is_answered), bool(is_first), episode.decode())
            for is_new, is_answered, is_first, episode in answers[len(index) :]
        ]

    def _index(self, orders: Sequence[Order], now: datetime) -> list[Call]:
        work = self._connection.keys.work
        changes = [(f"{change.topic} {order.chat}", change) for order in orders for change in order.changes]
        scored = [part for member, each in changes if each.verb == "subscribe" for part in (to_ms(now), member)]
        planned = [part for member, each in changes if each.times for part in (member, each.times)]
        known = Call("", (), ("ZADD", work.subscribers, "GT", *scored)), Call("", (), ("HSET", work.plans, *planned))
        return [call for call, has_any in zip(known, (scored, planned), strict=True) if has_any]

    def _call(self, order: Order, now: datetime) -> Call:
        keys = self._connection.keys.chat(order.chat)
        own = (keys.applied, keys.subscriptions, keys.away, keys.refused)
        message = (keys.outbox, keys.parcels, keys.queue, keys.handed, keys.ids, keys.address)
        args = _arguments(order, now, self._record(order, now))
        return Call("apply", (*own, *message, keys.episode, keys.wishes), (*args,))

    def _record(self, order: Order, now: datetime) -> Delivery:
        """Return what an answer is when it is handed over: one that a backup forgot may stand in its chat already."""
        record = Delivery(state="ready", due=now, part=0, parts=1)
        if not order.update.was_restored:
            return record
        repairs = RepairStore(self._connection)
        survey = repairs.survey(order.chat)
        return retold(record, repairs.address(order.chat), None if survey is None else survey.base)

    def end(self, chat: str, subscription: Subscription) -> None:
        """End this very subscription; one that was made since stays."""
        keys = self._connection.keys.chat(chat)
        self._connection.run("end_subscription", (keys.subscriptions,), (subscription.topic, encode(subscription)))

    def carry(self, address: str, chat: str) -> None:
        """Let a chat have what was subscribed under another id of it, before anybody knew that both are one."""
        for each in self.of(address):
            index = self._connection.keys.work.subscribers
            self._connection.execute("ZADD", index, "GT", to_ms(store_now(self._connection)), f"{each.topic} {chat}")
            self._connection.execute("HSETNX", self._connection.keys.chat(chat).subscriptions, each.topic, encode(each))
            self.end(address, each)
        own, others = self._connection.keys.chat(chat).wishes, self._connection.keys.chat(address).wishes
        for field, packed in self._connection.pairs("HSCAN", others):
            self._connection.execute("HSETNX", own, field, packed)
            self._connection.execute("HDEL", others, field)

    def tidy(self, topic: str) -> None:
        """Forget chats that are no longer subscribed to a topic.

        Those of the last day stay: an update that subscribes them may be between its two steps.
        """
        before = to_ms(store_now(self._connection) - timedelta(days=SUBSCRIBERS_DAYS))
        index = self._connection.keys.work.subscribers
        for chat, at in self._candidates(topic):
            key = self._connection.keys.chat(chat).subscriptions
            if at < before and not self._connection.execute("HEXISTS", key, topic):
                self._connection.run("unlist", (index,), (f"{topic} {chat}", at))

    def _candidates(self, topic: str) -> list[tuple[str, int]]:
        """Return chats and when they subscribed last. Names of topics hold no space and nothing that MATCH knows."""
        found: dict[str, int] = {}
        cursor, key = -1, self._connection.keys.work.subscribers
        while cursor != 0:
            answer = self._connection.execute("ZSCAN", key, max(cursor, 0), "MATCH", f"{topic} *", "COUNT", 1000)
            cursor, rows = int(answer[0]), answer[1]
            pairs = rows if rows and isinstance(rows[0], tuple) else zip(rows[::2], rows[1::2], strict=True)
            found |= {member.decode().partition(" ")[2]: int(float(at)) for member, at in pairs}
        return sorted(found.items())


def _heard(update: Incoming) -> int | None:
    """Return the id of what somebody else said. A press is on a message of ours: perhaps one that is looked for."""
    return None if update.kind == "button" else update.message_id


def _arguments(order: Order, now: datetime, record: Delivery) -> Iterator[Argument]:
    update, answer = order.update, order.answer
    yield from (update.id, UPDATES_KEPT, order.chat, update.chat)
    heard = _heard(update)
    yield from ("" if heard is None else heard, IDS_KEPT)
    if answer is None:
        yield from ("", "", "")
    else:
        yield from (answer.id, encode(record), encode(_parcel(order, answer)))
    yield from (order.refused, ms(REFUSAL_KEPT), MOST_REFUSED, order.told, ms(UPDATES_REMEMBERED))
    yield 0 if update.at is None else to_ms(update.at)
    for each in order.changes:
        yield from (each.verb, each.topic, _packed(each, now))


def _parcel(order: Order, answer: Message) -> Parcel:
    return Parcel(message=answer, photo=order.photo, document=order.document, file_name=order.file_name)


def _packed(change: Change, now: datetime) -> bytes:
    if change.verb == "subscribe":
        return encode(Subscription(change.topic, now, change.thread))
    return b"" if change.wishes is None else encode(change.wishes)
