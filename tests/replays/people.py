"""What people do to the bot, what was told to them, and what was set aside for them."""

from datetime import timedelta
from random import Random

from monitor.digests.schedule import Told
from monitor.errors import SourceUnavailable
from monitor.models import Incoming, Message, Query, Role, SetAside
from monitor.nouns.wishes import Wishes
from monitor.store.breakers import BreakerStore
from monitor.store.codec import encode
from monitor.store.people import PeopleStore
from monitor.store.quarantine import QuarantineStore
from monitor.store.subscriptions import Change, Order, Subscription, SubscriptionStore
from monitor.store.told import ToldStore
from tests.replays.chats import CHAT, an_outbox
from tests.replays.replayer import CLOCK, Call, Replayer
from tests.replays.work import ago, some, time_of

USERS = ("1", "2", "3")
ROLES: tuple[Role, ...] = ("owner", "editor", "reader")
TOKENS = ("token a", "token b", "token c")
TOPICS = ("pots", "pans")
HOUR = timedelta(hours=1)


def apply(draw: Random, store: Replayer) -> Call:
    """An update that is new, known or half known; it subscribes, leaves, is refused, and comes from any address."""
    keys = store.keys.chat(CHAT)
    an_outbox(draw, store)
    for topic in some(draw, TOPICS):
        packed = encode(Subscription(str(topic), time_of(CLOCK)))
        store.execute("HSET", keys.subscriptions, topic, packed)
        store.execute("HSET", keys.wishes, topic, encode(Wishes(at="08:00")))
    for user in some(draw, USERS):
        store.execute("ZADD", keys.refused, ago(draw, 7_200_000), user)
    for update in some(draw, (1, 2)):
        store.execute("ZADD", keys.applied, ago(draw), update)
    for key in some(draw, (keys.away, keys.episode)):
        store.execute("SET", str(key), f"1 {ago(draw)}" if key == keys.away else "left 1")
    order = an_order(draw)
    return lambda: SubscriptionStore(store).apply(order)


def end_subscription(draw: Random, store: Replayer) -> Call:
    """The subscription is there, another one to the same topic is, or none."""
    key = store.keys.chat(CHAT).subscriptions
    mine, newer = (Subscription("pots", time_of(CLOCK), thread) for thread in (None, 7))
    there = draw.choice((mine, mine, newer, None))
    if there is not None:
        store.execute("HSET", key, "pots", encode(there))
    return lambda: SubscriptionStore(store).end(CHAT, mine)


def unlist(draw: Random, store: Replayer) -> Call:
    """The chat is on the topic's list as it was read, was put there again since, or is gone."""
    read = ago(draw)
    there = draw.choice((read, read, CLOCK, None))
    if there is not None:
        store.execute("ZADD", store.keys.work.subscribers, there, f"pots {CHAT}")
    return lambda: store.run("unlist", (store.keys.work.subscribers,), (f"pots {CHAT}", read))


def an_order(draw: Random) -> Order:
    """Return what one of a few updates asks: the same update may ask something else, as no honest one does."""
    id_ = draw.randrange(1, 4)
    update = Incoming(
        id=id_,
        kind="message",
        chat=draw.choice((CHAT, "-1002")),
        chat_type=draw.choice(("private", "supergroup")),
        user=draw.choice(USERS),
        message_id=draw.choice((None, 3, 50)),
        at=draw.choice((None, time_of(ago(draw)))),
    )
    answer = Message(id=f"reply:{id_}", chat=CHAT, digest_id=f"reply:{id_}", part=0, text="Done.")
    changes = tuple(
        Change(
            draw.choice(("subscribe", "unsubscribe", "leave", "return", "wish")),
            draw.choice(TOPICS),
            wishes=draw.choice((None, Wishes(at="07:30"))),
            times=draw.choice(("", "07:30/UTC/daily")),
        )
        for _ in range(draw.randrange(3))
    )
    return Order(CHAT, update, draw.choice((None, answer, answer)), changes, draw.choice(("", "", *USERS)))


def some_people(draw: Random, store: Replayer) -> None:
    """Write roles of some people; maybe nobody is owner, maybe all are."""
    for user in some(draw, USERS):
        store.execute("HSET", store.keys.work.people, user, draw.choice(ROLES))


