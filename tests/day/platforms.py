"""Platforms of a simulated day: what they show when, what goes wrong when, and a ledger of each answer of theirs."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

from tests.day.clock import Clock, at
from tests.simulators.algolia import PATH, Index
from tests.simulators.feed_server import Asked, FeedServer

TERM = "砸锅卖铁"

SILENT_FROM = 0.69
"""The share of the day after which platforms answer and bring nothing, for five hours."""


class Trouble(NamedTuple):
    """What goes wrong from one hour of the day to another, by chance."""

    start: float
    end: float
    kind: str
    chance: float = 1.0


class Post(NamedTuple):
    """A post: its key as the product writes it, when it was written as it says, and from when on it can be read."""

    key: str
    written: datetime
    shown: datetime


class Answer(NamedTuple):
    """A good answer: what was asked for, when, and the posts in it."""

    asked: str
    at: datetime
    keys: tuple[str, ...]


class Platform(Protocol):
    """One platform of the day, served over HTTP."""

    @property
    def name(self) -> str: ...

    @property
    def sources(self) -> Sequence[str]:
        """Return what topics name."""
        ...

    @property
    def options(self) -> Mapping[str, str]:
        """Return the source's settings."""
        ...

    def posts(self) -> Sequence[Post]:
        """Return all posts of the day."""
        ...

    def answers(self) -> Sequence[Answer]:
        """Return the good answers so far."""
        ...

    def is_page(self, answer: Answer) -> bool:
        """Tell whether an answer was a page that is paid for, and asked for once: one with two ends."""
        ...


class _Served:
    """What all platforms have: posts, troubles, and the ledger."""

    name = ""

    def __init__(self, clock: Clock, seed: int, troubles: Sequence[Trouble]) -> None:
        self._clock = clock
        self._chance = random.Random(f"{seed} {self.name} answers")
        self._troubles = troubles
        self._posts: list[Post] = []
        self._answers: list[Answer] = []
        self.faults: dict[str, int] = {}

    def posts(self) -> Sequence[Post]:
        """Return all posts of the day."""
        return self._posts

    def answers(self) -> Sequence[Answer]:
        """Return the good answers so far."""
        return self._answers

    def _trouble(self) -> str | None:
        """Return what is wrong with the next answer."""
        hours = self._clock.hours()
        for each in self._troubles:
            if each.start <= hours < each.end and self._chance.random() < each.chance:
                self.faults[each.kind] = self.faults.get(each.kind, 0) + 1
                return each.kind
        return None

    def _shown(self) -> list[Post]:
        now = self._clock.time()
        return [each for each in self._posts if each.shown <= now]

    def _note(self, asked: str, posts: Sequence[Post]) -> None:
        self._answers.append(Answer(asked, self._clock.time(), tuple(each.key for each in posts)))


class HackerNewsDay(_Served):
    """The search index: all that was ever written can be read; what is new comes late, and clocks are wrong."""

    name = "hackernews"
    sources = ("hackernews",)
    page = 20

    def __init__(self, server: FeedServer, clock: Clock, seed: int, hours: float, troubles: Sequence[Trouble]) -> None:
        super().__init__(clock, seed, troubles)
        self.options = {"url": server.serve(PATH, self).removesuffix("/search_by_date"), "page": str(self.page)}
        draw = random.Random(f"{seed} hackernews")
        for number, written in enumerate(moments(draw, hours, 60), 1):
            late = timedelta(seconds=draw.uniform(0, 200))
            self._posts.append(Post(f"hackernews:{number}", written, written + late))

    def is_page(self, answer: Answer) -> bool:
        """Tell whether an answer was a page between two ends."""
        return "created_at_i<" in answer.asked

    def __call__(self, asked: Asked) -> None:
        """Answer a search, or fail to."""
        match self._trouble():
            case "503":
                return asked.answer(503)
            case "429":
                return asked.answer(429, b"", {"Retry-After": "240"})
            case "[]":
                return asked.answer(200, b"[]")
            case "empty":
                return asked.answer(200, b'{"hits": [], "nbHits": 0, "page": 0}')
            case "renamed":
                return asked.answer(200, b'{"hits": [{"object_id": "7", "created": 5}], "nbHits": 1}')
            case "cut":
                return asked.head(200, {"Content-Length": "500"})
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
        shown = {int(each.key.partition(":")[2]): each for each in self._shown()}
        index = Index((number, int(each.written.timestamp())) for number, each in shown.items())
        for number, each in shown.items():
            index.add_text(number, int(each.written.timestamp()), f"{TERM} remark {number}")
        found = index.search(query["numericFilters"])[: int(query["hitsPerPage"])]
        if query["hitsPerPage"] != "0":
            self._note(query["numericFilters"], [shown[number] for number, _ in found])
        return index(asked)


