"""Who is to be forgotten by a handle is found by the id that posts have, or it is said how to find that."""

import re
from collections.abc import Iterator

import pytest

from monitor.duties.forget import NamedAuthor, identified, parse_author
from monitor.errors import ConfigError
from monitor.sources.bluesky import open_stream
from monitor.sources.http import Client
from monitor.sources.x import open_source as open_x
from monitor.sources.youtube import open_source as open_youtube
from tests.build import NOW
from tests.simulators.bluesky_api import DID, IDENTIFIER, BlueskyApi
from tests.simulators.feed_server import FeedServer, status
from tests.simulators.x_api import TOKEN, XServer
from tests.simulators.x_world import World
from tests.simulators.youtube import KEY, Api

CHANNEL = "UC0123456789abcdefghijkl"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def client(server: FeedServer) -> Iterator[Client]:
    made = Client(allow=[server.address])
    yield made
    made.close()


def refusal(author: NamedAuthor, platforms: dict[str, object]) -> str:
    with pytest.raises(ConfigError) as refused:
        identified(author, platforms, NOW)
    [said] = refused.value.problems
    return said


def test_a_handle_of_bluesky_is_forgotten_by_its_did(server: FeedServer, client: Client) -> None:
    platforms: dict[str, object] = {"bluesky": open_stream(client, {"appview": BlueskyApi(server).url})}

    found = identified(parse_author(f"bluesky:@{IDENTIFIER}"), platforms, NOW)

    assert found == NamedAuthor("bluesky", f"@{IDENTIFIER}", DID)
    said = refusal(NamedAuthor("bluesky", "nobody.example"), platforms)
    assert "nobody has that handle now" in said
    assert "resolveHandle" in said


def test_a_server_that_is_down_forgets_nobody_by_guessing(server: FeedServer, client: Client) -> None:
    server.serve_everything(status(503))
    platforms: dict[str, object] = {"bluesky": open_stream(client, {"appview": server.url})}

    assert re.match(
        r"nobody was forgotten: Bluesky names authors by their DID, and .*503",
        refusal(NamedAuthor("bluesky", IDENTIFIER), platforms),
    )


def test_a_channel_of_youtube_is_forgotten_by_its_id(server: FeedServer, client: Client) -> None:
    api = Api(lambda: NOW)
    api.channels["kitchen"] = CHANNEL
    server.serve_everything(api)
    platforms: dict[str, object] = {"youtube": open_youtube(client, {"key": KEY, "url": server.url})}

    assert identified(NamedAuthor("youtube", "@kitchen"), platforms, NOW).id == CHANNEL
    assert "nobody has that handle now" in refusal(NamedAuthor("youtube", "@garden"), platforms)


def test_an_account_of_x_is_forgotten_by_its_number_within_the_budget(client: Client) -> None:
    world = World(NOW)
    with XServer(world, is_judged=False) as server:
        options = {"url": server.url, "token": TOKEN, "budget": "1"}
        source, poor = open_x(client, options), open_x(client, options | {"budget": "0"})

        assert identified(NamedAuthor("x", "person42"), {"x": source}, NOW).id == "42"
        assert world.spent[f"{NOW:%Y-%m-%d}"] == 10_000
        assert "nobody has that handle now" in refusal(NamedAuthor("x", "stranger"), {"x": source})
        assert "no budget" in refusal(NamedAuthor("x", "person42"), {"x": poor})
        source.close()
        poor.close()


@pytest.mark.parametrize("source", ["x", "youtube"])
def test_without_a_key_it_is_said_where_the_id_is(client: Client, source: str) -> None:
    opened = {"x": open_x, "youtube": open_youtube}[source](client, {})

    said = refusal(NamedAuthor(source, "alice"), {source: opened})

    assert f"set {'token' if source == 'x' else 'key'}_file in [sources.{source}]" in said
    assert f"write {source}:ID" in said


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("bluesky:did:plc:alice", NamedAuthor("bluesky", "did:plc:alice")),
        ("x_stream:42", NamedAuthor("x", "42")),
        (f"youtube:{CHANNEL}", NamedAuthor("youtube", CHANNEL)),
        ("mastodon_stream:@a@m.example", NamedAuthor("mastodon", "@a@m.example")),
        ("reddit:/u/alice", NamedAuthor("reddit", "alice")),
        ("hackernews:alice", NamedAuthor("hackernews", "alice")),
    ],
)
def test_who_needs_no_asking_is_known_as_posts_have_them(text: str, author: NamedAuthor) -> None:
    assert identified(parse_author(text), {}, NOW) == author


def test_a_name_of_mastodon_without_its_server_may_be_anybody() -> None:
    with pytest.raises(ConfigError, match="mastodon:NAME@SERVER"):
        parse_author("mastodon:@alice")
