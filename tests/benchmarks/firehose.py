"""How fast a stream is looked through of which one post in a hundred belongs to a topic of a thousand keywords.

    python -m tests.benchmarks.firehose [POSTS]

Protocol. Real posts in 简, 繁 and English, distinct by text, one in a hundred with one of a hundred keywords beyond
doubt and the others with none (see `ingest`); and nine hundred more keywords, words of the same archives that stand in
none of these posts in any form, so that both pipelines must store the same ids. The whole path: decode, match,
language, copies, store, with `appendfsync always`, nothing remembered from post to post, each process with a
connection of its own. Each round gives new posts first to the naive pipeline (fewer, at its speed), then to ours, at
one process and at two; rates are medians of the rounds, by wall clock and by processor time, the server's included.
What else the machine does shows in the first and hardly in the second: `per_s_on_two_free_cores` is twice the posts
per second of processor.

Checked, else the exit code is 1: both stored exactly the posts with a keyword, fsck finds nothing, the server is
durable. REACH is what we want on two free cores; missing it is told, and is no failure. The last line is one JSON
object.
"""

import json
import sys
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import pytest

from monitor.store.connection import Connection, Server
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from tests.benchmarks import naive, ours
from tests.benchmarks.corpus import Corpus, firehose
from tests.benchmarks.crew import Kind, Task, Work, dealt, work
from tests.benchmarks.hundred import KEYWORDS
from tests.benchmarks.ingest import durable_store, server_of, stretches
from tests.benchmarks.thousand import absent_words

REACH = 150_000
POSTS = 48_000
ROUNDS = 3
NAIVE_POSTS = 800
KEYWORDS_WANTED = 1_000
PROCESSES = (1, 2)


class Race(NamedTuple):
    """What crews of both pipelines did with a corpus, round by round, and whether what they stored is right."""

    processes: int
    naive: Sequence[Work]
    ours: Sequence[Work]
    ids_equal: bool
    findings: Sequence[str]

    def rate(self, kind: Kind) -> float:
        """Return the median of posts per second of wall clock."""
        return median(each.per_s for each in getattr(self, kind))

    def cpu_rate(self, kind: Kind) -> float:
        """Return the median of posts per second of one processor."""
        return median(each.per_cpu_s for each in getattr(self, kind))


def main(args: Sequence[str] = ()) -> int:
    """Print the rates and, as the last line, the figures as JSON; 1 when a check failed, 2 without data."""
    try:
        corpus = firehose(int(args[0]) if args else POSTS)
        keywords = [*KEYWORDS, *absent_words(corpus, KEYWORDS_WANTED - len(KEYWORDS))]
    except pytest.skip.Exception as e:
        print(e, file=sys.stderr)
        return 2
    with durable_store() as url:
        server = server_of(url)
        races = [race(url, corpus, keywords, processes, NAIVE_POSTS) for processes in PROCESSES]
    for each in races:
        print(told(each))
    failures = failures_of(races, server)
    for failure in failures:
        print(f"FAILED: {failure}")
    print(json.dumps(figures(races, server) | {"keywords": len(keywords), "posts": len(corpus.lines), "reach": REACH}))
    return 1 if failures else 0


def race(url: str, corpus: Corpus, keywords: Sequence[str], processes: int, naive_posts: int) -> Race:
    """Let crews of both pipelines ingest the corpus in turns and compare what they stored."""
    connection = Connection(url)
    works: dict[Kind, list[Work]] = {"naive": [], "ours": []}
    given: list[bytes] = []
    for stretch in stretches(corpus.lines, ROUNDS):
        slow = stretch[: naive_posts * processes]
        given += slow
        for kind, lines in (("naive", slow), ("ours", stretch)):
            prefix = f"{kind}-{processes}"
            tasks = [Task(kind, url, prefix, keywords, dealt_out, slow) for dealt_out in dealt(lines, processes)]
            works[kind].append(work(connection, tasks))
    by_naive = naive.NaivePipeline(url, f"naive-{processes}", keywords)
    stored = connection.under(Keyspace(f"ours-{processes}:"))
    ids_given = {id_ for id_, line in zip(corpus.ids, corpus.lines, strict=True) if line in frozenset(given)}
    by_ours = ours.OurPipeline(stored, keywords).stored_ids()
    is_equal = by_ours == corpus.matched and by_naive.stored_ids() == corpus.matched & ids_given
    findings = check(stored)
    by_naive.close()
    stored.close()
    connection.close()
    return Race(processes, works["naive"], works["ours"], is_equal, findings)


def told(each: Race) -> str:
    """Return a race as lines for a person."""
    rows = [f"{each.processes} process{'es' if each.processes > 1 else ''}", f"{'':8}{'posts/s':>12}{'per CPU s':>12}"]
    rows += [f"{kind:8}{each.rate(kind):12,.0f}{each.cpu_rate(kind):12,.0f}" for kind in ("naive", "ours")]
    return "\n".join(rows)


def failures_of(races: Sequence[Race], server: Server) -> list[str]:
    """Return a sentence for each check that did not pass."""
    found = [] if server.is_durable else [f"the server is not durable: {server}"]
    for each in races:
        found += [] if each.ids_equal else [f"{each.processes}: the two pipelines did not store the same posts"]
        found += [f"{each.processes}: fsck: {finding}" for finding in each.findings[:5]]
    return found


def figures(races: Sequence[Race], server: Server) -> dict[str, object]:
    """Return the figures as they go into the line of JSON."""
    return {
        "aof": {"appendonly": server.appendonly, "appendfsync": server.appendfsync},
        "per_s_on_two_free_cores": round(2 * races[-1].cpu_rate("ours")),
        "by_processes": {str(each.processes): _figures(each) for each in races},
    }


def _figures(each: Race) -> dict[str, object]:
    return {
        "naive_per_s": round(each.rate("naive"), 1),
        "ours_per_s": round(each.rate("ours"), 1),
        "ratio": round(each.rate("ours") / each.rate("naive"), 1),
        "naive_per_cpu_s": round(each.cpu_rate("naive"), 1),
        "ours_per_cpu_s": round(each.cpu_rate("ours"), 1),
        "cpu_ratio": round(each.cpu_rate("ours") / each.cpu_rate("naive"), 1),
        "ids_equal": each.ids_equal,
        "fsck_findings": len(each.findings),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
