"""How fast real Celery workers ingest, everything matched: the whole path, and what Celery adds to it.

    python -m tests.benchmarks.celery

Protocol. Two worker processes are started as the product starts them (Celery's own worker, a pool of one thread, late
acknowledgements, a prefetch of one, JSON), on the embedded Valkey of this run, broker and store in one (`appendfsync
always`). A message names a page of 500 lines of a file, as a poll's hint names a query; the worker reads it and goes
the whole way to the store. Naive: the same workers and the pipeline that one writes first, with one message per post,
which is how one writes it first. Posts are those of `ingest` that all hold a keyword. Counted is from the first message
sent to the last post stored; the workers are ready and warm by then. Processor time is that of workers and server.

Checked, else the exit code is 1: both stored exactly the posts that they were given, fsck finds nothing, the server is
durable. The last line is one JSON object.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from tests.benchmarks import naive, ours
from tests.benchmarks.celery_worker import Bench, app_of
from tests.benchmarks.corpus import Corpus, every_post_matched
from tests.benchmarks.crew import Kind, server_cpu
from tests.benchmarks.hundred import KEYWORDS
from tests.benchmarks.ingest import durable_store, server_of

WORKERS = 2
NAIVE_POSTS = 600
WARM_UP = 50
PATIENCE = 300
"""Seconds that are waited for the last post."""


class Run(NamedTuple):
    """What the workers of one kind did."""

    posts: int
    seconds: float
    cpu_seconds: float
    ids: frozenset[str]
    findings: Sequence[str] = ()

    @property
    def per_s(self) -> float:
        """Return posts per second of wall clock."""
        return self.posts / self.seconds

    @property
    def per_cpu_s(self) -> float:
        """Return posts per second of one processor, of workers and server."""
        return self.posts / self.cpu_seconds


def main() -> int:
    """Print the figures as one JSON object; 1 when a check failed, 2 without data."""
    try:
        corpus = every_post_matched()
    except pytest.skip.Exception as e:
        print(e, file=sys.stderr)
        return 2
    with durable_store() as url:
        server = server_of(url)
        slow = run(Bench("naive", url, 1), corpus.lines[:NAIVE_POSTS])
        fast = run(Bench("ours", url, ours.PAGE), corpus.lines)
    failures = failures_of(corpus, slow, fast)
    failures += [] if server.is_durable else [f"the server is not durable: {server}"]
    for failure in failures:
        print(f"FAILED: {failure}")
    print(json.dumps(figures(slow, fast) | {"appendfsync": server.appendfsync}))
    return 1 if failures else 0


def run(bench: Bench, lines: Sequence[bytes]) -> Run:
    """Let workers ingest lines, and return what they did, from the first message to the last post stored."""
    connection = Connection(bench.url)
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
        file = Path(folder, "posts.jsonl")
        file.write_bytes(b"\n".join(lines))
        numbers = range(-(-len(lines) // bench.per_message))
        with workers(bench, file, connection):
            server, spent, begin = server_cpu(connection), bench.spent(connection), time.perf_counter()
            app = app_of(bench)
            for number in numbers:
                app.send_task("ingest", (number,))
            bench.wait_for(connection, len(lines), PATIENCE)
            end = time.perf_counter()
            cpu = bench.spent(connection) - spent + server_cpu(connection) - server
    ids, findings = stored(bench, connection)
    connection.close()
    return Run(len(lines), end - begin, cpu, frozenset(ids), findings)


@contextmanager
def workers(bench: Bench, file: Path, connection: Connection) -> Iterator[None]:
    """Start worker processes, wait until they are warm, and end them."""
    command = [sys.executable, "-m", "tests.benchmarks.celery_worker", *map(str, bench), str(file), str(WARM_UP)]
    crew = [subprocess.Popen(command) for _ in range(WORKERS)]
    try:
        bench.wait_for_crew(connection, WORKERS, PATIENCE)
        yield
    finally:
        for worker in crew:
            worker.terminate()
        for worker in crew:
            worker.wait(PATIENCE)


def stored(bench: Bench, connection: Connection) -> tuple[set[str], list[str]]:
    """Return the ids that are stored, and what fsck finds."""
    if bench.kind == "naive":
        slow = naive.NaivePipeline(bench.url, bench.prefix, KEYWORDS)
        ids = slow.stored_ids()
        slow.close()
        return ids, []
    own = connection.under(Keyspace(f"{bench.prefix}:"))
    ids, findings = ours.OurPipeline(own, KEYWORDS).stored_ids(), check(own)
    own.close()
    return ids, findings


def failures_of(corpus: Corpus, slow: Run, fast: Run) -> list[str]:
    """Return a sentence for each check that did not pass."""
    failures = [f"fsck: {finding}" for finding in fast.findings[:5]]
    runs: dict[Kind, Run] = {"naive": slow, "ours": fast}
    for kind, each in runs.items():
        if each.ids != set(corpus.ids[: each.posts]):
            failures.append(f"{kind}: other posts are stored than were given")
    return failures


def figures(slow: Run, fast: Run) -> dict[str, object]:
    """Return the figures as they go into the line of JSON."""
    return {
        "workers": WORKERS,
        "naive_per_s": round(slow.per_s, 1),
        "ours_per_s": round(fast.per_s, 1),
        "ratio": round(fast.per_s / slow.per_s, 1),
        "naive_per_cpu_s": round(slow.per_cpu_s, 1),
        "ours_per_cpu_s": round(fast.per_cpu_s, 1),
        "cpu_ratio": round(fast.per_cpu_s / slow.per_cpu_s, 1),
        "per_s_on_two_free_cores": round(2 * fast.per_cpu_s),
        "posts": {"naive": slow.posts, "ours": fast.posts},
        "posts_per_message": {"naive": 1, "ours": ours.PAGE},
        "fsck_findings": len(fast.findings),
    }


if __name__ == "__main__":
    sys.exit(main())
