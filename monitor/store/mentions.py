"""The posts of a topic, their indexes, and their counts by the hour."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from msgspec.structs import replace

from monitor.models import Author, Mention, Observation, Post, PostKey, Window
from monitor.protocols import Added, Pruned
from monitor.store.codec import (
    SketchedBody,
    decode_body,
    decode_mention,
    decode_observations,
    encode_mention,
    encode_observation,
    from_ms,
    to_ms,
    withdrawn_body,
)
from monitor.store.connection import Argument, Call, Connection
from monitor.store.keys import ROLLUP_DAYS

PAGE = 500
"""Posts per script call: 3 to 4 ms of the single server thread, measured on Valkey 9 with two cores."""

BLOCK = 20
"""Neighbours of a sample that are read at once: one command each, and several times in one hour say little more."""

SPACING = timedelta(hours=1)
MOST_OBSERVATIONS = 30
"""Kept observations of engagement per post: the first, the newest, and about one an hour for a day between them."""

HOUR_MS = 3_600_000


class MentionStore:
    """Implements the Mentions protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, topic: str, mentions: Sequence[Mention], *, oldest: datetime) -> Added:
        """Store mentions, one atomic and replayable script for each PAGE of them; refuse those before `oldest`."""
        keys = self._connection.keys.topic(topic)
        written = (keys.posts, keys.times, keys.backfilled, keys.engagement)
        total = Added(0, 0, 0)
        for page in pages(mentions):
            args: list[Argument] = [to_ms(oldest), int(SPACING.total_seconds() * 1000), MOST_OBSERVATIONS]
            for mention in page:
                args += _arguments(mention)
            total = Added(*(sum(pair) for pair in zip(total, self._connection.run("add", written, args), strict=True)))
        return total

    def between(self, topic: str, window: Window) -> list[Mention]:
        """Return the mentions of a window, oldest first, with the newest engagement."""
        keys = self._connection.keys.topic(topic)
        found = self._connection.execute("ZRANGEBYSCORE", keys.times, to_ms(window.start), f"({to_ms(window.end)}")
        return [mention for page in pages(found) for mention in self._read(topic, page)]

    def sample(self, topic: str, window: Window, most: int) -> list[Mention]:
        """Return at most so many mentions of a window, oldest first: in blocks of neighbours, evenly over them."""
        times = self._connection.keys.topic(topic).times
        before, count = (
            int(self._connection.execute("ZCOUNT", times, first, last))
            for first, last in (
                ("-inf", f"({to_ms(window.start)}"),
                (to_ms(window.start), f"({to_ms(window.end)}"),
            )
        )
        if count <= most:
            return self.between(topic, window)
        blocks = max(1, most // BLOCK)
        starts = (before + n * count // blocks for n in range(blocks))
        calls = [Call("", (), ("ZRANGE", times, start, start + min(BLOCK, most) - 1)) for start in starts]
        found = [key for block in self._connection.together(calls) for key in block]
        return [mention for page in pages(dict.fromkeys(found)) for mention in self._read(topic, page)]

    def backfilled(self, topic: str) -> int:
        """Return how many back-filled posts of a topic are stored."""
        return int(self._connection.execute("ZCARD", self._connection.keys.topic(topic).backfilled))

    def latest(self, topic: str, skip: int, count: int) -> list[Mention]:
        """Return the newest mentions of a topic, newest first, after those that are skipped."""
        times = self._connection.keys.topic(topic).times
        page = self._connection.execute("ZREVRANGE", times, skip, skip + count - 1)
        return self._read(topic, page) if page else []

    def find(self, topic: str, keys: Sequence[PostKey]) -> list[Mention]:
        """Return the mentions of a topic among some posts, with the newest engagement."""
        return [each for page in pages(str(key).encode() for key in keys) for each in self._read(topic, page)]

    def kept(self, topic: str, posts: Iterable[PostKey]) -> frozenset[PostKey]:
        """Return those posts that a topic has, withdrawn ones too."""
        times, found = self._connection.keys.topic(topic).times, list[PostKey]()
        for page in pages(posts):
            scores = self._connection.execute("ZMSCORE", times, *map(str, page))
            found += [key for key, score in zip(page, scores, strict=True) if score is not None]
        return frozenset(found)

    def edit(self, topic: str, mention: Mention) -> bool:
        """Give a known post another text; its place in the counts stays. False when it is unknown or withdrawn."""
        keys, key = self._connection.keys.topic(topic), str(mention.post.key)
        packed = self._connection.execute("HGET", keys.posts, key)
        before = None if packed is None else decode_body(packed)
        if before is None or before.withdrawn:
            return False
        after = encode_mention(_in_place_of(before, mention))
        return after != packed and bool(self._connection.run("replace", (keys.posts,), (key, packed, after)))

    def count(self, topic: str, window: Window) -> int:
        """Return how many posts of a window are stored."""
        times = self._connection.keys.topic(topic).times
        return int(self._connection.execute("ZCOUNT", times, to_ms(window.start), f"({to_ms(window.end)}"))

    def history(self, topic: str, keys: Sequence[PostKey]) -> list[tuple[Observation, ...]]:
        """Return how the engagement of each post was observed, oldest first; empty when never."""
        name = self._connection.keys.topic(topic).engagement
        histories: list[tuple[Observation, ...]] = []
        for page in pages(keys):
            packed = self._connection.execute("HMGET", name, *map(str, page))
            histories += [tuple(decode_observations(each)) for each in packed]
        return histories

    def hourly(self, topic: str, window: Window) -> list[int]:
        """Return counts per whole hour of a window from hour to hour, roll-ups included, back-fill not."""
        first, last = to_ms(window.start), to_ms(window.end)
        assert first % HOUR_MS == last % HOUR_MS == 0, "the window must start and end on the hour"
        keys = self._connection.keys.topic(topic)
        args = (first // HOUR_MS, (last - first) // HOUR_MS)
        return list(self._connection.run("hourly", (keys.times, keys.backfilled, keys.rollups), args))

    def withdraw(self, topic: str, keys: Iterable[PostKey]) -> int:
        """Erase text, its fingerprint and the author of posts deleted by their authors; return how many were there."""
        names = self._connection.keys.topic(topic)
        found = 0
        for page in pages(keys):
            bodies = self._connection.execute("HMGET", names.posts, *map(str, page))
            args: list[Argument] = []
            for key, body in zip(page, bodies, strict=True):
                args += [] if body is None else [str(key), withdrawn_body(body)]
            if args:
                found += int(self._connection.run("withdraw", (names.posts, names.engagement), args))
        return found

    def prune(self, topic: str, before: datetime) -> Pruned:
        """Remove posts older than `before`, folding them into hourly roll-ups; drop roll-ups too old to serve."""
        keys = self._connection.keys.topic(topic)
        # A program of version 2 or 3 may have written them after the data was brought to a later version.
        self._connection.execute("UNLINK", keys.copies, keys.terms)
        removed = 0
        while page := self._oldest(topic, before):
            removed += self._remove(topic, page)
        return Pruned(removed, self._drop_rollups(topic, before))

    def matching(self, topic: str, wanted: Callable[[Post], bool]) -> list[Mention]:
        """Return the mentions whose posts are wanted; this reads all of a topic."""
        name = self._connection.keys.topic(topic).posts
        found: list[Mention] = []
        for page in pages(key for key, _ in self._connection.pairs("HSCAN", name)):
            found += [each for each in self._read(topic, page) if wanted(each.post)]
        return found

    def remove(self, topic: str, keys: Iterable[PostKey]) -> int:
        """Remove posts and every trace of them but the counts of their hours; return how many were there."""
        return sum(self._remove(topic, [str(key).encode() for key in page]) for page in pages(keys))

    def _read(self, topic: str, page: Sequence[bytes]) -> list[Mention]:
        keys = self._connection.keys.topic(topic)
        bodies = self._connection.execute("HMGET", keys.posts, *page)
        engagement = self._connection.execute("HMGET", keys.engagement, *page)
        return [
            decode_mention(topic, key.decode(), body, seen)
            for key, body, seen in zip(page, bodies, engagement, strict=True)
            if body is not None  # pruned between the two commands
        ]

    def _oldest(self, topic: str, before: datetime) -> list[bytes]:
        times = self._connection.keys.topic(topic).times
        limit = ("LIMIT", 0, PAGE)
        found: list[bytes] = self._connection.execute("ZRANGEBYSCORE", times, "-inf", f"({to_ms(before)}", *limit)
        return found

    def _remove(self, topic: str, page: Sequence[bytes]) -> int:
        keys = self._connection.keys.topic(topic)
        written = (keys.posts, keys.times, keys.backfilled, keys.engagement, keys.rollups)
        bodies = self._connection.execute("HMGET", keys.posts, *page)
        args: list[Argument] = []
        for key, packed in zip(page, bodies, strict=True):
            if packed is None:
                # Another worker was faster, or the index is damaged: the script looks which.
                args += [key, "", 0]
                continue
            body = decode_body(packed)
            args += [key, body.time, int(body.backfilled)]
        return int(self._connection.run("prune", written, args))

    def _drop_rollups(self, topic: str, before: datetime) -> int:
        rollups = self._connection.keys.topic(topic).rollups
        limit = to_ms(before - timedelta(days=ROLLUP_DAYS)) // HOUR_MS
        old = [hour for hour in self._connection.execute("HKEYS", rollups) if int(hour) < limit]
        return int(self._connection.execute("HDEL", rollups, *old)) if old else 0


def pages(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield lists of PAGE rows."""
    remaining = iter(rows)
    while page := list(islice(remaining, PAGE)):
        yield page


def _in_place_of(before: SketchedBody, mention: Mention) -> Mention:
    """Return a mention with the times of the one that it replaces, and its author where it knows none."""
    created = None if before.created is None else from_ms(before.created)
    author = before.author if mention.post.author == Author() else mention.post.author
    post = replace(mention.post, observed_at=from_ms(before.observed), created_at=created, author=author)
    return replace(mention, post=post, backfilled=before.backfilled)


def _arguments(mention: Mention) -> list[Argument]:
    post = mention.post
    return [
        str(post.key),
        to_ms(post.time),
        encode_mention(mention),
        int(mention.backfilled),
        encode_observation(post),
    ]
