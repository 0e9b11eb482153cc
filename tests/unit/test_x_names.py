"""On X a name costs money: it is looked up for posts that a digest shows by name, once a month, and for no others."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.digests.compose import compose
from monitor.duties.bylines import look_up_names
from monitor.duties.forget import forget, parse_author
from monitor.duties.rounds import brief_of
from monitor.models import Digest, Window
from monitor.pipeline import gather
from monitor.readers.shelves import shelf_of
from monitor.seams.budget import Wish
from monitor.services.looks import Look, poll
from monitor.settings import FetchSettings, PeopleSettings, Settings
from monitor.store.fsck import check
from monitor.topics.polling.planning import poll_job
from monitor.wiring import Monitor, opened
from tests.build import a_topic
from tests.simulators.x_api import TOKEN, XServer
from tests.simulators.x_world import World

MINUTE = timedelta(minutes=1)
IRON = a_topic(name="iron", any=("iron",), sources=("x",), languages=())
NAMED = ("x:Person42", "x:77", "x:nobody", "bluesky:did:plc:x", "rss:https://news.example/feed")


@pytest.fixture
def world() -> World:
    """X at nine in the morning: no UTC day ends within a test."""
    made = World(datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0))
    for number, author in enumerate(("42", "77", "99", "42", "98", "97")):
        words = ("pots of iron", "the iron age", "wild iron", "iron and steel", "no iron", "iron in the sky")[number]
        made.post(words, ago=(5 + number) * MINUTE, author=author, likes=90 - 10 * number)
    return made


@pytest.fixture
def make(tmp_path: Path, world: World) -> Iterator[Callable[..., Monitor]]:
    """Return how to open everything with some rules for people, once X was read."""
    opening, made = [], []

    def opened_with(people: PeopleSettings, budget: str = "1") -> Monitor:
        options = {"token": TOKEN, "budget": budget, "url": server.url}
        settings = Settings(
            home=tmp_path / "var", config=tmp_path, fetch=FetchSettings(), sources={"x": options}, people=people
        )
        opening.append(opened(settings))
        monitor = opening[-1].__enter__()
        made.append(monitor)
        monitor.topics.replace([IRON], "iron")
        (query,) = monitor.plan()
        monitor.schedule.sync({poll_job(query): timedelta(0)})
        look = Look(poll_job(query), query, 10 * MINUTE, "me")
        while (polled := poll(look, monitor.parts, monitor.stages(), world.now)) is not None and polled.more:
            pass
        return monitor

    with XServer(world, is_judged=False) as server:
        yield opened_with
        for monitor, each in zip(made, opening, strict=True):
            assert check(monitor.connection) == []
            each.__exit__(None, None, None)


def told(monitor: Monitor, world: World) -> Digest:
    """Return the digest that is handed over, after the names for it were looked up."""
    brief = brief_of(monitor, IRON, Window(world.now - timedelta(hours=24), world.now))
    look_up_names(monitor, brief, world.now)
    return compose(brief, *gather(IRON, brief.window, shelf_of(monitor, IRON), world.now))


def asked_for(world: World) -> list[tuple[str, str]]:
    return [(path, args.get("usernames", args.get("ids", ""))) for path, args in world.asked if "user.fields" in args]


def shown(digest: Digest) -> list[tuple[str | None, bool]]:
    return [(each.name, each.quote is not None) for each in digest.reactions]


def test_those_who_are_listed_are_named_and_quoted_and_nobody_else_is_looked_up(
    make: Callable[..., Monitor], world: World
) -> None:
    monitor = make(PeopleSettings(named=NAMED))

    first, again = told(monitor, world), told(monitor, world)

    assert shown(first) == shown(again)
    assert set(shown(first)) <= {("Person 42 (@person42)", True), ("Person 77 (@person77)", True), (None, False)}
    assert ("Person 42 (@person42)", True) in shown(first)
    assert ("Person 77 (@person77)", True) in shown(first)
    by_77 = next(str(post.id) for post in world.posts if post.author == "77")
    assert asked_for(world) == [("/2/users/by", "nobody,person42"), ("/2/tweets", by_77), ("/2/users/by", "nobody")]
    day = world.now.date().isoformat()
    assert {name for name in world.billed[day] if name.startswith("user")} == {"user 42", "user 77"}
    ledger = monitor.spending["x"].today(world.now)
    assert ledger.things["user"] == 2
    assert ledger.settled == world.spent[day]


def test_where_nobody_is_listed_nothing_is_looked_up(make: Callable[..., Monitor], world: World) -> None:
    monitor = make(PeopleSettings(named=("bluesky:somebody",)))

    assert all(name is None and not is_quoted for name, is_quoted in shown(told(monitor, world)))
    assert asked_for(world) == []


def test_where_all_are_shown_by_name_only_those_who_are_shown_are_looked_up(
    make: Callable[..., Monitor], world: World
) -> None:
    monitor = make(PeopleSettings(policy="names"))

    digest = told(monitor, world)

    assert len(digest.reactions) == 3
    assert all(name is not None and is_quoted for name, is_quoted in shown(digest))
    day = world.now.date().isoformat()
    assert len([name for name in world.billed[day] if name.startswith("user")]) == 3


def test_a_name_that_the_budget_does_not_give_costs_the_quote_and_not_the_digest(
    make: Callable[..., Monitor], world: World
) -> None:
    monitor = make(PeopleSettings(policy="names"))
    spend = monitor.spending["x"]
    spend.reserve("", Wish("post", 1, spend.left("", world.now)), world.now)

    digest = told(monitor, world)

    assert shown(digest)
    assert all(each == (None, False) for each in shown(digest))
    assert asked_for(world) == []


def test_names_are_forgotten_with_their_owners_and_after_a_month(make: Callable[..., Monitor], world: World) -> None:
    monitor = make(PeopleSettings(named=NAMED))
    told(monitor, world)

    found = forget(monitor, parse_author("x:person42"), world.now)

    assert found.posts == 2
    assert {each.handle for each in monitor.names.all().values()} == {"person77"}
    assert monitor.names.trim(world.now + timedelta(days=29)) == 0
    assert monitor.names.trim(world.now + timedelta(days=31)) == 1
    assert monitor.names.all() == {}
