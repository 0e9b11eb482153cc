"""What each look brought is counted by the hour, and a query that brings nothing any more says so."""

from datetime import timedelta

from monitor.models import Batch, Coverage, Job, Query, QueryStatus, Window
from monitor.seams.ledger import Brought
from monitor.store.codec import encode
from monitor.store.connection import Connection, store_now
from monitor.store.fsck import check
from monitor.store.progress import MOST_HOURS, ProgressStore
from monitor.store.schedule import LeaseStore

QUERY = Query("hackernews", "")
JOB = Job("poll", "hackernews")
HOUR = timedelta(hours=1)


def look(connection: Connection, brought: Brought, *, unreadable: int = 0) -> None:
    lease = LeaseStore(connection).acquire(JOB, f"{brought}", HOUR)
    assert lease is not None
    now = store_now(connection)
    batch = Batch(coverage=Coverage(start=now - 24 * HOUR, end=now), unreadable=unreadable)
    assert ProgressStore(connection).complete(lease, QUERY, batch, HOUR, brought)


def status(connection: Connection) -> QueryStatus:
    now = store_now(connection)
    return ProgressStore(connection).statuses([QUERY], Window(now - 24 * HOUR, now))[0]


def history(connection: Connection, rate: int, silent: int) -> None:
    """Write that so much came each hour of five days, up to so many hours ago."""
    now = int(store_now(connection).timestamp())
    hours = [(now // 3600 - n, rate if n > silent else 0) for n in range(120, 0, -1)]
    name = connection.keys.query(QUERY)
    connection.execute("HSET", name, "came", encode(hours), "came_at", (now - silent * 3600) * 1000)


def test_a_query_that_answers_and_brings_nothing_says_so(connection: Connection) -> None:
    look(connection, Brought(fresh=5, fetched=5))
    history(connection, rate=40, silent=4)

    look(connection, Brought(fresh=0, fetched=0))
    silent = status(connection)
    look(connection, Brought(fresh=1, fetched=1))
    again = status(connection)

    assert silent.is_silent
    assert silent.reason is not None
    assert "posts or more were to be expected" in silent.reason
    assert silent.since is not None
    assert timedelta(hours=3.9) < store_now(connection) - silent.since < timedelta(hours=4.1)
    assert (again.is_silent, again.reason) == (False, None)
    assert check(connection) == []


def test_a_failure_is_told_before_a_silence(connection: Connection) -> None:
    look(connection, Brought(fresh=5, fetched=5))
    history(connection, rate=40, silent=4)
    look(connection, Brought())
    lease = LeaseStore(connection).acquire(JOB, "fails", HOUR)
    assert lease is not None
    ProgressStore(connection).fail(lease, QUERY, "the server answered 503", HOUR)

    assert status(connection).reason == "the server answered 503"
    assert not status(connection).is_silent


def test_a_query_most_of_which_cannot_be_read_says_so_at_the_third_look(connection: Connection) -> None:
    said = []
    for unreadable, fetched in [(9, 1), (9, 1), (9, 1), (2, 8)]:
        look(connection, Brought(fresh=fetched, fetched=fetched), unreadable=unreadable)
        said.append(status(connection).reason)

    assert said == [None, None, "most of what 3 looks brought could not be read", None]


def test_what_came_is_kept_for_a_week_and_a_day(connection: Connection) -> None:
    look(connection, Brought(fresh=2, fetched=2))
    now = int(store_now(connection).timestamp()) // 3600
    packed = encode([(now - n, 1) for n in range(500, 0, -1)])
    connection.execute("HSET", connection.keys.query(QUERY), "came", packed)

    look(connection, Brought(fresh=2, fetched=3))

    kept = ProgressStore(connection)._connection.execute("HGET", connection.keys.query(QUERY), "came")
    assert len(kept) < 8 * MOST_HOURS
