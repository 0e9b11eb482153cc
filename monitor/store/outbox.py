"""The outbox of each chat: what is to be sent, what became of it, and which posts a chat was shown."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.digests.delivery import is_released
from monitor.digests.restoring import retold
from monitor.models import Delivery, Lease, Parcel, PostKey
from monitor.nouns.message import part_id
from monitor.protocols import Extra, Leases, Outlook, Pending
from monitor.services.courier import deliver_job
from monitor.store.account import AccountIds
from monitor.store.codec import encode, from_ms, to_ms
from monitor.store.connection import Argument, Connection, store_now
from monitor.store.keys import IDS_KEPT
from monitor.store.repairs import RepairStore, find
from monitor.store.schedule import ms
from monitor.store.send_pace import CHAT_PACE, GROUP_PACE, SendPace
from monitor.store.sender_leases import SenderLeases
from monitor.store.shown import ShownPosts, posts_in

PRUNED_AT_ONCE = 200


class Load(NamedTuple):
    """How many messages of a chat wait, and how many will not arrive as far as we know."""

    waiting: int
    undelivered: int


class OutboxStore:
    """Implements the Outbox and the Senders protocols. `leases` gives the right to send, by SenderLeases."""

    def __init__(
        self,
        connection: Connection,
        chat: SendPace = CHAT_PACE,
        group: SendPace = GROUP_PACE,
        leases: Leases | None = None,
    ) -> None:
        self._connection = connection
        self._leases = leases or SenderLeases(connection)
        self._chat_pace = chat
        self._group_pace = group
        self._repairs = RepairStore(connection)
        self._account = AccountIds(connection)
        self._shown = ShownPosts(connection)

    def hand_over(self, chat: str, parcels: Sequence[Parcel], *, told_by: datetime | None = None) -> frozenset[PostKey]:
        """Take the parts of a digest and claim their posts, all or nothing; return posts that were claimed before."""
        keys = self._connection.keys.chat(chat)
        # First: a message whose posts nobody knows could not be taken back.
        self._shown.note(frozenset().union(*map(posts_in, parcels)))
        due = self._now()
        survey = self._repairs.survey(chat)
        is_retold = survey is not None and told_by is not None and told_by <= survey.at
        args: list[Argument] = []
        for part, parcel in enumerate(parcels):
            record = Delivery(state="ready", due=due, part=part, parts=len(parcels))
            if is_retold and survey is not None:
                record = retold(record, self._repairs.address(chat), survey.base)
            posts = [str(key) for key in parcel.posts]
            args += [parcel.message.id, encode(record), encode(parcel), len(posts), *posts]
        names = (keys.outbox, keys.parcels, keys.queue, keys.handed, keys.claims)
        return frozenset(post_of(key) for key in self._connection.run("hand_over", names, args))

    def claimed(self, chat: str) -> frozenset[PostKey]:
        """Return the posts that messages of a chat claim."""
        return frozenset(
            post_of(each) for each in self._connection.execute("HKEYS", self._connection.keys.chat(chat).claims)
        )

    def outlook(self, chat: str) -> Outlook:
        """Return what is to be done for a chat, at this moment of the store's clock."""
        keys = self._connection.keys.chat(chat)
        now = self._now()
        head = self._first(chat, keys.queue)
        last = self._connection.execute("ZREVRANGE", keys.ids, 0, 0)
        late = self._connection.execute("ZRANGE", keys.late, 0, 0, "WITHSCORES")
        next_late = from_ms(int(float(late[1]))) if late else None
        is_late = next_late is not None and next_late <= now
        address = self._repairs.address(chat)
        return Outlook(
            now=now,
            address=address,
            last_id=self._account.begin_after(address, int(last[0]) if last else None),
            head=head,
            before=self._before(chat, head),
            extras=tuple(_extra(member) for member in self._connection.execute("ZRANGE", keys.extras, 0, 9)),
            late=self.find(chat, late[0].decode()) if is_late else None,
            next_late=next_late,
        )

    def find(self, chat: str, message: str) -> Pending | None:
        """Return a message and what became of it; None when nothing is known of it."""
        return find(self._connection, chat, message)

    def ours(self, chat: str, after: int) -> frozenset[int]:
        """Return the ids in the chat after one that are known to be of messages of ours."""
        ids = self._connection.keys.chat(chat).ids
        return frozenset(int(each) for each in self._connection.execute("ZRANGE", ids, f"({after}", "+inf", "BYSCORE"))

    def move(self, chat: str, address: str) -> None:
        """Send to another id of the same chat from now on; the ids of messages begin anew."""
        keys = self._connection.keys.chat(chat)
        self._connection.run("move", (keys.address, keys.ids, keys.extras, keys.late), (address,))

    def prune(self, chat: str, before: datetime) -> int:
        """Forget messages that were handed over before a time and are over, and free their posts."""
        keys = self._connection.keys.chat(chat)
        limit = ("LIMIT", 0, PRUNED_AT_ONCE)
        old = self._connection.execute("ZRANGE", keys.handed, "-inf", f"({to_ms(before)}", "BYSCORE", *limit)
        return self.forget(chat, [each.decode() for each in old])

    def forget(self, chat: str, messages: Sequence[str]) -> int:
        """Forget those messages that are over, and free their posts; return how many were."""
        keys = self._connection.keys.chat(chat)
        args: list[Argument] = []
        for found in (self.find(chat, each) for each in messages):
            if found is not None:
                args += [found.id, len(found.parcel.posts), *map(str, found.parcel.posts)]
        if not args:
            return 0
        known = (keys.outbox, keys.parcels, keys.queue, keys.handed)
        names = (*known, keys.claims, keys.corrections, keys.late, keys.undelivered)
        return int(self._connection.run("forget", names, args))

    def untold(self, chat: str) -> list[str]:
        """Return the messages that were held or died and of which nobody was told."""
        return [each.decode() for each in self._connection.execute("ZRANGE", self._undelivered(chat), 0, 0, "BYSCORE")]

    def tell(self, chat: str, message: str) -> None:
        """Know of a message that somebody was told that it did not arrive."""
        self._connection.execute("ZADD", self._undelivered(chat), "XX", 1, message)

    def episode(self, chat: str) -> str:
        """Return the message with which a chat ceased to take any; empty while it takes them."""
        found = self._connection.execute("GET", self._connection.keys.chat(chat).episode)
        return "" if found is None else found.decode()

    def load(self, chat: str) -> Load:
        """Return how many messages of a chat wait, and how many were held or died."""
        keys = self._connection.keys.chat(chat)
        counts = (self._connection.execute("ZCARD", key) for key in (keys.queue, keys.undelivered))
        return Load(*map(int, counts))

    def acquire(self, chat: str, owner: str, ttl: timedelta) -> Lease | None:
        """Return the right to send to a chat; None while somebody else has it. Idempotent per owner."""
        return self._leases.acquire(deliver_job(chat), owner, ttl)

    def release(self, lease: Lease) -> None:
        """Give the right to send back; somebody else's is left alone."""
        self._leases.release(lease)

    def claim(self, lease: Lease, pending: Pending, claimed: Delivery) -> timedelta | None:
        """Let the head of the queue be sent now: zero. Longer: so long must the chat wait. None: the lease was lost."""
        chat = lease.job.subject
        keys = self._connection.keys.chat(chat)
        windows: list[Argument] = [self._chat_pace.most, ms(self._chat_pace.window)]
        if chat.startswith(("-", "@")):
            windows += [self._group_pace.most, ms(self._group_pace.window)]
        attempt = f"{pending.id} {claimed.attempts} {lease.fence}"
        args = (*_guard(lease, pending, claimed), attempt, *windows)
        wait = int(self._connection.run("claim", (keys.sender, keys.outbox, keys.queue, keys.sends), args))
        return None if wait < 0 else timedelta(milliseconds=wait)

    def settle(self, lease: Lease, pending: Pending, settled: Delivery, look_at: datetime | None = None) -> bool:
        """Write what became of a message, with all that follows; False when the lease or the record is another's."""
        keys = self._connection.keys.chat(lease.job.subject)
        args = (
            *_guard(lease, pending, settled),
            _outcome(settled),
            settled.message_id or 0,
            0 if look_at is None else to_ms(look_at),
            IDS_KEPT,
            *(map(str, pending.parcel.posts) if is_released(settled) else ()),
        )
        names = (keys.sender, keys.outbox, keys.queue, keys.claims, keys.ids, keys.late, keys.undelivered, keys.episode)
        is_written = bool(self._connection.run("settle", names, args))
        self._account.note(settled.address or lease.job.subject, settled.message_id)
        return is_written

    def file_extra(self, chat: str, extra: Extra) -> None:
        """Note what was sent without the right to; needs no lease."""
        # The score only orders them: older ids first.
        self._connection.execute("ZADD", self._connection.keys.chat(chat).extras, extra.message_id, _member(extra))

    def clear(self, lease: Lease, done: Extra | str) -> bool:
        """Forget an extra that is dealt with, whose id is known from now on, or the late look for copies."""
        keys = self._connection.keys.chat(lease.job.subject)
        name, member = (keys.late, done) if isinstance(done, str) else (keys.extras, _member(done))
        id_ = "" if isinstance(done, str) else done.message_id
        args: list[Argument] = [str(lease.job), lease.fence, member, id_, IDS_KEPT]
        return bool(self._connection.run("clear", (keys.sender, name, keys.ids), args))

    def _first(self, chat: str, queue: str) -> Pending | None:
        first = self._connection.execute("ZRANGE", queue, 0, 0)
        return self.find(chat, first[0].decode()) if first else None

    def _before(self, chat: str, head: Pending | None) -> Delivery | None:
        if head is None or head.delivery.part == 0:
            return None
        before = self.find(chat, part_id(head.parcel.message.digest_id, head.delivery.part - 1))
        return None if before is None else before.delivery

    def _undelivered(self, chat: str) -> str:
        return self._connection.keys.chat(chat).undelivered

    def _now(self) -> datetime:
        return store_now(self._connection)


def _guard(lease: Lease, pending: Pending, after: Delivery) -> tuple[Argument, ...]:
    return (str(lease.job), lease.fence, pending.id, pending.version, encode(after))


def _outcome(delivery: Delivery) -> str:
    if delivery.state == "sent":
        return "sent"
    return "released" if delivery.state == "dead" or delivery.is_held else "waits"


def _member(extra: Extra) -> str:
    return f"{extra.message_id} {extra.message}"


def _extra(member: bytes) -> Extra:
    message_id, _, message = member.decode().partition(" ")
    return Extra(message, int(message_id))


def post_of(key: bytes) -> PostKey:
    """Return a post by its name in the store."""
    source, _, id_ = key.decode().partition(":")
    return PostKey(source, id_)
