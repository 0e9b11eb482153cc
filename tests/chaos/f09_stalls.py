"""F9: what lives and does nothing is noticed and begins anew, and what works is left alone, idle or under full load.

The real `monitor up`, at its own thresholds: its processes are frozen, made deaf, hung or robbed of a thread.
"""

import contextlib
import os
import random
import re
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from celery import Celery

from monitor.errors import StoreError
from monitor.store.connection import Connection
from monitor.wiring import Monitor, quick
from tests.chaos import Figure, Plan, progress
from tests.chaos.fleet import without_processor
from tests.chaos.oracle import findings
from tests.chaos.sabotage.sitecustomize import END_SWEEPER, HANG
from tests.integration.product import Product, Running, wait_until
from tests.simulators.feed_server import FeedServer, document, drip

NAME = "F9 stalls"
LIMIT = 45.0
"""Seconds from the fault until the product works again, without those in which it could go on and had no processor:
they tell of what else the machine does."""

PATIENCE = 120.0
FEEDS = 8
TOPICS = """
feeds = [{feeds}]
[topics.pots]
title = "砸锅卖铁"
any = ["砸锅卖铁"]
sources = ["rss"]
every = "{every}"
"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Northern Post</title><link>https://n.example/</link>
<item><guid>g{n}</guid><title>砸锅卖铁 {n}</title><link>https://n.example/{n}</link></item></channel></rss>"""
SABOTAGE = Path(__file__).parent / "sabotage"


class Stage(NamedTuple):
    """A product that runs: its log, its store for us, and where each pid is read."""

    product: Product
    up: Running
    monitor: Monitor
    looking: Connection

    def pid(self, role: str) -> int:
        """Return the process id of a role as it was started last."""
        return int(re.findall(rf"started role={role} pid=(\d+)", self.up.log)[-1])

    def lines(self, words: str, start: int = 0) -> int:
        """Return how many lines of the log hold the words, from one on."""
        return sum(words in line for line in self.up.lines[start:])

    def restarts(self) -> int:
        """Return how often a role or the store was restarted or died."""
        return self.lines("ERROR restarted") + self.lines("ERROR died")


LOOKS_BEFORE = FEEDS + 4
"""Looks before a stall: the first one at each feed comes at once, the others one a second, and so do signs of life."""


class Stall(NamedTuple):
    """A fault: what is done to the product, which role is restarted for it, and how it shows that it works."""

    make: Callable[[Stage], None]
    role: str
    works: Callable[[Stage, int], bool]


def measure(plan: Plan) -> Figure:
    """Provoke stalls and count those that end in time; count restarts that nothing provoked."""
    chance = random.Random(f"{plan.seed}/stalls")
    kinds = sorted(STALLS)
    chance.shuffle(kinds)
    wanted = [kinds[n % len(kinds)] for n in range(20 if plan.is_long else 1)]
    false: dict[str, int] = {}
    with ThreadPoolExecutor(2) as pool:
        idle = pool.submit(_watch_idle, plan.folder / "idle", 480.0) if plan.is_long else None
        times = _provoke(plan.folder / "stalls", wanted)
        if idle is not None:
            false["false_restarts_idle"] = idle.result()
    if plan.is_long:
        false["false_restarts_load"] = _watch_load(plan.folder / "load", 480.0)
    late = [
        f"{kind}: works again after {seconds:.0f} s, of which it waited {waited:.0f} s for a processor"
        for kind, seconds, waited in times
        if seconds - waited > LIMIT
    ]
    broken = [*late, *(f"{name}: {count}" for name, count in false.items() if count)]
    runs = ("stalls", "idle", "load") if plan.is_long else ("stalls",)
    broken += [f"{run}: {each}" for run in runs for each in _found(plan.folder / run)]
    slowest = {f"slowest_{kind}": round(max(s for k, s, _ in times if k == kind), 1) for kind in sorted({*wanted})}
    return Figure(
        name=NAME,
        wanted=f"{len(wanted)} of {len(wanted)} stalls over within {LIMIT:.0f} s, no restart of what works",
        reached={
            "stalls": len(times),
            "in_time": len(times) - len(late),
            **slowest,
            "longest_without_processor": round(max(waited for *_, waited in times), 1),
            **false,
        },
        broken=tuple(broken),
    )


def _found(run: Path) -> tuple[str, ...]:
    """Return what `monitor fsck` finds in the store of a product that was stopped."""
    with Product(run).opened() as monitor:
        return findings(monitor.connection)


def _provoke(folder: Path, wanted: list[str]) -> list[tuple[str, float, float]]:
    """Provoke stalls one after the other; return the kind of each, its seconds, and those without a processor."""
    times = []
    with playing(folder, every="30s") as stage, due_again(stage, 1.0):
        for number, kind in enumerate(wanted):
            times.append((kind, *_stall(stage, STALLS[kind])))
            progress(NAME, f"{number + 1} of {len(wanted)}: {kind} was over after {times[-1][1]:.1f} s")
    return times


