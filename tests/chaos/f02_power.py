"""F2: the store's power is cut, and nothing that it acknowledged is lost; with a setting that loses, this shows it."""

import contextlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from monitor.errors import StoreError
from monitor.store.connection import Connection
from tests.chaos import Figure, Plan, progress
from tests.chaos.fleet import Fleet, wait_for
from tests.chaos.oracle import open_ends, posts_of, some, stored, verdict
from tests.chaos.power import Make, PowerStore, compile_log, makes
from tests.chaos.producer import Producer, lost
from tests.chaos.stage import Configuration, environment, topic_name, words, write_configuration
from tests.chaos.worker import Waits
from tests.simulators.feed_server import FeedServer
from tests.simulators.publisher import Publisher

NAME = "F2 power cuts"
FEEDS, TOPICS, WORKERS = 3, 2, 2
RATE = 60.0
SETTLE_LIMIT = 60.0
CONTROL_CUTS = 2


class Scale(NamedTuple):
    """How many cuts of each server, and the seconds between two."""

    cuts: int
    every: float


SHORT = Scale(cuts=5, every=1.2)
LONG = Scale(cuts=30, every=2.0)


class Reached(NamedTuple):
    """What a run of cuts did to a server."""

    figures: dict[str, float | int | str]
    broken: tuple[str, ...]


def measure(plan: Plan) -> Figure:
    """Cut the power of each server, and count what it had acknowledged and lost."""
    scale = LONG if plan.is_long else SHORT
    wanted = f"{scale.cuts} cuts on each server: 0 acknowledged lost; the control, everysec, must lose some"
    library = compile_log(plan.folder)
    if library is None:
        said = "not run: there is no C compiler (cc), and without one nobody knows what was synchronised"
        return Figure(name=NAME, wanted=wanted, reached={}, broken=(said,))
    figures: dict[str, float | int | str] = {}
    broken: list[str] = []
    with ThreadPoolExecutor() as pool:
        for reached in pool.map(lambda make: _storm(plan, scale, make, library), makes()):
            figures |= reached.figures
            broken += reached.broken
    return Figure(name=NAME, wanted=wanted, reached=figures, broken=tuple(broken))


def _storm(plan: Plan, scale: Scale, make: Make, library: Path) -> Reached:
    """Cut the power of a server that keeps its word, and of one that is told not to."""
    here = plan._replace(folder=plan.folder / make.name.replace(" ", "-"))
    with PowerStore(make, here.folder / "store", library) as store:
        reached = _cuts(here, scale, store)
    with PowerStore(make, here.folder / "control", library, fsync="everysec") as store:
        control = _control(here, store)
    broken = reached.broken if control else (*reached.broken, "the control lost nothing, so this run proves nothing")
    figures = reached.figures | {"control_lost": control}
    return Reached(
        {f"{make.name} {what}": value for what, value in figures.items()},
        tuple(f"{make.name}: {each}" for each in broken),
    )


def _cuts(plan: Plan, scale: Scale, store: PowerStore) -> Reached:
    """Cut while a producer writes and workers work."""
    connection = Connection(store.url)
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
        variables = environment(plan.folder, store.url)
        with (
            Fleet(variables, Waits(), WORKERS, plan.folder, plan.seed) as fleet,
            Producer(store.url, plan.folder / "acknowledged") as producer,
        ):
            publisher.rate = RATE
            names = [topic_name(n) for n in range(TOPICS)]
            wait_for(lambda: stored(connection, names) > 0, SETTLE_LIMIT)
            figures = _cut(plan, scale, store)
            publisher.calm()
            recovered = wait_for(lambda: not open_ends(connection, publisher, names), SETTLE_LIMIT)
            left = open_ends(connection, publisher, names) if recovered is None else []
        acknowledged = producer.acknowledged()
        gone = lost(connection, acknowledged)
        posts = posts_of(connection, names, publisher.posts)
    broken = list(verdict(connection, posts))
    if gone:
        broken.append(some("acknowledged items lost", gone))
    if recovered is None:
        broken.append(f"not recovered {SETTLE_LIMIT:.0f} s after the last cut: {'; '.join(left)}")
    figures |= {
        "acknowledged": len(acknowledged),
        "lost": len(gone),
        "calls_failed": producer.failures,
        "posts": len(publisher.posts),
        "posts_lost": len(posts.missing),
        "workers_died": fleet.deaths,
        "recovery_seconds": round(recovered, 1) if recovered is not None else "never",
    }
    return Reached(figures, tuple(broken))


def _cut(plan: Plan, scale: Scale, store: PowerStore) -> dict[str, float | int | str]:
    chance = random.Random(f"{plan.seed}/cuts/{store.make.name}")
    pause = threading.Event()
    cuts = []
    for number in range(scale.cuts):
        pause.wait(chance.uniform(0.3, 1.7) * scale.every)
        if number % 2:
            # In the middle of a rewrite the names of files change too.
            with contextlib.suppress(StoreError):  # one is under way already
                Connection(store.url).execute("BGREWRITEAOF")
            pause.wait(chance.uniform(0, 0.1))
        cuts.append(store.cut(chance))
        pause.wait(chance.uniform(0, 0.5))
        store.start()
        progress(NAME, f"{store.make.name}: cut {number + 1} took {cuts[-1].bytes} bytes, {cuts[-1].names} names")
    pause.wait(scale.every)  # whatever is broken now has time to show
    figures: dict[str, float | int | str] = {"cuts": len(cuts)}
    return figures | {"bytes_cut": sum(each.bytes for each in cuts), "names_undone": sum(each.names for each in cuts)}


def _control(plan: Plan, store: PowerStore) -> int:
    """Return how many acknowledged items a server loses that synchronises once a second."""
    chance = random.Random(f"{plan.seed}/control/{store.make.name}")
    pause = threading.Event()
    with Producer(store.url, plan.folder / "acknowledged-control") as producer:
        for _ in range(CONTROL_CUTS):
            pause.wait(chance.uniform(1.0, 1.9))
            store.cut(chance)
            store.start()
    return len(lost(Connection(store.url), producer.acknowledged()))
