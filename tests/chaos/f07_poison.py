"""F7: items that end, stop, bloat or confuse whoever works on them, in every stage, among good ones.

Real workers read pages in which every tenth item is broken in one of thirteen ways. All of those must stand in
quarantine after at most three tries, all others must be stored. Told as well: how fast the rest of such pages comes
through, and how fast the pages of a query without a broken item do beside them, each compared with the same work where
nothing is broken.
"""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from monitor.models import Query
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from monitor.store.progress import ProgressStore
from monitor.store.quarantine import QuarantineStore
from tests.chaos import Figure, Plan, progress
from tests.chaos.fleet import wait_for
from tests.chaos.oracle import findings, some, stored
from tests.chaos.stage import connected, environment
from tests.data import ROOT
from tests.poison import KINDS, LEDGER

NAME = "F7 poison"
WORKERS = 2
MOST_TRIES = 3
SETTINGS = "[worker]\nthreads = 4\n"
TOPIC = 'feeds = [{feeds}]\n[topics.pots]\nany = ["砸锅卖铁"]\nsources = ["rss"]\nevery = "60s"\n'


class Scale(NamedTuple):
    """How many queries with broken items, and of each: how many are broken, of how many, in pages of how many."""

    queries: int
    broken: int
    items: int
    page: int
    limit: float


SHORT = Scale(queries=3, broken=2 * len(KINDS), items=260, page=65, limit=200)
LONG = Scale(queries=10, broken=100, items=1_000, page=100, limit=800)


class Run(NamedTuple):
    """What a run reached: the seconds until all was done, and until the query beside was; None: never. And deaths."""

    seconds: float | None
    beside: float | None
    deaths: int


def measure(plan: Plan) -> Figure:
    """Let workers read broken items, and count where each item went."""
    scale = LONG if plan.is_long else SHORT
    clean, _ = _run(plan, scale._replace(broken=0), "clean")
    poisoned, judged = _run(plan, scale, "poisoned")
    rest = scale.queries * (scale.items - scale.broken)
    reached: dict[str, float | int | str] = {
        "broken": scale.queries * scale.broken,
        "kinds": len(KINDS),
        "items": scale.queries * scale.items,
        "stored": judged.stored,
        "quarantined": judged.quarantined,
        "most_tries": judged.most_tries,
        "worker_deaths": poisoned.deaths,
        "rest_per_s": _rate(rest, poisoned.seconds),
        "clean_per_s": _rate(scale.queries * scale.items, clean.seconds),
        "beside_per_s": _rate(scale.items, poisoned.beside),
        "beside_clean_per_s": _rate(scale.items, clean.beside),
    }
    return Figure(
        name=NAME,
        wanted=f"all broken items in quarantine after at most {MOST_TRIES} tries, all others stored",
        reached=reached,
        broken=judged.broken,
    )


class Deeds:
    """Counts what broken items did, as they told it before they did it: how often each was really touched."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.touched: Counter[str] = Counter()
        os.mkfifo(folder / LEDGER)
        # Open for both, so that it has a reader from the start, and no end while nobody writes.
        self._pipe = os.fdopen(os.open(folder / LEDGER, os.O_RDWR), "rb")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._pipe:
            self.touched[line.decode().strip()] += 1


class Judged(NamedTuple):
    """What lies where at the end, and a sentence for each promise that was broken."""

    stored: int
    quarantined: int
    most_tries: int
    broken: tuple[str, ...]


def _run(plan: Plan, scale: Scale, name: str) -> tuple[Run, Judged]:
    folder = plan.folder / name
    broken = [
        f"https://poison.example/{scale.broken}/{scale.items}/{scale.page}/{plan.seed % 1_000 * 100 + n}"
        for n in range(scale.queries)
    ]
    beside = f"https://poison.example/0/{scale.items}/{scale.page}/{plan.seed % 1_000 * 100 + 99}"
    deeds = Deeds(folder)
    home = EmbeddedStore(folder / "home")
    home.attach()
    try:
        connection = connected(home.url)
        _configure(folder / "config", broken, beside)
        with _workers(environment(folder, home.url), folder) as deaths:
            began = time.monotonic()
            at: dict[str, float] = {}
            everything = [*broken, beside]

            def is_done() -> bool:
                for each in everything:
                    if each not in at and _is_read(connection, each, scale.items):
                        at[each] = time.monotonic() - began
                return len(at) == len(everything)

            seconds = wait_for(is_done, scale.limit)
            progress(
                NAME, f"{name}: {len(at)} of {len(everything)} queries read after {time.monotonic() - began:.0f} s"
            )
        run = Run(seconds, at.get(beside), len(deaths))
        return run, _judged(connection, scale, deeds, is_done=seconds is not None)
    finally:
        home.detach()


def _judged(connection: Connection, scale: Scale, deeds: Deeds, *, is_done: bool) -> Judged:
    kept = QuarantineStore(connection).all()
    found = stored(connection, ["pots"])
    wanted = scale.queries * (scale.items - scale.broken) + scale.items
    tried_often = [item for item, count in deeds.touched.items() if count > MOST_TRIES]
    broken = [] if is_done else ["not every query was read to its end"]
    if len(kept) != scale.queries * scale.broken:
        broken.append(f"{len(kept)} items in quarantine, and {scale.queries * scale.broken} are broken")
    if found != wanted:
        broken.append(f"{found} posts stored, and {wanted} are good")
    if tried_often:
        broken.append(some(f"items tried more than {MOST_TRIES} times", tried_often))
    most = max(deeds.touched.values(), default=0)
    return Judged(found, len(kept), most, (*broken, *findings(connection)))


def _is_read(connection: Connection, query: str, items: int) -> bool:
    return ProgressStore(connection).resume(Query("rss", query)).cursor == str(items)


def _configure(folder: Path, broken: Sequence[str], beside: str) -> None:
    folder.mkdir(parents=True)
    (folder / "monitor.toml").write_text(SETTINGS, encoding="utf-8")
    feeds = ", ".join(f'"{each}"' for each in (*broken, beside))
    (folder / "topics.toml").write_text(TOPIC.format(feeds=feeds), encoding="utf-8")


@contextmanager
def _workers(variables: Mapping[str, str], folder: Path) -> Iterator[list[int]]:
    """Keep workers running in the block, each replaced when it dies; yield the exit codes of those that died."""
    stopped, deaths = threading.Event(), list[int]()
    keepers = [
        threading.Thread(target=_keep_one, args=(variables, folder / f"worker-{n}.log", stopped, deaths), daemon=True)
        for n in range(WORKERS)
    ]
    for keeper in keepers:
        keeper.start()
    try:
        yield deaths
    finally:
        stopped.set()
        for keeper in keepers:
            keeper.join()


def _keep_one(variables: Mapping[str, str], log: Path, stopped: threading.Event, deaths: list[int]) -> None:
    while not stopped.is_set():
        with log.open("ab") as lines:
            command = [sys.executable, "-m", "tests.poison.worker"]
            process = subprocess.Popen(command, cwd=ROOT, env=dict(variables), stdout=lines, stderr=lines)
            while process.poll() is None and not stopped.wait(0.05):
                pass
            if process.poll() is None:
                process.kill()
                process.wait()
                return
            deaths.append(process.returncode)


def _rate(items: int, seconds: float | None) -> float:
    return 0.0 if seconds is None else round(items / seconds, 1)
