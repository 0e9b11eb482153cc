"""Several processes of one pipeline at once, as workers are: how long they take, and how much of the processors.

Wall clock depends on what else the machine does, processor time much less: both are told, and a rate for each. The
server's processor time counts, too.
"""

import gc
import multiprocessing
from collections.abc import Sequence
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from time import perf_counter, process_time
from typing import Any, Literal, NamedTuple

from monitor.store.connection import Connection
from monitor.store.keys import Keyspace
from tests.benchmarks import naive, ours

Kind = Literal["naive", "ours"]
PATIENCE = 300
"""Seconds that the slowest crew is waited for."""


class Task(NamedTuple):
    """What one process of a crew is to ingest, and on what it may warm up first."""

    kind: Kind
    url: str
    prefix: str
    keywords: Sequence[str]
    lines: Sequence[bytes]
    warm_up: Sequence[bytes]


class Work(NamedTuple):
    """What a crew did: posts, seconds from the first begin to the last end, seconds of processors, of all processes."""

    posts: int
    seconds: float
    cpu_seconds: float
    server_cpu_seconds: float

    @property
    def per_s(self) -> float:
        """Return posts per second of wall clock."""
        return self.posts / self.seconds

    @property
    def per_cpu_s(self) -> float:
        """Return posts per second of one processor, the server's share included."""
        return self.posts / (self.cpu_seconds + self.server_cpu_seconds)


def work(connection: Connection, tasks: Sequence[Task]) -> Work:
    """Let a process for each task begin at the same time, and return what they did together."""
    # A fresh interpreter each, as workers have: nothing is warm that they did not warm.
    context = multiprocessing.get_context("spawn")
    barrier, done = context.Barrier(len(tasks)), context.Queue()
    crew = [context.Process(target=_member, args=(task, barrier, done)) for task in tasks]
    for member in crew:
        member.start()
    told = [done.get(timeout=PATIENCE) for _ in crew]
    for member in crew:
        member.join(PATIENCE)
        assert member.exitcode == 0, "a member of the crew failed; see its message above"
    return Work(
        posts=sum(len(task.lines) for task in tasks),
        seconds=max(each[1] for each in told) - min(each[0] for each in told),
        cpu_seconds=sum(each[2] for each in told),
        server_cpu_seconds=max(each[4] for each in told) - min(each[3] for each in told),
    )


def server_cpu(connection: Connection) -> float:
    """Return the seconds of processors that the server took since it was started."""
    told = connection.execute("INFO", "cpu")
    return float(told["used_cpu_user"]) + float(told["used_cpu_sys"])


def dealt(lines: Sequence[bytes], processes: int) -> list[list[bytes]]:
    """Deal lines out to processes, a page to each in turn."""
    pages = list(ours.pages_of(lines))
    return [[line for page in pages[first::processes] for line in page] for first in range(processes)]


def stretches(lines: Sequence[bytes], rounds: int) -> list[Sequence[bytes]]:
    """Cut lines into as many equal stretches; what is left over goes to the last."""
    size = len(lines) // rounds
    return [lines[i * size : (i + 1) * size if i < rounds - 1 else None] for i in range(rounds)]


def pipeline_of(kind: Kind, connection: Connection, url: str, prefix: str, keywords: Sequence[str]) -> Any:
    """Return a pipeline of one kind, with its own connection."""
    if kind == "naive":
        return naive.NaivePipeline(url, prefix, keywords)
    return ours.OurPipeline(connection.under(Keyspace(f"{prefix}:")), keywords)


def _member(task: Task, barrier: Barrier, done: "Queue[tuple[float, float, float, float, float]]") -> None:
    connection = Connection(task.url)
    pipeline_of(task.kind, connection, task.url, f"warm-{task.prefix}", task.keywords).ingest(task.warm_up)
    pipeline = pipeline_of(task.kind, connection, task.url, task.prefix, task.keywords)
    # As a worker does when its tables are made.
    gc.collect()
    gc.freeze()
    barrier.wait(PATIENCE)
    server, spent, begin = server_cpu(connection), process_time(), perf_counter()
    pipeline.ingest(task.lines)
    end, spent = perf_counter(), process_time() - spent
    done.put((begin, end, spent, server, server_cpu(connection)))
    connection.close()
