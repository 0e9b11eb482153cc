"""The kinds of work that come due: poll a query, send a digest, answer commands, prune a topic.

One call each, for the worker and for the command line.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from monitor.bot.clerk import Clerk
from monitor.digests.render import render
from monitor.digests.schedule import DueDigest, Told, last_digest, next_digest, windows_due
from monitor.digests.wishing import wished
from monitor.due_jobs import bot_jobs, jobs_of, refill_jobs, reread_jobs
from monitor.duties.bylines import look_up_names
from monitor.duties.editions import followed_plan, hand_to, plan_of_job, planned, quiet_for
from monitor.duties.rounds import brief_of, hand_over, preview_chat
from monitor.duties.scoring import score as look_at_numbers
from monitor.errors import SourceBroken, StoreError
from monitor.models import Digest, Job, Lease, Query, Topic, Window
from monitor.pipeline import digest_of, oldest_kept
from monitor.readers.shelves import shelf_of
from monitor.readers.troubles import tell_of_troubles
from monitor.services.courier import IDLE, deliver_job
from monitor.services.courier import deliver as deliver_to
from monitor.services.looks import Look, Polled
from monitor.services.looks import poll as poll_page
from monitor.store.keys import QUARANTINE_DAYS
from monitor.store.setbacks import UNSURE
from monitor.store.wishes import Plan
from monitor.topics.polling.planning import (
    JITTER,
    LONGEST_BACKOFF,
    PRUNE_EVERY,
    SCORE_EVERY,
    digest_job,
    poll_job,
    prune_job,
    query_of,
)
from monitor.topics_file import import_if_changed
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

LONGEST = {
    "digest": timedelta(minutes=5),
    "edition": timedelta(minutes=5),
    "deliver": timedelta(seconds=40),
    "prune": timedelta(minutes=5),
    "score": timedelta(minutes=3),
    "commands": timedelta(seconds=60),
    "reread": timedelta(minutes=2),
    "refill": timedelta(minutes=2),
    "upkeep": timedelta(minutes=30),
}
"""How long a job of each kind may take before another does it; a poll says so itself. A delivery may take longer than
its sender, who ends in time."""

GRACE = timedelta(minutes=30)
"""A digest waits so long for looks that began before its window ended: three times the usual interval."""

LOOK_AGAIN = timedelta(seconds=30)

CATCH_UP = timedelta(seconds=30)
"""A hint is used for so long to read one page after the other; then the rest comes due like any other job, so that no
backlog keeps a thread from its neighbours."""

LONGEST_WAIT = GRACE + 2 * LOOK_AGAIN
"""The due time of a digest that is not told yet lies at most so long after the end of its window."""

AFTER_A_BUG = timedelta(minutes=1)
"""A job that failed by our own fault comes again then, not at once: it would fill the log and keep others waiting."""

MOST_TRIES = 60
"""How often a digest is handed over anew, each time AFTER_A_BUG, for the chats for which that failed."""

LATE = timedelta(hours=1)
"""A digest that comes later than this after its window was held up, and must not come in a heap."""

EVERYBODY = "everybody"
"""Whose late digests are counted where no chat is set: subscribers get no heap of them either."""

ENDED = timedelta(days=1)
"""When a job is asked again that has nothing to do any more; before that it is no longer planned."""

UPKEEP = {
    Job("upkeep", "tidy"): timedelta(minutes=10),
    Job("upkeep", "forget"): timedelta(minutes=15),
    Job("upkeep", "departed"): timedelta(minutes=20),
    Job("upkeep", "sources"): timedelta(minutes=5),
    Job("upkeep", "backup"): timedelta(hours=1),
    Job("upkeep", "rewrite"): timedelta(hours=2),
}
"""What is due once a day or more often (upkeep.py), and for the first time so long after the first start."""


@contextmanager
def held(monitor: Monitor, job: Job, owner: str) -> Iterator[Lease | None]:
    """Hold the lease of a job that is due while in the block; None when somebody else does, or it is done."""
    lease = monitor.leases.acquire(job, owner, LONGEST[job.kind], only_due=True)
    if lease is None:
        yield None
        return
    try:
        yield lease
    except StoreError:
        raise  # as soon as the store works again, so may this
    except Exception:
        monitor.progress.finish(lease, AFTER_A_BUG)
        raise
    finally:
        monitor.leases.release(lease)


def read_topics(monitor: Monitor, now: datetime) -> None:
    """Import the topics file if it changed, and make the due list fit the topics in force.

    The second is done each time: a kill may have come between the two, and what fits already is left as it is.
    """
    if import_if_changed(monitor, now):
        log.info("topics imported", extra={"version": monitor.topics.version(), "topics": len(monitor.topics.all())})
    due = dict(monitor.schedule.due())
    monitor.told.begin(
        {topic.name: told_before(topic, due.get(digest_job(topic), now), now) for topic in monitor.topics.all()}
    )
    queries = monitor.plan()
    monitor.packs.adopt(queries, now)  # before any of them can come due
    jobs = jobs_of(monitor.topics.all(), queries, now) | bot_jobs(monitor) | edition_jobs(monitor, now)
    jobs |= reread_jobs(monitor) | refill_jobs(monitor)
    retired = monitor.topics.retired()
    monitor.told.forget([topic.name for topic in retired])  # one that comes back is told from then on
    jobs |= {prune_job(topic): PRUNE_EVERY for topic in retired}
    monitor.schedule.sync(jobs | UPKEEP)


def ask_again(monitor: Monitor) -> list[Job]:
    """Let queries be asked now that failed and wait for a person, or for the budget of another day; return their jobs.

    Whoever starts a worker may have mended a key or raised a budget. What backs off by itself is left alone.
    """
    due, now = dict(monitor.schedule.due()), monitor.now()
    statuses = monitor.progress.statuses(list(monitor.plan()), Window(now - timedelta(days=1), now))
    failing = (poll_job(each.query) for each in statuses if each.reason is not None)
    waiting = [job for job in failing if due.get(job, now) - now > LONGEST_BACKOFF * (1 + JITTER)]
    monitor.schedule.hurry(waiting)
    return waiting


def edition_jobs(monitor: Monitor, now: datetime) -> dict[Job, timedelta]:
    """Return the jobs of all plans of chats; a new plan begins where its topic was told."""
    plans, topics = monitor.wishes.plans(), {each.name: each for each in monitor.topics.all()}
    known = monitor.told.known() if plans else frozenset()
    for each in plans:
        told = monitor.told.of(each.topic) if each.name not in known and each.topic in topics else None
        if told is not None:
            monitor.told.begin({each.name: told.end})
    return planned(plans, topics, now)


def told_before(topic: Topic, due: datetime, now: datetime) -> datetime:
    """Return up to where a topic was told where that was not written down: earlier releases knew its due time only.

    A digest that was due while an upgrade was made is then told after it.
    """
    return last_digest(topic, min(now, due - LONGEST_WAIT))


def poll(monitor: Monitor, subject: str, owner: str, clock: Callable[[], datetime]) -> None:
    """Look at a query that is due, page after page while there is more; each page is a look with a lease of its own."""
    query = query_of(subject)
    every = monitor.plan().get(query)
    if every is None:
        return  # the topics changed since the hint was sent
    look = Look(poll_job(query), query, every, owner, only_due=True)
    began = clock()
    while (polled := look_at(monitor, look, clock())) is not None and polled.more:
        if not began <= clock() < began + CATCH_UP:
            return


def look_at(monitor: Monitor, look: Look, now: datetime) -> Polled | None:
    """Take one look and log what it brought."""
    polled = poll_page(look, monitor.parts, monitor.stages(), now)
    if polled is None:
        return None
    fields: dict[str, object] = {"query": str(polled.query), "next_in": f"{polled.due_in.total_seconds():.0f}s"}
    if polled.error is not None:
        # Where a bug of ours is, only its traceback tells.
        where = polled.error if isinstance(polled.error, SourceBroken) else None
        log.warning("not read", extra=fields | {"reason": polled.error.reason}, exc_info=where)
    else:
        log.info("read", extra=fields | {"posts": polled.fetched, "matched": polled.matched, "new": polled.new})
    return polled


def look_now(monitor: Monitor, query: Query, owner: str, now: datetime) -> Polled | None:
    """Take one look at a query whether due or not; None while somebody else is at it."""
    every = monitor.plan().get(query, timedelta(minutes=10))
    return look_at(monitor, Look(poll_job(query), query, every, owner), now)


def send_digest(monitor: Monitor, subject: str, owner: str, now: datetime) -> None:
    """Hand over the next digest of a topic that is due; after an outage they come one by one, in their order."""
    topic = next((each for each in monitor.topics.all() if digest_job(each).subject == subject), None)
    with held(monitor, Job("digest", subject), owner) as lease:
        if topic is not None and lease is not None:
            monitor.progress.finish(lease, make_digest(monitor, topic, now))


def send_edition(monitor: Monitor, subject: str, owner: str, now: datetime) -> None:
    """Hand over the next digest that a chat gets by its own plan, unless it wants to be left in peace."""
    plan = plan_of_job(subject)
    topic = next((each for each in monitor.topics.all() if each.name == plan.topic), None)
    with held(monitor, Job("edition", subject), owner) as lease:
        if lease is None or topic is None:
            return
        wishes = followed_plan(monitor, topic, plan)
        own = wished(topic, wishes)
        quiet = timedelta(0) if wishes is None else quiet_for(own, wishes, now)
        if wishes is None or quiet:
            monitor.progress.finish(lease, quiet or ENDED)
            return
        monitor.progress.finish(lease, make_digest(monitor, own, now, plan.chat))


def make_digest(monitor: Monitor, topic: Topic, now: datetime, chat: str | None = None) -> timedelta:
    """Hand over the digest that is due, if it need not wait; return when to ask again. `chat`: for it alone."""
    before = monitor.told.of(name_of(topic, chat))
    told = before or Told(end=last_digest(topic, now) - timedelta(hours=12))
    wishes = None if chat is None else monitor.wishes.of(chat, topic.name)
    since = None if wishes is None else wishes.since
    due = windows_due(topic, told, now, since, monitor.repairs.restored_at())
    wait = not_yet(monitor, topic, due[0], now, chat) if due else timedelta(0)
    if wait:
        return wait
    if due and not tell(monitor, topic, due[0], before, now, chat):
        return AFTER_A_BUG
    if chat is None:
        monitor.subscriptions.tidy(topic.name)
    return timedelta(0) if due[1:] else next_digest(topic, now) - now


def name_of(topic: Topic, chat: str | None) -> str:
    """Return under which name is kept how far a topic was told, to all chats or to one."""
    return topic.name if chat is None else Plan(topic.name, chat, "").name


def not_yet(monitor: Monitor, topic: Topic, due: DueDigest, now: datetime, chat: str | None = None) -> timedelta:
    """Return how long a digest that is due must wait: for the last posts of its window, or not to come in a heap."""
    end = due.window.end
    if now < end + GRACE and not is_read_to(monitor, topic, end):
        return LOOK_AGAIN  # posts of its last minutes are still to be read
    if now < end + LATE:
        return timedelta(0)
    told_to = chat or monitor.settings.telegram.chat or EVERYBODY
    return monitor.told.admit_late(told_to, f"{topic.name} {due.kind} {end.isoformat()}")


def tell(
    monitor: Monitor, topic: Topic, due: DueDigest, before: Told | None, now: datetime, chat: str | None = None
) -> bool:
    """Hand over one digest: written down as the next before its first word leaves, as told after its last.

    `before` is what was told when it was found to be due: who stood still since then begins nothing that another ended.
    False: some chat's failed, and shall be tried again; after an hour of that the others' next ones wait no longer.
    """
    tries = before.tries if before is not None and before.begun == due else 0
    begun = Told(end=due.window.start if before is None else before.end, begun=due, tries=tries)
    name = name_of(topic, chat)
    if not monitor.told.move(name, before, begun):
        return True  # somebody was faster while this process stood still
    if chat is None:
        look_up_names(monitor, brief_of(monitor, topic, due.window, due.kind), now)
        failed = hand_over(monitor, topic, due, now)
        made = digest_now(monitor, topic, due.window, now, due.kind)
        monitor.sink.send(render(made, preview_chat(topic), ZoneInfo(topic.timezone)))
        fields = {"topic": topic.name, "posts": made.trend.count, "id": made.id, "kind": due.kind}
    else:
        failed = hand_to(monitor, topic, due, now, chat)
        fields = {"topic": topic.name, "chat": chat, "kind": due.kind}
    if failed and tries < MOST_TRIES:
        monitor.told.move(name, begun, msgspec.structs.replace(begun, tries=tries + 1))
        return False
    if failed:
        log.error("digest given up", extra=fields | {"chats": " ".join(failed)})
    log.info("digest", extra=fields)
    monitor.told.move(name, begun, Told(end=due.window.end))
    return True


def is_read_to(monitor: Monitor, topic: Topic, end: datetime) -> bool:
    """Say whether each query that works was read to the end of a window; one that fails is not waited for."""
    statuses = monitor.progress.statuses(monitor.queries_of(topic), Window(end - timedelta(days=1), end))
    return all(each.reason is not None or (each.last_read is not None and each.last_read >= end) for each in statuses)


def deliver(monitor: Monitor, chat: str, owner: str, now: datetime) -> None:
    """Send what is due for a chat."""
    del now  # deliveries live on the store's clock
    desk = monitor.desk()
    with held(monitor, deliver_job(chat), owner) as lease:
        if lease is None:
            return
        token = monitor.chats.token(chat)
        monitor.words.erase_late(chat)  # a post may have been taken back while a message with it was composed
        due_in = IDLE if desk is None else deliver_to(desk, chat, owner)
        tell_of_troubles(monitor, chat)
        monitor.chats.rest(lease, due_in, token)


def answer_commands(monitor: Monitor, subject: str, owner: str, now: datetime) -> None:
    """Answer what people asked of the bot."""
    with held(monitor, Job("commands", subject), owner) as lease:
        if lease is not None:
            Clerk(monitor, lease, now).work()


def digest_now(monitor: Monitor, topic: Topic, window: Window, now: datetime, kind: str = "daily") -> Digest:
    """Return the digest of a topic and a window from what is stored; nothing is sent."""
    brief = brief_of(monitor, topic, window, kind)
    return digest_of(brief, shelf_of(monitor, topic), now)


def score(monitor: Monitor, subject: str, owner: str, now: datetime) -> None:
    """Look at the numbers of a topic, and tell at once what rises."""
    topic = next((each for each in monitor.topics.all() if each.name == subject), None)
    with held(monitor, Job("score", subject), owner) as lease:
        if topic is not None and lease is not None:
            look_at_numbers(monitor, topic, now)
            monitor.progress.finish(lease, SCORE_EVERY)


def prune(monitor: Monitor, subject: str, owner: str, now: datetime) -> None:
    """Fold what is older than a topic's retention into roll-ups; end a topic that left once it has no posts."""
    topic = next((each for each in [*monitor.topics.all(), *monitor.topics.retired()] if each.name == subject), None)
    with held(monitor, Job("prune", subject), owner) as lease:
        if topic is None or lease is None:
            return
        if monitor.setbacks.may_be_ahead():
            log.info(
                "not pruned yet", extra={"topic": topic.name, "reason": "nobody looked for an hour, or the clock leapt"}
            )
            monitor.progress.finish(lease, UNSURE)
            return
        pruned = monitor.mentions.prune(topic.name, oldest_kept(topic, now))
        if pruned.posts:
            log.info("pruned", extra={"topic": topic.name, "posts": pruned.posts})
        if monitor.topics.since(topic.name) is None and monitor.topics.end(topic.name):
            log.info("topic ended", extra={"topic": topic.name})
        monitor.firsts.trim(topic.name)
        monitor.scores.trim(topic.name, now)
        monitor.tallies.trim(topic.name, now)
        monitor.quarantine.prune(now - timedelta(days=QUARANTINE_DAYS))
        monitor.progress.finish(lease, PRUNE_EVERY)
