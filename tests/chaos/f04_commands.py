"""F4: the bot's process and its workers die by SIGKILL, half with work in hand, and each command counts once."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import NamedTuple

from monitor.models import Role
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from monitor.store.people import ROLES, PeopleStore
from monitor.store.topics import TopicStore
from tests.chaos import Figure, Plan, progress
from tests.chaos.answers import broken_answers, is_answered, seen_answers
from tests.chaos.askers import TOPICS, Askers, Size
from tests.chaos.fleet import Bots, Fleet, wait_for
from tests.chaos.readers import SETTINGS, SHAPES, SPEC, faults_of
from tests.chaos.stage import Configuration, connected, environment, words, write_configuration
from tests.chaos.worker import Waits
from tests.data import data_path
from tests.simulators.feed_server import FeedServer
from tests.simulators.publisher import Publisher
from tests.simulators.telegram_remote import RemoteSimulator

NAME = "F4 commands"
WORKERS = 3
WAITS = Waits(courier=True)
CHANCE, PROBES_CHANCE = 0.2, 0.03
BOT_KILLS = 0.35
MOST_TRIES = 3
POSTS = 60
LEAST_FAULTS = 0.05
"""Of the commands: so many sends must fail, or it was no storm."""
STORM_LIMIT, SETTLE_LIMIT = 60.0, 300.0


class Scale(NamedTuple):
    """How many commands in how many seconds, how many kills meanwhile, and who asks."""

    commands: int
    seconds: float
    kills: int
    size: Size


SHORT = Scale(commands=250, seconds=14, kills=8, size=Size(people=12, groups=8))
LONG = Scale(commands=5_000, seconds=300, kills=100, size=Size(people=60, groups=40))


class Stage(NamedTuple):
    """All that takes part in a run."""

    connection: Connection
    telegram: RemoteSimulator
    askers: Askers
    fleet: Fleet
    bots: Bots


def measure(plan: Plan) -> Figure:
    """Let people ask and processes die, and compare what readers see with what they had to be told."""
    scale = LONG if plan.is_long else SHORT
    with staged(plan, scale.size) as stage, stage.bots:
        stage.askers.begin()
        if wait_for(lambda: is_answered(stage.connection, stage.telegram), SETTLE_LIMIT) is None:
            raise AssertionError("nobody is even greeted")
        _rage(plan, scale, stage)
        return _judge(scale, stage)


@contextmanager
def staged(plan: Plan, size: Size) -> Iterator[Stage]:
    """Let everybody be there: platforms, Telegram, people, workers that know the topics; the bot is not started."""
    home = EmbeddedStore(plan.folder / "home")
    home.attach()
    readers = plan.folder / "readers.jsonl"
    try:
        connection = connected(home.url)
        with RemoteSimulator(data_path(SPEC), readers, seed=plan.seed) as telegram, FeedServer() as server:
            askers = Askers(telegram, plan.seed, size, readers)
            for user, role in askers.roles.items():
                PeopleStore(connection).grant(user, _role(role))
            posts = plan.folder / "posts.jsonl"
            texts = lambda number: words(number, TOPICS)  # noqa: E731 - said once
            with Publisher(server, feeds=1, seed=plan.seed, ledger=posts, words=texts) as publisher:
                publisher.rate, publisher.most = 10.0, POSTS
                # Their digests are two hours old, and come in the way of nothing.
                at = [f"{datetime.now(UTC) - timedelta(hours=2):%H:%M}"] * TOPICS
                settings = SETTINGS.format(token=telegram.token, url=telegram.url)
                write_configuration(plan.folder / "config", server, publisher, Configuration(at, TOPICS, settings))
                variables = environment(plan.folder, home.url)
                with Fleet(variables, WAITS, WORKERS, plan.folder, plan.seed) as fleet:
                    wait_for(lambda: len(TopicStore(connection).all()) == TOPICS, SETTLE_LIMIT)
                    bots = Bots(variables, WAITS, 1, plan.folder, plan.seed)
                    yield Stage(connection, telegram, askers, fleet, bots)
    finally:
        home.detach()


def _role(name: str) -> Role:
    return next(role for role in ROLES if role == name)


def _rage(plan: Plan, scale: Scale, stage: Stage) -> None:
    """Let people ask in one thread and processes die in another, under a failing Telegram; then be calm."""
    chance = random.Random(f"{plan.seed}/kills")
    telegram = stage.telegram
    telegram.do("storm", chance=CHANCE, method="sendMessage", kinds=SHAPES, seconds=0.5)
    telegram.do("storm", chance=PROBES_CHANCE, method="editMessageText", kinds=SHAPES, seconds=0.5)
    enough = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(_talk, scale, stage.askers, enough)
        try:
            _kill_enough(chance, scale, stage)
        finally:
            enough.set()
        asking.result()
    # What was asked last is answered under the storm too, or on a slow machine hardly a send would fail.
    wait_for(lambda: is_answered(stage.connection, telegram), STORM_LIMIT)
    telegram.do("calm")
    stage.askers.conclude()
    stage.fleet.kill_any()


def _talk(scale: Scale, askers: Askers, enough: threading.Event) -> None:
    """Let people ask, as evenly as they may, as often as they are to, and for as long as not enough was killed."""
    began, looked, pause = time.monotonic(), 0.0, threading.Event()
    every = scale.seconds / scale.commands
    for n in count():
        if n >= scale.commands and enough.is_set():
            return
        pause.wait(max(0.0, began + n * every - time.monotonic()))
        if time.monotonic() > looked + 1:
            askers.look()
            looked = time.monotonic()
        while not askers.ask():
            pause.wait(0.1)


def _kill_enough(chance: random.Random, scale: Scale, stage: Stage) -> None:
    """Kill as often as it takes until half of what was asked for had work in hand: a slow machine has less of it."""
    pause, began, every = threading.Event(), time.monotonic(), scale.seconds / scale.kills
    for kill in range(MOST_TRIES * scale.kills):
        if kill >= scale.kills and _at_work(stage) * 2 >= scale.kills:
            return
        pause.wait(max(0.0, began + (kill + chance.random()) * every - time.monotonic()))
        _kill(chance, stage)
        if kill % 20 == 19:
            progress(NAME, f"{kill + 1} kills, {stage.askers.asked} commands")


def _kill(chance: random.Random, stage: Stage) -> None:
    """Kill the bot or a worker, with work in hand as long as fewer than half of them had any."""
    fleet, bots = stage.fleet, stage.bots
    is_at_work = _at_work(stage) * 2 <= fleet.kills + bots.kills
    if chance.random() < BOT_KILLS:
        if not (is_at_work and bots.kill_with_updates(stage.telegram)):
            bots.kill_any()
    elif not (is_at_work and fleet.kill_at_work(stage.connection)):
        fleet.kill_any()


def _at_work(stage: Stage) -> int:
    """Return how many had work in hand when they were killed."""
    return stage.fleet.kills_at_work + stage.bots.kills_at_work


def _judge(scale: Scale, stage: Stage) -> Figure:
    settled = wait_for(lambda: is_answered(stage.connection, stage.telegram), SETTLE_LIMIT, every=0.3)
    stage.bots.stop()
    stage.fleet.stop()
    report = stage.telegram.do("report")
    answers = seen_answers(stage.connection, stage.askers)
    broken = broken_answers(stage.connection, stage.askers, answers, report)
    kills, at_work = stage.fleet.kills + stage.bots.kills, _at_work(stage)
    if settled is None:
        broken.append(f"not all is answered {SETTLE_LIMIT:.0f} s after the last kill")
    if kills < scale.kills or at_work * 2 < scale.kills:
        broken.append(f"only {kills} kills, {at_work} of them with work in hand")
    if faults_of(report) < LEAST_FAULTS * scale.commands:
        broken.append(f"only {faults_of(report)} sends failed")
    return Figure(
        name=NAME,
        wanted=f"{scale.kills} kills, half with work in hand, {scale.commands} commands: each answered and done once",
        reached={
            "commands": stage.askers.asked,
            "answers": answers.seen,
            "missing": len(answers.missing),
            "too_many": len(answers.surplus),
            "held": answers.held,
            "held_where_a_probe_can_decide": len(answers.wrongly_held),
            "kills_of_bots": stage.bots.kills,
            "with_updates": stage.bots.kills_at_work,
            "kills_of_workers": stage.fleet.kills,
            "holding_a_lease": stage.fleet.kills_at_work,
            "send_faults": faults_of(report),
            "settled_seconds": round(settled, 1) if settled is not None else "never",
        },
        broken=tuple(broken),
    )
