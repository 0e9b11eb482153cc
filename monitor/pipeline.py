"""The stages in order. It calls them and decides nothing.

payload ─fetch, parse─► Post ─find─► candidates ─► language ─judge─► hits ─► script, fingerprint ─► Mention ─add─► store
                                                                                         cursor, coverage, next due

store ─between, hourly─► mentions, counts ─measure─► Trend ─compose─► Digest ─render─► Message ─send─► sink
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

import msgspec

from monitor.digests.compose import Brief, compose
from monitor.models import (
    Author,
    Coverage,
    Digest,
    Engagement,
    Mention,
    Observation,
    Post,
    PostKey,
    Query,
    QueryStatus,
    TermHit,
    Topic,
    Trend,
    Window,
)
from monitor.processes.undisturbed import undisturbed
from monitor.protocols import Added, LanguageTagger, Mentions
from monitor.seams.ledger import CoverageLedger
from monitor.seams.scored import NO_TALLIES, HourCounts, Samples, Tallied, Tallies
from monitor.signals.accounts import in_languages, is_outlet
from monitor.signals.arithmetic import phrased
from monitor.signals.baseline import HOUR, WHOLE
from monitor.signals.bursts import Known, baseline_window, by_hour, copies_once, measure
from monitor.signals.copies import Wording, grouped, wording_of
from monitor.signals.coverage import read_since, read_together, since
from monitor.signals.firsts import NOTHING, Firsts, told
from monitor.signals.phrases import MOST_READ, emerging
from monitor.signals.tallies import added, unread, windows_of
from monitor.text.scripts import script_of
from monitor.topics.matcher.matching import Matcher, TopicMatch, facts_of
from monitor.topics.polling.planning import queries_of
from monitor.topics.rule import spoken_names
from monitor.topics.senses.sense import by_sense


class Stages(NamedTuple):
    """The deciding parts, built for one version of the topics. `disguise` hides who a post's author is, or not.

    What authors wrote who asked to be forgotten, `is_forgotten`, is as if it were not there. `retired` names topics
    that left, whose posts are still there.
    """

    topics: Mapping[str, Topic]
    matcher: Matcher
    tag: LanguageTagger
    disguise: Callable[[PostKey, Author], Author]
    is_forgotten: Callable[[PostKey, Author], bool] = lambda post, author: False  # noqa: ARG005 - nobody asked for it
    retired: Sequence[str] = ()


@undisturbed
def mentions_of(posts: Sequence[Post], stages: Stages, covered_since: datetime | None) -> dict[str, list[Mention]]:
    """Return the mentions among posts, by topic. Posts before `covered_since` are back-fill."""
    all_found = stages.matcher.find_all([post.text for post in posts], [partial(facts_of, post) for post in posts])
    found = [
        (post, candidates)
        for post, candidates in zip(posts, all_found, strict=True)
        if candidates is not None and not stages.is_forgotten(post.key, post.author)
    ]
    # A query can ask for a language, so it is told before the judgement, and only of posts that may be about a topic.
    languages = stages.tag([post.text for post, _ in found], [post.language_hint for post, _ in found])
    judged = [
        _Judged(post, matches, language)
        for (post, candidates), language in zip(found, languages, strict=True)
        if (matches := stages.matcher.judge(candidates, language))
    ]
    # One after the other for all posts: each has a table of its own, of which most stays in the processor's cache.
    scripts = [script_of(each.post.text) for each in judged]
    wordings = [wording_of(each.post.text) for each in judged]
    by_topic: dict[str, list[Mention]] = defaultdict(list)
    for each, script, wording in zip(judged, scripts, wordings, strict=True):
        backfilled = covered_since is not None and each.post.time < covered_since
        post = disguised(each.post, stages)
        for match in each.matches:
            mention = _mention(post, match, each.language, script, wording)
            if in_languages(mention, stages.topics[mention.topic].languages):
                by_topic[mention.topic].append(
                    msgspec.structs.replace(mention, backfilled=True) if backfilled else mention
                )
    return by_topic


class _Judged(NamedTuple):
    """A post, the topics that it belongs to, and its language."""

    post: Post
    matches: Sequence[TopicMatch]
    language: str


def _mention(post: Post, match: TopicMatch, language: str, script: str | None, wording: Wording) -> Mention:
    if post.is_counted_only:
        return _counted(post, match, language)
    return Mention(
        post=post,
        topic=match.topic,
        terms=match.terms,
        language=language,
        script=script,
        group=wording.group,
        sketch=wording.sketch,
    )


def _counted(post: Post, match: TopicMatch, language: str) -> Mention:
    """Return the mention of a post of which only its place in the counts may be kept, as of a withdrawn one."""
    bare = Post(key=post.key, url=None, text="", observed_at=post.observed_at, created_at=post.created_at)
    terms = tuple(TermHit(term=hit.term, spans=()) for hit in match.terms)
    return Mention(post=bare, topic=match.topic, terms=terms, language=language, withdrawn=True)


def ingest(
    posts: Sequence[Post], stages: Stages, store: Mentions, now: datetime, covered_since: datetime | None = None
) -> Added:
    """Store what is a mention among posts: one atomic add per topic."""
    return store_mentions(mentions_of(posts, stages, covered_since), stages, store, now)


def store_mentions(by_topic: Mapping[str, Sequence[Mention]], stages: Stages, store: Mentions, now: datetime) -> Added:
    """Store mentions: one atomic add per topic."""
    totals = Added(0, 0, 0)
    for name, mentions in by_topic.items():
        totals = summed(totals, store.add(name, mentions, oldest=oldest_kept(stages.topics[name], now)))
    return totals


def summed(first: Added, second: Added) -> Added:
    """Return what two adds did together."""
    return Added(*(sum(pair) for pair in zip(first, second, strict=True)))


def oldest_kept(topic: Topic, now: datetime) -> datetime:
    """Return the start of the hour from which posts are kept: pruning folds whole hours."""
    return (now - topic.retention).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class Shelf(NamedTuple):
    """What a digest is made from. `followed_since`: earlier counts are of another rule, or of none.

    `queries` are those by which the topic is read, None when it is the only one.
    Without `samples` no words are called new, without `counts` copies are compared with nothing, without `tallies` a
    sample is all there is. `firsts` are what is remembered of the topic, `names` those of authors that were looked up,
    by the hash that posts have of them.
    """

    mentions: Mentions
    ledger: CoverageLedger
    followed_since: datetime | None = None
    queries: Sequence[Query] | None = None
    samples: Samples | None = None
    counts: HourCounts | None = None
    firsts: Firsts = NOTHING
    tallies: Tallies | None = None
    names: Mapping[str, Author] = {}


class Gathered(NamedTuple):
    """What the digests of a topic and a window are composed from, whoever gets them.

    `others` counts posts with the topic's keywords in another sense, which are left out of everything else.
    """

    mentions: Sequence[Mention]
    history: Mapping[PostKey, Sequence[Observation]]
    trend: Trend
    statuses: Sequence[QueryStatus]
    others: int = 0


@undisturbed
def gather(topic: Topic, window: Window, shelf: Shelf, now: datetime) -> Gathered:
    """Return what was seen of a topic in a window, from what is stored."""
    mentions, others = by_sense(topic, grouped(shelf.mentions.between(topic.name, window)))
    mentions = signed(mentions, shelf.names)
    unseen = Engagement()
    keys = [each.post.key for each in mentions if each.post.engagement != unseen]
    history = dict(zip(keys, shelf.mentions.history(topic.name, keys), strict=True))
    queries = queries_of(topic, [topic]) if shelf.queries is None else shelf.queries
    known = _known(topic, window, shelf._replace(queries=queries), now)
    trend = measure(topic, window, mentions, known, now)
    firsts = told(mentions, shelf.firsts, window.start)
    wordings = _wordings(topic, baseline_window(window), known.hourly, shelf.counts)
    once = () if trend.counted else copies_once(topic, window, mentions, known.sampled, wordings)
    trend = msgspec.structs.replace(trend, firsts=firsts, arithmetic=(*trend.arithmetic, *once))
    trend = _with_phrases(topic, trend, mentions, shelf)
    statuses = _statuses(window, shelf._replace(queries=queries), [*mentions, *others])
    return Gathered(mentions, history, trend, statuses, len(others))


def _statuses(window: Window, shelf: Shelf, mentions: Sequence[Mention]) -> list[QueryStatus]:
    """Return what was read for a topic: of a feed that others followed before, nobody looked for its words then."""
    queries, start = shelf.queries or (), shelf.followed_since
    statuses = shelf.ledger.statuses(queries, window)
    # Posts that were seen before are those of an earlier rule: this is no new topic, and they are shown too.
    if start is None or start <= window.start or any(each.post.observed_at < start for each in mentions):
        return statuses
    windows = [[Window(read.start, read.end) for read in shelf.ledger.windows(each, window)] for each in queries]
    return [read_since(each, start, read, window) for each, read in zip(statuses, windows, strict=True)]


def _known(topic: Topic, window: Window, shelf: Shelf, now: datetime) -> Known:
    """Return what is compared with a window: what was read of the topic before, or counted by a platform."""
    earlier, queries = baseline_window(window), shelf.queries or ()
    known = Window(earlier.start, window.end)
    tallied = NO_TALLIES if shelf.tallies is None else _tallied(topic, known, shelf.tallies, queries)
    read = {query: _whole(shelf.ledger.windows(query, known)) for query in queries}
    if shelf.followed_since is not None:
        # What a platform counts it counts by the present rule, also of before that.
        read = {query: since(shelf.followed_since, windows) for query, windows in read.items()}
    sampled = read_together([[*windows, *windows_of(query, tallied)] for query, windows in read.items()])
    if topic.sense is not None:
        # Roll-ups do not know what was meant; hours of which only they are left are compared with nothing.
        sampled = since(oldest_kept(topic, now), sampled)
    hours = unread(tallied)
    return Known(sampled, added(hourly_of(topic, earlier, shelf.mentions), earlier.start, hours), hours)


def _tallied(topic: Topic, window: Window, tallies: Tallies, queries: Sequence[Query]) -> Tallied:
    """Return what platforms counted; nothing where the topic is less than its keywords: they know no more of it."""
    if topic.sense is not None or topic.languages:
        return NO_TALLIES
    return tallies.of(topic.name, queries, window)


def _wordings(topic: Topic, window: Window, hourly: Sequence[int], counts: HourCounts | None) -> Sequence[int | None]:
    """Return the wordings of each hour of a window, None where they are not known, or were counted too early."""
    # What was kept was counted without regard to the sense that the topic has now.
    known = {} if counts is None or topic.sense is not None else counts.counted(topic.name, window)
    found = [known.get(window.start + n * HOUR) for n in range(len(hourly))]
    return [
        0 if posts == 0 else each.wordings if each is not None and each.posts >= WHOLE * posts else None
        for posts, each in zip(hourly, found, strict=True)
    ]


def _with_phrases(topic: Topic, trend: Trend, mentions: Sequence[Mention], shelf: Shelf) -> Trend:
    """Add the words that came with what stood out, beside those of the time before, as far as that was followed."""
    if trend.burst is None or shelf.samples is None:
        return trend
    before = Window(baseline_window(trend.window).start, trend.window.start)
    if shelf.followed_since is not None:
        before = Window(max(before.start, shelf.followed_since), before.end)
    if before.start >= before.end:
        return trend
    earlier = by_sense(topic, shelf.samples.sample(topic.name, before, MOST_READ)).meant
    phrases = emerging(mentions, earlier, [*spoken_names(topic)], is_outlet)
    sentences = (*trend.arithmetic, *phrased(phrases))
    return msgspec.structs.replace(trend, phrases=tuple(phrases), arithmetic=sentences)


def hourly_of(topic: Topic, window: Window, mentions: Mentions) -> Sequence[int]:
    """Return the counts of whole hours with which a window is compared: of posts that mean the topic, as it has it now.

    Where a sense is asked for, this reads all posts of the window.
    """
    if topic.sense is None:
        return mentions.hourly(topic.name, window)
    meant = by_sense(topic, mentions.between(topic.name, window)).meant
    return list(map(len, by_hour(window, [each for each in meant if not each.backfilled])))


@undisturbed
def digest_of(brief: Brief, shelf: Shelf, now: datetime) -> Digest:
    """Return the digest that a brief asks for, from what is stored."""
    return compose(brief, *gather(brief.topic, brief.window, shelf, now))


def _whole(windows: Sequence[Coverage]) -> list[Window]:
    return [Window(each.start, each.end) for each in windows if not each.truncated]


def signed(mentions: list[Mention], names: Mapping[str, Author]) -> list[Mention]:
    """Return mentions with the names of their authors where these were looked up; what is shown of them is not said."""
    return [_signed(each, names.get(each.post.author.id or "")) for each in mentions] if names else mentions


def _signed(mention: Mention, author: Author | None) -> Mention:
    if author is None or mention.withdrawn or mention.post.author.handle is not None:
        return mention
    return msgspec.structs.replace(mention, post=msgspec.structs.replace(mention.post, author=author))


def disguised(post: Post, stages: Stages) -> Post:
    """Return a post with its author disguised."""
    author = stages.disguise(post.key, post.author)
    return post if author is post.author else msgspec.structs.replace(post, author=author)
