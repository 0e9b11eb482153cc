"""The inbox: updates taken in, begun, excused and answered."""

from datetime import timedelta
from random import Random

from monitor.models import Incoming, Lease
from monitor.seams.inbox import Done
from monitor.store.codec import encode
from monitor.store.inbox import FORGET_AFTER, INBOX_JOB, InboxStore, Limits
from monitor.store.schedule import ms
from tests.replays.people import TOKENS, USERS, some_people, some_tokens
from tests.replays.replayer import CLOCK, Call, Replayer
from tests.replays.work import CHATS, a_due_list, a_lease_of, ago, some, some_leases, time_of

BOT = "77"
UPDATES = tuple(range(1, 7))
LANE = 2**50
BORDER = (-1, 0, 60_000)
"""Around the age at which an update is forgotten; one that is forgotten while the answer is lost would be another."""
TIGHT = Limits(person=2, stranger=1, group=2, strangers=2, waiting=4, waiting_of_strangers=2, told=1)


def an_update(draw: Random) -> Incoming:
    """Return one of a few updates: of anybody, anywhere, at any time, with a token or nothing to answer."""
    return Incoming(
        id=draw.choice(UPDATES),
        kind=draw.choice(("message", "message", "button", "membership", "moved", "other")),
        chat=draw.choice(CHATS),
        chat_type=draw.choice(("private", "supergroup")),
        user=draw.choice((None, *USERS, "9")),
        text=draw.choice(("/status", f"/start {TOKENS[0]}")),
        at=draw.choice((None, time_of(ago(draw)))),
    )


def an_inbox(draw: Random, store: Replayer) -> Lease:
    """Write updates that wait, were begun or are known, some of them in part, and return a lease on the inbox."""
    keys = store.keys.work
    a_due_list(draw, store)
    some_people(draw, store)
    some_tokens(draw, store)
    for id_ in some(draw, UPDATES):
        update = encode(an_update(draw))
        writes = (
            ("HSET", keys.inbox, id_, draw.choice((b".", b"!")) + update),
            ("ZADD", keys.inbox_order, draw.randrange(3) * LANE + int(str(id_)), id_),
            ("HSET", keys.inbox_tries, id_, a_try(draw)),
            ("ZADD", keys.inbox_known, draw.choice((ago(draw), CLOCK - ms(FORGET_AFTER) + draw.choice(BORDER))), id_),
        )
        for write in writes:
            if draw.random() < 0.8:
                store.execute(*write)
    for user in some(draw, USERS):
        store.execute("ZADD", keys.inbox_told, ago(draw, 7_200_000), user)
    if draw.random() < 0.8:
        state = ("bot", draw.choice((BOT, BOT, "78")), "next", 7, "at", ago(draw), "place", 9)
        store.execute("HSET", keys.inbox_state, *state)
    held = some_leases(draw, store, keys.leases, keys.fence, [INBOX_JOB])
    return a_lease_of(draw, held, INBOX_JOB)


def a_try(draw: Random) -> str:
    """Return how often an update was begun, how many of those were excused, and the last one's name."""
    return f"{draw.randrange(1, 4)} {draw.randrange(2)} {draw.choice(('try 1', '-'))}"


def intake(draw: Random, store: Replayer) -> Call:
    """Updates that are new, known or known long ago, twice in one call, too many of one person, of all, or to wait."""
    lease = an_inbox(draw, store)
    for sender in some(draw, (*(f"person:{user}" for user in USERS), *(f"chat:{chat}" for chat in CHATS), "strangers")):
        for number in range(draw.randrange(3)):
            store.execute("ZADD", store.keys.inbox_pace(str(sender)), ago(draw), 100 + number)
    updates = [an_update(draw) for _ in range(draw.randrange(5))]
    inbox = InboxStore(store, draw.choice((Limits(), TIGHT)))
    offset, holds = draw.choice((None, 7, 8)), draw.random() < 0.6
    return lambda: inbox.take_in(BOT, updates, offset, lease if holds else None)


def what_is_done(draw: Random, store: Replayer) -> Done:
    """Return what was answered, and chats to be woken, some of them for what they were woken for before."""
    for chat in some(draw, CHATS):
        store.execute("HSET", store.keys.work.chats, chat, draw.choice(("reply:1", "reply:2")))
        if draw.random() < 0.7:
            store.execute("ZADD", store.keys.work.due, ago(draw, 120_000) + draw.choice((0, 60_000)), f"deliver:{chat}")
    woken = {str(chat): draw.choice(("reply:1", "reply:2")) for chat in some(draw, CHATS)}
    return Done(tuple(map(str, some(draw, UPDATES))), woken)


def next_updates(draw: Random, store: Replayer) -> Call:
    """Updates begun: for the first time, or again by the same try or another; the last ones answered or not."""
    lease, done = an_inbox(draw, store), what_is_done(draw, store)
    for id_ in some(draw, UPDATES):
        if draw.random() < 0.6:
            store.execute("HDEL", store.keys.work.inbox_tries, id_)
    attempt, most = draw.choice(("try 1", "try 2")), draw.randrange(1, 5)
    return lambda: InboxStore(store).next(lease, done, attempt, most)


def excuse(draw: Random, store: Replayer) -> Call:
    """A try that is not held against updates, excused once, or not the newest."""
    lease = an_inbox(draw, store)
    begun, attempt = [str(each) for each in some(draw, UPDATES)], draw.choice(("try 1", "try 1", "try 2"))
    for each in begun:
        if draw.random() < 0.8:
            store.execute("HSET", store.keys.work.inbox_tries, each, f"2 1 {attempt}")
    return lambda: InboxStore(store).excuse(lease, begun, attempt)


def rest_inbox(draw: Random, store: Replayer) -> Call:
    """The end of a look at the inbox, while updates wait or none does."""
    lease, done = an_inbox(draw, store), what_is_done(draw, store)
    return lambda: InboxStore(store).rest(lease, done, timedelta(seconds=2))
