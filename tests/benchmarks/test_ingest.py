"""The benchmark itself, on a handful of invented posts: what it asserts, not how fast it is."""

import json
from collections.abc import Iterator

import pytest

from monitor.store.connection import Connection
from monitor.store.keys import Keyspace
from tests.benchmarks import ingest, naive, ours
from tests.benchmarks.corpus import Corpus, corpus_of
from tests.benchmarks.hundred import KEYWORDS
from tests.benchmarks.ingest import Case, Plan

PLAN = Plan(rounds=2, naive_posts=8)
TEXTS = (
    "今天的天气像打翻的橘子汽水,适合去江边 {}",
    "學校門口的糖葫蘆又漲價了,點解? {}",
    "Please: who left the kettle on the bridge? {}",
    "晚上九点,广州的地铁里有人弹琴 {}",
    "News from the allotment: the storm took the shed, not the pumpkins. {}",
)


@pytest.fixture
def corpus() -> Corpus:
    """Return 40 invented posts, each with a keyword."""
    posts = [
        {
            "id": f"p{number}",
            "text": TEXTS[number % len(TEXTS)].format(number),
            "created_at": f"2024-05-{1 + number % 28:02}T08:{number % 60:02}:00Z",
            "author": f"teapot{number % 7}",
        }
        for number in range(40)
    ]
    return corpus_of(posts)


@pytest.fixture(scope="module")
def durable_url() -> Iterator[str]:
    """Start the benchmark's own store."""
    with ingest.durable_store() as url:
        yield url


@pytest.fixture
def case(durable_url: str, corpus: Corpus, request: pytest.FixtureRequest) -> Case:
    """Run the race under names of this test's own."""
    return ingest.race(durable_url, request.node.name, corpus, PLAN)


def test_the_store_of_the_benchmark_is_durable(durable_url: str) -> None:
    server = ingest.server_of(durable_url)

    assert (server.appendonly, server.appendfsync, server.eviction) == ("yes", "always", "noeviction")


def test_both_pipelines_store_the_same_posts(case: Case) -> None:
    assert case.ids_equal
    assert case.findings == ()
    assert case.posts == 40
    assert case.naive_posts == 16


def test_the_last_line_is_complete_json(case: Case, durable_url: str) -> None:
    line = json.dumps(ingest.figures(case, case, ingest.server_of(durable_url)))

    told = json.loads(line)
    assert set(told) >= {"naive_per_s", "ours_per_s", "ratio", "stages", "aof", "ids_equal", "fsck_findings", "posts"}
    assert told["aof"] == {"appendonly": "yes", "appendfsync": "always"}
    assert set(told["stages"]["naive"]) == set(naive.STAGES)
    assert set(told["stages"]["ours"]) == set(ours.STAGES)
    assert told["naive_per_s"] > 0
    assert told["ours_per_s"] > 0


def test_the_table_names_every_stage(case: Case, corpus: Corpus) -> None:
    rows = ingest.table(case, corpus).splitlines()

    named = {row[:14].strip() for row in rows}
    assert named >= {*naive.STAGES, *ours.STAGES, "whole path", "posts/s"}


def test_a_post_that_only_one_side_stored_fails_the_benchmark(durable_url: str, corpus: Corpus) -> None:
    wrong = corpus._replace(matched=corpus.matched - {"p3"})

    case = ingest.race(durable_url, "one-sided", wrong, PLAN)

    assert not case.ids_equal
    failures = ingest.failures_of(case, server=ingest.server_of(durable_url))
    assert "one-sided: the two pipelines did not store the same posts" in failures


def test_a_broken_index_fails_the_benchmark(durable_url: str, corpus: Corpus) -> None:
    connection = Connection(durable_url, Keyspace("ours-broken:"))
    ours.OurPipeline(connection, KEYWORDS).ingest(corpus.lines)
    connection.execute("ZREM", connection.keys.topic(ours.TOPIC).times, "replay:p7")
    connection.close()

    # The post is known already, so the race does not mend its index.
    case = ingest.race(durable_url, "broken", corpus, PLAN)

    assert any("time index" in finding for finding in case.findings)
    assert any("fsck" in failure for failure in ingest.failures_of(case, server=ingest.server_of(durable_url)))


def test_being_slower_than_promised_fails_the_benchmark(case: Case, durable_url: str) -> None:
    slow = case._replace(naive_per_s=100.0, ours_per_s=1_499.0)
    fast = case._replace(naive_per_s=100.0, ours_per_s=1_500.0)

    server = ingest.server_of(durable_url)

    assert len(ingest.failures_of(slow, server=server)) == 1
    assert ingest.failures_of(fast, slow, server=server) == []


def test_a_server_that_may_lose_writes_fails_the_benchmark(case: Case, durable_url: str) -> None:
    server = ingest.server_of(durable_url)._replace(appendfsync="everysec")

    failures = ingest.failures_of(case._replace(naive_per_s=1.0, ours_per_s=99.0), server=server)

    assert failures == [f"the server is not durable: {server}"]


def test_stretches_hold_every_line_once() -> None:
    lines = [str(number).encode() for number in range(23)]

    cut = ingest.stretches(lines, 5)

    assert [line for stretch in cut for line in stretch] == lines
    assert [len(stretch) for stretch in cut] == [4, 4, 4, 4, 7]
