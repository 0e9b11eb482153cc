"""The work slot: due list, leases, progress, topics, the bot's pace."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from monitor.models import Batch, Coverage, Cursor, Job, Lease, PostKey, Query, Topic
from monitor.seams.pace import Bucket
from monitor.services.courier import deliver_job
from monitor.store.chats import ChatList
from monitor.store.codec import encode
from monitor.store.connection import Argument
from monitor.store.outbox import OutboxStore
from monitor.store.pace import PaceStore
from monitor.store.packs import PackStore
from monitor.store.progress import ProgressStore, StreamProgress
from monitor.store.schedule import DueList, LeaseStore
from monitor.store.second_looks import SecondLooks
from monitor.store.send_pace import SendPace
from monitor.store.topics import TopicStore, rule_hash
from tests.build import a_topic
from tests.replays.replayer import CLOCK, Call, Replayer

QUERIES = tuple(Query("rss", f"https://feed.example/{n}") for n in range(3))
CHATS = ("-1001", "42", "@pots")
JOBS = (
    *(Job("poll", str(query)) for query in QUERIES),
    *(deliver_job(chat) for chat in CHATS),
    Job("digest", "pots|08:00|UTC"),
    Job("prune", "pots"),
)
OWNERS = ("worker 1/a b", "worker 2", "")
TTL = timedelta(seconds=60)


def ago(draw: Random, longest: int = 90_000) -> int:
    """Return a time near the frozen clock, ms since 1970: mostly before it, sometimes after, sometimes now."""
    return CLOCK + draw.choice((0, -1, 1, -draw.randrange(longest), draw.randrange(longest)))


def time_of(ms: int) -> datetime:
    """Return a time by ms since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def some(draw: Random, rows: Sequence[Argument]) -> list[Argument]:
    """Return some of the rows, maybe none, in any order."""
    return draw.sample(list(rows), draw.randrange(len(rows) + 1))


def a_due_list(draw: Random, store: Replayer) -> None:
    """Write a due list, with lateness of some jobs, and maybe of one that is not in the list any more."""
    keys = store.keys.work
    for job in some(draw, [str(each) for each in JOBS]):
        store.execute("ZADD", keys.due, ago(draw), job)
    for job in some(draw, [str(each) for each in JOBS]):
        store.execute("HSET", keys.due_since, job, ago(draw))


def some_leases(draw: Random, store: Replayer, leases: str, fence: str, jobs: Sequence[Job] = JOBS) -> dict[Job, Lease]:
    """Write leases of some jobs, running or run out, under a fence as great as the greatest of them, and return them.

    Sometimes the counter is gone, as it is in a store that was emptied by hand.
    """
    held: dict[Job, Lease] = {}
    for number, job in enumerate(jobs, 1):
        if draw.random() < 0.6:
            held[job] = Lease(job, draw.choice(OWNERS), number)
            store.execute("HSET", leases, str(job), f"{ago(draw)} {number} {held[job].owner}")
    if draw.random() < 0.9:
        store.execute("SET", fence, len(jobs) + draw.randrange(3))
    return held


def a_lease_of(draw: Random, held: dict[Job, Lease], job: Job) -> Lease:
    """Return the lease that is held, or one that was lost, or one that nobody gave."""
    known = held.get(job, Lease(job, draw.choice(OWNERS), draw.randrange(1, 4)))
    return draw.choice((known, known, known, known._replace(fence=known.fence + 1), known._replace(owner="a zombie")))


def acquire(draw: Random, store: Replayer) -> Call:
    """A job's lease, free, held, run out or ours already; the job due, done or unknown. Or the lease of a sender."""
    if draw.random() < 0.3:
        chat = draw.choice(CHATS)
        chat_keys = store.keys.chat(chat)
        some_leases(draw, store, chat_keys.sender, chat_keys.sender_fence, [deliver_job(chat)])
        return lambda: OutboxStore(store).acquire(chat, OWNERS[0], TTL)
    keys = store.keys.work
    a_due_list(draw, store)
    some_leases(draw, store, keys.leases, keys.fence)
    job, owner, only_due = draw.choice(JOBS), draw.choice(OWNERS), draw.random() < 0.5
    return lambda: LeaseStore(store).acquire(job, owner, TTL, only_due=only_due)


