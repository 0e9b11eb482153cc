"""The invariants of the stored data, checked. Zero findings is the pass mark.

Every post stands in each index that belongs to it and in no other, under its own time; every count is
the count of what is there; every key has a family that says who owns it and what ends it; no lease outlives its longest
time.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from itertools import islice

from monitor.signals.copies import wording_of
from monitor.signals.sketches import is_current
from monitor.store.codec import (
    SketchedBody,
    decode_body,
    decode_delivery,
    decode_gaps,
    decode_observations,
    decode_parcel,
    decode_topic,
    decode_windows,
)
from monitor.store.connection import Connection
from monitor.store.firsts import decode_first
from monitor.store.inbox_check import check_inbox
from monitor.store.keeper import LEASE
from monitor.store.keys import QUERY_TTL_DAYS, UPDATES_KEPT, KeyKind, TopicKeys
from monitor.store.mentions import HOUR_MS
from monitor.store.outbox_check import check_outbox
from monitor.store.people_check import check_people
from monitor.store.quarantine_check import check_quarantine
from monitor.store.schedule import ms
from monitor.store.scores import decode_count, decode_scored
from monitor.store.subscriptions import decode_subscription
from monitor.store.told import decode_told

LONGEST_LEASE = LEASE
FINDINGS_SHOWN = 20


def check(connection: Connection) -> list[str]:
    """Return one sentence per broken invariant."""
    kinds: dict[str, KeyKind] = {}
    findings: list[str] = []
    for key in connection.scan(f"{connection.keys.prefix}*"):
        kind = connection.keys.kind_of(key)
        if kind is None:
            findings.append(f"{key}: nobody's key")
            continue
        kinds[key] = kind
        found = connection.execute("TYPE", key).decode()
        # "none": it ended since it was found, as a hash does with its last field.
        if found not in (kind.type, "none"):
            findings.append(f"{key}: a {found}, and {kind.owner} keeps a {kind.type} there")
    subscribers = {member for member, _ in _zset(connection, connection.keys.work.subscribers)}
    for name in sorted({topic_of(key) for key, kind in kinds.items() if kind.slot == "topic"}):
        findings += islice(_topic(connection, name), FINDINGS_SHOWN)
    for chat in sorted({topic_of(key) for key, kind in kinds.items() if kind.slot == "chat"}):
        findings += _chat(connection, chat)
        findings += _subscriptions(connection, chat, subscribers)
    findings += _work(connection, [key for key, kind in kinds.items() if kind.name == "query"])
    return findings


def topic_of(key: str) -> str:
    """Return what stands between the braces of a key, after its slot's letter."""
    return key[key.index("{") + 1 : key.index("}:")].partition(":")[2]


def _topic(connection: Connection, name: str) -> Iterator[str]:
    keys = connection.keys.topic(name)
    bodies = {key: decode_body(body) for key, body in _hash(connection, keys.posts)}
    times = {key: int(score) for key, score in _zset(connection, keys.times)}
    yield from _compare(name, "time index", {key: body.time for key, body in bodies.items()}, times)
    backfilled = {key: body.time for key, body in bodies.items() if body.backfilled}
    yield from _compare(name, "back-fill", backfilled, {k: int(s) for k, s in _zset(connection, keys.backfilled)})
    yield from _engagement(connection, keys, name, bodies)
    yield from _sketches(name, bodies)
    for hour, count in _hash(connection, keys.rollups):
        if int(count) <= 0:
            yield f"topic {name}: roll-up of hour {hour} counts {int(count)}"
    yield from _remembered(connection, keys, name)
    for hour, packed in _hash(connection, keys.tallies):
        posts, until = map(int, packed.split())
        if posts < 0 or not 0 < until - int(hour.partition(" ")[0]) * HOUR_MS <= HOUR_MS:
            yield f"topic {name}: in hour {hour} {posts} posts were counted up to {until}"


def _remembered(connection: Connection, keys: TopicKeys, name: str) -> Iterator[str]:
    """Check what is kept of a topic beside its posts: it can be read, and counts no more voices than posts."""
    for hour, packed in _hash(connection, keys.said):
        posts, wordings, voices = decode_count(packed)
        if not 0 < voices <= wordings <= posts:
            yield f"topic {name}: hour {hour} has {posts} posts, {wordings} wordings and {voices} voices"
    for form, packed in _hash(connection, keys.firsts):
        if decode_first(form.encode("utf-8", "surrogateescape"), packed).label == "":
            yield f"topic {name}: a form without a name was first seen"
    for _, packed in _hash(connection, keys.scores):
        if (about := decode_scored(packed).trend.topic) != name:
            yield f"topic {name}: keeps the trend of {about}"


def _compare(name: str, index: str, expected: dict[str, int], found: dict[str, int]) -> Iterator[str]:
    for key in expected.keys() - found.keys():
        yield f"topic {name}: {key!r} is missing in the {index}"
    for key in found.keys() - expected.keys():
        yield f"topic {name}: {key!r} is in the {index} without a post"
    for key in expected.keys() & found.keys():
        if expected[key] != found[key]:
            yield f"topic {name}: {key!r} has {found[key]} in the {index}, and its post says {expected[key]}"


def _engagement(
    connection: Connection, keys: TopicKeys, name: str, bodies: Mapping[str, SketchedBody]
) -> Iterator[str]:
    for key, packed in _hash(connection, keys.engagement):
        times = [seen.at for seen in decode_observations(packed)]
        if key not in bodies:
            yield f"topic {name}: {key!r} has engagement without a post"
        if not times or times != sorted(set(times)):
            yield f"topic {name}: {key!r} has observations out of order"


