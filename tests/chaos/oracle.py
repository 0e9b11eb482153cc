"""Judges a run by ledgers that no part of the product can write: what platforms showed, what readers see."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from monitor.models import Window
from monitor.store.codec import from_ms
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.mentions import MentionStore
from monitor.store.outbox import store_now
from tests.simulators.publisher import Published, Publisher

LATE = timedelta(seconds=2)
"""A job is overdue when it waits longer; a sweep comes every quarter of a second."""
SHOWN = 5


class Posts(NamedTuple):
    """Keys of posts that were shown and are not stored, are stored more than once, or have another text."""

    missing: list[str]
    twice: list[str]
    altered: list[str]
    unknown: list[str]


def posts_of(connection: Connection, topics: Iterable[str], shown: Mapping[str, Published]) -> Posts:
    """Compare what is stored under topics with what platforms showed."""
    store = MentionStore(connection)
    now = datetime.now(UTC)
    every = Window(now - timedelta(days=2), now + timedelta(days=1))
    texts: dict[str, str] = {}
    copies: Counter[str] = Counter()
    for topic in topics:
        for mention in store.between(topic, every):
            key, text = str(mention.post.key), mention.post.text
            texts[key] = text
            copies[text] += 1
    keys_by_text = {post.text: key for key, post in shown.items()}
    return Posts(
        missing=[key for key in shown if key not in texts],
        twice=[keys_by_text.get(text, text) for text, count in copies.items() if count > 1],
        altered=[key for key, text in texts.items() if key in shown and shown[key].text != text],
        unknown=[key for key in texts if key not in shown],
    )


def stored(connection: Connection, topics: Iterable[str]) -> int:
    """Return how many posts are stored under topics, which share none."""
    return sum(int(connection.execute("HLEN", connection.keys.topic(topic).posts)) for topic in topics)


def late_jobs(connection: Connection) -> list[str]:
    """Return the jobs that are overdue, also those that a dead worker holds."""
    found = connection.execute("HGETALL", connection.keys.work.due_since)
    pairs = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
    limit = store_now(connection) - LATE
    return sorted(job.decode() for job, due in pairs if from_ms(int(float(due))) < limit)


def open_ends(connection: Connection, publisher: Publisher, topics: Sequence[str], copies: int = 1) -> list[str]:
    """Return in words what is missing until all posts are stored and nothing waits; nothing when all is well.

    Each post is wanted under so many topics.
    """
    unshown = publisher.unshown
    unstored = copies * len(publisher.posts) - stored(connection, topics)
    late = late_jobs(connection)
    said = [f"{unshown} posts cannot be read yet"] if unshown else []
    said += [f"{unstored} posts are not stored"] if unstored > 0 else []
    return said + ([f"overdue: {', '.join(late)}"] if late else [])


def verdict(connection: Connection, posts: Posts) -> tuple[str, ...]:
    """Return a sentence for each promise that was broken with posts, or in the store."""
    named = {
        "posts lost": posts.missing,
        "posts stored twice": posts.twice,
        "posts with another text than was shown": posts.altered,
        "posts that nobody wrote": posts.unknown,
    }
    return (*(some(what, which) for what, which in named.items() if which), *findings(connection))


def findings(connection: Connection) -> tuple[str, ...]:
    """Return what `monitor fsck` finds."""
    return tuple(f"fsck: {each}" for each in check(connection))


def some(what: str, which: Sequence[str]) -> str:
    """Word a finding: how many, and the first of them."""
    return f"{len(which)} {what}: {', '.join(sorted(which)[:SHOWN])}{' …' if len(which) > SHOWN else ''}"
