"""Platforms on which people write all the time: an index and feeds that fail, and a ledger of all that they showed.

with FeedServer() as server, Publisher(server, feeds=3, seed=7, ledger=folder / "posts.jsonl") as publisher:
    publisher.rate = 100          # posts a second, 200 at most; each can be read up to 3 s after it was written
    publisher.troubles = STORM    # 429, 500, hangs, answers cut off, by chance

The ledger is a file of its own, appended before a post can be read: what the product's store lost, it still has.
"""

import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tests.simulators import algolia
from tests.simulators.feed_server import Behaviour, FeedServer, HttpRequest, cut, silence, status

LATEST = 3.0
"""Seconds between the writing of a post and the moment from which it can be read, at most."""
SHOWN_FOR = 900.0
"""Seconds for which a feed shows a post; the index shows it for ever.

Real feeds show it for hours. With two minutes, what came while a feed failed five times in a row and was left alone
could be read by nobody, and counted as lost.
"""
MOST_A_SECOND = 200
"""Posts of one second of the clock: fewer than a page of the index holds in any run, as in life.

What a second has beyond a page cannot be asked for; the product says so, and must not be blamed. A burst, or a writer
that a busy machine held up, would write more: what is owed waits for the next second.
"""
INDEXED = 0.97
"""The part of all posts that the index has; a feed shows the same posts again and again, and so must not have many."""
TICK = 0.05


class Published(NamedTuple):
    """A post: its key as the product writes it, its text, and its times in epoch seconds."""

    key: str
    text: str
    written_at: float
    shown_at: float


class Troubles(NamedTuple):
    """The chance of each thing that goes wrong with an answer."""

    flood: float = 0.0
    error: float = 0.0
    hang: float = 0.0
    cut: float = 0.0


CALM = Troubles()
STORM = Troubles(flood=0.05, error=0.05, hang=0.03, cut=0.03)


class Publisher:
    """Writes posts while in its `with` block, each on one of its places: the index, or a feed."""

    def __init__(
        self,
        server: FeedServer,
        *,
        feeds: int,
        seed: int,
        ledger: Path,
        words: Callable[[int], str] = "砸锅卖铁 {}".format,
    ) -> None:
        self.rate = 0.0
        self.latest = LATEST
        self.most: int | None = None
        self.troubles = CALM
        self.faults: Counter[str] = Counter()
        self.posts: dict[str, Published] = {}
        self._chance = random.Random(f"{seed}/posts")
        self._words = words
        self._ledger = ledger.open("a", buffering=1, encoding="utf-8")
        self._index = algolia.Index()
        self._feeds: list[deque[Published]] = [deque() for _ in range(feeds)]
        self._late: list[tuple[float, int, Published]] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._seed = seed
        self._by_second: Counter[int] = Counter()
        self.index_url = server.serve(algolia.PATH, self._troubled(self._index)).removesuffix("/search_by_date")
        self.feed_urls = [server.serve(f"/feed/{n}", self._troubled(self._feed(n))) for n in range(feeds)]

    def __enter__(self) -> "Publisher":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._ledger.close()

    def calm(self) -> None:
        """Write no more, and let nothing go wrong any more."""
        self.rate, self.troubles = 0.0, CALM

    @property
    def unshown(self) -> int:
        """Return how many posts were written and cannot be read yet."""
        with self._lock:
            return len(self._late)

    def _write(self) -> None:
        owed, last = 0.0, time.monotonic()
        while not self._stopped.wait(TICK):
            now = time.monotonic()
            owed, last = owed + self.rate * (now - last) if self.rate else 0.0, now
            with self._lock:
                while owed >= 1 and self._has_room(at := time.time()):
                    self._add(at)
                    owed -= 1
                self._show(time.time())

    def _has_room(self, now: float) -> bool:
        """Tell whether another post may be written, and in this second."""
        is_wanted = self.most is None or len(self.posts) < self.most
        return is_wanted and self._by_second[int(now)] < MOST_A_SECOND

    def _add(self, now: float) -> None:
        number = len(self.posts) + 1
        is_indexed = self._chance.random() < INDEXED
        place = -1 if is_indexed else self._chance.randrange(len(self._feeds))
        text = self._words(number)
        self._by_second[int(now)] += 1
        key = f"hackernews:{number}" if place < 0 else f"rss:https://feed{place}.example/{number}"
        post = Published(key, text, now, now + self._chance.uniform(0, self.latest))
        self.posts[key] = post
        self._ledger.write(json.dumps(post, ensure_ascii=False) + "\n")
        self._late.append((post.shown_at, place, post))

    def _show(self, now: float) -> None:
        due = [each for each in self._late if each[0] <= now]
        self._late = [each for each in self._late if each[0] > now]
        for _, place, post in due:
            if place < 0:
                self._index.add_text(int(post.key.split(":")[1]), int(post.written_at), post.text)
            else:
                self._feeds[place].append(post)
        for feed in self._feeds if self.rate else ():
            while feed and feed[0].shown_at < now - SHOWN_FOR:
                feed.popleft()

    def _feed(self, number: int) -> Behaviour:
        """Return a feed: every third one is RSS, the others are JSON Feeds."""
        written, kind = (_rss, "application/rss+xml") if number % 3 == 0 else (_json, "application/feed+json")

        def behave(asked: HttpRequest) -> None:
            with self._lock:
                posts = list(self._feeds[number])
            asked.answer(200, written(posts), {"Content-Type": kind})

        return behave

    def _troubled(self, behaviour: Behaviour) -> Behaviour:
        """Return a behaviour that goes wrong by chance: by the seed, the path and how often it was asked."""

        def behave(asked: HttpRequest) -> None:
            path = asked.path.split("?")[0]
            fate = random.Random(f"{self._seed}/{path}/{asked.server.counts[path]}").random()
            for name, chance in self.troubles._asdict().items():
                if fate < chance:
                    with self._lock:
                        self.faults[name] += 1
                    TROUBLES[name](asked)
                    return
                fate -= chance
            behaviour(asked)

        return behave


TROUBLES: Mapping[str, Behaviour] = {
    "flood": status(429, b"slow down", {"Retry-After": "1"}),
    "error": status(500, b"oops"),
    "hang": silence(),
    "cut": cut(b'{"hits": [' + b" " * 2000, 200),
}


def _rss(posts: list[Published]) -> bytes:
    items = "".join(
        f"<item><guid>{post.key.removeprefix('rss:')}</guid><title>{post.text}</title>"
        f"<pubDate>{datetime.fromtimestamp(post.written_at, UTC):%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for post in reversed(posts)
    )
    return f'<rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'.encode()


def _json(posts: list[Published]) -> bytes:
    items = [
        {
            "id": post.key.removeprefix("rss:"),
            "content_text": post.text,
            "date_published": datetime.fromtimestamp(post.written_at, UTC).isoformat(),
        }
        for post in reversed(posts)
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Feed", "items": items}).encode()
