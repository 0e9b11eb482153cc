"""X's stream through the whole path: the topics' rules, the shared meter, and what the digest says of it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.digests.coverage import readings, unread_line
from monitor.due_jobs import jobs_of, reread_jobs
from monitor.duties.second_look import look_again
from monitor.models import PostKey, Query, Window
from monitor.processes.stalls import Beat
from monitor.processes.streaming import Runner
from monitor.settings import FetchSettings, Settings
from monitor.store.fsck import check
from monitor.wiring import Monitor, opened
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
    assert server.left.wait(60)


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


@pytest.mark.parametrize("is_alone", [True, False])
def test_what_came_by_the_stream_is_looked_at_again_with_the_streams_key_or_the_searchs(
    tmp_path: Path, server: XStreamServer, world: World, *, is_alone: bool
) -> None:
    """The stream tells of no deletion: a topic that names it alone was never looked at again."""
    options = {"token": TOKEN, "budget": "1", "url": server.url}
    sources = {"x_stream": options} | ({} if is_alone else {"x": options})
    said = [world.post(f"iron {number}", likes=1) for number in range(3)]

    def script() -> None:
        server.script = server.end
        for each in said:
            server.say(each)
        server.say(world.edit(said[2], "iron pots, at last"))
        server.end()

    server.script = script
    with opened(Settings(home=tmp_path / "var", config=tmp_path, fetch=FetchSettings(), sources=sources)) as monitor:
        monitor.topics.replace([IRON], "iron")
        asyncio.run(follow_until_it_fails(monitor, world))
        edited = texts_of(monitor, world)
        said[0].metrics = {**said[0].metrics, "like_count": 900}
        said[1].is_gone = True
        world.now += timedelta(hours=1)
        monitor.schedule.sync(dict.fromkeys(reread_jobs(monitor), timedelta(0)))
        look_again(monitor, "x", "me", lambda: world.now)
        (kept,) = monitor.mentions.find("iron", [PostKey("x", str(said[0].id))])

        assert {each.subject for each in reread_jobs(monitor)} == {"x"}
        assert edited == {"iron 0", "iron 1", "iron pots, at last"}
        assert texts_of(monitor, world) == {"iron 0", "", "iron pots, at last"}
        assert kept.post.engagement.likes == 900
        assert check(monitor.connection) == []
        assert monitor.spending["x_stream"].today(world.now).settled == world.spent[world.now.date().isoformat()]


def texts_of(monitor: Monitor, world: World) -> set[str]:
    return {each.post.text for each in monitor.mentions.between("iron", a_day(world))}


def test_it_is_not_polled(monitor: Monitor, world: World) -> None:
    assert [query.source for query in monitor.plan()] == ["x_stream"]
    assert not [job for job in jobs_of([IRON], monitor.plan(), world.now) if job.kind == "poll"]
