"""The breakers of the store: shared by all workers, and felt by looks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from monitor.errors import AccessDenied, SourceUnavailable
from monitor.models import Batch, Cursor, Query, Window
from monitor.seams.ledger import Progress
from monitor.services.looks import Look, Parts, Polled, poll
from monitor.settings import Settings
from monitor.store.breakers import BreakerStore, Change
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.mentions import MentionStore
from monitor.store.outbox import store_now
from monitor.store.progress import ProgressStore
from monitor.store.schedule import LeaseStore
from monitor.topics.polling.planning import poll_job
from monitor.wiring import make_stages
from tests.build import a_topic

QUERY = Query("hackernews", "")
DOWN = SourceUnavailable("hackernews", "the server answered 503")
HOUR = timedelta(hours=1)


class Down:
    """A source that is down, and counts who asks."""

    name = "hackernews"

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = DOWN

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return Batch()


def test_many_workers_count_every_failure_once(connection: Connection) -> None:
    store = BreakerStore(connection, lambda _: "")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: store.note(QUERY, DOWN), range(4)))

    assert store.all()["hackernews"].failures == 4
    store.note(QUERY, None)
    assert store.all() == {}


def test_one_of_many_is_the_probe(connection: Connection) -> None:
    store = BreakerStore(connection, lambda _: "")
    for _ in range(5):
        store.note(QUERY, DOWN)
    [(scope, breaker)] = store.all().items()
    past = store_now(connection) - HOUR
    packed = connection.execute("HGET", connection.keys.work.breakers, scope)
    store._step(scope, lambda before, _: Change(msgspec.structs.replace(before, until=past)))
    assert packed != connection.execute("HGET", connection.keys.work.breakers, scope)

    with ThreadPoolExecutor(4) as pool:
        waits = list(pool.map(lambda n: store.admit(Query("hackernews", str(n)))[0], range(8)))

    assert breaker.state == "open"
    assert waits.count(timedelta(0)) == 1


def look(connection: Connection, source: Down, settings: Settings, query: Query = QUERY) -> Polled | None:
    stores = LeaseStore(connection), ProgressStore(connection), MentionStore(connection)
    parts = Parts({"hackernews": source}, *stores, breakers=BreakerStore(connection, lambda _: "key"))
    return poll(Look(poll_job(query), query, HOUR, "me"), parts, make_stages([a_topic()], settings), datetime.now(UTC))


def test_a_source_that_failed_often_is_not_asked_and_says_why(valkey: Connection, tmp_path: Path) -> None:
    source, settings = Down(), Settings(home=tmp_path)
    queries = [Query("hackernews", str(n)) for n in range(8)]

    polled = [look(valkey, source, settings, query) for query in queries]

    assert source.asked == 5
    last = polled[-1]
    assert last is not None
    assert last.due_in < timedelta(seconds=40)
    progress: Progress = ProgressStore(valkey)
    now = store_now(valkey)
    statuses = ProgressStore(valkey).statuses(queries, Window(now - HOUR, now))
    assert {status.reason for status in statuses} == {"the server answered 503"}
    assert [progress.resume(query).failures for query in queries] == [1] * 5 + [0] * 3
    assert check(valkey) == []


def test_a_denied_source_waits_until_a_person_acts(valkey: Connection, tmp_path: Path) -> None:
    source, settings = Down(), Settings(home=tmp_path)
    source.error = AccessDenied("hackernews", "the server answered 401 (Unauthorized)")
    look(valkey, source, settings)
    source.error = None

    refused = look(valkey, source, settings)
    BreakerStore(valkey, lambda _: "key").reset(QUERY)
    read = look(valkey, source, settings)

    assert refused is not None
    assert refused.due_in > HOUR
    assert read is not None
    assert read.error is None
    assert source.asked == 2