def _stall(stage: Stage, stall: Stall) -> tuple[float, float]:
    # It works, and did so for a while, the page too: who gave no sign of life yet is given a minute to start.
    wait_until(lambda: shows(stage, 0), PATIENCE)
    told = len(stage.up.lines)
    wait_until(lambda: stage.lines(" read query=", told) >= LOOKS_BEFORE, PATIENCE)
    told, began = len(stage.up.lines), time.monotonic()
    up, role = stage.up.process.pid, "page" if stall.role == "page" else "worker"
    unnoticed = -without_processor(up)
    stall.make(stage)
    wait_until(lambda: stage.lines(f"restarted role={stall.role}", told) > 0, PATIENCE)
    restarted = len(stage.up.lines)
    unnoticed += without_processor(up)
    unstarted = -without_processor(stage.pid(role)) if stall.role == "store" else 0.0
    wait_until(lambda: stall.works(stage, restarted), PATIENCE)
    return time.monotonic() - began, unnoticed + unstarted + without_processor(stage.pid(role))


def _watch_idle(folder: Path, seconds: float) -> int:
    """Let a product have nothing to do; return how often something was restarted."""
    with playing(folder, every="10m") as stage:
        wait_until(lambda: stage.lines(" read query=") >= FEEDS, PATIENCE)
        threading.Event().wait(seconds)
        return stage.restarts()


def _watch_load(folder: Path, seconds: float) -> int:
    """Let more be due than can be done, two feeds slow to the limit; return how often something was restarted."""
    with playing(folder, every="30s", feeds=40, slow=2) as stage, due_again(stage, 0.05):
        threading.Event().wait(seconds)
        progress(NAME, f"under load {stage.lines(' read query=') / seconds:.0f} looks a second")
        return stage.restarts()


@contextlib.contextmanager
def playing(folder: Path, every: str, feeds: int = FEEDS, slow: int = 0) -> Iterator[Stage]:
    """Run `monitor up` on feeds of our own."""
    product = Product(folder)
    product.variables["PYTHONPATH"] = str(SABOTAGE)
    with FeedServer() as server:
        urls = [server.serve(f"/{n}", document(FEED.format(n=n).encode())) for n in range(feeds)]
        urls += [server.serve(f"/slow{n}", drip(b"<" * 10_000, 0.5)) for n in range(slow)]
        product.write_topics(TOPICS.format(feeds=", ".join(f'"{url}"' for url in urls), every=every))
        product.write_settings(f'[fetch]\nallow = ["{server.address}"]\n')
        with product.running() as up:
            up.says("ready")
            with product.opened() as monitor, quick(monitor.connection) as looking:
                yield Stage(product, up, monitor, looking)


@contextlib.contextmanager
def due_again(stage: Stage, every: float) -> Iterator[None]:
    """Make one poll after the other due, every so many seconds, while in the block."""
    stopped = threading.Event()
    jobs = [str(job) for job, _ in stage.monitor.schedule.due() if job.kind == "poll"]

    def run() -> None:
        turn = 0
        while not stopped.wait(every):
            turn += 1
            with contextlib.suppress(StoreError):  # the store may be what is stalled
                stage.looking.execute("ZADD", stage.looking.keys.work.due, "XX", 0, jobs[turn % len(jobs)])

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield
    stopped.set()
    thread.join()


def reads(stage: Stage, start: int) -> bool:
    """Say whether the log tells of a look since a line."""
    return stage.lines(" read query=", start) > 0


def shows(stage: Stage, start: int) -> bool:
    """Say whether the page that was started since a line answers."""
    found = re.findall(r"page on (\S+)", "\n".join(stage.up.lines[start:]))
    if not found:
        return False
    with contextlib.suppress(OSError), urllib.request.urlopen(found[-1], timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def freeze(role: str) -> Callable[[Stage], None]:
    """Return what stops a role, as a debugger or a full swap does."""
    return lambda stage: os.kill(stage.pid(role), signal.SIGSTOP)


def deafen(stage: Stage) -> None:
    """Take the consumer of hints from the worker, which lives, answers pings and sweeps."""
    Celery(broker=stage.monitor.broker_url, set_as_current=False).control.cancel_consumer("poll")


def freeze_store(stage: Stage) -> None:
    """Stop the store's server."""
    os.kill(int(stage.monitor.connection.execute("INFO", "server")["process_id"]), signal.SIGSTOP)


STALLS = {
    "frozen": Stall(freeze("worker"), "worker", reads),
    "deaf": Stall(deafen, "worker", reads),
    "hung": Stall(lambda stage: os.kill(stage.pid("worker"), HANG), "worker", reads),
    "sweeperless": Stall(lambda stage: os.kill(stage.pid("worker"), END_SWEEPER), "worker", reads),
    "storeless": Stall(freeze_store, "store", reads),
    "faceless": Stall(freeze("page"), "page", shows),
}