def renew(draw: Random, store: Replayer) -> Call:
    """A lease prolonged or given back, by its holder or by one who lost it."""
    keys = store.keys.work
    job = draw.choice(JOBS)
    lease = a_lease_of(draw, some_leases(draw, store, keys.leases, keys.fence), job)
    leases = LeaseStore(store)
    return draw.choice((lambda: leases.renew(lease, TTL), lambda: leases.release(lease)))


def bury(draw: Random, store: Replayer) -> Call:
    """Leases of the dead and of the living."""
    keys = store.keys.work
    a_due_list(draw, store)
    some_leases(draw, store, keys.leases, keys.fence)
    dead = frozenset(owner for owner in OWNERS if draw.random() < 0.5)
    return lambda: LeaseStore(store).bury(dead.__contains__)


def sync(draw: Random, store: Replayer) -> Call:
    """A due list made to fit a plan that has some of its jobs."""
    a_due_list(draw, store)
    jobs = {job: timedelta(milliseconds=draw.randrange(90_000)) for job in JOBS if draw.random() < 0.6}
    return lambda: DueList(store).sync(jobs)


def set_back(draw: Random, store: Replayer) -> Call:
    """A clock that was set back: jobs and leases of later than now, and others."""
    keys = store.keys.work
    a_due_list(draw, store)
    some_leases(draw, store, keys.leases, keys.fence)
    args = (draw.choice((0, 7_000, 60_000)),)
    return lambda: store.run("set_back", (keys.due, keys.due_since, keys.leases), args)


def take(draw: Random, store: Replayer) -> Call:
    """More jobs due than are asked for, some at work."""
    keys = store.keys.work
    a_due_list(draw, store)
    some_leases(draw, store, keys.leases, keys.fence)
    most = draw.choice((1, 2, 3, 200))
    return lambda: DueList(store).take(most)


def sight(draw: Random, store: Replayer) -> Call:
    """A look at what waits; it reads only."""
    keys = store.keys.work
    a_due_list(draw, store)
    some_leases(draw, store, keys.leases, keys.fence)
    if draw.random() < 0.8:
        store.execute("SET", keys.committed, ago(draw))
    return lambda: DueList(store).sight()


def a_query_state(draw: Random, store: Replayer, query: Query) -> None:
    """Write how far a query was read: perhaps never, perhaps with failures, perhaps only in part."""
    if draw.random() < 0.3:
        return
    start = CLOCK - draw.randrange(40 * 86_400_000)
    windows = []
    for _ in range(draw.randrange(4)):
        end = start + draw.randrange(3_600_000)
        windows.append((start, end, draw.randrange(2)))
        start = end + draw.choice((0, 60_000))
    fields: dict[str, Argument] = {
        "cursor": "place 1", "moved": "https://new.example/", "since": CLOCK - 90_000_000, "coverage": encode(windows),
        "failures": draw.randrange(5), "failing_since": CLOCK - 60_000, "reason": "503", "tried": CLOCK - 1,
    }  # fmt: skip
    for field in some(draw, list(fields)):
        store.execute("HSET", store.keys.query(query), field, fields[str(field)])


def a_batch(draw: Random) -> Batch:
    """Return what a fetch brought: with or without a cursor, coverage that touches what was read, or does not."""
    start = CLOCK - draw.randrange(3_600_000)
    window = Coverage(
        start=time_of(start), end=time_of(start + draw.randrange(3_600_000)), truncated=draw.random() < 0.3
    )
    return Batch(
        cursor=draw.choice((None, Cursor("place 2"), Cursor("place 1"))),
        coverage=draw.choice((None, window, window)),
        moved_to=draw.choice((None, None, "https://newer.example/")),
        unreadable=draw.randrange(3),
    )


