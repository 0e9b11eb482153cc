"""The stages in order. It calls them and decides nothing.

payload ─fetch, parse─► Post ─match─► hits ─► language, script, fingerprint ─► Mention ─add─► store
                                                                                         cursor, coverage, next due

store ─between, hourly─► mentions, counts ─measure─► Trend ─compose─► Digest ─render─► Message ─send─► sink
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

import msgspec

from monitor.digests.compose import Brief, compose
from monitor.errors import MonitorError, PayloadChanged, SourceBroken, SourceError
from monitor.ledger import CoverageLedger, Progress, Resume
from monitor.models import (
    Author,
    Batch,
    Coverage,
    Digest,
    Engagement,
    Job,
    Lease,
    Mention,
    Observation,
    Post,
    PostKey,
    Query,
    QueryStatus,
    SetAside,
    Topic,
    Trend,
    Window,
)
from monitor.protocols import Added, LanguageTagger, Leases, Mentions, Source
from monitor.quarantine import (
    Asked,
    Care,
    Isolation,
    Itemized,
    Quarantine,
    ReadApart,
    post_aside,
    worded,
)
from monitor.repairs import Words
from monitor.signals.accounts import in_languages
from monitor.signals.bursts import baseline_window, measure
from monitor.signals.coverage import read_together, since
from monitor.signals.duplicates import fingerprint
from monitor.text.scripts import script_of
from monitor.topics.matching import Matcher
from monitor.topics.planning import backoff, next_look, queries_of

Answer = TypeVar("Answer")

LONGEST_FETCH = timedelta(seconds=60)
"""Longer than a fetch can take: one download of at most 40 s, one parse of at most 10 s."""

LONGEST_STORING = timedelta(seconds=25)
"""For matching one page and storing it, which takes a second; the machine may be busy."""


MOST_TRIES = 5
"""Looks in a row that did not come to their end, until the query waits as after a failure."""


class Stages(NamedTuple):
    """The deciding parts, built for one version of the topics. `disguise` hides who a post's author is, or not.

    What authors wrote who asked to be forgotten, `is_forgotten`, is as if it were not there.
    """

    topics: Mapping[str, Topic]
    matcher: Matcher
    tag: LanguageTagger
    disguise: Callable[[PostKey, Author], Author]
    is_forgotten: Callable[[PostKey, Author], bool] = lambda post, author: False  # noqa: ARG005 - nobody asked for it


class Parts(NamedTuple):
    """The doing parts that a look at a source needs. Without `isolation` a broken item breaks its page."""

    sources: Mapping[str, Source]
    leases: Leases
    progress: Progress
    mentions: Mentions
    quarantine: Quarantine | None = None
    isolation: Isolation | None = None
    words: Words | None = None

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


def mentions_of(posts: Sequence[Post], stages: Stages, covered_since: datetime | None) -> dict[str, list[Mention]]:
    """Return the mentions among posts, by topic. Posts before `covered_since` are back-fill."""
    matched = [
        (post, hits)
        for post in posts
        if (hits := stages.matcher.match(post.text)) and not stages.is_forgotten(post.key, post.author)
    ]
    languages = stages.tag([post.text for post, _ in matched], [post.language_hint for post, _ in matched])
    by_topic: dict[str, list[Mention]] = defaultdict(list)
    for (post, hits), language in zip(matched, languages, strict=True):
        known = _disguised(post, stages)
        script, group = script_of(post.text), fingerprint(post.text)
        for hit in hits:
            mention = Mention(
                post=known,
                topic=hit.topic,
                terms=hit.terms,
                language=language,
                script=script,
                group=group,
                backfilled=covered_since is not None and post.time < covered_since,
            )
            if in_languages(mention, stages.topics[hit.topic].languages):
                by_topic[hit.topic].append(mention)
    return by_topic


def ingest(
    posts: Sequence[Post], stages: Stages, store: Mentions, now: datetime, covered_since: datetime | None = None
) -> Added:
    """Store what is a mention among posts: one atomic add per topic."""
    return store_mentions(mentions_of(posts, stages, covered_since), stages, store, now)


def store_mentions(by_topic: Mapping[str, Sequence[Mention]], stages: Stages, store: Mentions, now: datetime) -> Added:
    """Store mentions: one atomic add per topic."""
    totals = Added(0, 0, 0)
    for name, mentions in by_topic.items():
        totals = _sum(totals, store.add(name, mentions, oldest=oldest_kept(stages.topics[name], now)))
    return totals


def _sum(first: Added, second: Added) -> Added:
    return Added(*(sum(pair) for pair in zip(first, second, strict=True)))


def oldest_kept(topic: Topic, now: datetime) -> datetime:
    """Return the start of the hour from which posts are kept: pruning folds whole hours."""
    return (now - topic.retention).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class Shelf(NamedTuple):
    """What a digest is made from. `followed_since`: earlier counts are of another rule, or of none."""

    mentions: Mentions
    ledger: CoverageLedger
    followed_since: datetime | None = None


class Gathered(NamedTuple):
    """What the digests of a topic and a window are composed from, whoever gets them."""

    mentions: Sequence[Mention]
    history: Mapping[PostKey, Sequence[Observation]]
    trend: Trend
    statuses: Sequence[QueryStatus]


def gather(topic: Topic, window: Window, shelf: Shelf, now: datetime) -> Gathered:
    """Return what was seen of a topic in a window, from what is stored."""
    mentions = shelf.mentions.between(topic.name, window)
    keys = [each.post.key for each in mentions if each.post.engagement != Engagement()]
    history = dict(zip(keys, shelf.mentions.history(topic.name, keys), strict=True))
    earlier = baseline_window(window)
    queries = queries_of(topic)
    sampled = read_together([_whole(shelf.ledger.windows(query, earlier)) for query in queries])
    if shelf.followed_since is not None:
        sampled = since(shelf.followed_since, sampled)
    hourly = shelf.mentions.hourly(topic.name, earlier)
    trend = measure(topic, window, mentions, sampled, hourly, now)
    return Gathered(mentions, history, trend, shelf.ledger.statuses(queries, window))


def digest_of(brief: Brief, shelf: Shelf, now: datetime) -> Digest:
    """Return the digest that a brief asks for, from what is stored."""
    return compose(brief, *gather(brief.topic, brief.window, shelf, now))


def _whole(windows: Sequence[Coverage]) -> list[Window]:
    return [Window(each.start, each.end) for each in windows if not each.truncated]


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
    def asked(self) -> Asked:
        """Return what the source is asked for."""
        return Asked(self.begun.moved_to or self.look.query.text, self.begun.cursor, self.now)


class _Page(NamedTuple):
    """What a look brought: the batch, how many posts, the mentions by topic. Wary: the next look must be careful."""

    batch: Batch
    fetched: int
    mentions: Mapping[str, Sequence[Mention]]
    is_wary: bool = False


def _read(look: Look, lease: Lease, parts: Parts, stages: Stages, now: datetime) -> Polled | None:
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
    due_in = next_look(look.query, batch, look.every, now)
    if not parts.progress.complete(lease, look.query, batch, due_in, is_wary=page.is_wary):
        return None  # it took too long: somebody else has the lease now, and reads the same page
    return Polled(look.query, page.fetched, added.new + added.known, added.new, batch.more, due_in)


def _page(reading: _Reading) -> _Page | None:
    """Read a page, fast as long as nothing speaks against it; None when the lease was lost meanwhile."""
    source, isolation = reading.parts.sources[reading.look.query.source], reading.parts.isolation
    is_wary = reading.begun.is_wary or reading.begun.tries > 1
    if reading.begun.tries > MOST_TRIES:
        reason = f"our bug: its page ended the process that read it {MOST_TRIES} times in a row"
        raise PayloadChanged(reading.look.query.source, reason)
    if is_wary and isolation is not None and isinstance(source, Itemized):
        page = _asked(reading, source.ask)
        return _apart(reading, Batch(), lambda care: isolation.read(source.name, page, reading.asked, care))
    if isolation is not None and isinstance(source, Itemized):
        batch = source.fetch(*reading.asked)  # whatever it raises, the next look will be careful
    else:
        batch = _asked(reading, lambda asked: source.fetch(*asked))
    # What is added is not fenced: adding it twice changes nothing. Who was frozen while fetching adds nothing at all.
    if not reading.parts.leases.renew(reading.lease, LONGEST_STORING):
        return None
    if not is_wary or isolation is None:
        try:
            mentions = mentions_of(batch.posts, reading.stages, _covered_since(reading.begun, batch))
            return _Page(batch, len(batch.posts), mentions)
        except Exception:
            if isolation is None:
                raise
            # One post may break in any way; which one, and how, is found out apart.
    return _apart(reading, batch, lambda care: isolation.match(source.name, batch.posts, care))


def _asked(reading: _Reading, ask: Callable[[Asked], Answer]) -> Answer:
    """Ask a source; what it raises by our own fault is told of as any failure of it, and backed off from."""
    try:
        return ask(reading.asked)
    except MonitorError:
        raise
    except Exception as e:
        raise SourceBroken(reading.look.query.source, f"our bug: {worded(e)}") from e


def _apart(reading: _Reading, batch: Batch, read: Callable[[Care], ReadApart]) -> _Page | None:
    """Let the items of a page be worked on one by one; those that break are set aside as soon as they are found."""
    found: list[SetAside] = []

    def set_aside(item: SetAside) -> None:
        found.append(item)
        _quarantine(reading, [item], max(2, reading.begun.tries))
        reading.parts.leases.renew(reading.lease, LONGEST_STORING)

    if not reading.parts.leases.renew(reading.lease, LONGEST_STORING):
        return None
    known = frozenset() if reading.parts.quarantine is None else reading.parts.quarantine.keys()
    result = read(Care(list(reading.stages.topics.values()), reading.now, known, set_aside))
    read_batch = result.batch if batch == Batch() else batch
    since = _covered_since(reading.begun, read_batch)
    mentions: dict[str, list[Mention]] = defaultdict(list)
    for each in result.mentions:
        is_backfilled = since is not None and each.post.time < since
        post = _disguised(each.post, reading.stages)
        mentions[each.topic].append(msgspec.structs.replace(each, post=post, backfilled=is_backfilled))
    unreadable = read_batch.unreadable + sum(item.kind == "post" for item in found) + result.skipped
    is_wary = result.skipped > 0 or any(item.is_deadly for item in found)
    return _Page(msgspec.structs.replace(read_batch, unreadable=unreadable), result.fetched, mentions, is_wary)


def _store(reading: _Reading, page: _Page) -> Added:
    """Store the mentions of a page, set aside what could not be read, and withdraw what was deleted."""
    _quarantine(reading, page.batch.set_aside, reading.begun.tries)
    try:
        added = _add(reading, page.mentions)
    except MonitorError:
        raise
    except Exception:  # noqa: BLE001 - one mention may have no form in which it can be stored; the others have
        added = _add_each(reading, page.mentions)
    _withdraw(reading, page.batch.deletions)
    return added


def _withdraw(reading: _Reading, deleted: Sequence[PostKey]) -> None:
    """Erase posts that their authors deleted, and what messages quote of them; what was there is asked twice alike."""
    if not deleted:
        return
    held = sum(reading.parts.mentions.withdraw(topic, deleted) for topic in reading.stages.topics)
    if held and reading.parts.words is not None:
        reading.parts.words.erase(deleted)


def _add(reading: _Reading, mentions: Mapping[str, Sequence[Mention]]) -> Added:
    return store_mentions(mentions, reading.stages, reading.parts.mentions, reading.now)


def _add_each(reading: _Reading, mentions: Mapping[str, Sequence[Mention]]) -> Added:
    """Store mentions one by one, and set aside what cannot be stored."""
    totals = Added(0, 0, 0)
    for name, some in mentions.items():
        for mention in some:
            try:
                totals = _sum(totals, _add(reading, {name: [mention]}))
            except MonitorError:
                raise
            except Exception as e:  # noqa: BLE001 - see above
                reading.parts.set_aside([post_aside(mention.post, "store", worded(e))], reading.look.query, 2)
    return totals


def _quarantine(reading: _Reading, items: Sequence[SetAside], tries: int) -> None:
    """Set items aside, their authors disguised."""
    source = reading.look.query.source
    nameless = [
        msgspec.structs.replace(item, author=reading.stages.disguise(PostKey(source, item.id), item.author))
        for item in items
    ]
    reading.parts.set_aside(nameless, reading.look.query, tries)


def _covered_since(resume: Resume, batch: Batch) -> datetime | None:
    if resume.covered_since is not None:
        return resume.covered_since
    return None if batch.coverage is None else batch.coverage.start


def _disguised(post: Post, stages: Stages) -> Post:
    author = stages.disguise(post.key, post.author)
    return post if author is post.author else msgspec.structs.replace(post, author=author)
