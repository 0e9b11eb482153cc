"""One day: workers do what is due, streams are followed, each dies between any two steps; then somebody looks back.

What came of it is judged in judge.py.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from monitor.duties import jobs
from monitor.duties.look_back import look_back, offers, refill
from monitor.duties.second_look import look_again
from monitor.errors import RateLimited, SourceError
from monitor.models import Job, QueryStatus, Window
from monitor.settings import FetchSettings, Settings
from monitor.store.embedded import server_binary
from monitor.store.keys import Keyspace
from monitor.wiring import Monitor
from tests.chaos.f12_replays import a_server
from tests.day.bluesky_day import BlueskyDay
from tests.day.clock import Clock, DayConnection, Killed, at
from tests.day.listening import Listener, quick
from tests.day.mastodon_day import MastodonDay
from tests.day.platforms import FeedsDay, Ground, HackerNewsDay, Platform
from tests.day.x_day import XDay

PLATFORMS: tuple[Callable[[Ground], Platform], ...] = (HackerNewsDay, FeedsDay, XDay, MastodonDay, BlueskyDay)
"""Every platform of the day."""

KILLS = 0.06
"""The share of jobs whose worker is killed."""

CALM = 4.0
"""Hours after the day in which nothing goes wrong, and what is owed is read."""

ASIDE_EVERY = timedelta(minutes=6)
"""So often streams are listened to and the plan is looked at; each takes a moment of ours."""

TOPIC = "pots"


class Plan(NamedTuple):
    """How long a day is, and how often queries are looked at."""

    seed: int
    hours: float = 24
    every: int = 20
    kinds: frozenset[str] = frozenset(("poll", "refill", "prune"))


class Day:
    """The product on a day of its own, one job at a time."""

    def __init__(self, url: str, folder: Path, stack: ExitStack, plan: Plan) -> None:
        self.clock = Clock()
        self.plan = plan
        self.platforms = [
            make(Ground(stack, self.clock, plan.seed + n, plan.hours)) for n, make in enumerate(PLATFORMS)
        ]
        self.connection = DayConnection(url, Keyspace(f"day-{plan.seed}-{folder.name}:"), self.clock)
        self.connection.check()
        self._draw = random.Random(f"{plan.seed} workers")
        self._workers = 0
        self.kills = 0
        self.silent: set[str] = set()
        self.excused: Counter[tuple[str, str]] = Counter()
        self.before_looking_back: frozenset[str] = frozenset()
        self.monitor = self._opened(folder)
        stack.callback(self.monitor.close)
        stream = quick(self.monitor.streams["bluesky"])
        self.monitor.streams["bluesky"] = self.monitor.platforms["bluesky"] = stream
        self._listener = Listener(self.monitor, stream, self.clock, self.connection)
        stack.callback(self._listener.close)

    def _opened(self, folder: Path) -> Monitor:
        feeds = [source for each in self.platforms if each.name == "rss" for source in each.sources]
        topic = f'[topics.{TOPIC}]\nany = ["砸锅卖铁"]\nevery = "{self.plan.every}m"\n'
        names = [each.name for each in self.platforms]
        (folder / "topics.toml").write_text(f"feeds = {feeds}\n{topic}sources = {names}\n", encoding="utf-8")
        settings = Settings(
            home=folder / "var",
            config=folder,
            fetch=FetchSettings(allow=tuple(address for each in self.platforms for address in each.addresses)),
            sources={each.name: each.options for each in self.platforms},
        )
        return Monitor(settings, self.connection, None)

    def _read_topics(self) -> None:
        """Make the due list fit the plan, as a sweeper does each second: what a platform taught changes it."""
        self._doom()
        with suppress(Killed):
            now = self.clock.time()
            jobs.read_topics(self.monitor, now)
            due = {job: at - now for job, at in self.monitor.schedule.due() if job.kind in self.plan.kinds}
            self.monitor.schedule.sync(due)
        self.kills += self.connection.is_dead
        self.connection.reborn()

    def live(self) -> None:
        """Live through the day, through the calm after it, and look back at what nobody heard."""
        aside = self.clock.time()
        while self.clock.time() < at(self.plan.hours + CALM):
            if self.clock.time() >= aside:
                aside = self.clock.time() + ASIDE_EVERY
                self._do_aside()
            for job in self.monitor.schedule.take(50):
                if job.kind in self.plan.kinds:  # others stand there after a kill, until the plan is looked at again
                    self._work(job)
            soon = self.clock.time() + timedelta(seconds=1)
            self.clock.advance(min(max(self._next(), soon), aside))
        self.before_looking_back = frozenset(self.stored())
        self._look_back()

    def _do_aside(self) -> None:
        """Let platforms do what they do by themselves, follow streams, and look at what is said of sources."""
        for platform in self.platforms:
            platform.pass_time()
        self._read_topics()
        self._listen()
        if self.clock.hours() > self.plan.hours / 2:
            self.silent |= {each.query.source for each in self.statuses() if each.is_silent}

    def statuses(self) -> list[QueryStatus]:
        """Return what the product says of its queries, of the whole day."""
        return self.monitor.progress.statuses(list(self.monitor.plan()), Window(at(-2), self.clock.time()))

    def stored(self) -> list[str]:
        """Return the keys of what is stored."""
        return [str(each.post.key) for each in self.monitor.mentions.between(TOPIC, Window(at(-2), at(999)))]

    def _next(self) -> datetime:
        return min((when for _, when in self.monitor.schedule.due()), default=at(self.plan.hours + CALM))

    def _work(self, job: Job) -> None:
        """Do a job as a worker does, which may die of it."""
        owner = f"worker {self._workers}/{self._draw.random()}"
        answered = {each.name: len(each.answers()) for each in self.platforms}
        self._doom()
        try:
            WORK[job.kind](self.monitor, job.subject, owner)
        except Killed:
            self._workers += 1
            self.kills += 1
            for platform in self.platforms:
                # What was answered to a process that died is asked for again, and must be.
                for each in platform.answers()[answered[platform.name] :]:
                    self.excused[platform.name, each.asked] += 1
        self.connection.reborn()

    def _listen(self) -> None:
        """Follow the stream up to now, by a process that may die of it; the next one goes on at the next step."""
        [bluesky] = [each for each in self.platforms if isinstance(each, BlueskyDay)]
        if self._listener.has_begun():  # who dies before its first page has promised nothing yet
            self._doom()
        if not self._listener.listen(bluesky.last_us, is_deaf=bluesky.is_deaf):
            self.kills += 1
        self.connection.reborn()

    def _look_back(self) -> None:
        """Look back at the whole day on Bluesky, as `monitor backfill` does, after each death and refusal anew."""
        [bluesky] = [each for each in self.platforms if isinstance(each, BlueskyDay)]
        [topic] = self.monitor.topics.all()
        window = Window(at(-1), self.clock.time())
        asked = [each.query for each in offers(self.monitor, topic, window, "bluesky", self.clock.time())]
        bluesky.search.is_calm = False
        while asked:
            self._doom(always=0.3)
            try:
                for _ in look_back(self.monitor, topic, asked[0], window, self.clock.time):
                    self.clock.advance(self.clock.time() + timedelta(seconds=1))
                asked.pop(0)
            except Killed:
                self.kills += 1
            except SourceError as e:
                wait = e.retry_after if isinstance(e, RateLimited) else timedelta(minutes=5)
                self.clock.advance(self.clock.time() + wait)
            self.connection.reborn()

    def _doom(self, always: float = 0.0) -> None:
        """Let the process that works next die, by chance, after some calls of the store."""
        if self._draw.random() < (always or (KILLS if self.clock.hours() < self.plan.hours else 0.0)):
            self.connection.kill_in, self.connection.is_after = self._draw.randrange(1, 16), self._draw.random() < 0.5


WORK: Mapping[str, Callable[[Monitor, str, str], None]] = {
    "poll": lambda monitor, subject, owner: jobs.poll(monitor, subject, owner, monitor.now),
    "refill": lambda monitor, subject, owner: refill(monitor, subject, owner, monitor.now()),
    "prune": lambda monitor, subject, owner: jobs.prune(monitor, subject, owner, monitor.now()),
    "reread": lambda monitor, subject, owner: look_again(monitor, subject, owner, monitor.now),
}
"""As workers/tasks.py does it: the time is the store's."""


@contextmanager
def lived(folder: Path, plan: Plan) -> Iterator[Day]:
    """Live through a day, and yield what is left of it. The store keeps nothing on its disk: no power is cut here."""
    with a_server(server_binary(), folder / "day.sock") as url, ExitStack() as stack:
        day = Day(url, folder, stack, plan)
        day.live()
        yield day
