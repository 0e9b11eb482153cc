"""One look at a query: a page is asked for, read, stored, and the query's place moved. It decides nothing itself.

breaker ─► begun, counted ─┬─ fetch ─► match ──────────────────────────┬─► add ─► cursor, coverage, next due
                           └─ ask ─► item by item, where it can ───────┘
                                     kill nobody ─► quarantine
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple, TypeVar

import msgspec

from monitor.errors import MonitorError, PayloadChanged, SourceBroken, SourceError, SourceUnavailable
from monitor.models import (
    Batch,
    Job,
    Lease,
    Mention,
    PostKey,
    Query,
    SetAside,
)
from monitor.nouns.coverage import Tally
from monitor.pipeline import Stages, disguised, mentions_of, store_mentions, summed
from monitor.protocols import Added, Leases, Mentions, Source
from monitor.seams.credentials import keyless, missing_of
from monitor.seams.ledger import Breakers, Brought, Progress, Resume
from monitor.seams.quarantine import (
    Care,
    Fetch,
    Isolation,
    Itemized,
    Quarantine,
    ReadApart,
    post_aside,
    worded,
)
from monitor.services.changes import Changes
from monitor.topics.polling.planning import backoff, next_look, paced, tempo_after

Answer = TypeVar("Answer")

LONGEST_FETCH = timedelta(seconds=60)
"""Longer than a fetch can take: one download of at most 40 s, one parse of at most 10 s."""

LONGEST_STORING = timedelta(seconds=25)
"""For matching one page and storing it, which takes a second; the machine may be busy."""


MOST_TRIES = 5
"""Looks in a row that did not come to their end, until the query waits as after a failure."""


class Parts(NamedTuple):
    """The doing parts that a look at a source needs. Without `isolation` a broken item breaks its page.

    `tally` keeps what a platform counted for a query.
    """

    sources: Mapping[str, Source]
    leases: Leases
    progress: Progress
    mentions: Mentions
    quarantine: Quarantine | None = None
    isolation: Isolation | None = None
    changes: Changes | None = None
    breakers: Breakers | None = None
    tally: Callable[[Query, Sequence[Tally]], None] | None = None

    def set_aside(self, items: Sequence[SetAside], query: Query, tries: int) -> None:
        """Put items into quarantine, if there is one."""
        if items and self.quarantine is not None:
            self.quarantine.put(items, str(query), tries)


class Polled(NamedTuple):
    """What a look did, for logs and people. `error` is set when it failed; `fetched` counts posts before matching."""

    query: Query
    fetched: int = 0
    matched: int = 0
    new: int = 0
    more: bool = False
    due_in: timedelta = timedelta(0)
    error: SourceError | None = None


class Look(NamedTuple):
    """One look to take: which job, at which query, how often, on whose behalf; a stale hint looks only if it is due."""

    job: Job
    query: Query
    every: timedelta
    owner: str
    only_due: bool = False


def poll(look: Look, parts: Parts, stages: Stages, now: datetime) -> Polled | None:
    """Read one page of a query and store it; None when somebody else is at it, or was before we were done.

    The cursor moves only after every add succeeded, in the script that frees the lease: a kill at any place repeats the
    page and loses nothing. A source's failure is recorded with its due time, not raised; a store's failure is raised.
    """
    lease = parts.leases.acquire(look.job, look.owner, LONGEST_FETCH, only_due=look.only_due)
    if lease is None:
        return None
    try:
        return _read(look, lease, parts, stages, now)
    finally:
        parts.leases.release(lease)


class _Reading(NamedTuple):
    """A look that has begun, and all that it is taken with."""

    look: Look
    lease: Lease
    begun: Resume
    parts: Parts
    stages: Stages
    now: datetime

    @property
    def source(self) -> Source:
        """Return who is asked."""
        return self.parts.sources[self.look.query.source]

    @property
    def is_wary(self) -> bool:
        """Tell whether the look before did not come to its end, or left an item behind that must not be touched."""
        return self.begun.is_wary or self.begun.tries > 1

    @property
    def asked(self) -> Fetch:
        """Return what the source is asked for."""
        return Fetch(self.begun.moved_to or self.look.query.text, self.begun.cursor, self.now)


class _PageRead(NamedTuple):
    """What a look brought: the batch, how many posts, the mentions by topic. Wary: the next look must be careful."""

    batch: Batch
    fetched: int
    mentions: Mapping[str, Sequence[Mention]]
    is_wary: bool = False


def _read(look: Look, lease: Lease, parts: Parts, stages: Stages, now: datetime) -> Polled | None:
    if missing_of(parts.sources[look.query.source]) is not None:
        # Nothing is asked, so nothing is waited for: whoever sets the key is not put off for long.
        error = keyless(look.query.source)
        parts.progress.fail(lease, look.query, error.reason, look.every)
        return Polled(look.query, due_in=look.every, error=error)
    if parts.breakers is not None:
        wait, reason = parts.breakers.admit(look.query)
        if wait:
            parts.progress.hold(lease, look.query, reason, wait)
            return Polled(look.query, due_in=wait, error=SourceUnavailable(look.query.source, f"not asked: {reason}"))
    polled = take(look, lease, parts, stages, now)
    if parts.breakers is not None and polled is not None:
        parts.breakers.note(look.query, polled.error)
    return polled


def take(look: Look, lease: Lease, parts: Parts, stages: Stages, now: datetime) -> Polled | None:
    """Take a look under a lease; None when the lease was lost meanwhile."""
    reading = _Reading(look, lease, parts.progress.begin(lease, look.query), parts, stages, now)
    try:
        page = _page(reading)
    except SourceError as e:
        due_in = backoff(look.query, e, reading.begun.failures, look.every)
        parts.progress.fail(lease, look.query, e.reason, due_in)
        return Polled(look.query, due_in=due_in, error=e)
    if page is None:
        return None
    added = _store(reading, page)
    batch = page.batch
    fresh = page.fetched if batch.fresh is None else batch.fresh
    before, tempo = reading.begun.tempo, tempo_after(reading.begun.tempo, batch, fresh)
    # After the last page of a look the full ones before it count.
    due_in = next_look(look.query, batch, paced(look.every, before if before < 0 else tempo), now)
    brought = Brought(fresh, page.fetched, tempo, page.is_wary)
    if not parts.progress.complete(lease, look.query, batch, due_in, brought):
        return None  # it took too long: somebody else has the lease now, and reads the same page
    return Polled(look.query, page.fetched, added.new + added.known, added.new, batch.more, due_in)


def _page(reading: _Reading) -> _PageRead | None:
    """Read a page, fast as long as nothing speaks against it; None when the lease was lost meanwhile."""
    source, isolation = reading.source, reading.parts.isolation
    if reading.begun.tries > MOST_TRIES:
        # Who ends a process from outside leaves no more behind than a page that does.
        reason = f"{MOST_TRIES} times in a row the process ended that read it: by its page, or by somebody else"
        raise PayloadChanged(reading.look.query.source, reason)
    if reading.is_wary and isolation is not None and isinstance(source, Itemized):
        page = _asked(reading, source.ask)
        return _apart(reading, Batch(), lambda care: isolation.read(source.name, page, reading.asked, care))
    batch = _fetched(reading)
    # What is added is not fenced: adding it twice changes nothing. Who was frozen while fetching adds nothing at all.
    if not reading.parts.leases.renew(reading.lease, LONGEST_STORING):
        return None
    if isolation is None:
        return _matched(reading, batch)
    if not reading.is_wary:
        with suppress(Exception):  # one post may break in any way; which one, and how, is found out apart
            return _matched(reading, batch)
    return _apart(reading, batch, lambda care: isolation.match(source.name, batch.posts, care))


def _fetched(reading: _Reading) -> Batch:
    """Fetch a page. Where its items can be read apart our own faults end the look, and the next one is careful."""
    source = reading.source
    if reading.parts.isolation is not None and isinstance(source, Itemized):
        return source.fetch(*reading.asked)
    return _asked(reading, lambda asked: source.fetch(*asked))


def _matched(reading: _Reading, batch: Batch) -> _PageRead:
    mentions = mentions_of(batch.posts, reading.stages, _covered_since(reading.begun, batch))
    return _PageRead(batch, len(batch.posts), mentions)


def _asked(reading: _Reading, ask: Callable[[Fetch], Answer]) -> Answer:
    """Ask a source; what it raises by our own fault is told of as any failure of it, and backed off from."""
    try:
        return ask(reading.asked)
    except MonitorError:
        raise
    except Exception as e:
        raise SourceBroken(reading.look.query.source, f"our bug: {worded(e)}") from e


def _apart(reading: _Reading, batch: Batch, read: Callable[[Care], ReadApart]) -> _PageRead | None:
    """Let the items of a page be worked on one by one; those that break are set aside as soon as they are found."""
    found: list[SetAside] = []
    # It was touched by the look that failed, this one or one before, and now: looks between them were careful, too.
    tries = 1 if reading.begun.is_wary and reading.begun.tries == 1 else 2

    def set_aside(item: SetAside) -> None:
        found.append(item)
        quarantine([item], tries, reading.look.query, reading.parts, reading.stages)
        reading.parts.leases.renew(reading.lease, LONGEST_STORING)

    if not reading.parts.leases.renew(reading.lease, LONGEST_STORING):
        return None
    known = frozenset() if reading.parts.quarantine is None else reading.parts.quarantine.keys()
    result = read(Care(list(reading.stages.topics.values()), reading.now, known, set_aside))
    read_batch = result.batch if batch == Batch() else batch
    mentions = by_topic(result.mentions, reading.stages, _covered_since(reading.begun, read_batch))
    unreadable = read_batch.unreadable + sum(item.kind == "post" for item in found) + result.skipped_posts
    is_wary = result.skipped > 0 or any(item.is_deadly for item in found)
    return _PageRead(msgspec.structs.replace(read_batch, unreadable=unreadable), result.fetched, mentions, is_wary)


def by_topic(found: Sequence[Mention], stages: Stages, since: datetime | None) -> dict[str, list[Mention]]:
    """Return mentions that were found apart, by topic, their authors disguised; those before `since` are back-fill."""
    mentions: dict[str, list[Mention]] = defaultdict(list)
    for each in found:
        if stages.is_forgotten(each.post.key, each.post.author):
            continue
        is_backfilled = since is not None and each.post.time < since
        post = disguised(each.post, stages)
        mentions[each.topic].append(msgspec.structs.replace(each, post=post, backfilled=is_backfilled))
    return mentions


def _store(reading: _Reading, page: _PageRead) -> Added:
    """Store the mentions of a page, set aside what could not be read, and withdraw what was deleted."""
    quarantine(page.batch.set_aside, 1, reading.look.query, reading.parts, reading.stages)
    added = add_all(page.mentions, reading.look.query, reading.parts, reading.stages, reading.now)
    if reading.parts.changes is not None:
        reading.parts.changes.follow(reading.look.query.source, page.batch, reading.stages, reading.now)
    if reading.parts.tally is not None and page.batch.tallies:
        reading.parts.tally(reading.look.query, page.batch.tallies)
    return added


def add_all(
    mentions: Mapping[str, Sequence[Mention]], query: Query, parts: Parts, stages: Stages, now: datetime
) -> Added:
    """Store mentions. One that has no form in which it can be stored is set aside; the others have."""
    try:
        return store_mentions(mentions, stages, parts.mentions, now)
    except MonitorError:
        raise
    except Exception:  # noqa: BLE001 - whichever it is, and however it breaks
        totals = Added(0, 0, 0)
    for mention in chain.from_iterable(mentions.values()):
        try:
            totals = summed(totals, store_mentions({mention.topic: [mention]}, stages, parts.mentions, now))
        except MonitorError:
            raise
        except Exception as e:  # noqa: BLE001 - as above
            parts.set_aside([post_aside(mention.post, "store", worded(e))], query, 2)
    return totals


def quarantine(items: Sequence[SetAside], tries: int, query: Query, parts: Parts, stages: Stages) -> None:
    """Set items aside, their authors disguised."""
    known = [(PostKey(query.source, item.id), item) for item in items]
    nameless = [
        msgspec.structs.replace(item, author=stages.disguise(key, item.author))
        for key, item in known
        if not stages.is_forgotten(key, item.author)
    ]
    parts.set_aside(nameless, query, tries)


def _covered_since(resume: Resume, batch: Batch) -> datetime | None:
    if resume.covered_since is not None:
        return resume.covered_since
    return None if batch.coverage is None else batch.coverage.start
