"""F3: everything at once: kills, power cuts, freezes, a bad network, failing platforms, a failing Telegram."""

import contextlib
import random
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from monitor.errors import StoreError
from monitor.store.connection import Connection
from tests.chaos import Figure, Plan, progress
from tests.chaos.fleet import Fleet, wait_for
from tests.chaos.oracle import findings, open_ends, posts_of, some, verdict
from tests.chaos.power import Cut, PowerStore, compile_log, makes
from tests.chaos.proxy import CALM, Proxy, Weather
from tests.chaos.readers import SETTINGS, SHAPES, SPEC, Readers, broken_by, faults_of
from tests.chaos.stage import Configuration, connected, environment, title_of, topic_name, words, write_configuration
from tests.chaos.worker import Waits
from tests.data import data_path
from tests.simulators import publisher as platforms
from tests.simulators.feed_server import FeedServer
from tests.simulators.publisher import Publisher
from tests.simulators.telegram_remote import RemoteSimulator

NAME = "F3 all together"
FEEDS, WORKERS, RATE = 4, 3, 15.0
FREEZES_AT_SENDS, FROZEN_FOR = 0.03, 8.0
CHANCE, PROBES_CHANCE = 0.4, 0.03
STORE_WEATHER = Weather(refuse=0.01, reset=2e-4, cut=1e-4, hole=2e-5, delay=1e-3)
WEATHER = Weather(refuse=0.01, reset=0.01, cut=0.01, hole=0.005, delay=0.05)
SETTLE_LIMIT = 240.0
FIRST_DIGEST = timedelta(seconds=25)
"""After the start; by then the topics are followed."""


class Scale(NamedTuple):
    """Seconds of storm, how often each fault happens in them, channels, digests for each, and topics with a daily one.

    Two topics share a keyword: their digests want the same posts.
    """

    seconds: float
    kills: int
    cuts: int
    freezes: int
    faults: int
    channels: int
    rounds: int
    topics: int


SHORT = Scale(seconds=40, kills=12, cuts=3, freezes=3, faults=10, channels=8, rounds=6, topics=8)
LONG = Scale(seconds=480, kills=115, cuts=22, freezes=28, faults=250, channels=16, rounds=32, topics=48)


class Stage(NamedTuple):
    """All that takes part in a run."""

    store: PowerStore
    connection: Connection
    publisher: Publisher
    readers: Readers
    fleet: Fleet
    proxies: list[Proxy]


