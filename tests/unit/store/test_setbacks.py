"""A clock that was ahead and was set back, as the store is left then."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from monitor.models import Job
from monitor.store import setbacks
from monitor.store.chats import ChatList
from monitor.store.codec import encode, to_ms
from monitor.store.connection import Connection, store_now
from monitor.store.outbox import OutboxStore
from monitor.store.schedule import DueList, LeaseStore
from monitor.store.send_pace import SendPace
from monitor.store.setbacks import Setbacks
from tests.integration.couriers import parcels

JOB, HELD = Job("poll", "rss/https://feed.example/a"), Job("poll", "rss/https://feed.example/b")
AHEAD = timedelta(hours=8)
CHAT = "-1001"


def left_ahead(connection: Connection) -> None:
    """Leave the store as a product leaves it that worked while the clock was hours ahead, and was killed."""
    at = to_ms(store_now(connection) + AHEAD)
    DueList(connection).sync({JOB: AHEAD + timedelta(minutes=5), HELD: AHEAD})
    LeaseStore(connection).acquire(HELD, "a container that is gone", AHEAD)
    keys = connection.keys
    connection.execute("SET", keys.work.committed, at)
    connection.execute("ZADD", keys.work.bot_sends, at, "an attempt")
    connection.execute("ZADD", keys.chat(CHAT).sends, at, "an attempt")
    outbox = OutboxStore(connection)
    outbox.hand_over(CHAT, parcels(CHAT, "d", posts=0))
    found = outbox.find(CHAT, "d-0")
    assert found is not None
    late = encode(replace(found.delivery, due=found.delivery.due + AHEAD))
    connection.execute("HSET", keys.chat(CHAT).outbox, "d-0", late)
    ChatList(connection).wake(CHAT, "d")


def test_nothing_waits_for_hours_because_the_clock_was_ahead(connection: Connection) -> None:
    left_ahead(connection)

    back = Setbacks(connection).mend()

    assert abs(back - AHEAD) < timedelta(minutes=1)
    assert {JOB, HELD} <= set(DueList(connection).take(10))
    assert LeaseStore(connection).acquire(HELD, "another", timedelta(seconds=7)) is not None
    assert ChatList(connection, SendPace(1, timedelta(seconds=1))).admit("mine") == timedelta(0)
    assert not connection.execute("EXISTS", connection.keys.chat(CHAT).sends)
    view = OutboxStore(connection).outlook(CHAT)
    assert view.head is not None
    assert view.head.delivery.due <= view.now


def test_a_clock_that_is_set_back_at_work_is_noticed_once(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next job that ends writes the right time: that of the last one tells nothing."""
    looker = Setbacks(connection)
    with monkeypatch.context() as ahead:
        ahead.setattr(setbacks, "store_now", lambda store: store_now(store) + AHEAD)
        assert looker.mend() == timedelta(0)
    DueList(connection).sync({JOB: AHEAD})
    connection.execute("SET", connection.keys.work.committed, to_ms(store_now(connection)))

    assert looker.mend() > timedelta(hours=7)
    assert DueList(connection).take(10) == [JOB]
    assert looker.mend() == timedelta(0)


def test_a_clock_that_is_well_is_left_alone(connection: Connection) -> None:
    soon = to_ms(store_now(connection) + timedelta(seconds=30))
    connection.execute("SET", connection.keys.work.committed, soon)
    DueList(connection).sync({JOB: timedelta(minutes=5)})
    looker = Setbacks(connection)

    assert [looker.mend() for _ in range(3)] == [timedelta(0)] * 3
    assert DueList(connection).take(10) == []


def test_what_looks_old_may_be_young_for_a_while_after_the_clock_leapt(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that was a month ahead for a minute pruned everything that was stored."""
    looker, other = Setbacks(connection), Setbacks(connection)
    connection.execute("SET", connection.keys.work.committed, to_ms(store_now(connection)))
    looker.mend()
    before = looker.may_be_ahead()

    with monkeypatch.context() as ahead:
        ahead.setattr(setbacks, "store_now", lambda store: store_now(store) + AHEAD)
        unswept = looker.may_be_ahead()
        looker.mend()
        connection.execute("SET", connection.keys.work.committed, to_ms(store_now(connection) + AHEAD))
        swept = looker.may_be_ahead(), other.may_be_ahead()
    looker.mend()

    assert (before, unswept, swept) == (False, True, (True, True))
    assert not looker.may_be_ahead(), "it was set back"


def test_after_half_an_hour_a_clock_is_taken_for_right(connection: Connection) -> None:
    long_ago = to_ms(store_now(connection) - timedelta(days=3))
    connection.execute("SET", connection.keys.work.committed, long_ago)
    looker = Setbacks(connection)

    looker.mend()

    assert looker.may_be_ahead()
    assert 0 < int(connection.execute("PTTL", connection.keys.work.leapt)) <= 1_800_000
    connection.execute("UNLINK", connection.keys.work.leapt)
    assert not looker.may_be_ahead()
