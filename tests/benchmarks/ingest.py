"""How fast posts are ingested, by stage, beside the pipeline that one writes first.

    python -m tests.benchmarks.ingest

Protocol. Both pipelines read the same lines, look for the same hundred keywords and write to the same server: an
embedded Valkey of this run with `appendonly yes` and `appendfsync always`, read back from it and printed. Each round
gives a stretch of the corpus first to the naive pipeline, then to ours; rates are medians over the rounds of one run,
after both were warmed up (tables, language profiles) on posts under other keys. The naive pipeline gets fewer posts,
the first of each stretch: at its speed more would only take longer. One thread each, one connection each.

`every post matched`: 20,000 real posts in 简, 繁 and English, distinct by text, each with a keyword: the whole path.
`firehose`: the same mix, one post in a hundred with a keyword; the way of most posts of a stream. A hundred keywords
are too few to make the naive search slow, so its ratio is given and no target is set for it.
`by_processes`: every post matched once more, by crews of one process and of two that share the server, as workers do,
by wall clock and by processor time, the server's included. What else the machine does shows in the first and hardly in
the second: `per_s_on_two_free_cores` is twice the posts per second of processor.
Posts on which the two notions of a match differ (a keyword inside a Latin word or across two Chinese ones, in a name or
an address, in another form or way of writing) are in neither corpus: there ours finds other posts, rightly, and ids
could not be compared.

Checked, else the exit code is 1: both stored exactly the posts that hold a keyword (as a third, independent rule says);
`monitor fsck` finds nothing in what ours stored; the server is durable; where every post is stored, ours is at least
15 times as fast. The first two hold for crews, too.

What is not compared. Ours does more: script, copy group, spans of the matches, hashed authors, a store that is safe to
replay; the naive pipeline's tags are not as right (see tests.evaluation.language). Its share of the time that is
langdetect, and its share that is round trips, can be read from the table; `ratio_without_language` leaves the first out
on both sides. Neither fetches anything; no Celery on either side. Posts are written again in one form before the
measurement (their addresses are made up), so decoding is that of `monitor replay` without a map. On a disk whose fsync
costs nothing (tmpfs) the naive pipeline looks better. Stages of ours are measured one by one, on the first posts of
each stretch; their sum may differ from the whole path, the difference is shown as "rest". The last line is one JSON
object.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import pytest

from monitor.store.connection import Connection, Server
from monitor.store.embedded import EmbeddedStore
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from tests.benchmarks import naive, ours
from tests.benchmarks.corpus import Corpus, every_post_matched, firehose
from tests.benchmarks.crew import stretches
from tests.benchmarks.hundred import KEYWORDS
from tests.benchmarks.race import Race, figures_of, told, wrong_with
from tests.benchmarks.race import race as race_of_crews

TARGET = 15
PROCESSES = (1, 2)
NAIVE_POSTS = 150
"""Posts that the naive pipeline gets for each process of a crew."""

STAGED_POSTS = 2_000
"""Posts of a stretch on which stages of ours are measured one by one."""

WARMING_POSTS = 6_000
"""Posts after which the tables of characters are as good as full."""

MICRO = 1e6
ALL_STAGES = ("decode", "match", "dedupe", "language", "script", "fingerprint", "disguise", "encode", "store")


class Plan(NamedTuple):
    """How many rounds, and how many posts of each round's stretch the naive pipeline gets."""

    rounds: int
    naive_posts: int


class Case(NamedTuple):
    """What a race of the two pipelines over a corpus gave; stages in µs per post."""

    name: str
    naive_per_s: float
    ours_per_s: float
    naive_stages: Mapping[str, float]
    our_stages: Mapping[str, float]
    commands: float
    naive_posts: int
    posts: int
    ids_equal: bool
    findings: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """Return how many times as fast ours is."""
        return self.ours_per_s / self.naive_per_s

    @property
    def ratio_without_language(self) -> float:
        """Return the ratio of what remains when neither side tags languages."""
        slow = MICRO / self.naive_per_s - self.naive_stages["language"]
        return slow / (MICRO / self.ours_per_s - self.our_stages["language"])


