"""The slot of a chat: its messages, outbox, claims, and the one sender."""

from datetime import timedelta
from random import Random

from msgspec.structs import replace

from monitor.models import Delivery, DeliveryState, Lease, Message, Parcel, PostKey
from monitor.protocols import Extra, Pending
from monitor.services.courier import deliver_job
from monitor.store.codec import encode
from monitor.store.idle_chats import forget_idle
from monitor.store.outbox import OutboxStore
from monitor.store.outgoing import OutgoingStore
from monitor.store.send_pace import SendPace
from tests.replays.replayer import CLOCK, Call, Replayer
from tests.replays.work import a_lease_of, ago, some_leases, time_of

CHAT = "-1001"
POSTS = tuple(PostKey("rss", f"https://feed.example/{n}") for n in range(6))
STATES: tuple[DeliveryState, ...] = ("ready", "sending", "sent", "ambiguous", "dead")


def a_delivery(draw: Random) -> Delivery:
    """Return what became of a message: any state, with values that go together and some that do not."""
    return Delivery(
        state=draw.choice(STATES),
        due=time_of(ago(draw)),
        part=draw.randrange(2),
        parts=2,
        attempts=draw.randrange(4),
        address=draw.choice(("", CHAT, "-1002")),
        base=draw.choice((None, 5, 7)),
        message_id=draw.choice((None, 8, 9)),
        is_held=draw.random() < 0.2,
        is_doubtful=draw.random() < 0.3,
    )


def a_parcel(draw: Random, digest: str, part: int) -> Parcel:
    """Return a part of a digest, that shows some posts or none."""
    message = Message(id=f"{digest}-{part}", chat=CHAT, digest_id=digest, part=part, text=f"{digest} 砸锅卖铁 {part}")
    return Parcel(message=message, posts=tuple(draw.sample(POSTS, draw.randrange(4))))


def an_outbox(draw: Random, store: Replayer, queued: float = 0.85) -> list[Pending]:
    """Write messages of a chat, whole or left half done, and return those that have a record."""
    keys = store.keys.chat(CHAT)
    known = []
    for place, digest in enumerate(("d0", "d1", "d2")):
        for part in range(draw.randrange(3)):
            parcel, record = a_parcel(draw, digest, part), encode(a_delivery(draw))
            id_ = parcel.message.id
            writes = (
                ("HSET", keys.outbox, id_, record),
                ("HSET", keys.parcels, id_, encode(parcel)),
                ("ZADD", keys.queue, CLOCK + place * 10 + part, id_),
                ("ZADD", keys.handed, ago(draw, 90 * 86_400_000), id_),
                ("ZADD", keys.late, ago(draw), id_),
                *(("HSET", keys.claims, str(post), id_) for post in parcel.posts),
            )
            for write in writes:
                if draw.random() < (queued if write[1] == keys.queue else 0.85):
                    store.execute(*write)
            found = OutboxStore(store).find(CHAT, id_)
            known += [] if found is None else [found]
    for number in range(draw.randrange(4)):
        store.execute("ZADD", keys.ids, 5 + number, 5 + number)
    if draw.random() < 0.3:
        store.execute("SET", keys.address, "-1002")
    return known


def a_sender(draw: Random, store: Replayer) -> Lease:
    """Write the lease of the chat's sender, or none, and return one that a sender believes to have."""
    keys = store.keys.chat(CHAT)
    held = some_leases(draw, store, keys.sender, keys.sender_fence, [deliver_job(CHAT)])
    return a_lease_of(draw, held, deliver_job(CHAT))


def a_message(draw: Random, known: list[Pending]) -> Pending:
    """Return a message as it stands, or as it stood before somebody else changed it, or one that is not there."""
    if not known or draw.random() < 0.1:
        return Pending(a_parcel(draw, "d9", 0), a_delivery(draw), b"nothing")
    pending = draw.choice(known)
    return pending if draw.random() < 0.8 else pending._replace(version=encode(a_delivery(draw)))


def hand_over(draw: Random, store: Replayer) -> Call:
    """A digest that is new, known, or known in part; with posts that are free, its own, or claimed by another."""
    an_outbox(draw, store)
    digest = draw.choice(("d0", "d2", "d3", "d3"))
    parcels = [a_parcel(draw, digest, part) for part in range(draw.randrange(1, 4))]
    return lambda: OutboxStore(store).hand_over(CHAT, parcels)


