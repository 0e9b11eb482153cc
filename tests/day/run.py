"""One day: workers do what is due, die between any two steps, and at its end a judge compares two ledgers.

The judge's own ledger is what platforms showed and answered. The product's is its store.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from monitor.duties import jobs
from monitor.duties.look_back import refill
from monitor.duties.second_look import look_again
from monitor.models import Job, QueryStatus, Window
from monitor.settings import FetchSettings, Settings
from monitor.signals.silence import FEWEST_HOURS
from monitor.store.embedded import server_binary
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from monitor.topics.polling.planning import query_of
from monitor.wiring import Monitor
from tests.chaos.f12_replays import a_server
from tests.day.clock import Clock, DayConnection, Killed, at
from tests.day.platforms import SILENT_FROM, FeedsDay, HackerNewsDay, Platform, Post, troubles_of
from tests.simulators.feed_server import FeedServer

PLATFORMS: tuple[Callable[..., Platform], ...] = (HackerNewsDay, FeedsDay)
"""Every platform of the day; each is made of a server, the clock, a seed, hours, and troubles."""

KILLS = 0.06
"""The share of jobs whose worker is killed."""

CALM = 4.0
"""Hours after the day in which nothing goes wrong, and what is owed is read."""

SLACK = timedelta(minutes=8)
"""A gap is named by when looks were taken; what a post says of its time is wrong by two minutes and shown later."""


class Plan(NamedTuple):
    """How long a day is, and how often queries are looked at."""

    seed: int
    hours: float = 24
    every: int = 20
    kinds: frozenset[str] = frozenset(("poll", "refill", "prune"))


class Came(NamedTuple):
    """What came of a day: what was counted, and a sentence for each promise that was broken."""

    reached: Mapping[str, object]
    broken: tuple[str, ...]


class Day:
    """The product on a day of its own, one job at a time."""

    def __init__(self, url: str, folder: Path, server: FeedServer, plan: Plan) -> None:
        self.clock = Clock()
        self.plan = plan
        self.platforms = [
            make(server, self.clock, plan.seed + n, plan.hours, troubles_of(plan.seed + n, plan.hours))
            for n, make in enumerate(PLATFORMS)
        ]
        self.connection = DayConnection(url, Keyspace(f"day-{plan.seed}-{folder.name}:"), self.clock)
        self.connection.check()
        self._draw = random.Random(f"{plan.seed} workers")
        self._workers = 0
        self.kills = 0
        self.silent: set[str] = set()
        self.excused: Counter[tuple[str, str]] = Counter()
        self.monitor = self._opened(folder, server)

    def _opened(self, folder: Path, server: FeedServer) -> Monitor:
        feeds = [source for each in self.platforms if each.name == "rss" for source in each.sources]
        topic = f'[topics.pots]\nany = ["砸锅卖铁"]\nevery = "{self.plan.every}m"\n'
        (folder / "topics.toml").write_text(f"feeds = {feeds}\n{topic}", encoding="utf-8")
        settings = Settings(
            home=folder / "var",
            config=folder,
            fetch=FetchSettings(allow=(server.address,)),
            sources={each.name: each.options for each in self.platforms},
        )
        monitor = Monitor(settings, self.connection, None)
        jobs.read_topics(monitor, self.clock.time())
        due = {job: at - self.clock.time() for job, at in monitor.schedule.due() if job.kind in self.plan.kinds}
        monitor.schedule.sync(due)
        return monitor

    def live(self) -> None:
        """Live through the day, and through the calm after it."""
        end = at(self.plan.hours + CALM)
        while self.clock.time() < end:
            for job in self.monitor.schedule.take(50):
                self._work(job)
            if self.clock.hours() > self.plan.hours / 2:
                self.silent |= {each.query.source for each in self.statuses() if each.is_silent}
            self.clock.advance(max(self._next(), self.clock.time() + timedelta(seconds=1)))

    def statuses(self) -> list[QueryStatus]:
        """Return what the product says of its queries, of the whole day."""
        queries = [query_of(source) for source in self.monitor.topics.all()[0].sources]
        return self.monitor.progress.statuses(queries, Window(at(-2), self.clock.time()))

    def _next(self) -> datetime:
        return min((when for _, when in self.monitor.schedule.due()), default=at(self.plan.hours + CALM))

    def _work(self, job: Job) -> None:
        """Do a job as a worker does, which may die of it."""
        owner = f"worker {self._workers}/{self._draw.random()}"
        answered = {each.name: len(each.answers()) for each in self.platforms}
        if self._draw.random() < KILLS and self.clock.hours() < self.plan.hours:
            self.connection.kill_in, self.connection.is_after = self._draw.randrange(1, 16), self._draw.random() < 0.5
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


WORK: Mapping[str, Callable[[Monitor, str, str], None]] = {
    "poll": lambda monitor, subject, owner: jobs.poll(monitor, subject, owner, monitor.now),
    "refill": lambda monitor, subject, owner: refill(monitor, subject, owner, monitor.now()),
    "prune": lambda monitor, subject, owner: jobs.prune(monitor, subject, owner, monitor.now()),
    "reread": lambda monitor, subject, owner: look_again(monitor, subject, owner, monitor.now),
}
"""As workers/tasks.py does it: the time is the store's."""


