"""A race of both pipelines, each as crews of several processes: rates by wall clock and by processor time."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from tests.benchmarks import naive, ours
from tests.benchmarks.corpus import Corpus
from tests.benchmarks.crew import Kind, Task, Work, dealt, stretches, work


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


def race(url: str, corpus: Corpus, keywords: Sequence[str], processes: int, naive_posts: int, rounds: int) -> Race:
    """Let crews of both pipelines ingest the corpus in turns and compare what they stored."""
    connection = Connection(url)
    works: dict[Kind, list[Work]] = {"naive": [], "ours": []}
    given: list[bytes] = []
    for stretch in stretches(corpus.lines, rounds):
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


def wrong_with(each: Race) -> list[str]:
    """Return a sentence for each check of a race that did not pass."""
    processes = f"{each.processes} process{'es' if each.processes > 1 else ''}"
    wrong = [] if each.ids_equal else [f"{processes}: the two pipelines did not store the same posts"]
    return wrong + [f"{processes}: fsck: {finding}" for finding in each.findings[:5]]


def figures_of(each: Race) -> dict[str, object]:
    """Return the figures of a race as they go into the line of JSON."""
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