class FeedsDay(_Served):
    """Feeds that show their newest entries only: what scrolls off while they cannot be read is gone."""

    name = "rss"
    entries = 20
    options: Mapping[str, str] = {}

    def __init__(self, server: FeedServer, clock: Clock, seed: int, hours: float, troubles: Sequence[Trouble]) -> None:
        super().__init__(clock, seed, troubles)
        self.feeds = 2
        draw = random.Random(f"{seed} rss")
        self._by_feed: list[list[Post]] = []
        self.sources = tuple(server.serve(f"/feed/{number}", self) for number in range(self.feeds))
        for number in range(self.feeds):
            own = [
                Post(f"rss:https://feed{number}.example/{n}", written, written + timedelta(seconds=draw.uniform(0, 90)))
                for n, written in enumerate(moments(draw, hours, 6), 1)
            ]
            self._by_feed.append(own)
            self._posts += own

    def is_page(self, answer: Answer) -> bool:
        """Say no: a feed is one page, and free."""
        return False

    def __call__(self, asked: Asked) -> None:
        """Answer for a feed, or fail to."""
        match self._trouble():
            case "503":
                return asked.answer(503)
            case "429":
                return asked.answer(429, b"", {"Retry-After": "240"})
            case "[]":
                return asked.answer(200, b"[]", {"Content-Type": "application/json"})
            case "empty":
                return asked.answer(200, _document([]))
            case "renamed":
                return asked.answer(200, b"<html><body>We have moved!</body></html>", {"Content-Type": "text/html"})
            case "cut":
                return asked.head(200, {"Content-Length": "500"})
        now = self._clock.time()
        shown = [each for each in self._by_feed[int(asked.path[-1])] if each.shown <= now]
        newest = sorted(shown, key=lambda each: each.shown, reverse=True)[: self.entries]
        self._note(asked.path, newest)
        return asked.answer(200, _document(newest), {"Content-Type": "application/rss+xml"})


def _document(posts: Sequence[Post]) -> bytes:
    items = "".join(
        f"<item><guid>{each.key.removeprefix('rss:')}</guid><title>{TERM} {each.key[-3:]}</title>"
        f"<pubDate>{format_datetime(each.written)}</pubDate></item>"
        for each in posts
    )
    return f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()


def moments(draw: random.Random, hours: float, an_hour: float) -> Iterator[datetime]:
    """Yield when posts are written, so many an hour by chance; the platform's clock is wrong by up to two minutes."""
    passed = draw.expovariate(an_hour)
    while passed < hours:
        yield at(passed) + timedelta(seconds=int(draw.uniform(-120, 120)))
        passed += draw.expovariate(an_hour)


def troubles_of(seed: int, hours: float) -> list[Trouble]:
    """Return what goes wrong with a platform on a day: each kind for a while, at another time for each seed."""
    draw = random.Random(f"{seed} troubles")
    kinds = [("503", 0.7), ("429", 0.5), ("[]", 1.0), ("renamed", 1.0), ("cut", 0.5)]
    draw.shuffle(kinds)
    room = (0.6 * hours) / len(kinds)
    planned = [
        Trouble(2 + n * room + draw.uniform(0, room / 3), 2 + (n + 1) * room - draw.uniform(0, room / 3), *kind)
        for n, kind in enumerate(kinds)
    ]
    # Long enough for feeds to lose entries, and for silence to be improbable.
    return [*planned, Trouble(SILENT_FROM * hours, SILENT_FROM * hours + 5, "empty")]