def main() -> int:
    """Print the tables and, as the last line, the figures as JSON; 1 when a check failed, 2 without data."""
    try:
        corpora = every_post_matched(), firehose(20_000)
    except pytest.skip.Exception as e:
        print(e, file=sys.stderr)
        return 2
    with durable_store() as url:
        server = server_of(url)
        print(f"{server.name} {server.version}: appendonly {server.appendonly}, appendfsync {server.appendfsync}")
        warm_up(url, corpora[0])
        matched = race(url, "every post matched", corpora[0], Plan(rounds=5, naive_posts=250))
        stream = race(url, "firehose", corpora[1], Plan(rounds=5, naive_posts=400))
        crews = [race_of_crews(url, corpora[0], KEYWORDS, each, NAIVE_POSTS, rounds=1) for each in PROCESSES]
    print(table(matched, corpora[0]))
    print(table(stream, corpora[1]))
    for crew in crews:
        print(f"\nevery post matched, {told(crew)}")
    failures = failures_of(matched, stream, server=server) + [wrong for crew in crews for wrong in wrong_with(crew)]
    for failure in failures:
        print(f"FAILED: {failure}")
    print(json.dumps(figures(matched, stream, server) | in_crews(crews)))
    return 1 if failures else 0


@contextmanager
def durable_store() -> Iterator[str]:
    """Start an embedded store in a folder of its own and yield its address."""
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
        embedded = EmbeddedStore(Path(folder))
        embedded.attach()
        try:
            yield embedded.url
        finally:
            embedded.detach()


def server_of(url: str) -> Server:
    """Return what the server says of itself."""
    connection = Connection(url)
    try:
        return connection.server()
    finally:
        connection.close()


def warm_up(url: str, corpus: Corpus) -> None:
    """Let both build their tables, on posts of the corpus and under keys that nobody counts."""
    slow, connection = naive.NaivePipeline(url, "warm-up", KEYWORDS), Connection(url, Keyspace("warm-up:"))
    slow.ingest(corpus.lines[-50:])
    ours.OurPipeline(connection, KEYWORDS).ingest(corpus.lines[-WARMING_POSTS:])
    slow.close()
    connection.close()


def race(url: str, name: str, corpus: Corpus, plan: Plan) -> Case:
    """Let both pipelines ingest the corpus in turns and compare what they stored."""
    slow = naive.NaivePipeline(url, f"naive-{name}", KEYWORDS)
    connections = [Connection(url, Keyspace(f"{part}-{name}:")) for part in ("ours", "stages")]
    fast, apart = (ours.OurPipeline(connection, KEYWORDS) for connection in connections)
    naive_rates, our_rates, our_stages, naive_stages = [], [], [], []
    for stretch in stretches(corpus.lines, plan.rounds):
        given = stretch[: plan.naive_posts]
        before = dict(slow.seconds)
        naive_rates.append(len(given) / seconds_of(slow.ingest, given))
        our_rates.append(len(stretch) / seconds_of(fast.ingest, stretch))
        naive_stages.append({stage: (slow.seconds[stage] - before[stage]) / len(given) for stage in naive.STAGES})
        staged = stretch[:STAGED_POSTS]
        our_stages.append({k: spent / len(staged) for k, spent in apart.seconds_by_stage(staged).items()})
    case = Case(
        name=name,
        naive_per_s=median(naive_rates),
        ours_per_s=median(our_rates),
        naive_stages=medians(naive_stages),
        our_stages=medians(our_stages),
        commands=slow.commands / (plan.naive_posts * plan.rounds),
        naive_posts=plan.naive_posts * plan.rounds,
        posts=len(corpus.lines),
        ids_equal=same_ids(corpus, plan, slow.stored_ids(), fast.stored_ids()),
        findings=tuple(finding for connection in connections for finding in check(connection)),
    )
    for end in (slow, *connections):
        end.close()
    return case


