"""F11: an hour without anybody who takes up hints, at a thousand queries, leaves the store as small as it was.

The store's clock cannot be turned, so the sweeps of an hour are made as fast as they go, and jobs are made due as often
as an hour would: each query once in ten minutes, and again every four seconds, since nobody takes it up.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from monitor.models import Job
from monitor.settings import Settings
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from monitor.wiring import Monitor
from tests.chaos import Figure, Plan
from workers.app import make_app
from workers.sweeper import EVERY, sweep

NAME = "F11 queue"
QUERIES = 1000
SWEEPERS = 4
HOUR = timedelta(hours=1)
MOST_BYTES = 5_000_000
LONGEST_SECONDS = 2.0


def measure(plan: Plan) -> Figure:
    """Sweep for an hour without a worker, and weigh the store."""
    home = EmbeddedStore(plan.folder / "home")
    home.attach()
    try:
        monitor = Monitor(Settings(home=plan.folder / "home"), Connection(home.url), home)
        try:
            return _hour(monitor, HOUR if plan.is_long else HOUR / 10)
        finally:
            monitor.close()
    finally:
        home.detach()


def _hour(monitor: Monitor, span: timedelta) -> Figure:
    monitor.schedule.sync({Job("poll", f"rss:https://feed.example/{n}"): timedelta(0) for n in range(QUERIES)})
    before, sweeps = used(monitor), int(span / EVERY)
    with ThreadPoolExecutor(SWEEPERS) as pool:
        longest = max(pool.map(lambda _: _sweep(monitor, sweeps), range(SWEEPERS)))
    grown, waiting = used(monitor) - before, waits(monitor)
    broken = [
        f"the store grew by {grown / 1e6:.1f} MB" if grown >= MOST_BYTES else "",
        f"a sweep took {longest:.1f} s" if longest > LONGEST_SECONDS else "",
        "nothing was due, so nothing was measured" if waiting == 0 else "",
    ]
    return Figure(
        name=NAME,
        wanted=f"{SWEEPERS} x {sweeps} sweeps, {QUERIES} queries, nobody at work: grown < 5 MB, no sweep blocks > 2 s",
        reached={
            "sweeps": SWEEPERS * sweeps,
            "hints": waiting,
            "grown_kB": grown // 1000,
            "longest_ms": round(1000 * longest),
        },
        broken=tuple(sentence for sentence in broken if sentence),
    )


def _sweep(monitor: Monitor, sweeps: int) -> float:
    """Sweep as one worker does; return how many seconds the longest sweep took."""
    app, longest = make_app(monitor), 0.0
    due, jobs = monitor.connection.keys.work.due, [str(job) for job, _ in monitor.schedule.due()]
    for number in range(sweeps):
        if number % 16 == 0:  # four seconds later, all of them are due again
            monitor.connection.execute("ZADD", due, "XX", *(each for job in jobs for each in (0, job)))
        began = time.monotonic()
        sweep(app, monitor)
        longest = max(longest, time.monotonic() - began)
    app.close()
    return longest


def used(monitor: Monitor) -> int:
    """Return how many bytes the store's data takes."""
    return int(monitor.connection.execute("INFO", "memory")["used_memory_dataset"])


def waits(monitor: Monitor) -> int:
    """Return how many hints wait for a worker."""
    broker = Connection(f"{monitor.connection.url}?db=1")
    with broker:
        return sum(int(broker.execute("LLEN", key)) for key in broker.execute("KEYS", "poll*"))
