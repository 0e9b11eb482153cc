"""Reads what was said before a topic was followed, and what a gap hides: a page at a time, each kept before the next.

look-back   a person asks for it: posts of one topic, marked as back-filled, which take part in no baseline
refill      a job: the posts of all topics in a time that nobody read; the gap closes, and its hours count as read
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from msgspec.structs import replace

from monitor.duties.jobs import held
from monitor.errors import MonitorError, RateLimited, SourceBroken, SourceError
from monitor.models import Batch, Coverage, Gap, Lease, Query, SetAside, Topic, Window
from monitor.pipeline import Stages
from monitor.protocols import Added
from monitor.seams.credentials import missing_of
from monitor.seams.looking_back import LookBack, Price, Progressed
from monitor.seams.quarantine import Care, worded
from monitor.services.looks import add_all, by_topic, quarantine
from monitor.topics.language.query import Domain
from monitor.topics.polling.planning import REFILL_EVERY, backoff, plan, query_of, refill_job
from monitor.topics.polling.refilling import next_gap
from monitor.topics.queries.asking import forms_of, needs_of
from monitor.wiring import Monitor, make_stages

log = logging.getLogger(__name__)

GAPS_WITHIN = timedelta(days=30)


class Offer(NamedTuple):
    """A query that a topic asks, and what looking back at it takes; None where it cannot be, or nobody can tell.

    `begun` is a look-back that was not finished, which goes on instead.
    """

    query: Query
    price: Price | None
    reason: str = ""
    begun: Progressed | None = None


class Marked(NamedTuple):
    """The deciding parts, and the time before which posts are marked as back-filled."""

    stages: Stages
    since: datetime | None


def offers(monitor: Monitor, topic: Topic, window: Window, source: str | None, now: datetime) -> list[Offer]:
    """Return what looking back at each query of a topic takes, asked of the platforms."""
    queries = [query for query in plan([topic]) if source in (None, query.source)]
    asked = chain.from_iterable(
        _searches(topic, each) if each.source in monitor.streams else [each] for each in queries
    )
    return [_offer(monitor, topic, query, window, now) for query in asked]


def _searches(topic: Topic, query: Query) -> list[Query]:
    """Return what is searched for on a platform that tells by itself: one keyword, in one way of writing it, each."""
    leaves = chain.from_iterable(clause.groups[0] for clause in needs_of(topic, query.source).clauses)
    forms = chain.from_iterable(forms_of(each) for each in leaves if not isinstance(each, Domain))
    return [Query(query.source, f'"{form}"' if " " in form else form) for form in dict.fromkeys(forms)] or [query]


def look_back(
    monitor: Monitor, topic: Topic, query: Query, window: Window, clock: Callable[[], datetime]
) -> Iterator[Progressed]:
    """Read a window of a query for a topic, yielding after each page; go on where an earlier run was stopped.

    Raise SourceError. What was read until then is kept, and the next run begins there.
    """
    progressed = monitor.look_backs.find(topic.name, query) or Progressed(start=window.start, end=window.end)
    stages = make_stages([topic], monitor.settings, monitor.forgotten.all())
    is_over = False
    while not is_over:
        now = clock()
        batch = _page(monitor, query, progressed, now)
        added = _store(monitor, query, batch, Marked(stages, now), now)
        is_over = not batch.more
        progressed = _after(progressed, batch, added)
        if is_over:
            monitor.look_backs.end(topic.name, query)
        else:
            monitor.look_backs.keep(topic.name, query, progressed)
        yield progressed


def refill(monitor: Monitor, subject: str, owner: str, now: datetime) -> None:
    """Read one page of the newest gap of a query that can be closed."""
    query = query_of(subject)
    with held(monitor, refill_job(query), owner) as lease:
        if lease is None:
            return
        try:
            _refill(monitor, lease, query, now)
        except SourceError as e:
            log.warning("gap not read", extra={"query": str(query), "reason": e.reason})
            wait = e.retry_after if isinstance(e, RateLimited) else backoff(query, e, 0, REFILL_EVERY)
            monitor.progress.finish(lease, wait)


def _offer(monitor: Monitor, topic: Topic, query: Query, window: Window, now: datetime) -> Offer:
    source: object = monitor.platforms.get(query.source)
    if not isinstance(source, LookBack):
        return Offer(query, None, "cannot be looked back at")
    missing = missing_of(source)
    if missing is not None:
        return Offer(query, None, missing)
    begun = monitor.look_backs.find(topic.name, query)
    try:
        return Offer(query, source.price(query.text, window if begun is None else begun.window, now), begun=begun)
    except SourceError as e:
        return Offer(query, None, e.reason, begun)


def _page(monitor: Monitor, query: Query, progressed: Progressed, now: datetime) -> Batch:
    source: object = monitor.platforms[query.source]
    assert isinstance(source, LookBack), "only what was offered is looked back at"
    try:
        return source.back(query.text, progressed.window, progressed.cursor, now)
    except MonitorError:
        raise
    except Exception as e:
        raise SourceBroken(query.source, f"our bug: {worded(e)}") from e


def _store(monitor: Monitor, query: Query, batch: Batch, marked: Marked, now: datetime) -> Added:
    """Store what a page holds. Its posts are matched apart: one that breaks or kills the matcher is set aside alone."""
    parts, stages = monitor.parts, marked.stages

    def set_aside(item: SetAside, tries: int = 2) -> None:
        quarantine([item], tries, query, parts, stages)

    for item in batch.set_aside:
        set_aside(item, 1)
    care = Care(list(stages.topics.values()), now, monitor.quarantine.keys(), set_aside)
    found = monitor.isolation.match(query.source, batch.posts, care).mentions
    return add_all(by_topic(found, stages, marked.since), query, parts, stages, now)


def _after(before: Progressed, batch: Batch, added: Added) -> Progressed:
    seen = batch.coverage
    return replace(
        before,
        cursor=batch.cursor,
        pages=before.pages + 1,
        posts=before.posts + len(batch.posts),
        new=before.new + added.new,
        covered=before.covered + (timedelta(0) if seen is None else seen.end - seen.start),
        cost=before.cost + batch.cost,
    )


def _refill(monitor: Monitor, lease: Lease, query: Query, now: datetime) -> None:
    source: object = monitor.sources.get(query.source)
    gap = _gap(monitor, query, now)
    if gap is None or not isinstance(source, LookBack) or missing_of(source) is not None:
        monitor.progress.finish(lease, REFILL_EVERY)
        return
    window = Window(gap.start, gap.end)
    price = source.price(query.text, window, now)
    if price.dollars != 0 or (price.reach is not None and price.reach >= gap.end):
        monitor.progress.finish(lease, REFILL_EVERY)  # what costs money is for a person to say
        return
    begun = Progressed(start=max(gap.start, price.reach or gap.start), end=gap.end)
    batch = _page(monitor, query, begun, now)
    marked = Marked(monitor.stages(), monitor.progress.resume(query).covered_since)
    added = _store(monitor, query, batch, marked, now)
    seen = batch.coverage or Coverage(start=gap.end if batch.more else gap.start, end=gap.end)
    monitor.progress.fill(lease, query, seen, timedelta(0) if seen.start < seen.end else REFILL_EVERY)
    log.info("gap read", extra={"query": str(query), "from": seen.start, "to": seen.end, "new": added.new})


def _gap(monitor: Monitor, query: Query, now: datetime) -> Gap | None:
    [status] = monitor.progress.statuses([query], Window(now - GAPS_WITHIN, now))
    return next_gap(status.gaps)
