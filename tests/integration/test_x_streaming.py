"""X's stream through the whole path: the topics' rules, the shared meter, and what the digest says of it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.digests.coverage import readings, unread_line
from monitor.models import Query, Window
from monitor.processes.stalls import Beat
from monitor.processes.streaming import Runner
from monitor.settings import FetchSettings, Settings
from monitor.wiring import Monitor, jobs_of, opened
from tests.build import a_topic
from tests.simulators.x_api import TOKEN
from tests.simulators.x_stream import XStreamServer
from tests.simulators.x_world import World

IRON = a_topic(name="iron", any=("iron",), sources=("x_stream",), languages=())
QUERY = Query("x_stream", "")


@pytest.fixture
def world() -> World:
    """X at nine in the morning: no UTC day ends within a test."""
    return World(datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0))


@pytest.fixture
def server(world: World) -> Iterator[XStreamServer]:
    with XStreamServer(world) as running:
        yield running


@pytest.fixture
def monitor(tmp_path: Path, server: XStreamServer) -> Iterator[Monitor]:
    options = {"token": TOKEN, "budget": "0.015", "url": server.url}
    sources = {"x_stream": options, "x": options | {"budget": "1"}}
    with opened(Settings(home=tmp_path / "var", config=tmp_path, fetch=FetchSettings(), sources=sources)) as made:
        made.topics.replace([IRON], "iron")
        yield made


def a_day(world: World) -> Window:
    return Window(world.now - timedelta(hours=24), world.now + timedelta(minutes=1))


def has_failed(monitor: Monitor, world: World) -> bool:
    return monitor.progress.statuses([QUERY], a_day(world))[0].reason is not None


async def follow_until_it_fails(monitor: Monitor, world: World) -> None:
    stopped = asyncio.Event()

    def pulse(_: Beat) -> None:
        if has_failed(monitor, world):
            stopped.set()

    async with asyncio.timeout(20):
        await Runner(monitor, monitor.streams, "me", lambda: world.now).run(stopped, pulse)


def test_posts_are_kept_until_the_money_is_spent_and_then_the_digest_says_so(
    monitor: Monitor, world: World, server: XStreamServer
) -> None:
    def script() -> None:
        for number in range(3):
            server.say(world.post(f"iron {number}"))

    server.script = script
    asyncio.run(follow_until_it_fails(monitor, world))

    window = a_day(world)
    seen = readings(monitor.progress.statuses([QUERY], window), window)
    kept = monitor.mentions.between("iron", window)
    assert {each.post.text for each in kept} == {"iron 0", "iron 1", "iron 2"}
    assert "X's stream" in unread_line(seen, window, UTC)
    assert unread_line(seen, window, UTC).endswith("(budget)")
    assert server.left.wait(5)


def test_stream_and_search_spend_one_sum_of_which_each_has_a_budget(
    monitor: Monitor, world: World, server: XStreamServer
) -> None:
    def script() -> None:
        for number in range(3):
            server.say(world.post(f"iron {number}"))

    server.script = script
    asyncio.run(follow_until_it_fails(monitor, world))

    search = monitor.spending["x"].today(world.now)
    assert search == monitor.spending["x_stream"].today(world.now)
    assert search.settled == 15_000
    assert search.topics == {"iron": 15_000}
    assert search.reserved == 0


def test_it_is_not_polled(monitor: Monitor, world: World) -> None:
    assert [query.source for query in monitor.plan()] == ["x_stream"]
    assert not [job for job in jobs_of([IRON], monitor.plan(), world.now) if job.kind == "poll"]
