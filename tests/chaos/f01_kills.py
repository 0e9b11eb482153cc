"""F1: workers die by SIGKILL, half of them while they hold a lease, and platforms' posts all arrive, once."""

import random
import threading
import time
from typing import NamedTuple

from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from tests.chaos import Figure, Plan, progress
from tests.chaos.fleet import Fleet, wait_for
from tests.chaos.oracle import open_ends, posts_of, stored, verdict
from tests.chaos.stage import Configuration, connected, environment, topic_name, words, write_configuration
from tests.chaos.worker import Waits
from tests.simulators.feed_server import FeedServer
from tests.simulators.publisher import Publisher

NAME = "F1 kills"
FEEDS = 4
TOPICS = 3
WORKERS = 3
WORK_LIMIT = 6.0
"""Seconds for which the next kill waits at most until a post was stored since the last one, where one waits for it.

On a machine with a load of nine a start takes longer than it is from kill to kill: no worker of a whole storm ever
works, and what is measured is how fast such a machine starts processes, and how long all posts of the run then take.
"""
SETTLE_LIMIT = 90.0
RECOVERY = 10.0
LAST_POSTS = 200
"""Written just before the last kill, so that there is something to recover. They can be read at once: what a platform
shows later still is no time that the product needs."""


class Scale(NamedTuple):
    """How many kills, how many posts, and the seconds between two kills."""

    kills: int
    posts: int
    every: float


SHORT = Scale(kills=24, posts=4_000, every=1.0)
LONG = Scale(kills=200, posts=50_000, every=4.0)


def measure(plan: Plan) -> Figure:
    """Kill, and count what was lost or doubled."""
    scale = LONG if plan.is_long else SHORT
    home = EmbeddedStore(plan.folder / "home")
    home.attach()
    try:
        connection = connected(home.url)
        with (
            FeedServer() as server,
            Publisher(
                server,
                feeds=FEEDS,
                seed=plan.seed,
                ledger=plan.folder / "posts.jsonl",
                words=lambda number: words(number, TOPICS),
            ) as publisher,
        ):
            write_configuration(plan.folder / "config", server, publisher, Configuration(["23:00"] * TOPICS, TOPICS))
            variables = environment(plan.folder, home.url)
            with Fleet(variables, Waits(), WORKERS, plan.folder, plan.seed) as fleet:
                return _storm(plan, scale, connection, publisher, fleet)
    finally:
        home.detach()


def _storm(plan: Plan, scale: Scale, connection: Connection, publisher: Publisher, fleet: Fleet) -> Figure:
    chance = random.Random(f"{plan.seed}/kills")
    pause = threading.Event()
    publisher.rate, publisher.most = scale.posts / (scale.kills * scale.every), scale.posts - LAST_POSTS
    names = [topic_name(n) for n in range(TOPICS)]
    started = wait_for(lambda: stored(connection, names) > 0, SETTLE_LIMIT)
    for kill in range(scale.kills):
        due, before = time.monotonic() + chance.uniform(0.2, 1.8) * scale.every, stored(connection, names)
        _kill(fleet, connection)
        pause.wait(max(0.0, due - time.monotonic()))
        _let_work(connection, publisher, names, before)
        if kill % 20 == 19:
            progress(
                NAME, f"{kill + 1} kills, {len(publisher.posts)} posts written, {stored(connection, names)} stored"
            )
    _write_last(publisher, scale)
    fleet.kill_at_work(connection)
    recovered = wait_for(lambda: not open_ends(connection, publisher, names), SETTLE_LIMIT)
    fleet.stop()
    posts = posts_of(connection, names, publisher.posts)
    broken = list(verdict(connection, posts))
    if started is None:
        broken.append("no post was stored before the first kill")
    if recovered is None:
        left = "; ".join(open_ends(connection, publisher, names))
        broken.append(f"not recovered {SETTLE_LIMIT:.0f} s after the last kill: {left}")
    elif recovered > RECOVERY:
        broken.append(f"not recovered within {RECOVERY:.0f} s after the last kill: {recovered:.1f} s")
    if fleet.kills_at_work * 2 < scale.kills:  # the last kill, to begin the recovery, is one more
        broken.append(f"only {fleet.kills_at_work} of {fleet.kills} workers died holding a lease")
    return Figure(
        name=NAME,
        wanted=f"{scale.kills} kills, half holding a lease, {scale.posts} posts: 0 lost, 0 twice, recovery < 10 s",
        reached={
            "kills": fleet.kills,
            "holding_a_lease": fleet.kills_at_work,
            "died_by_themselves": fleet.deaths,
            "posts": len(publisher.posts),
            "lost": len(posts.missing),
            "twice": len(posts.twice),
            "altered": len(posts.altered),
            "recovery_seconds": round(recovered, 1) if recovered is not None else "never",
        },
        broken=tuple(broken),
    )


def _kill(fleet: Fleet, connection: Connection) -> None:
    """Kill a worker: as many of them at work as not."""
    if fleet.kills_at_work * 2 <= fleet.kills:
        fleet.kill_at_work(connection)
    else:
        fleet.kill_any()


def _let_work(connection: Connection, publisher: Publisher, names: list[str], before: int) -> None:
    """Wait until more posts are stored than before, or all are, but not for ever."""
    wait_for(lambda: stored(connection, names) > min(before, len(publisher.posts) - 1), WORK_LIMIT, every=0.05)


def _write_last(publisher: Publisher, scale: Scale) -> None:
    publisher.latest, publisher.most, publisher.rate = 0.0, scale.posts, 10.0 * LAST_POSTS
    wait_for(lambda: len(publisher.posts) == scale.posts, SETTLE_LIMIT, every=0.01)
    publisher.calm()
