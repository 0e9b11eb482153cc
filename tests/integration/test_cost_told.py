"""/cost: what it tells is what the shared meter holds, and what it calls refused was refused."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import OutOfCredit
from monitor.models import Query
from monitor.seams.budget import Wish
from monitor.topics.polling.planning import poll_job
from tests.build import NOW, a_topic
from tests.integration.room import Room, a_room

POTS = a_topic(name="smash-pots", title="砸锅卖铁", sources=("x",))
WATER = a_topic(name="water", title="Water", any=("water",), sources=("rss",))
SETTINGS = '[sources.x]\ntoken = "a-token-of-tests"\nbudget = 2.50\nbudget_topic = 0.1\n'


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path, SETTINGS) as made:
        made.follow(POTS, WATER)
        yield made


def query_of(room: Room) -> Query:
    [query] = room.monitor.queries_of(POTS)
    return query


def test_what_is_reserved_counts_as_spent_and_is_told_apart(room: Room) -> None:
    meter = room.monitor.spending["x"]
    meter.settle(meter.reserve(query_of(room).text, Wish("post", 5_000, 5), NOW), ["post 1", "post 2", "post 3"])
    meter.reserve(query_of(room).text, Wish("post", 5_000, 10), NOW)

    said = room.say(room.person("Emil", "editor"), "/cost")

    assert said.splitlines() == [
        f"X: $0.065 of $2.50 spent on {NOW:%Y-%m-%d} (UTC), $0.05 of it reserved",
        "砸锅卖铁: $0.015 of $0.10",
    ]


def test_a_topic_that_was_refused_says_since_when_and_why(room: Room) -> None:
    query, meter = query_of(room), room.monitor.spending["x"]
    meter.settle(meter.reserve(query.text, Wish("post", 5_000, 20), NOW), [f"post {n}" for n in range(20)])
    with pytest.raises(OutOfCredit) as refusal:
        meter.reserve(query.text, Wish("post", 5_000, 10), NOW)
    lease = room.monitor.job_leases.acquire(poll_job(query), "worker", timedelta(minutes=1))
    assert lease is not None
    room.monitor.progress.begin(lease, query)
    room.monitor.progress.fail(lease, query, refusal.value.reason, timedelta(hours=1))

    first, line = room.say(room.person("Emil", "editor"), "/cost").splitlines()

    assert first == f"X: $0.10 of $2.50 spent on {NOW:%Y-%m-%d} (UTC)"
    assert line.startswith("砸锅卖铁: $0.10 of $0.10; refused since ")
    assert line.endswith(" UTC (budget)")


def test_what_no_topic_in_force_paid_is_told_too(room: Room) -> None:
    """The lines add up to what is spent, also after a topic was ended."""
    meter = room.monitor.spending["x"]
    meter.settle(meter.reserve(query_of(room).text, Wish("post", 5_000, 4), NOW), ["post 1", "post 2"])
    room.monitor.topics.replace([WATER], "only water")

    said = room.say(room.person("Emil", "editor"), "/cost")

    assert said.splitlines()[1:] == ["No topic names it among its sources.", "everything else: $0.01"]


def test_yesterdays_money_is_not_todays(room: Room) -> None:
    meter = room.monitor.spending["x"]
    meter.settle(meter.reserve(query_of(room).text, Wish("post", 5_000, 4), NOW), ["post 1"])
    room.now = NOW + timedelta(days=1)

    assert "$0.00 of $2.50" in room.say(room.person("Emil", "editor"), "/cost")
