"""What stands in the due list: a job for each thing that comes due, with the delay of each new one."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor.digests.schedule import next_digest
from monitor.models import Job, Query, Topic
from monitor.seams.looking_back import LookBack
from monitor.seams.rereading import Lookup, brought_by
from monitor.services.courier import deliver_job
from monitor.sources import STREAMS
from monitor.store.inbox import INBOX_JOB
from monitor.topics.polling.planning import (
    PRUNE_EVERY,
    REFILL_EVERY,
    REREAD_EVERY,
    SCORE_EVERY,
    digest_job,
    plan,
    poll_job,
    prune_job,
    refill_job,
    reread_job,
    score_job,
)
from monitor.wiring import Monitor


def jobs_of(topics: list[Topic], queries: Iterable[Query], now: datetime) -> dict[Job, timedelta]:
    """Return a job for each query, and for each duty of a topic."""
    jobs = {poll_job(query): timedelta(0) for query in queries if query.source not in STREAMS}
    jobs |= {digest_job(topic): next_digest(topic, now) - now for topic in topics}
    jobs |= {prune_job(topic): PRUNE_EVERY for topic in topics}
    jobs |= {score_job(topic): SCORE_EVERY for topic in topics}
    return jobs


def reread_jobs(monitor: Monitor) -> dict[Job, timedelta]:
    """Return a job for each source of the topics whose posts can be looked at again."""
    read = {query.source for query in plan(monitor.topics.all())}
    names = {each for name in read for each in brought_by(name, monitor.platforms.get(name))}
    return {reread_job(name): REREAD_EVERY for name in names if isinstance(monitor.platforms.get(name), Lookup)}


def refill_jobs(monitor: Monitor) -> dict[Job, timedelta]:
    """Return a job for each query whose gaps can be read afterwards."""
    sources = monitor.sources
    return {refill_job(q): REFILL_EVERY for q in monitor.plan() if isinstance(sources.get(q.source), LookBack)}


def bot_jobs(monitor: Monitor) -> dict[Job, timedelta]:
    """Return a job for each chat that was written to, and one for the inbox; none when no bot is set."""
    if monitor.telegram is None:
        return {}
    return {deliver_job(chat): timedelta(0) for chat in monitor.chats.all()} | {INBOX_JOB: timedelta(0)}