def finish(draw: Random, store: Replayer) -> Call:
    """The end of a job, by its holder or by a zombie; the job may have left the plan."""
    keys, query = store.keys.work, draw.choice(QUERIES)
    a_due_list(draw, store)
    lease = a_lease_of(draw, some_leases(draw, store, keys.leases, keys.fence), Job("poll", str(query)))
    a_query_state(draw, store, query)
    batch, due_in = a_batch(draw), timedelta(milliseconds=draw.randrange(600_000))
    progress = ProgressStore(store)
    if draw.random() < 0.8:
        store.execute("HSET", store.keys.query(query), "attempt", f"{lease.fence - (draw.random() < 0.2)} 1")
    return draw.choice(
        (
            lambda: StreamProgress(progress).complete(lease, query, batch, due_in),
            lambda: progress.complete(lease, query, batch, due_in),
            lambda: progress.fail(lease, query, "503 Service Unavailable", due_in),
            lambda: progress.hold(lease, query, "not asked: 503", due_in),
            lambda: progress.fill(lease, query, Coverage(start=time_of(CLOCK - 9000), end=time_of(CLOCK)), due_in),
            lambda: progress.finish(lease, due_in),
        )
    )


def adopt(draw: Random, store: Replayer) -> Call:
    """A plan of packed queries, of which some were in it, some left and some are new; with places, or never asked."""
    keys, packs = store.keys, [Query("x", f"({' OR '.join(some)})") for some in ("ab", "bc", "c", "ad")]
    for query in packs:
        if draw.random() < 0.7:
            store.execute("ZADD", keys.work.packs, draw.choice(("+inf", ago(draw))), str(query))
        if draw.random() < 0.7:
            a_query_state(draw, store, query)
    wanted = [query for query in packs if draw.random() < 0.6]
    return lambda: PackStore(store).adopt(wanted, time_of(CLOCK))


def topics(draw: Random, store: Replayer) -> Call:
    """A file of topics that is new, was imported last, or was imported long ago; some topics stay, change or leave."""
    keys = store.keys.work
    known = [a_topic(name=f"topic{n}", any=(draw.choice("ab"),)) for n in range(4)]
    for topic in known:
        for key, value in _known_topic(topic, draw):
            if draw.random() < 0.7:
                store.execute("HSET", getattr(keys, key), topic.name, value)
    if draw.random() < 0.8:
        store.execute("HSET", keys.topics_meta, "hash", "file 1", "version", draw.randrange(1, 9))
    file = [a_topic(name=f"topic{n}", any=(draw.choice("ab"),)) for n in range(5) if draw.random() < 0.6]
    file_hash = draw.choice(("file 1", "file 2", "file 2"))
    return lambda: TopicStore(store).replace(file, file_hash)


def _known_topic(topic: Topic, draw: Random) -> Sequence[tuple[str, Argument]]:
    return (
        ("topics", encode(topic)),
        ("topics_since", f"{rule_hash(topic)} {ago(draw)}"),
        ("topics_retired", encode(topic)),
    )


def wake(draw: Random, store: Replayer) -> Call:
    """A chat woken for something new or known, due already, later, or not in the list."""
    a_due_list(draw, store)
    _some_tokens(draw, store)
    chat, token = draw.choice(CHATS), draw.choice(("d1", "d2"))
    return lambda: ChatList(store).wake(chat, token)


def rest(draw: Random, store: Replayer) -> Call:
    """The end of a look at a chat, which may have been woken meanwhile."""
    keys, chat = store.keys.work, draw.choice(CHATS)
    a_due_list(draw, store)
    _some_tokens(draw, store)
    lease = a_lease_of(draw, some_leases(draw, store, keys.leases, keys.fence), deliver_job(chat))
    token = draw.choice(("", "d1", "d2"))
    return lambda: ChatList(store).rest(lease, timedelta(milliseconds=draw.randrange(3_600_000)), token)