def _sketches(name: str, bodies: Mapping[str, SketchedBody]) -> Iterator[str]:
    for key, body in bodies.items():
        if is_current(body.sketch) and body.sketch != wording_of(body.text).sketch:
            yield f"topic {name}: {key!r} has the sketch of another text"
        if body.withdrawn and (body.text or body.sketch):
            yield f"topic {name}: {key!r} was withdrawn, and something is left of its text"


def _chat(connection: Connection, chat: str) -> Iterator[str]:
    keys = connection.keys.chat(chat)
    kept = {key for key, _ in _hash(connection, keys.messages)}
    ordered = {key for key, _ in _zset(connection, keys.order)}
    for id_ in kept ^ ordered:
        yield f"chat {chat}: message {id_} is in the {'messages' if id_ in kept else 'order'} only"
    records = {id_: decode_delivery(packed) for id_, packed in _hash(connection, keys.outbox)}
    parcels = {id_: decode_parcel(packed) for id_, packed in _hash(connection, keys.parcels)}
    claims = {post: id_.decode() for post, id_ in _hash(connection, keys.claims)}
    undelivered = {id_ for id_, _ in _zset(connection, keys.undelivered)}
    for finding in check_outbox(records, parcels, dict(_zset(connection, keys.queue)), claims, undelivered):
        yield f"chat {chat}: {finding}"
    for id_ in {id_ for id_, _ in _zset(connection, keys.corrections)} - records.keys():
        yield f"chat {chat}: message {id_} is to be corrected, and is not in the outbox"
    for id_ in records.keys() ^ {id_ for id_, _ in _zset(connection, keys.handed)}:
        yield f"chat {chat}: message {id_} is in the {'outbox' if id_ in records else 'list by age'} only"


def _subscriptions(connection: Connection, chat: str, subscribers: Collection[str]) -> Iterator[str]:
    keys = connection.keys.chat(chat)
    for topic, packed in _hash(connection, keys.subscriptions):
        if decode_subscription(packed).topic != topic:
            yield f"chat {chat}: the subscription to {topic} is kept under another's name"
        if f"{topic} {chat}" not in subscribers:
            yield f"chat {chat} is subscribed to {topic}, and no digest would find it"
    if sum(1 for _ in _zset(connection, keys.applied)) > UPDATES_KEPT:
        yield f"chat {chat}: more than {UPDATES_KEPT} updates are remembered"


def _work(connection: Connection, queries: list[str]) -> Iterator[str]:
    keys = connection.keys.work
    leases = list(_hash(connection, keys.leases))
    # Asked after the leases: one that is renewed meanwhile, as a stream's is every second, would look too long.
    seconds, micros = connection.execute("TIME")
    now = int(seconds) * 1000 + int(micros) // 1000
    due = {key for key, _ in _zset(connection, keys.due)}
    for job, lease in leases:
        if int(lease.split()[0]) - now > ms(LONGEST_LEASE):
            yield f"job {job}: its lease is longer than any may be"
    for job, _ in _hash(connection, keys.due_since):
        if job not in due:
            yield f"job {job}: late, and not in the due list"
    for name, packed in _hash(connection, keys.topics):
        if decode_topic(packed).name != name:
            yield f"topic {name}: kept under another's name"
    inbox = dict(_hash(connection, keys.inbox)), dict(_zset(connection, keys.inbox_order))
    begun = dict(_hash(connection, keys.inbox_tries)), dict(_zset(connection, keys.inbox_known))
    yield from check_inbox(*inbox, *begun)
    yield from check_people(dict(_hash(connection, keys.people)), dict(_hash(connection, keys.tokens)))
    yield from _kept_aside(connection)
    for key in queries:
        yield from _query(connection, key)


def _kept_aside(connection: Connection) -> Iterator[str]:
    """Check what is known to be told, and the quarantine."""
    keys = connection.keys.work
    for name, packed in _hash(connection, keys.told):
        told = decode_told(packed)
        if told.begun is not None and told.begun.window.end <= told.end:
            yield f"topic {name}: is told again what it was told"
    sizes = {name: int(size) for name, size in _hash(connection, keys.quarantine_sizes)}
    order = dict(_zset(connection, keys.quarantine_order))
    yield from check_quarantine(dict(_hash(connection, keys.quarantine)), order, sizes)


def _query(connection: Connection, key: str) -> Iterator[str]:
    life = int(connection.execute("PTTL", key))
    if not 0 < life <= ms(timedelta(days=QUERY_TTL_DAYS)):
        yield f"{key}: lives {life} ms, and a query has {QUERY_TTL_DAYS} days"
    packed = connection.execute("HGET", key, "coverage")
    for start, end, _ in decode_windows(packed) if packed else ():
        if start > end:
            yield f"{key}: covers a window that ends before it starts"
    gaps = connection.execute("HGET", key, "gaps")
    for start, end, _, tries, _ in decode_gaps(gaps) if gaps else ():
        if start >= end or tries < 0:
            yield f"{key}: has a gap that ends before it starts"


def _hash(connection: Connection, key: str) -> Iterator[tuple[str, bytes]]:
    for field, value in connection.pairs("HSCAN", key):
        yield field.decode("utf-8", "surrogateescape"), value


def _zset(connection: Connection, key: str) -> Iterator[tuple[str, float]]:
    for member, score in connection.pairs("ZSCAN", key):
        yield member.decode("utf-8", "surrogateescape"), float(score)
