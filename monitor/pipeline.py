"""The stages in order. It calls them and decides nothing.

payload ─fetch, parse─► Post ─match─► hits ─► language, script, fingerprint ─► Mention ─add─► store
                                                                                         cursor, coverage, next due

store ─between, hourly─► mentions, counts ─measure─► Trend ─compose─► Digest ─render─► Message ─send─► sink
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from monitor.digests.compose import Brief, compose
from monitor.errors import SourceError
from monitor.models import (
    Author,
    Batch,
    Coverage,
    Digest,
    Engagement,
    Job,
    Lease,
    Mention,
    Post,
    PostKey,
    Query,
    Topic,
    Window,
)
from monitor.protocols import (
    Added,
    CoverageLedger,
    LanguageTagger,
    Leases,
    Mentions,
    Progress,
    Resume,
    Source,
)
from monitor.signals.accounts import in_languages
from monitor.signals.bursts import baseline_window, measure
from monitor.signals.coverage import read_together, since
from monitor.signals.duplicates import fingerprint
from monitor.text.scripts import script_of
from monitor.topics.matching import Matcher
from monitor.topics.planning import backoff, next_look, queries_of

LONGEST_FETCH = timedelta(seconds=60)
"""Longer than a fetch can take: one download of at most 40 s, one parse of at most 10 s."""

LONGEST_STORING = timedelta(seconds=25)
"""For matching one page and storing it, which takes a second; the machine may be busy."""


class Stages(NamedTuple):
    """The deciding parts, built for one version of the topics. `disguise` hides who a post's author is, or not."""

    topics: Mapping[str, Topic]
    matcher: Matcher
    tag: LanguageTagger
    disguise: Callable[[PostKey, Author], Author]


class Parts(NamedTuple):
    """The doing parts that a look at a source needs."""

    sources: Mapping[str, Source]
    leases: Leases
    progress: Progress
    mentions: Mentions


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
    matched = [(post, hits) for post in posts if (hits := stages.matcher.match(post.text))]
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
    totals = Added(0, 0, 0)
    for name, mentions in mentions_of(posts, stages, covered_since).items():
        added = store.add(name, mentions, oldest=oldest_kept(stages.topics[name], now))
        totals = Added(*(sum(pair) for pair in zip(totals, added, strict=True)))
    return totals


def oldest_kept(topic: Topic, now: datetime) -> datetime:
    """Return the start of the hour from which posts are kept: pruning folds whole hours."""
    return (now - topic.retention).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class Shelf(NamedTuple):
    """What a digest is made from. `followed_since`: earlier counts are of another rule, or of none."""

    mentions: Mentions
    ledger: CoverageLedger
    followed_since: datetime | None = None


def digest_of(brief: Brief, shelf: Shelf, now: datetime) -> Digest:
    """Return the digest that a brief asks for, from what is stored."""
    topic, window = brief.topic, brief.window
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
    return compose(brief, mentions, history, trend, shelf.ledger.statuses(queries, window))


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


def _read(look: Look, lease: Lease, parts: Parts, stages: Stages, now: datetime) -> Polled | None:
    resume = parts.progress.resume(look.query)
    try:
        batch = parts.sources[look.query.source].fetch(resume.moved_to or look.query.text, resume.cursor, now)
    except SourceError as e:
        due_in = backoff(look.query, e, resume.failures, look.every)
        parts.progress.fail(lease, look.query, e.reason, due_in)
        return Polled(look.query, due_in=due_in, error=e)
    # What is added is not fenced: adding it twice changes nothing. Who was frozen while fetching adds nothing at all.
    if not parts.leases.renew(lease, LONGEST_STORING):
        return None
    added = ingest(batch.posts, stages, parts.mentions, now, _covered_since(resume, batch))
    for topic in stages.topics if batch.deletions else ():
        parts.mentions.withdraw(topic, batch.deletions)
    due_in = next_look(look.query, batch, look.every, now)
    if not parts.progress.complete(lease, look.query, batch, due_in):
        return None  # it took too long: somebody else has the lease now, and reads the same page
    return Polled(look.query, len(batch.posts), added.new + added.known, added.new, batch.more, due_in)


def _covered_since(resume: Resume, batch: Batch) -> datetime | None:
    if resume.covered_since is not None:
        return resume.covered_since
    return None if batch.coverage is None else batch.coverage.start


def _disguised(post: Post, stages: Stages) -> Post:
    author = stages.disguise(post.key, post.author)
    return post if author is post.author else msgspec.structs.replace(post, author=author)
