"""How many bytes of the server's memory a stored post takes, with all its indexes, beside a naive layout.

    python -m tests.benchmarks.memory

Protocol. The 20,000 real posts of `ingest` that all hold a keyword are stored by our whole path into an embedded
Valkey of this run. Counted is `used_memory` of the server after it, less before it, divided by the posts: with tables
and what the allocator rounds up; and `MEMORY USAGE … SAMPLES 0` of each key for the shares. Reactions are not among
these posts; what they take is measured apart, for posts that were seen with reactions once, and once an hour for a
day (the most that is kept). The naive pipeline (a hash a post, a time index, an index per keyword) stores the first
2,000 of the same posts.

Checked, else the exit code is 1: every post is stored, `monitor fsck` finds nothing, and a post takes no more bytes
than REACH. The last line is one JSON object.
"""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec
import pytest

from monitor.models import Engagement, Mention
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from monitor.store.mentions import MentionStore
from tests.benchmarks import naive, ours
from tests.benchmarks.corpus import Corpus, every_post_matched
from tests.benchmarks.hundred import KEYWORDS
from tests.benchmarks.ingest import durable_store

REACH = 450
NAIVE_POSTS = 2_000
WITH_REACTIONS = 1_000
HOURS = 30


def main() -> int:
    """Print the shares and, as the last line, the figures as JSON; 1 when a check failed, 2 without data."""
    try:
        corpus = every_post_matched()
    except pytest.skip.Exception as e:
        print(e, file=sys.stderr)
        return 2
    with durable_store() as url:
        figures, failures = measured(url, corpus)
    for failure in failures:
        print(f"FAILED: {failure}")
    print(json.dumps(figures))
    return 1 if failures else 0


def measured(url: str, corpus: Corpus) -> tuple[dict[str, object], list[str]]:
    """Return the figures, and a sentence for each check that did not pass."""
    connection = Connection(url, Keyspace("memory:"))
    pipeline = ours.OurPipeline(connection, KEYWORDS)
    # The scripts, tables of the server and buffers are there before anything is counted.
    pipeline.ingest(corpus.lines[:50])
    connection.erase()
    whole = grown(connection, lambda: pipeline.ingest(corpus.lines))
    stored = int(connection.execute("HLEN", connection.keys.topic(ours.TOPIC).posts))
    shares = by_key(connection, stored)
    findings = check(connection)
    reactions = reactions_of(connection, pipeline)
    slow = naive.NaivePipeline(url, "naive-memory", KEYWORDS)
    given = corpus.lines[:NAIVE_POSTS]
    naive_bytes = grown(connection, lambda: slow.ingest(given)) / len(given)
    slow.close()
    connection.close()
    ours_bytes = whole / max(1, stored)
    print("\n".join((f"{name:12}{size:8.1f} bytes per post" for name, size in shares.items())))
    figures: dict[str, object] = {
        "bytes_per_post": round(ours_bytes, 1),
        "naive_bytes_per_post": round(naive_bytes, 1),
        "ratio": round(naive_bytes / ours_bytes, 2),
        "by_key": {name: round(size, 1) for name, size in shares.items()},
        "reactions": reactions,
        "posts": stored,
        "fsck_findings": len(findings),
        "reach": REACH,
    }
    failures = [f"fsck: {finding}" for finding in findings[:5]]
    if stored != len(corpus.matched):
        failures.append(f"{stored} of {len(corpus.matched)} posts are stored")
    if ours_bytes > REACH:
        failures.append(f"a post takes {ours_bytes:.0f} bytes, not {REACH}")
    return figures, failures


def grown(connection: Connection, work: Callable[[], object]) -> int:
    """Return by how many bytes the memory of the server grows while something is done."""
    before = used(connection)
    work()
    return used(connection) - before


def used(connection: Connection) -> int:
    """Return what the server's data takes, in bytes."""
    return int(connection.execute("INFO", "memory")["used_memory"])


def by_key(connection: Connection, posts: int) -> dict[str, float]:
    """Return the bytes of each key of the topic, per post, and of a body alone."""
    keys = connection.keys.topic(ours.TOPIC)
    shares = {
        name: int(connection.execute("MEMORY", "USAGE", key, "SAMPLES", 0) or 0) / max(1, posts)
        for name, key in zip(keys._fields, keys, strict=True)
    }
    bodies = sum(len(body) for _, body in connection.pairs("HSCAN", keys.posts))
    return {name: size for name, size in shares.items() if size} | {"(body)": bodies / max(1, posts)}


def reactions_of(connection: Connection, pipeline: ours.OurPipeline) -> dict[str, float]:
    """Return the bytes that reactions take for each post that has some: seen once, and every hour for a day."""
    mentions = pipeline.stored()[:WITH_REACTIONS]
    store = MentionStore(connection)
    once = grown(connection, lambda: seen(store, mentions, 1))
    often = grown(connection, lambda: seen(store, mentions, HOURS))
    return {"once": round(once / len(mentions), 1), "hourly_for_a_day": round((once + often) / len(mentions), 1)}


def seen(store: MentionStore, mentions: Sequence[Mention], hours: int) -> None:
    """Let posts be seen with reactions for some hours."""
    for hour in range(hours):
        pages = [_liked(mention, hour) for mention in mentions]
        store.add(ours.TOPIC, pages, oldest=ours.NOW - ours.EVER)


def _liked(mention: Mention, hour: int) -> Mention:
    engagement = Engagement(likes=20 + hour, reposts=3, replies=2)
    at = mention.post.observed_at + timedelta(hours=hour + 1)
    return msgspec.structs.replace(
        mention, post=msgspec.structs.replace(mention.post, observed_at=at, engagement=engagement)
    )


if __name__ == "__main__":
    sys.exit(main())