def measure(plan: Plan) -> Figure:
    """Let everything fail, then be calm, and count."""
    scale = LONG if plan.is_long else SHORT
    library = compile_log(plan.folder)
    if library is None:
        said = "not run: there is no C compiler (cc), and without one nobody knows what a power cut leaves"
        return Figure(name=NAME, wanted=wanted(scale), reached={}, broken=(said,))
    make = makes()[plan.seed % 2]
    with ExitStack() as stack:
        store = stack.enter_context(PowerStore(make, plan.folder / "store", library))
        telegram = stack.enter_context(RemoteSimulator(data_path(SPEC), plan.folder / "readers.jsonl", seed=plan.seed))
        server = stack.enter_context(FeedServer())
        publisher = stack.enter_context(
            Publisher(
                server,
                feeds=FEEDS,
                seed=plan.seed,
                ledger=plan.folder / "posts.jsonl",
                words=lambda number: words(number, scale.topics // 2),
            )
        )
        targets = (store.url.removeprefix("unix://"), server.address, telegram.url.removeprefix("http://"))
        proxies = [stack.enter_context(Proxy(each, f"{plan.seed}/{n}")) for n, each in enumerate(targets)]
        readers = Readers(telegram, store.url, channels=scale.channels, people=0)
        ahead, times = clock(scale)
        settings = (
            SETTINGS.format(token=telegram.token, url=f"http://{proxies[2].address}")
            + f'chat = "{readers.channels[0]}"\n'
        )
        configuration = Configuration(times, scale.topics // 2, settings, proxies[1].address)
        write_configuration(plan.folder / "config", server, publisher, configuration)
        waits = Waits(courier=True, freezes=FREEZES_AT_SENDS, ahead=ahead)
        variables = environment(plan.folder, f"redis://{proxies[0].address}/0")
        connection = connected(store.url)
        fleet = stack.enter_context(Fleet(variables, waits, WORKERS, plan.folder, plan.seed))
        return _judge(plan, scale, Stage(store, connection, publisher, readers, fleet, proxies))


def wanted(scale: Scale) -> str:
    """Word what is to be reached."""
    faults = f"{scale.kills} kills, {scale.cuts} cuts, {scale.freezes} freezes, {scale.faults} send faults"
    return f"{scale.seconds:.0f} s with {faults} at least: 0 missing, 0 visible twice"


def clock(scale: Scale) -> tuple[float, list[str]]:
    """Return by how many seconds the workers' clocks are ahead, and the times of the topics' digests.

    They are spread over the whole minutes of the storm, the first of which begins soon.
    """
    now = datetime.now(UTC)
    first = (now + FIRST_DIGEST).replace(second=0, microsecond=0) + timedelta(minutes=1)
    ahead = (first - FIRST_DIGEST - now).total_seconds()
    minutes = max(1, int((scale.seconds - FIRST_DIGEST.total_seconds()) // 60))
    times = [first + timedelta(minutes=topic % minutes) for topic in range(scale.topics)]
    return ahead, [f"{each:%H:%M}" for each in times]


def _judge(plan: Plan, scale: Scale, stage: Stage) -> Figure:
    stage.readers.begin()
    telegram = stage.readers.telegram
    began = time.monotonic()
    storm = Storm(plan, scale, stage)
    storm.rage()
    storm.calm()
    raged = time.monotonic() - began
    settled = wait_for(lambda: not _open_ends(scale, stage), SETTLE_LIMIT, every=0.3)
    left = _open_ends(scale, stage) if settled is None else []
    stage.fleet.stop()
    report = telegram.do("report")
    seen = stage.readers.seen()
    missing, twice = _daily(scale, stage)
    families = [range(scale.topics // 2), range(scale.topics // 2, scale.topics)]
    shown = stage.publisher.posts
    posts = [posts_of(stage.connection, [topic_name(n) for n in family], shown) for family in families]
    broken = [*broken_by(seen, report["breaches"]), *verdict(stage.connection, posts[0])]
    broken += [each for each in verdict(stage.connection, posts[1]) if each not in findings(stage.connection)]
    broken += [some("daily digests missing", missing)] if missing else []
    broken += [some("daily digests visible twice", twice)] if twice else []
    if settled is None:
        broken.append(f"not settled within {SETTLE_LIMIT:.0f} s of calm: {'; '.join(left)}")
    reached: dict[str, float | int | str] = {
        "kills": stage.fleet.kills,
        "holding_a_lease": stage.fleet.kills_at_work,
        "cuts": len(storm.cuts),
        "bytes_cut": sum(each.bytes for each in storm.cuts),
        "freezes": stage.fleet.freezes,
        "died_by_themselves": stage.fleet.deaths,
        "send_faults": faults_of(report),
        "platform_faults": sum(stage.publisher.faults.values()),
        "network_faults": sum(sum(proxy.fates.values()) for proxy in stage.proxies),
        "posts": len(shown),
        "posts_missing": len(posts[0].missing) + len(posts[1].missing),
        "posts_twice": len(posts[0].twice) + len(posts[1].twice),
        "digests": sum(map(len, stage.readers.digests.values())) + scale.topics,
        "missing": len(seen.missing) + len(missing),
        "twice": len(seen.twice) + len(twice),
        "held": len(seen.held),
        "copies_seen_at_any_time": seen.copies,
        "longest_seen_twice_seconds": round(seen.seconds, 1),
        "storm_seconds": round(raged),
        "settled_seconds": round(settled, 1) if settled is not None else "never",
    }
    broken += [
        f"only {reached[name]} {name}, {least} were wanted"
        for name, least in (
            ("kills", scale.kills),
            ("cuts", scale.cuts),
            ("freezes", scale.freezes),
            ("send_faults", scale.faults),
        )
        if int(reached[name]) < least
    ]
    return Figure(name=f"{NAME}, {stage.store.make.name}", wanted=wanted(scale), reached=reached, broken=tuple(broken))


class Storm:
    """All faults at their times, drawn from the seed; each is one of the methods below."""

    def __init__(self, plan: Plan, scale: Scale, stage: Stage) -> None:
        self._chance = random.Random(f"{plan.seed}/storm")
        self._scale = scale
        self._stage = stage
        self._pause = threading.Event()
        self._handed = 0
        self.cuts: list[Cut] = []

    def rage(self) -> None:
        """Let everything fail for as long as the scale says."""
        stage, telegram = self._stage, self._stage.readers.telegram
        telegram.do("storm", chance=CHANCE, method="sendMessage", kinds=SHAPES, seconds=0.5)
        telegram.do("storm", chance=PROBES_CHANCE, method="editMessageText", kinds=SHAPES, seconds=0.5)
        stage.publisher.rate, stage.publisher.troubles = RATE, platforms.STORM
        for proxy, weather in zip(stage.proxies, (STORE_WEATHER, WEATHER, WEATHER), strict=True):
            proxy.weather = weather
        began = time.monotonic()
        for at, act in self._acts():
            self._pause.wait(max(0.0, began + at - time.monotonic()))
            act()

    def calm(self) -> None:
        """Let nothing fail any more; the last fault of all is a kill."""
        stage = self._stage
        stage.publisher.calm()
        stage.readers.telegram.do("calm")
        for proxy in stage.proxies:
            proxy.weather = CALM
        stage.fleet.calm()
        stage.fleet.kill_any()

    def _acts(self) -> list[tuple[float, Callable[[], None]]]:
        scale = self._scale
        numbers = {self._kill: scale.kills, self._cut: scale.cuts, self._freeze: scale.freezes}
        acts = [(n * scale.seconds / scale.rounds, self._hand_over) for n in range(scale.rounds)]
        for act, number in numbers.items():
            step = scale.seconds / number
            acts += [((n + self._chance.random()) * step, act) for n in range(number)]
        return sorted(acts, key=lambda each: each[0])

    def _hand_over(self) -> None:
        self._handed += 1
        self._stage.readers.hand_over(f"d{self._handed}", parts=1 + self._handed % 2)

    def _kill(self) -> None:
        if self._stage.fleet.kills % 2:
            self._stage.fleet.kill_at_work(self._stage.connection)
        else:
            self._stage.fleet.kill_any()

    def _freeze(self) -> None:
        self._stage.fleet.freeze_any(FROZEN_FOR)

    def _cut(self) -> None:
        if self._chance.random() < 0.5:
            with contextlib.suppress(StoreError):  # a rewrite may be under way already
                self._stage.connection.execute("BGREWRITEAOF")
            self._pause.wait(self._chance.uniform(0, 0.1))
        self.cuts.append(self._stage.store.cut(self._chance))
        self._pause.wait(self._chance.uniform(0, 1.5))
        self._stage.store.start()
        progress(NAME, f"cut {len(self.cuts)}, kill {self._stage.fleet.kills}, freeze {self._stage.fleet.freezes}")


def _open_ends(scale: Scale, stage: Stage) -> list[str]:
    """Return what is missing until every post is stored, every message delivered or held, and no job waits, in words.

    A post is stored under two topics, which share its keyword.
    """
    names = [topic_name(n) for n in range(scale.topics)]
    left = open_ends(stage.connection, stage.publisher, names, copies=2)
    left += [] if stage.readers.are_served() else ["messages wait in their outboxes"]
    missing, twice = _daily(scale, stage)
    left += [some("daily digests are missing", missing)] if missing else []
    return left + ([some("daily digests are visible twice", twice)] if twice else [])


def _daily(scale: Scale, stage: Stage) -> tuple[list[str], list[str]]:
    """Return topics whose digest readers of the daily chat miss, and those whose digest they see twice.

    The daily chat is the first channel.
    """
    shown = [each.text for each in stage.readers.telegram.ledger().visible(int(stage.readers.channels[0]))]
    titles = [title_of(n) for n in range(scale.topics)]
    counts = {title: sum(title in text for text in shown) for title in titles}
    return [t for t in titles if not counts[t]], [t for t in titles if counts[t] > 1]