def judged(day: Day) -> Came:
    """Compare what platforms showed and answered with what the store holds and says."""
    broken: list[str] = []
    stored = [str(each.post.key) for each in day.monitor.mentions.between("pots", Window(at(-2), at(999)))]
    statuses = {str(each.query): each for each in day.statuses()}
    missed = 0
    for platform in day.platforms:
        delivered = {key for each in platform.answers() for key in each.keys}
        lost = [each for each in platform.posts() if each.key not in stored]
        missed += len(lost)
        unnamed = [each.key for each in lost if not is_named(each, platform, statuses)]
        broken += [f"{each.key} was in a good answer and is not stored" for each in lost if each.key in delivered]
        broken += [f"{key} was missed, and nobody says so" for key in unnamed]
        broken += [f"{platform.name}: {asked} was paid {times} times" for asked, times in twice(day, platform)]
    shown = {each.key for platform in day.platforms for each in platform.posts()}
    broken += [f"{key} is stored {times} times" for key, times in Counter(stored).items() if times > 1]
    broken += [f"{key} is stored, and nobody wrote it" for key in set(stored) - shown]
    broken += list(check(day.connection))
    answers = sum(len(each.answers()) for each in day.platforms)
    faults = {each.name: each.faults for each in day.platforms}  # type: ignore[attr-defined]
    gaps = sum(len(each.gaps) for each in statuses.values())
    reached: dict[str, object] = {"posts": len(shown), "stored": len(stored), "missed_and_named": missed, "gaps": gaps}
    reached |= {"good_answers": answers, "faults": faults, "kills": day.kills, "silent": sorted(day.silent)}
    # Reported, not judged: after a day with many faults too little is known of what is usual, and some stay unnoticed.
    reached["silence_unnoticed"] = "hackernews" not in day.silent and known_hours(day) >= FEWEST_HOURS + 2
    return Came(reached, tuple(broken))


def known_hours(day: Day) -> int:
    """Return in how many hours before its silence the index was read: of few nobody can tell what is usual."""
    begins = at(SILENT_FROM * day.plan.hours)
    return len({each.at.replace(minute=0, second=0) for each in day.platforms[0].answers() if each.at < begins})


def is_named(post: Post, platform: Platform, statuses: Mapping[str, QueryStatus]) -> bool:
    """Tell whether a gap of some query of the platform tells that a post may be missing."""
    own = [each for name, each in statuses.items() if name.partition(":")[0] == platform.name]
    return any(gap.start - SLACK <= post.shown <= gap.end + SLACK for each in own for gap in each.gaps)


def twice(day: Day, platform: Platform) -> Iterator[tuple[str, int]]:
    """Yield pages that were answered more than once to processes that lived to store them."""
    pages = Counter(each.asked for each in platform.answers() if platform.is_page(each))
    for asked, times in pages.items():
        if times - day.excused[platform.name, asked] > 1:
            yield asked, times


@contextmanager
def lived(folder: Path, plan: Plan) -> Iterator[Day]:
    """Live through a day, and yield what is left of it. The store keeps nothing on its disk: no power is cut here."""
    with a_server(server_binary(), folder / "day.sock") as url, FeedServer() as server:
        day = Day(url, folder, server, plan)
        try:
            day.live()
            yield day
        finally:
            day.monitor.close()