def appoint(draw: Random, store: Replayer) -> Call:
    """A role given or taken, by an update that is new or known, or by hand; perhaps of the last owner."""
    some_people(draw, store)
    for update in some(draw, (1, 2)):
        store.execute("ZADD", store.keys.work.appointed, ago(draw), f"{update} {draw.randrange(2)}")
    people, user, update_id = PeopleStore(store), draw.choice(USERS), draw.choice((None, 1, 2, 3))
    role = draw.choice(ROLES)
    return draw.choice((lambda: people.grant(user, role, update_id), lambda: people.revoke(user, update_id)))


def some_tokens(draw: Random, store: Replayer) -> None:
    """Issue tokens, of which some have run out and some are used."""
    people = PeopleStore(store)
    for token in draw.sample(TOKENS, draw.randrange(1, 4)):
        people.issue(draw.choice(ROLES), timedelta(milliseconds=draw.randrange(1, 60_000)), token)
        if draw.random() < 0.2:
            people.redeem(token, draw.choice(USERS), draw.randrange(3))
    # Run out, and kept as long as nobody issues another.
    if draw.random() < 0.2:
        for field in store.execute("HKEYS", store.keys.work.tokens):
            store.execute("HSET", store.keys.work.tokens, field, f"{draw.choice(ROLES)} {CLOCK - draw.randrange(9)}")


def issue(draw: Random, store: Replayer) -> Call:
    """A token that is new or known, among some that have run out."""
    some_tokens(draw, store)
    role, token = draw.choice(ROLES), draw.choice((*TOKENS, "token d"))
    return lambda: PeopleStore(store).issue(role, HOUR, token)


def redeem(draw: Random, store: Replayer) -> Call:
    """A token redeemed: waiting, run out, unknown, or used by this update or another."""
    some_people(draw, store)
    some_tokens(draw, store)
    token, user, update = draw.choice((*TOKENS, *TOKENS, "token d")), draw.choice(USERS), draw.randrange(3)
    return lambda: PeopleStore(store).redeem(token, user, update)


def an_item(draw: Random) -> SetAside:
    """Return one of a few broken items, of any length."""
    raw = bytes(draw.randrange(400))
    return SetAside(kind=draw.choice(("item", "post", "update")), id=str(draw.randrange(4)), raw=raw, reason="broken")


def a_quarantine(draw: Random, store: Replayer) -> QuarantineStore:
    """Set some items aside, which may fill it, and let one lose a part of its records."""
    quarantine = QuarantineStore(store, draw.choice((2, 3, 9)), draw.choice((900, 100_000)))
    for _ in range(draw.randrange(6)):
        quarantine.put([an_item(draw)], "rss:https://feed.example/", 3)
    for field in store.execute("ZRANGE", store.keys.work.quarantine_order, 0, -1)[:1]:
        if draw.random() < 0.3:
            store.execute("ZADD", store.keys.work.quarantine_order, CLOCK - 40 * 86_400_000, field)
        elif draw.random() < 0.2:
            store.execute("HDEL", store.keys.work.quarantine_sizes, b"item " + field)
    return quarantine


def quarantine(draw: Random, store: Replayer) -> Call:
    """Items set aside that are new or known, twice in one call, too many or too long for the room there is."""
    found = a_quarantine(draw, store)
    items = [an_item(draw) for _ in range(draw.randrange(1, 5))]
    return lambda: found.put(items, "rss:https://feed.example/", 3)


def release(draw: Random, store: Replayer) -> Call:
    """Items let out by name or by age, known or not."""
    found = a_quarantine(draw, store)
    keys = [each.decode() for each in store.execute("ZRANGE", store.keys.work.quarantine_order, 0, -1)]
    named = [str(each) for each in some(draw, [*keys, "unknown"])]
    before = time_of(CLOCK + draw.choice((-1000, 1000)))
    return draw.choice((lambda: found.remove(named), lambda: found.prune(before)))


def replace(draw: Random, store: Replayer) -> Call:
    """A record moved on by who knows where it is, and by who was overtaken: the telling of a topic, or a breaker."""
    if draw.random() < 0.5:
        breakers = BreakerStore(store, lambda _: "settings")
        query, error = Query("hackernews", ""), draw.choice((None, SourceUnavailable("hackernews", "503")))
        for _ in range(draw.randrange(7)):
            breakers.note(query, SourceUnavailable("hackernews", "503"))
        return lambda: breakers.note(query, error)
    told = ToldStore(store)
    records = [Told(end=time_of(CLOCK + hour * 3_600_000)) for hour in range(3)]
    before, after = draw.choice((None, *records)), draw.choice(records)
    if draw.random() < 0.8:
        told.begin({"pots": draw.choice((before or records[0], records[0], records[1])).end})
    return lambda: told.move("pots", before, after)
