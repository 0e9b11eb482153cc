"""How long a digest over very many posts takes, by its parts.

    python -m tests.benchmarks.digest [POSTS]

Protocol. 100,000 real posts of four archives, reposts among them, stored as mentions of one topic in one day, one in
ten with reactions, in an embedded Valkey of this run; then the digest of that day, as a job makes it: read, group
copies, measure, compose. Told are the medians of ROUNDS, in processor time of this process, which hardly depends on
what else the machine does, and in wall clock, which does and holds the server's share. Nothing is kept from one to the
next.

Checked, else the exit code is 1: each digest is the same, and counts every post. REACH is what we want of a free
machine; missing it is told, and is no failure. The last line is one JSON object.
"""

import json
import sys
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple, TypeVar

import pytest

from monitor.digests.compose import Brief, compose
from monitor.models import Digest
from monitor.pipeline import Shelf, digest_of, gather
from monitor.processes.undisturbed import undisturbed
from monitor.signals.bursts import Known, baseline_window, measure
from monitor.signals.copies import grouped
from monitor.store.connection import Connection
from monitor.store.keys import Keyspace
from monitor.store.mentions import MentionStore
from monitor.store.progress import ProgressStore
from tests.benchmarks.crowd import TOPIC, WINDOW, crowd, store
from tests.benchmarks.ingest import durable_store

POSTS = 100_000
ROUNDS = 3
REACH_MS = 300

T = TypeVar("T")


class Spent(NamedTuple):
    """Milliseconds of processor and of wall clock."""

    cpu_ms: float
    ms: float


class Clock:
    """Notes what parts took."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Spent]] = {}

    def time(self, part: str, work: Callable[[], T]) -> T:
        """Do something and note how long it took."""
        begin, spent = perf_counter(), process_time()
        made = work()
        spent, begin = process_time() - spent, perf_counter() - begin
        self.parts.setdefault(part, []).append(Spent(1000 * spent, 1000 * begin))
        return made

    def medians(self) -> dict[str, Spent]:
        """Return the medians of each part."""
        return {
            part: Spent(*(round(median(each), 1) for each in zip(*all_spent, strict=True)))
            for part, all_spent in self.parts.items()
        }


def main(args: Sequence[str] = ()) -> int:
    """Print the parts and, as the last line, the figures as JSON; 1 when a check failed, 2 without data."""
    try:
        mentions = crowd(int(args[0]) if args else POSTS)
    except pytest.skip.Exception as e:
        print(e, file=sys.stderr)
        return 2
    keys = {each.post.key for each in mentions}
    clock = Clock()
    with durable_store() as url:
        connection = Connection(url, Keyspace("digest:"))
        store(connection, mentions)
        del mentions
        digests = [made(connection, clock) for _ in range(ROUNDS)]
        connection.close()
    parts = clock.medians()
    print(
        "\n".join(
            f"{part:12}{spent.cpu_ms:10,.0f} ms of processor{spent.ms:10,.0f} ms" for part, spent in parts.items()
        )
    )
    failures = [] if all(each == digests[0] for each in digests) else ["the same posts made other digests"]
    if digests[0].trend.count != len(keys):
        failures.append(f"the digest counts {digests[0].trend.count} of {len(keys)} posts")
    for failure in failures:
        print(f"FAILED: {failure}")
    print(json.dumps(figures(parts, digests[0])))
    return 1 if failures else 0


@undisturbed
def made(connection: Connection, clock: Clock) -> Digest:
    """Make the digest of the day whole, and then by its parts."""
    shelf, brief = Shelf(MentionStore(connection), ProgressStore(connection)), Brief(topic=TOPIC, window=WINDOW)
    whole = clock.time("digest", lambda: digest_of(brief, shelf, WINDOW.end))
    read = clock.time("read", lambda: shelf.mentions.between(TOPIC.name, WINDOW))
    same = clock.time("group", lambda: grouped(read))
    hourly = [0] * int((baseline_window(WINDOW).length).total_seconds() // 3600)
    clock.time("measure", lambda: measure(TOPIC, WINDOW, same, Known([], hourly), WINDOW.end))
    gathered = gather(TOPIC, WINDOW, shelf, WINDOW.end)
    clock.time("compose", lambda: compose(brief, *gathered))
    return whole


def figures(parts: dict[str, Spent], digest: Digest) -> dict[str, object]:
    """Return the figures as they go into the line of JSON."""
    return {
        "digest_cpu_ms": parts["digest"].cpu_ms,
        "digest_ms": parts["digest"].ms,
        "cpu_ms": {part: spent.cpu_ms for part, spent in parts.items() if part != "digest"},
        "posts": digest.trend.count,
        "largest_group": digest.largest_group.count if digest.largest_group else 0,
        "reach_ms": REACH_MS,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
