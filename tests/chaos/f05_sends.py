"""F5: four of ten sends fail in every shape, workers die meanwhile, and readers see each digest once."""

import random
import threading
from typing import NamedTuple

from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from tests.chaos import Figure, Plan, progress
from tests.chaos.fleet import Fleet, wait_for
from tests.chaos.oracle import findings
from tests.chaos.readers import SETTINGS, SHAPES, SPEC, Readers, broken_by, faults_of
from tests.chaos.stage import Configuration, connected, environment, write_configuration
from tests.chaos.worker import Waits
from tests.data import data_path
from tests.simulators.feed_server import FeedServer
from tests.simulators.publisher import Publisher
from tests.simulators.telegram_remote import RemoteSimulator

NAME = "F5 ambiguous sends"
CHANCE = 0.4
PROBES_CHANCE = 0.03
WORKERS = 3


class Scale(NamedTuple):
    """Chats of each kind, digests for each of them, kills, the seconds between two, and whether waits are short."""

    channels: int
    people: int
    rounds: int
    kills: int
    every: float
    settle: float
    is_quick: bool

    @property
    def digests(self) -> int:
        """Return how many digests are handed over."""
        return (self.channels + self.people) * self.rounds


SHORT = Scale(channels=14, people=2, rounds=6, kills=8, every=1.6, settle=90, is_quick=True)
LONG = Scale(channels=56, people=6, rounds=17, kills=60, every=3.0, settle=1_200, is_quick=False)
"""With the product's own waits, and a Telegram that enforces its limits: a quarter of an hour for the looks in private
chats, at one edit a second in each."""


def measure(plan: Plan) -> Figure:
    """Let sends fail, and count what readers see."""
    scale = LONG if plan.is_long else SHORT
    home = EmbeddedStore(plan.folder / "home")
    home.attach()
    remote = RemoteSimulator(data_path(SPEC), plan.folder / "readers.jsonl", seed=plan.seed, limits=not scale.is_quick)
    try:
        connection = connected(home.url)
        ledger = plan.folder / "posts.jsonl"
        with (
            remote as telegram,
            FeedServer() as server,
            Publisher(server, feeds=1, seed=plan.seed, ledger=ledger) as publisher,
        ):
            settings = SETTINGS.format(token=telegram.token, url=telegram.url)
            write_configuration(plan.folder / "config", server, publisher, Configuration(extra=settings))
            readers = Readers(telegram, home.url, channels=scale.channels, people=scale.people)
            waits = Waits(courier=scale.is_quick)
            with Fleet(environment(plan.folder, home.url), waits, WORKERS, plan.folder, plan.seed) as fleet:
                return _storm(plan, scale, connection, readers, fleet)
    finally:
        home.detach()


def _storm(plan: Plan, scale: Scale, connection: Connection, readers: Readers, fleet: Fleet) -> Figure:
    chance = random.Random(f"{plan.seed}/kills")
    pause = threading.Event()
    telegram = readers.telegram
    readers.begin()
    begun = telegram.do("report")["calls"]
    telegram.do("storm", chance=CHANCE, method="sendMessage", kinds=SHAPES, seconds=0.5)
    telegram.do("storm", chance=PROBES_CHANCE, method="editMessageText", kinds=SHAPES, seconds=0.5)
    handed = 0
    for kill in range(scale.kills):
        while handed * scale.kills < scale.rounds * (kill + 1):
            handed += 1
            readers.hand_over(f"d{handed}")
        pause.wait(chance.uniform(0.3, 1.7) * scale.every)
        if fleet.kills_at_work * 2 <= fleet.kills:
            fleet.kill_at_work(connection)
        else:
            fleet.kill_any()
        if kill % 20 == 19:
            progress(NAME, f"{kill + 1} kills, {handed} of {scale.rounds} rounds handed over")
    settled = wait_for(readers.are_served, scale.settle)
    fleet.stop()
    report = telegram.do("report")
    seen = readers.seen()
    faults = faults_of(report)
    broken = [*broken_by(seen, report["breaches"]), *findings(connection)]
    if settled is None:
        broken.append(f"outboxes are not empty {scale.settle:.0f} s after the last kill")
    sends = report["calls"]["sendMessage"] - begun["sendMessage"]
    return Figure(
        name=NAME,
        wanted=f"{scale.digests} digests, {CHANCE:.0%} of sends faulted: each visible once where a probe can decide",
        reached={
            "digests": handed * len(readers.digests),
            "sends": sends,
            "sends_faulted": faults,
            "probes": report["calls"].get("editMessageText", 0),
            "kills": fleet.kills,
            "holding_a_lease": fleet.kills_at_work,
            "missing": len(seen.missing),
            "twice": len(seen.twice),
            "held": len(seen.held),
            "held_where_a_probe_can_decide": len(seen.wrongly_held),
            "copies_seen_at_any_time": seen.copies,
            "longest_seen_twice_seconds": round(seen.seconds, 1),
            "settled_seconds": round(settled, 1) if settled is not None else "never",
        },
        broken=tuple(broken),
    )