def same_ids(corpus: Corpus, plan: Plan, by_naive: set[str], by_ours: set[str]) -> bool:
    """Tell whether both stored exactly the posts with a keyword among those that each was given."""
    size = len(corpus.ids) // plan.rounds
    given = {id_ for i in range(plan.rounds) for id_ in corpus.ids[i * size : i * size + plan.naive_posts]}
    assert len(set(corpus.ids)) == len(corpus.ids), "ids of a corpus are distinct"
    return by_ours == corpus.matched and by_naive == corpus.matched & given and by_ours & given == by_naive


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the median of each stage in µs."""
    return {stage: MICRO * median(each[stage] for each in rounds) for stage in rounds[0]}


def seconds_of(ingest: Callable[[Sequence[bytes]], None], lines: Sequence[bytes]) -> float:
    """Return how long a pipeline takes for some lines."""
    begin = perf_counter()
    ingest(lines)
    return perf_counter() - begin


def failures_of(*cases: Case, server: Server) -> list[str]:
    """Return a sentence for each check that did not pass; the target is for the first case."""
    found = [] if server.is_durable else [f"the server is not durable: {server}"]
    for case in cases:
        found += [] if case.ids_equal else [f"{case.name}: the two pipelines did not store the same posts"]
        found += [f"{case.name}: fsck: {finding}" for finding in case.findings[:5]]
    if cases[0].ratio < TARGET:
        found.append(f"{cases[0].name}: {cases[0].ratio:.1f} times as fast as the naive pipeline, not {TARGET}")
    return found


def table(case: Case, corpus: Corpus) -> str:
    """Return a case as lines for a person."""
    whole = MICRO / case.ours_per_s
    mix = ", ".join(f"{label} {count:,}" for label, count in sorted(corpus.mix.items()))
    ratios = f"× {case.ratio:.1f} (× {case.ratio_without_language:.1f} without language tags)"
    checks = f"same ids: {'yes' if case.ids_equal else 'NO'}; fsck findings: {len(case.findings)}"
    micros = {stage: (case.naive_stages.get(stage), case.our_stages.get(stage)) for stage in ALL_STAGES}
    micros["rest"] = None, whole - sum(case.our_stages.values())
    micros["whole path"] = MICRO / case.naive_per_s, whole
    rows = (
        f"\n{case.name}: {case.posts:,} posts (naive {case.naive_posts:,}), {len(KEYWORDS)} keywords; {mix}",
        f"{'µs per post':14}{'naive':>10}{'ours':>10}",
        *(f"{stage:14}{_cell(slow)}{_cell(fast)}" for stage, (slow, fast) in micros.items()),
        f"{'posts/s':14}{case.naive_per_s:10,.0f}{case.ours_per_s:10,.0f}   {ratios}",
        f"{checks}; naive commands per post: {case.commands:.2f}",
    )
    return "\n".join(rows)


def figures(matched: Case, stream: Case, server: Server) -> dict[str, object]:
    """Return the figures as they go into the line of JSON; those of the firehose under its name."""
    return _case_figures(matched) | {
        "keywords": len(KEYWORDS),
        "aof": {"appendonly": server.appendonly, "appendfsync": server.appendfsync},
        "server": f"{server.name} {server.version}",
        "firehose": _case_figures(stream),
    }


def in_crews(crews: Sequence[Race]) -> dict[str, object]:
    """Return the figures of crews as they go into the line of JSON."""
    return {
        "per_s_on_two_free_cores": round(2 * crews[-1].cpu_rate("ours")),
        "by_processes": {str(each.processes): figures_of(each) for each in crews},
    }


def _case_figures(case: Case) -> dict[str, object]:
    return {
        "naive_per_s": round(case.naive_per_s, 1),
        "ours_per_s": round(case.ours_per_s, 1),
        "ratio": round(case.ratio, 1),
        "ratio_without_language": round(case.ratio_without_language, 1),
        "stages": {"naive": _rounded(case.naive_stages), "ours": _rounded(case.our_stages)},
        "ids_equal": case.ids_equal,
        "fsck_findings": len(case.findings),
        "posts": {"naive": case.naive_posts, "ours": case.posts},
    }


def _rounded(stages: Mapping[str, float]) -> dict[str, float]:
    return {stage: round(micros, 1) for stage, micros in stages.items()}


def _cell(micros: float | None) -> str:
    return f"{'–':>10}" if micros is None else f"{micros:10,.1f}"


if __name__ == "__main__":
    sys.exit(main())
