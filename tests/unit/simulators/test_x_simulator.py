"""The simulated X is as strict as its documentation, and speaks as X's own description says, in both vocabularies."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

import pytest

from monitor.errors import SourceRejected
from monitor.models import Cursor, PostKey, Window
from monitor.seams.budget import Wish
from monitor.sources.http import Client
from monitor.sources.x import XSource, open_source
from monitor.sources.x_client import Account, Gateway
from tests.simulators.x_api import TOKEN, XServer
from tests.simulators.x_grammar import Refused, compiled
from tests.simulators.x_world import World, id_at

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NONE: Mapping[str, int] = MappingProxyType({"like_count": 5, "reply_count": 0, "retweet_count": 0})


class Written(NamedTuple):
    """A post that is asked about."""

    text: str
    urls: tuple[str, ...] = ()
    lang: str = "en"
    author: str = "1"
    metrics: Mapping[str, int] = NONE


@pytest.mark.parametrize(
    ("query", "text", "holds"),
    [
        ("iron pots", "pots of iron", True),
        ("iron OR zebra pots", "iron", True),  # AND binds tighter
        ("(iron OR zebra) pots", "iron", False),
        ('"iron pots"', "iron, pots", True),
        ('"iron pots"', "pots iron", False),
        ("iron -pots", "iron pots", False),
        ("iron", "irony", False),
        ("IRON", "iron!", True),
        ("cafe", "Café", True),
        ("#iron", "an #Iron", True),
        ("#iron", "#irons", False),
        ('"台積電"', "我愛台積電股票", True),
        ('"台积电"', "我愛台積電", False),
        ("iron lang:en", "iron", True),
        ("iron lang:fr", "iron", False),
        ("iron min_likes:5", "iron", True),
        ("iron min_likes:6", "iron", False),
        ("covid-19", "COVID 19", True),
    ],
)
def test_a_query_finds_what_the_documentation_says(query: str, text: str, holds: bool) -> None:
    assert compiled(query)(Written(text)) is holds


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ("", 1),
        ("(iron", 6),
        ("iron)", 5),
        ("iron OR", 8),
        ("OR iron", 1),
        ("iron -(a OR b)", 6),
        ("lang:en", 1),
        ("min_likes:5", 1),
        ("-iron", 1),
        ("iron min_faves:5", 6),
        ("iron min_likes:many", 6),
        ("iron lang:xx", 6),
        ("iron AND pots", 6),
        ("iron colour:red", 6),
        ('iron ""', 6),
        ("a" * 513, 513),
        ("iron OR lang:en", 1),
    ],
)
def test_a_query_is_refused_with_the_place(query: str, at: int) -> None:
    with pytest.raises(Refused) as caught:
        compiled(query)

    assert caught.value.at == at


Params = dict[str, object]


@pytest.mark.parametrize(
    "params",
    [
        {"max_results": 9},
        {"max_results": 101},
        {"since_id": id_at(NOW - 8 * DAY)},
        {"since_id": id_at(NOW), "until_id": id_at(NOW) - 1},
        {"start_time": "2026-11-20T00:00:00Z"},
        {"next_token": "a" * 20},
        {"query": "(iron"},
    ],
)
def test_what_x_refuses_is_refused(params: Params) -> None:
    with XServer(World(NOW)) as server:
        gateway = Gateway(Account(TOKEN, server.url))
        with pytest.raises(SourceRejected, match="400"):
            gateway.get("/2/tweets/search/recent", {"query": "iron", "max_results": 10} | params, NOW)
        gateway.close()


def everything(rich: XSource, poor: XSource, world: World) -> None:
    """Ask for everything that can be asked for: planned looks, samples, look-ups, the past, accounts, usage."""
    links = ("https://a.example/b",)
    for number in range(350):
        words = f"iron {number} " * (60 if number % 50 == 0 else 1)
        world.post(words, ago=timedelta(seconds=31 + 45 * number), likes=number, urls=links)
    gone = world.post("iron", ago=2 * DAY, is_gone=True)
    cursor: Cursor | None = None
    for _ in range(8):
        batch = poor.fetch("(iron OR 台积电)", cursor, world.now)
        cursor = batch.cursor
        world.now += timedelta(0) if batch.more else 61 * MINUTE
    rich.look_up([PostKey("x", str(world.posts[5].id)), PostKey("x", str(gone.id))], world.now)
    rich.signatures([PostKey("x", str(world.posts[7].id))], world.now)
    rich.accounts(["person42", "nobody"], world.now)
    rich.price("(iron)", Window(world.now - 2 * DAY, world.now - DAY), world.now)
    rich.back("(iron)", Window(world.now - 2 * DAY, world.now), None, world.now)
    rich.meter.reserve("", Wish("post", 5_000, 10), world.now)
    world.now += 11 * MINUTE
    rich.fetch("(iron OR 台积电)", None, world.now)


@pytest.mark.parametrize("words", ["tweet", "post"])
def test_every_request_and_answer_is_as_x_describes_them(words: str) -> None:
    world = World(NOW, words)
    with XServer(world) as server:
        options = {"url": server.url, "token": TOKEN, "vocabulary": words}
        rich, poor = (open_source(Client(), options | {"budget": amount}) for amount in ("100", "0.9"))
        everything(rich, poor, world)
        rich.close()
        poor.close()

    assert world.complaints == []
    assert {path for path, _ in world.asked} == {
        "/2/tweets/search/recent",
        "/2/tweets/counts/recent",
        "/2/tweets",
        "/2/users/by",
        "/2/usage/tweets",
    }
    assert any("min_likes:" in args.get("query", "") for _, args in world.asked)


def test_a_thing_is_billed_once_a_day_and_a_refusal_never() -> None:
    world = World(NOW)
    world.post("iron", ago=MINUTE)
    with XServer(world) as server:
        gateway = Gateway(Account(TOKEN, server.url))
        ask: Callable[[str], object] = lambda query: gateway.get(  # noqa: E731
            "/2/tweets/search/recent", {"query": query, "max_results": 10}, NOW
        )
        ask("iron")
        ask("iron")
        with pytest.raises(SourceRejected):
            ask("(iron")
        assert world.spent["2026-11-30"] == 5_000
        world.now += DAY
        ask("iron")
        gateway.close()

    assert world.spent["2026-12-01"] == 5_000


def test_new_words_are_those_of_the_newer_description() -> None:
    world = World(NOW, "post")
    world.post("iron " * 100, ago=MINUTE, reference=("quoted", 1))

    said = json.dumps(world.in_words(world.posts[0].fields()))

    assert all(word in said for word in ("repost_count", "edit_history_post_ids", "referenced_posts", "note_post"))
    assert "tweet" not in said
