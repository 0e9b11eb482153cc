"""X through the whole path: topics, packed queries, looks, the store's meter, and what the digest says of it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.digests.compose import compose
from monitor.digests.coverage import read_line, readings, unread_line
from monitor.digests.render import render
from monitor.duties.rounds import brief_of
from monitor.duties.second_look import patience
from monitor.errors import OutOfCredit
from monitor.models import Query, Topic, Window
from monitor.pipeline import Gathered, gather
from monitor.readers.shelves import shelf_of
from monitor.seams.budget import Wish
from monitor.seams.scored import NO_TALLIES
from monitor.seams.spending import until_midnight
from monitor.services.looks import Look, Polled, poll
from monitor.settings import FetchSettings, Settings
from monitor.topics.polling.planning import REREAD_EVERY, SECOND_LOOKS_FIRST, poll_job
from monitor.wiring import Monitor, opened
from tests.build import a_topic
from tests.simulators.x_api import TOKEN, XServer
from tests.simulators.x_world import World

MINUTE = timedelta(minutes=1)
IRON = a_topic(name="iron", any=("iron",), sources=("x",), languages=())


@pytest.fixture
def world() -> World:
    """X at nine in the morning: no UTC day ends within a test."""
    return World(datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0))


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with XServer(world, is_judged=False) as server:
        yield server.url


@pytest.fixture
def monitor(tmp_path: Path, url: str) -> Iterator[Monitor]:
    x = {"token": TOKEN, "budget": "0.50", "url": url}
    with opened(Settings(home=tmp_path / "var", config=tmp_path, fetch=FetchSettings(), sources={"x": x})) as made:
        yield made


def follow(monitor: Monitor, world: World, *topics: Topic) -> list[Query]:
    """Put topics in force, as the worker does, and return the queries."""
    monitor.topics.replace(topics, str(topics))
    plan = monitor.plan()
    monitor.packs.adopt(plan, world.now)
    monitor.schedule.sync({poll_job(query): timedelta(0) for query in plan})
    return list(plan)


def look(monitor: Monitor, world: World, query: Query) -> list[Polled]:
    """Look at a query until there is no more."""
    pages = []
    while True:
        polled = poll(Look(poll_job(query), query, 10 * MINUTE, "me"), monitor.parts, monitor.stages(), world.now)
        assert polled is not None
        pages.append(polled)
        if not polled.more:
            return pages


def told(monitor: Monitor, world: World, queries: list[Query]) -> tuple[str, str]:
    window = Window(world.now - timedelta(hours=24), world.now + MINUTE)
    seen = readings(monitor.progress.statuses(queries, window), window)
    return read_line(seen, window, UTC), unread_line(seen, window, UTC)


def test_posts_are_matched_again_and_kept_once(monitor: Monitor, world: World) -> None:
    world.post("irons and pots", ago=5 * MINUTE)
    world.post("irony", ago=4 * MINUTE)
    world.post("nothing of it, but https://t.co/x", ago=3 * MINUTE, urls=("https://example.com/iron",))
    (query,) = follow(monitor, world, IRON)

    pages = look(monitor, world, query) + look(monitor, world, query)

    assert query.text == "(iron OR ironed OR ironing OR irons)"
    assert sum(page.fetched for page in pages) == 2
    assert [each.post.text for each in stored(monitor, world, "iron")] == ["irons and pots"]
    assert monitor.spending["x"].today(world.now).topics == {"iron": 10_000}


def test_a_topic_that_joins_costs_the_others_no_place_and_no_post(monitor: Monitor, world: World) -> None:
    world.post("iron 1", ago=50 * MINUTE)
    (query,) = follow(monitor, world, IRON)
    look(monitor, world, query)
    world.now += 10 * MINUTE
    world.post("iron 2", ago=2 * MINUTE)
    world.post("zebra", ago=30 * MINUTE)

    (wider,) = follow(monitor, world, IRON, a_topic(name="zoo", any=("zebra",), sources=("x",)))
    look(monitor, world, wider)

    assert wider != query
    assert len(stored(monitor, world, "iron")) == 2
    assert len(stored(monitor, world, "zoo")) == 1
    assert world.spent[world.now.date().isoformat()] <= 20_000
    assert told(monitor, world, [wider])[0].startswith("X (since ")


def test_when_the_money_is_spent_the_digest_says_so(monitor: Monitor, world: World) -> None:
    (query,) = follow(monitor, world, IRON)
    look(monitor, world, query)
    spend = monitor.spending["x"]
    reservation = spend.reserve(query.text, Wish("post", 5_000, 100), world.now)
    spend.settle(reservation, [f"post {number}" for number in range(100)])
    world.now += 10 * MINUTE
    world.post("iron", ago=MINUTE)

    (last,) = look(monitor, world, query)

    assert last.error is not None
    assert last.error.reason == "budget"
    assert last.due_in > timedelta(0)
    assert re.search(r"\(budget; read from .* until then\)$", told(monitor, world, [query])[1])
    assert spend.today(world.now).spent <= 500_000
    assert world.spent[world.now.date().isoformat()] == 0


def test_of_renewed_money_second_looks_get_the_first(monitor: Monitor, world: World) -> None:
    """A query that spends each day's money at once left none to see what was deleted."""
    (query,) = follow(monitor, world, IRON)
    spend = monitor.spending["x"]
    spend.reserve(query.text, Wish("post", 5_000, 100), world.now)
    world.now += timedelta(minutes=1)

    (last,) = look(monitor, world, query)
    reread = patience(query, OutOfCredit("x", "budget", until_midnight(world.now)))

    midnight = (world.now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert world.now + reread == midnight
    assert world.now + last.due_in == midnight + SECOND_LOOKS_FIRST
    assert SECOND_LOOKS_FIRST > REREAD_EVERY * 1.1


def test_a_sample_says_of_how_many_it_is_one(monitor: Monitor, world: World) -> None:
    for number in range(300):
        world.post(f"iron {number}", ago=timedelta(seconds=31 + 200 * number), likes=number % 90)
    (query,) = follow(monitor, world, IRON)

    look(monitor, world, query)
    said = told(monitor, world, [query])[0]

    assert said.startswith("X (sample ")
    assert " of " in said


def test_a_sampled_topic_is_as_loud_as_x_counted_from_the_first_day_on(monitor: Monitor, world: World) -> None:
    """A sample of the most liked says nothing of how much there is: X's own counts do, also of what is usual."""
    begun = world.now - timedelta(days=6, hours=23)
    for number in range(167):
        for each in range(10):
            ago = world.now - begun - timedelta(hours=number, minutes=5 * each)
            world.post(f"iron {number} {each}", ago=ago, likes=number % 30)
    for number in range(300):
        world.post(f"iron new {number}", ago=timedelta(seconds=40 + 10 * number), likes=1)
    (query,) = follow(monitor, world, IRON)
    look(monitor, world, query)

    day = gather(IRON, Window(world.now - timedelta(hours=24), world.now), shelf_of(monitor, IRON), world.now).trend

    read = len(stored(monitor, world, "iron"))
    assert world.spent[world.now.date().isoformat()] <= 500_000
    assert 10 <= read < 60
    assert day.counted[0].posts == pytest.approx(240 + 300, abs=12)
    assert day.count == pytest.approx(240 + 300, abs=12)
    assert day.expected == pytest.approx(240, abs=12)
    assert day.ratio == pytest.approx(2.25, rel=0.1)
    assert day.burst is not None
    assert day.burst.posts > 250
    message = render(compose(brief_of(monitor, IRON, day.window), *gathered_of(monitor, world)), "chat")
    assert f"X counted {day.counted[0].posts}, read {day.counted[0].read}" in message.text


def gathered_of(monitor: Monitor, world: World) -> Gathered:
    window = Window(world.now - timedelta(hours=24), world.now)
    return gather(IRON, window, shelf_of(monitor, IRON), world.now)


def test_counts_of_an_hour_that_goes_on_replace_each_other(monitor: Monitor, world: World) -> None:
    for number in range(300):
        world.post(f"iron {number}", ago=timedelta(seconds=31 + 200 * number), likes=number % 90)
    (query,) = follow(monitor, world, IRON)
    look(monitor, world, query)
    for step in range(5):
        world.now += timedelta(minutes=61)
        for number in range(20 + step):
            world.post(f"iron later {step} {number}", ago=timedelta(seconds=60 + 150 * number))
        look(monitor, world, query)

    window = Window(world.now - timedelta(hours=30), world.now)
    tallies = monitor.tallies.of("iron", [query], window).by_query[query]

    by_hour = {each.start: each.posts for each in tallies}
    assert len(by_hour) == len(tallies) == 30
    for start, posts in list(by_hour.items())[:-1]:
        truth = sum(start <= each.at < start + timedelta(hours=1) for each in world.posts)
        assert posts == truth


def test_a_count_of_several_topics_is_no_topics_until_their_queries_are_apart(monitor: Monitor, world: World) -> None:
    for number in range(300):
        world.post(f"iron {number}", ago=timedelta(seconds=31 + 200 * number), likes=number % 90)
    world.post("zebra", ago=30 * MINUTE)
    zoo = a_topic(name="zoo", any=("zebra",), sources=("x",))
    (both,) = follow(monitor, world, IRON, zoo)
    look(monitor, world, both)
    world.now += timedelta(minutes=61)
    look(monitor, world, both)
    window = Window(world.now - timedelta(hours=30), world.now)
    before = [monitor.tallies.of(topic, [both], window) for topic in ("iron", "zoo")]

    queries = follow(monitor, world, IRON, zoo)

    assert before == [NO_TALLIES, NO_TALLIES]
    assert sorted(monitor.topics_of(query) for query in queries) == [["iron"], ["zoo"]]


def test_a_query_that_is_too_long_for_x_is_packed_shorter(monitor: Monitor, world: World) -> None:
    world.longest_query = 250
    topic = a_topic(name="many", any=tuple(f"word{chr(97 + n)}x" for n in range(24)), sources=("x",))
    queries = follow(monitor, world, topic)
    assert max(len(query.text) for query in queries) > 250
    for _ in range(6):
        for query in queries:
            look(monitor, world, query)
        if (repacked := follow(monitor, world, topic)) == queries:
            break
        queries = repacked

    assert max(len(query.text) for query in queries) <= 250
    assert all(page.error is None for query in queries for page in look(monitor, world, query))


def stored(monitor: Monitor, world: World, topic: str) -> list:  # type: ignore[type-arg]
    return monitor.mentions.between(topic, Window(world.now - timedelta(days=2), world.now + MINUTE))
