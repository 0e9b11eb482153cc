"""The benchmarks of crews and of memory, on a handful of invented posts: what they assert, not how fast anything is."""

import json
from collections.abc import Iterator

import pytest

from monitor.store.connection import Connection
from tests.benchmarks import celery, firehose, ingest, memory, ours, race
from tests.benchmarks.corpus import Corpus, corpus_of
from tests.benchmarks.crew import Task, Work, dealt, work
from tests.benchmarks.hundred import KEYWORDS

WORK = Work(posts=100, seconds=2.0, cpu_seconds=1.5, server_cpu_seconds=0.5)


@pytest.fixture(scope="module")
def durable_url() -> Iterator[str]:
    """Start the benchmark's own store."""
    with ingest.durable_store() as url:
        yield url


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Return 30 invented posts, each with a keyword."""
    posts = [{"id": f"p{n}", "text": f"今天的天气像打翻的橘子汽水 {n}", "author": f"teapot{n % 7}"} for n in range(30)]
    return corpus_of([post | {"created_at": "2024-05-01T08:00:00Z"} for post in posts])


def test_a_crew_stores_every_post_once_and_tells_what_it_took(durable_url: str, corpus: Corpus) -> None:
    connection = Connection(durable_url)
    tasks = [Task("ours", durable_url, "crew", KEYWORDS, corpus.lines[part::2], corpus.lines[:2]) for part in range(2)]

    done = work(connection, tasks)

    stored = ours.OurPipeline(connection.under(ingest.Keyspace("crew:")), KEYWORDS).stored_ids()
    connection.close()
    assert stored == set(corpus.ids)
    assert done.posts == 30
    assert 0 < done.seconds < 60
    assert done.cpu_seconds > 0


def test_rates_are_told_by_wall_clock_and_by_all_processors() -> None:
    assert (WORK.per_s, WORK.per_cpu_s) == (50, 50)
    assert WORK._replace(server_cpu_seconds=2.5).per_cpu_s == 25


def test_pages_are_dealt_out_whole() -> None:
    lines = [str(number).encode() for number in range(3 * ours.PAGE + 7)]

    first, second = dealt(lines, 2)

    assert sorted(first + second) == sorted(lines)
    assert first[: ours.PAGE] == lines[: ours.PAGE]
    assert second[: ours.PAGE] == lines[ours.PAGE : 2 * ours.PAGE]


def test_what_a_post_takes_is_counted_with_its_indexes(
    durable_url: str, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "HOURS", 2)
    monkeypatch.setattr(memory, "NAIVE_POSTS", 3)

    figures, failures = memory.measured(durable_url, corpus)

    assert json.loads(json.dumps(figures))["posts"] == 30
    assert set(figures["by_key"]) == {"posts", "times", "(body)"}  # type: ignore[call-overload]
    assert not [each for each in failures if "fsck" in each or "are stored" in each]


def test_a_stream_of_which_other_posts_are_stored_fails_the_benchmark(durable_url: str) -> None:
    run = race.Race(2, [WORK], [WORK._replace(posts=300)], ids_equal=False, findings=["odd"])

    failures = firehose.failures_of([run], ingest.server_of(durable_url))

    assert failures == ["2 processes: the two pipelines did not store the same posts", "2 processes: fsck: odd"]
    figures = firehose.figures([run], ingest.server_of(durable_url))
    assert (figures["per_s_on_two_free_cores"], figures["by_processes"]["2"]["cpu_ratio"]) == (300, 3.0)  # type: ignore[index]


def test_workers_that_store_other_posts_fail_the_benchmark(corpus: Corpus) -> None:
    right = celery.Run(30, 1.0, 1.0, frozenset(corpus.ids))
    wrong = right._replace(ids=frozenset(corpus.ids[1:]))

    assert celery.failures_of(corpus, right, right) == []
    assert celery.failures_of(corpus, right, wrong) == ["ours: other posts are stored than were given"]


def test_ingest_is_told_at_each_number_of_processes() -> None:
    one = race.Race(1, [WORK], [WORK._replace(posts=300)], ids_equal=True, findings=[])

    told = ingest.in_crews([one, one._replace(processes=2)])

    assert told["per_s_on_two_free_cores"] == 300
    assert set(told["by_processes"]) == {"1", "2"}  # type: ignore[call-overload]
