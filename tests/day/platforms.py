"""Platforms of a simulated day: what they show when, what goes wrong when, and a ledger of each answer of theirs."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

from tests.day.clock import Clock, at
from tests.simulators.algolia import PATH, Index
from tests.simulators.feed_server import FeedServer, HttpRequest

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


class Ground(NamedTuple):
    """What a platform of the day is built on: servers live as long as the stack."""

    stack: ExitStack
    clock: Clock
    seed: int
    hours: float

    def server(self) -> FeedServer:
        """Return a server of its own."""
        return self.stack.enter_context(FeedServer())


class Platform(Protocol):
    """One platform of the day, served over a real network."""

    @property
    def name(self) -> str: ...

    @property
    def sources(self) -> Sequence[str]:
        """Return what topics name; of feeds their addresses."""
        ...

    @property
    def options(self) -> Mapping[str, str]:
        """Return the source's settings."""
        ...

    @property
    def addresses(self) -> Sequence[str]:
        """Return where it is asked, as the guard of addresses wants it."""
        ...

    @property
    def faults(self) -> Mapping[str, int]:
        """Return how often what went wrong."""
        ...

    def pass_time(self) -> None:
        """Let happen what was to happen up to now."""
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


class Served:
    """What all platforms have: posts, troubles, and the ledger."""

    name = ""
    options: Mapping[str, str] = {}

    def __init__(self, ground: Ground) -> None:
        self.clock = ground.clock
        self.addresses: tuple[str, ...] = ()
        self.faults: dict[str, int] = {}
        self.ledger: list[Answer] = []
        self.chance = random.Random(f"{ground.seed} {self.name} answers")
        self.planned: list[Post] = []
        self.troubles = troubles_of(ground.seed, ground.hours)

    def pass_time(self) -> None:
        """Do nothing: what was written is shown when somebody asks."""

    def posts(self) -> Sequence[Post]:
        """Return all posts of the day."""
        return self.planned

    def answers(self) -> Sequence[Answer]:
        """Return the good answers so far."""
        return self.ledger

    def is_page(self, answer: Answer) -> bool:
        """Say no: nothing is paid for."""
        del answer
        return False

    def trouble(self) -> str | None:
        """Return what is wrong with the next answer."""
        hours = self.clock.hours()
        for each in self.troubles:
            if each.start <= hours < each.end and self.chance.random() < each.chance:
                self.faults[each.kind] = self.faults.get(each.kind, 0) + 1
                return each.kind
        return None

    def failed(self, asked: HttpRequest, bodies: Mapping[str, bytes]) -> bool:
        """Answer badly if something is wrong; `bodies` are the lies that come with 200."""
        kind = self.trouble()
        match kind:
            case None:
                return False
            case "503":
                asked.answer(503)
            case "429":
                asked.answer(429, b"", {"Retry-After": "240"})
            case "cut":
                asked.head(200, {"Content-Length": "500"})
            case _:
                asked.answer(200, bodies[kind], {"Content-Type": "application/json"})
        return True

    def shown(self) -> list[Post]:
        """Return what can be read by now."""
        now = self.clock.time()
        return [each for each in self.planned if each.shown <= now]

    def note(self, asked: str, keys: Iterable[str]) -> None:
        """Write down a good answer."""
        self.ledger.append(Answer(asked, self.clock.time(), tuple(keys)))


class HackerNewsDay(Served):
    """The search index: all that was ever written can be read; what is new comes late, and clocks are wrong."""

    name = "hackernews"
    sources = ("hackernews",)
    page = 20

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        server = ground.server()
        self.addresses = (server.address,)
        self.options = {"url": server.serve(PATH, self).removesuffix("/search_by_date"), "page": str(self.page)}
        draw = random.Random(f"{ground.seed} hackernews")
        for number, written in enumerate(moments(draw, ground.hours, 60), 1):
            late = timedelta(seconds=draw.uniform(0, 200))
            self.planned.append(Post(f"hackernews:{number}", written, written + late))

    def is_page(self, answer: Answer) -> bool:
        """Tell whether an answer was a page between two ends."""
        return "created_at_i<" in answer.asked

    def __call__(self, asked: HttpRequest) -> None:
        """Answer a search, or fail to."""
        renamed = b'{"hits": [{"object_id": "7", "created": 5}], "nbHits": 1}'
        if self.failed(asked, {"[]": b"[]", "empty": b'{"hits": [], "nbHits": 0, "page": 0}', "renamed": renamed}):
            return
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
        shown = {int(each.key.partition(":")[2]): each for each in self.shown()}
        index = Index((number, int(each.written.timestamp())) for number, each in shown.items())
        for number, each in shown.items():
            index.add_text(number, int(each.written.timestamp()), f"{TERM} remark {number}")
        found = index.search(query["numericFilters"])[: int(query["hitsPerPage"])]
        if query["hitsPerPage"] != "0":
            self.note(query["numericFilters"], [shown[number].key for number, _ in found])
        index(asked)


class FeedsDay(Served):
    """Feeds that show their newest entries only: what scrolls off while they cannot be read is gone."""

    name = "rss"
    entries = 20

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        draw = random.Random(f"{ground.seed} rss")
        server = ground.server()
        self.addresses = (server.address,)
        self._by_feed: list[list[Post]] = []
        self.sources = tuple(server.serve(f"/feed/{number}", self) for number in range(2))
        for number in range(2):
            own = [
                Post(f"rss:https://feed{number}.example/{n}", written, written + timedelta(seconds=draw.uniform(0, 90)))
                for n, written in enumerate(moments(draw, ground.hours, 6), 1)
            ]
            self._by_feed.append(own)
            self.planned += own

    def __call__(self, asked: HttpRequest) -> None:
        """Answer for a feed, or fail to."""
        moved = b"<html><body>We have moved!</body></html>"
        if self.failed(asked, {"[]": b"[]", "empty": _document([]), "renamed": moved}):
            return
        now = self.clock.time()
        shown = [each for each in self._by_feed[int(asked.path[-1])] if each.shown <= now]
        newest = sorted(shown, key=lambda each: each.shown, reverse=True)[: self.entries]
        self.note(asked.path, [each.key for each in newest])
        asked.answer(200, _document(newest), {"Content-Type": "application/rss+xml"})


def _document(posts: Sequence[Post]) -> bytes:
    items = "".join(
        f"<item><guid>{each.key.removeprefix('rss:')}</guid><title>{TERM} {each.key[-3:]}</title>"
        f"<pubDate>{format_datetime(each.written)}</pubDate></item>"
        for each in posts
    )
    return f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()


def moments(draw: random.Random, hours: float, an_hour: float, begin: float = 0) -> Iterator[datetime]:
    """Yield when posts are written, so many an hour by chance; the platform's clock is wrong by up to two minutes."""
    passed = begin + draw.expovariate(an_hour)
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
