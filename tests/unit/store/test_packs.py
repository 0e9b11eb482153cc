"""Packed queries: places survive a new packing, and what platforms teach is remembered."""

from datetime import timedelta

import pytest

from monitor.models import Batch, Coverage, Cursor, Query, Window
from monitor.store.connection import Connection
from monitor.store.outbox import store_now
from monitor.store.packs import PackStore
from monitor.store.progress import ProgressStore
from monitor.store.schedule import DueList, LeaseStore
from monitor.topics.polling.planning import poll_job
from monitor.topics.queries.fitting import Learned
from monitor.topics.queries.repacking import beginning

MINUTE = timedelta(minutes=1)
OLD, NEW, WIDER = Query("x", "(iron OR pots)"), Query("x", "(iron OR zebra)"), Query("x", "(iron OR pots OR zebra)")


@pytest.fixture
def packs(connection: Connection) -> PackStore:
    return PackStore(connection)


def read(connection: Connection, query: Query, begin: int, end: int) -> None:
    """Read a query from so many minutes ago to so many minutes ago."""
    job = poll_job(query)
    DueList(connection).sync({job: timedelta(0)})
    lease = LeaseStore(connection).acquire(job, "me", MINUTE)
    assert lease is not None
    now = store_now(connection)
    window = Coverage(start=now - begin * MINUTE, end=now - end * MINUTE)
    ProgressStore(connection).complete(lease, query, Batch(cursor=Cursor("its own"), coverage=window), MINUTE)


def test_a_repacked_keyword_is_read_on_from_where_it_was_left(connection: Connection, packs: PackStore) -> None:
    now = store_now(connection)
    packs.adopt([OLD], now)
    read(connection, OLD, 90, 20)

    packs.adopt([WIDER], now)

    resume = ProgressStore(connection).resume(WIDER)
    assert resume.cursor is not None
    assert resume.cursor <= beginning(now - 60 * MINUTE)  # the new keyword's first look
    assert resume.covered_since is not None
    assert abs(resume.covered_since - (now - 90 * MINUTE)) < MINUTE
    (window,) = ProgressStore(connection).windows(WIDER, Window(now - timedelta(days=1), now))
    assert abs(window.end - (now - 20 * MINUTE)) < MINUTE


def test_a_gap_is_still_known_when_its_keyword_was_packed_anew(connection: Connection, packs: PackStore) -> None:
    """After `/track` nobody knew any more that half an hour of another topic had not been read."""
    now = store_now(connection)
    packs.adopt([OLD], now)
    read(connection, OLD, 90, 60)
    read(connection, OLD, 30, 10)

    packs.adopt([WIDER], now)
    packs.adopt([WIDER], now)

    [before, after] = ProgressStore(connection).statuses([OLD, WIDER], Window(now - timedelta(days=1), now))
    assert len(before.gaps) == 1
    assert after.gaps == before.gaps


def test_a_query_in_the_plan_keeps_its_place(connection: Connection, packs: PackStore) -> None:
    now = store_now(connection)
    packs.adopt([OLD], now)
    read(connection, OLD, 90, 20)

    packs.adopt([OLD, NEW], now)

    assert ProgressStore(connection).resume(OLD).cursor == "its own"


def test_a_packing_that_comes_back_begins_where_its_keywords_were_read_meanwhile(
    connection: Connection, packs: PackStore
) -> None:
    now = store_now(connection)
    packs.adopt([OLD], now)
    read(connection, OLD, 600, 500)
    packs.adopt([WIDER], now)
    read(connection, WIDER, 400, 10)

    packs.adopt([OLD], now)

    resume = ProgressStore(connection).resume(OLD)
    assert resume.cursor is not None
    assert resume.cursor > beginning(now - 11 * MINUTE)


def test_a_keyword_that_nobody_asked_for_begins_anew(connection: Connection, packs: PackStore) -> None:
    packs.adopt([OLD], store_now(connection))

    assert ProgressStore(connection).resume(OLD).cursor is None


def test_a_query_that_left_is_forgotten_after_its_time(connection: Connection, packs: PackStore) -> None:
    now = store_now(connection)
    packs.adopt([OLD], now)
    packs.adopt([NEW], now)

    packs.adopt([WIDER], now + timedelta(days=41))

    assert connection.execute("ZRANGE", connection.keys.work.packs, 0, -1) == [
        str(NEW).encode(),
        str(WIDER).encode(),
    ]


def test_feeds_are_nobodys_packs(connection: Connection, packs: PackStore) -> None:
    packs.adopt([Query("rss", "https://feed.example/"), Query("hackernews", "")], store_now(connection))

    assert not connection.execute("EXISTS", connection.keys.work.packs)


def test_what_a_platform_taught_is_remembered(packs: PackStore) -> None:
    packs.learn("x", lambda known: known.with_refusal(512))
    packs.learn("x", lambda known: known.with_busy(["iron"]))

    assert packs.learned() == {"x": Learned(refused=512, busy=frozenset(("iron",)))}