def _some_tokens(draw: Random, store: Replayer) -> None:
    for chat in some(draw, CHATS):
        store.execute("HSET", store.keys.work.chats, chat, draw.choice(("d1", "d2")))


def admit(draw: Random, store: Replayer) -> Call:
    """The bot's pace with room and without, the attempt known or new, attempts older than the window left over."""
    for number in range(draw.randrange(6)):
        store.execute("ZADD", store.keys.work.bot_sends, CLOCK - draw.randrange(3000), f"attempt {number}")
    chats = ChatList(store, SendPace(draw.randrange(1, 5), timedelta(seconds=1.2)))
    attempt = f"attempt {draw.randrange(8)}"
    return lambda: chats.admit(attempt)


def begin(draw: Random, store: Replayer) -> Call:
    """A look that begins: the first of a query, one after others that did not end, or one that began before."""
    query, job = QUERIES[0], JOBS[0]
    name = store.keys.query(query)
    if draw.random() < 0.7:
        store.execute("HSET", name, "attempt", f"{draw.randrange(6)} {draw.randrange(3)}")
    if draw.random() < 0.5:
        store.execute("PEXPIREAT", name, CLOCK + 10**11)
    fence = draw.randrange(1, 7)
    return lambda: ProgressStore(store).begin(Lease(job, "somebody", fence), query)


def advance(draw: Random, store: Replayer) -> Call:
    """Data of some version, brought to the next by the holder of the lease or by somebody who slept."""
    keys, job = store.keys.work, Job("upkeep", "migrate")
    lease = a_lease_of(draw, some_leases(draw, store, keys.leases, keys.fence, [job]), job)
    before = draw.choice((1, 2))
    store.execute("SET", keys.schema, draw.choice((before, before, before, before + 1, 3)))
    return lambda: store.run("advance", (keys.schema, keys.leases), (str(job), lease.fence, before))


def a_bucket(draw: Random, store: Replayer) -> Bucket:
    """Take some requests out of a small bucket, of which the platform said something, or said it long ago."""
    bucket = Bucket("x:search", draw.randrange(1, 5), timedelta(seconds=draw.choice((2, 900))))
    name = store.keys.bucket(bucket.name)
    if draw.random() < 0.4:
        store.execute("HSET", name, "remaining", draw.randrange(3), "reset", ago(draw))
    for _ in range(draw.randrange(4)):
        PaceStore(store).admit(bucket)
    return bucket


def draw(draw: Random, store: Replayer) -> Call:
    """A request taken out of a bucket with room or without, by our count or by the platform's."""
    bucket = a_bucket(draw, store)
    return lambda: PaceStore(store).admit(bucket)


def heed(draw: Random, store: Replayer) -> Call:
    """What a platform said of a window: the known one, one that is over, or the next."""
    bucket = a_bucket(draw, store)
    remaining, reset_at = draw.randrange(4), time_of(ago(draw) + draw.choice((0, 0, 1000, 900_000)))
    return lambda: PaceStore(store).heed(bucket, remaining, reset_at)


def note_looks(draw: Random, store: Replayer) -> Call:
    """Posts that were looked at, before or never, some of them missing, now, again or no more."""
    looks, posts = SecondLooks(store), [PostKey("x", str(n)) for n in range(5)]
    for _ in range(draw.randrange(3)):
        looked = draw.sample(posts, draw.randrange(1, 5))
        looks.note("x", looked, looked[: draw.randrange(5)], time_of(ago(draw, 10**9)))
    looked = draw.sample(posts, draw.randrange(1, 5))
    return lambda: looks.note("x", looked, looked[: draw.randrange(5)], time_of(CLOCK))