def claim(draw: Random, store: Replayer) -> Call:
    """The head of the queue or another message, sent by its sender or a zombie, with room in the pace or without."""
    known, lease = an_outbox(draw, store), a_sender(draw, store)
    pending = a_message(draw, known[:1] if draw.random() < 0.7 else known)
    after = replace(pending.delivery, state="sending", attempts=pending.delivery.attempts + 1)
    for number in range(draw.randrange(3)):
        store.execute("ZADD", store.keys.chat(CHAT).sends, CLOCK - draw.randrange(70_000), f"attempt {number}")
    if draw.random() < 0.1:
        store.execute("ZADD", store.keys.chat(CHAT).sends, CLOCK, f"{pending.id} {after.attempts} {lease.fence}")
    outbox = OutboxStore(store, SendPace(draw.randrange(1, 3), timedelta(seconds=1.2)))
    return lambda: outbox.claim(lease, pending, after)


def settle(draw: Random, store: Replayer) -> Call:
    """What became of a message, told by its sender or a zombie: it waits, was sent, or is released."""
    known, lease = an_outbox(draw, store), a_sender(draw, store)
    pending = a_message(draw, known)
    before = pending.delivery
    after = draw.choice(
        (
            replace(before, state="sent", message_id=draw.randrange(5, 12), is_held=False),
            replace(before, state="dead", message_id=None, is_held=False),
            replace(before, state="ambiguous", is_held=True, message_id=None),
            replace(before, state="ready", is_held=False, reason="429", message_id=None),
            before,
        )
    )
    look_at = draw.choice((None, time_of(CLOCK + 60_000)))
    return lambda: OutboxStore(store).settle(lease, pending, after, look_at)


def clear(draw: Random, store: Replayer) -> Call:
    """An extra or a late look that is dealt with, or never was there."""
    an_outbox(draw, store)
    lease, extra = a_sender(draw, store), Extra("d0-0", 8)
    outbox = OutboxStore(store)
    if draw.random() < 0.7:
        outbox.file_extra(CHAT, extra)
    done = draw.choice((extra, "d0-0", "d1-0"))
    return lambda: outbox.clear(lease, done)


def forget_chat(draw: Random, store: Replayer) -> Call:
    """A chat of which a message is kept or nothing, to which somebody sends or nobody."""
    if draw.random() < 0.3:
        an_outbox(draw, store)
    keys = store.keys.chat(CHAT)
    store.execute("ZADD", keys.ids, 5, 5)
    store.execute("HSET", store.keys.work.chats, CHAT, "d0")
    a_sender(draw, store)
    return lambda: forget_idle(store, CHAT)


def move(draw: Random, store: Replayer) -> Call:
    """A chat given another address, or the one that it has; with copies and late looks left from the old one."""
    an_outbox(draw, store)
    OutboxStore(store).file_extra(CHAT, Extra("d0-0", 8))
    address = draw.choice(("-1002", "-1003"))
    return lambda: OutboxStore(store).move(CHAT, address)


def forget(draw: Random, store: Replayer) -> Call:
    """Messages of any age and state, forgotten up to a time."""
    an_outbox(draw, store, queued=0.4)
    before = time_of(CLOCK + draw.choice((1, -draw.randrange(90))) * 86_400_000)
    return lambda: OutboxStore(store).prune(CHAT, before)


def keep(draw: Random, store: Replayer) -> Call:
    """A message kept for the page, known or new, older than all or newest, some left without their order."""
    keys = store.keys.chat(CHAT)
    for number in range(draw.randrange(5)):
        if draw.random() < 0.9:
            store.execute("HSET", keys.messages, f"m{number}", f"message {number}")
        if draw.random() < 0.9:
            store.execute("ZADD", keys.order, ago(draw), f"m{number}")
    message = Message(id=f"m{draw.randrange(7)}", chat=CHAT, digest_id="d", part=0, text="砸锅卖铁")
    at, most = time_of(ago(draw)), draw.choice((1, 2, 3, 500))
    packed = encode(message)
    if most == 500:
        return lambda: OutgoingStore(store).keep(message, at)
    return lambda: store.run(
        "keep", (keys.messages, keys.order), (message.id, packed, int(at.timestamp() * 1000), most)
    )
