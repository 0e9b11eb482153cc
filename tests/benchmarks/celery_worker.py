"""A Celery worker of the benchmark: it ingests the lines of a file that a message names by their number."""

import gc
import os
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from celery import Celery

from monitor.store.connection import Connection
from monitor.wiring import broker_of
from tests.benchmarks.crew import Kind, pipeline_of
from tests.benchmarks.hundred import KEYWORDS

PAUSE_SECONDS = 0.01


class Bench(NamedTuple):
    """Which pipeline works on which server, with how many lines a message; its own counters lie beside the data."""

    kind: Kind
    url: str
    per_message: int

    @property
    def prefix(self) -> str:
        """Return what the keys of its posts begin with."""
        return f"celery-{self.kind}"

    def note(self, connection: Connection, lines: int) -> None:
        """Note that lines are stored, and the processor time that this process has taken."""
        connection.execute("HSET", f"bench-{self.kind}-cpu", os.getpid(), time.process_time())
        connection.execute("INCRBY", f"bench-{self.kind}-done", lines)

    def spent(self, connection: Connection) -> float:
        """Return the processor time that all workers noted."""
        return sum(map(float, connection.execute("HVALS", f"bench-{self.kind}-cpu")))

    def wait_for(self, connection: Connection, lines: int, seconds: float) -> None:
        """Wait until so many lines are stored."""
        end = time.monotonic() + seconds
        while int(connection.execute("GET", f"bench-{self.kind}-done") or 0) < lines:
            assert time.monotonic() < end, "the workers did not end in time; see their words above"
            time.sleep(PAUSE_SECONDS)

    def wait_for_crew(self, connection: Connection, workers: int, seconds: float) -> None:
        """Wait until so many workers are warm."""
        end = time.monotonic() + seconds
        while int(connection.execute("HLEN", f"bench-{self.kind}-cpu")) < workers:
            assert time.monotonic() < end, "the workers did not begin in time; see their words above"
            time.sleep(PAUSE_SECONDS)


def app_of(bench: Bench) -> Celery:
    """Return an app with what the product's sets that costs or saves time (see workers/app.py)."""
    app = Celery("bench", broker=broker_of(bench.url), set_as_current=False)
    app.conf.update(
        task_default_queue=f"bench-{bench.kind}",
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
    )
    return app


def main(args: list[str]) -> None:
    """Warm up and work until it is told to end."""
    kind, url, per_message, file, warm_up = args
    bench = Bench("naive" if kind == "naive" else "ours", url, int(per_message))
    connection, lines = Connection(url), Path(file).read_bytes().split(b"\n")
    pipeline_of(bench.kind, connection, url, f"warm-{bench.prefix}", KEYWORDS).ingest(lines[-int(warm_up) :])
    app = app_of(bench)
    register(app, bench, connection, lines)
    gc.freeze()
    bench.note(connection, 0)
    app.Worker(pool="threads", concurrency=1, loglevel="WARNING", without_mingle=True, without_gossip=True).start()


def register(app: Celery, bench: Bench, connection: Connection, lines: list[bytes]) -> None:
    """Make the one task known to the app."""
    pipeline: Any = pipeline_of(bench.kind, connection, bench.url, bench.prefix, KEYWORDS)

    @app.task(name="ingest", shared=False)
    def ingest(number: int) -> None:
        page = lines[number * bench.per_message : (number + 1) * bench.per_message]
        pipeline.ingest(page)
        bench.note(connection, len(page))


if __name__ == "__main__":
    main(sys.argv[1:])
