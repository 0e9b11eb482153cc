"""What is polled, how often, and how long to wait after a success or a failure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import xxhash

from monitor.errors import OutOfCredit, RateLimited, SourceError, SourceRejected
from monitor.models import Batch, Job, Query, Topic
from monitor.topics.queries.fitting import LearnedBySource
from monitor.topics.queries.packing import NOTHING_LEARNED, PACKERS, packed_of

SOONEST = timedelta(seconds=30)
LONGEST_BACKOFF = timedelta(hours=1)
"""Most feeds show a post for some hours: who looks again later than this after an outage has lost some."""

UNTIL_MENDED = timedelta(hours=6)
"""How long to leave alone what only a person can mend."""

FULLEST, EMPTIEST = -2, 4
LATER = (1.0, 1.0, 1.5, 2.0, 3.0)
LONGEST_PAUSE = timedelta(minutes=25)

JITTER = 0.1
PRUNE_EVERY = timedelta(hours=1)
SCORE_EVERY = timedelta(minutes=5)
REREAD_EVERY = timedelta(minutes=30)
REFILL_EVERY = timedelta(minutes=30)
SECOND_LOOKS_FIRST = REREAD_EVERY + timedelta(minutes=5)
"""So long after midnight nothing new is bought where the money of the day before ran out: first what was deleted."""


def query_of(text: str) -> Query:
    """Return the query that a topic's source entry names: "hackernews", or "rss:https://…"."""
    source, _, rest = text.partition(":")
    return Query(source, rest)


def queries_of(topic: Topic, topics: Iterable[Topic], learned: LearnedBySource = NOTHING_LEARNED) -> list[Query]:
    """Return the queries by which a topic is read, in the order in which its sources are written.

    A source that is asked by keywords has them packed together with those of the other topics that name it.
    """
    everybody = tuple(topics)
    return [query for entry in topic.sources for query in _queries(entry, topic, everybody, learned)]


def plan(topics: Iterable[Topic], learned: LearnedBySource = NOTHING_LEARNED) -> dict[Query, timedelta]:
    """Return each query once, however many topics use it, with the shortest of their intervals."""
    everybody = tuple(topics)
    intervals: dict[Query, timedelta] = {}
    for topic in everybody:
        for query in queries_of(topic, everybody, learned):
            intervals[query] = min(topic.every, intervals.get(query, topic.every))
    return intervals


def _queries(entry: str, topic: Topic, topics: Sequence[Topic], learned: LearnedBySource) -> Iterator[Query]:
    if entry not in PACKERS:
        yield query_of(entry)
        return
    for pack in packed_of(entry, topics, learned):
        if topic.name in pack.topics:
            yield Query(entry, pack.text)


def poll_job(query: Query) -> Job:
    """Return the job that polls a query."""
    return Job("poll", str(query))


def digest_job(topic: Topic) -> Job:
    """Return the job of a topic's daily digest. Its schedule is part of its name: a new hour is a new job."""
    return Job("digest", f"{topic.name} {topic.digest_at} {topic.timezone}")


def prune_job(topic: Topic) -> Job:
    """Return the job that prunes a topic."""
    return Job("prune", topic.name)


def score_job(topic: Topic) -> Job:
    """Return the job that looks at the numbers of a topic."""
    return Job("score", topic.name)


def reread_job(source: str) -> Job:
    """Return the job that looks again at known posts of a source."""
    return Job("reread", source)


def refill_job(query: Query) -> Job:
    """Return the job that reads the gaps of a query."""
    return Job("refill", str(query))


def tempo_after(tempo: int, batch: Batch, fresh: int) -> int:
    """Return the tempo after a page: below zero for full ones, above for looks in a row that brought nothing.

    A page that has more behind it lowers it by one; looks that bring something lead it back to zero.
    """
    if batch.more:
        return max(FULLEST, min(tempo, 0) - 1)
    if tempo < 0:
        return tempo + 1
    return 0 if fresh else min(EMPTIEST, tempo + 1)


def paced(every: timedelta, tempo: int) -> timedelta:
    """Return how long to wait between looks of a tempo.

    Half as long for each page that was full, a quarter at least. After two looks in vain longer, three times as long at
    most, but not beyond LONGEST_PAUSE, or digests would wait for it.
    """
    if tempo < 0:
        return every / 2.0 ** min(-tempo, -FULLEST)
    return max(every, min(every * LATER[min(tempo, EMPTIEST)], LONGEST_PAUSE))


def next_look(query: Query, batch: Batch, every: timedelta, now: datetime) -> timedelta:
    """Return how long to wait after a look that succeeded: not at all for a next page, never less than asked for."""
    if batch.more:
        return timedelta(0)
    asked = timedelta(0) if batch.not_before is None else batch.not_before - now
    return max(SOONEST, asked, spread(query, 0, every))


def backoff(query: Query, error: SourceError, failures: int, every: timedelta) -> timedelta:
    """Return how long to wait after look number `failures` in a row failed (0 for the first).

    Doubling from the interval up to LONGEST_BACKOFF, but never less than the interval; what only a person can mend is
    looked at again after UNTIL_MENDED. A platform that names a time is obeyed, even beyond it.
    """
    if isinstance(error, RateLimited | OutOfCredit) and error.retry_after is not None:
        return max(renewed(error), SOONEST)
    if isinstance(error, SourceRejected | OutOfCredit):
        return spread(query, failures, UNTIL_MENDED)
    longest = max(every, LONGEST_BACKOFF)
    return max(SOONEST, spread(query, failures, min(longest, every * 2 ** min(failures, 20))))


def renewed(error: RateLimited | OutOfCredit) -> timedelta:
    """Return when to ask again who named a time: of a budget that is renewed second looks get the first money."""
    assert error.retry_after is not None, "asked only where there is one"
    return error.retry_after + (SECOND_LOOKS_FIRST if isinstance(error, OutOfCredit) else timedelta(0))


def spread(query: Query, failures: int, wait: timedelta) -> timedelta:
    """Return `wait` with up to JITTER more or less, the same each time for the same query: no two move in step."""
    fraction = xxhash.xxh3_64_intdigest(f"{query} {failures}".encode()) / 2**64
    return wait * (1 + JITTER * (2 * fraction - 1))
