"""Lemmy: posts and comments of an instance, late ones of others, what is taken away, and refusals."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import PayloadChanged, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.models import Batch, Cursor, PostKey
from monitor.sources.http import Client, Limits
from monitor.sources.lemmy import LemmySource, open_source, parse
from tests.simulators.feed_server import FeedServer
from tests.simulators.lemmy import Lemmy, Refusal

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class World:
    """An instance, a source and a clock."""

    def __init__(self, server: FeedServer, client: Client) -> None:
        self.now = NOW
        self.lemmy = Lemmy(server.address, lambda: self.now)
        server.serve_everything(self.lemmy)
        self.source: LemmySource = open_source(client, {"url": server.url})
        self.cursor: Cursor | None = None

    def look(self, query: str = "") -> list[Batch]:
        """Fetch until there is no more."""
        batches: list[Batch] = []
        while not batches or batches[-1].more:
            assert len(batches) < 60
            batches.append(self.source.fetch(query, self.cursor, self.now))
            self.cursor = batches[-1].cursor
        return batches


@pytest.fixture
def world(server: FeedServer) -> Iterator[World]:
    client = Client(limits=Limits(deadline=5), allow=[server.address])
    made = World(server, client)
    yield made
    client.close()
    assert made.lemmy.problems == []


def texts(batches: list[Batch]) -> list[str]:
    return [post.text for batch in batches for post in batch.posts]


def test_posts_of_the_last_hour_come_with_their_counts_and_then_what_is_new(world: World) -> None:
    world.lemmy.post("too old", NOW - 2 * 60 * MINUTE)
    address = world.lemmy.post("smash pots", NOW - MINUTE, body="and iron", url="https://news.example/pots")
    first = world.look()
    world.now += 10 * MINUTE
    world.lemmy.post("later", NOW + MINUTE)
    second = world.look()

    (post,) = first[0].posts
    assert post.key == PostKey("lemmy", address)
    assert (post.text, post.url, post.links) == ("smash pots\n\nand iron", address, ("https://news.example/pots",))
    assert (post.engagement.likes, post.engagement.replies) == (9, 2)
    assert (post.author.handle, post.created_at) == (f"potter@{world.lemmy.host}", NOW - MINUTE)
    assert texts(second) == ["later"]
    assert [batch.coverage and (batch.coverage.start, batch.coverage.end) for batch in (first[-1], second[-1])] == [
        (NOW - 60 * MINUTE, NOW),
        (NOW, NOW + 10 * MINUTE),
    ]
    assert world.look()[0].posts == ()


def test_what_an_instance_hears_of_late_is_new(world: World) -> None:
    world.lemmy.post("here", NOW - MINUTE)
    world.look()
    world.now += 10 * MINUTE
    address = world.lemmy.post("elsewhere", NOW - 30 * MINUTE, home="other.example")

    (batch,) = world.look()

    assert [post.key.id for post in batch.posts] == [address]
    assert "other.example" in address


def test_a_long_look_goes_on_page_by_page_and_says_where_it_ended(world: World) -> None:
    for number in range(130):
        world.lemmy.post(f"post {number}", NOW - number * MINUTE / 4)
    world.lemmy.post("long ago", NOW - 240 * MINUTE)
    whole = world.look()
    world.now += 60 * MINUTE
    for number in range(1100):
        world.lemmy.post(f"more {number}", NOW + number * MINUTE / 40)
    cut = world.look()

    assert len(set(texts(whole))) == len(texts(whole)) == 130
    assert len(whole) == 3
    assert whole[-1].coverage is not None
    assert not whole[-1].coverage.truncated
    assert len(cut) == 20
    assert cut[-1].coverage is not None
    assert cut[-1].coverage.truncated


def test_comments_have_their_place_and_pages(world: World) -> None:
    below = world.lemmy.post("smash pots", NOW - 3 * MINUTE)
    for number in range(60):
        world.lemmy.comment(f"words {number}", NOW - MINUTE - timedelta(seconds=number), below)
    world.lemmy.comment("an answer", NOW, below, parent=102)

    batches = world.look("comments")

    posts = [post for batch in batches for post in batch.posts]
    assert len(posts) == 61
    assert posts[0].in_reply_to is None
    assert {post.in_reply_to for post in posts[1:]} == {below}
    assert posts[0].engagement.replies == 1


def test_what_is_deleted_or_removed_is_withdrawn(world: World) -> None:
    kept, deleted, removed = (world.lemmy.post(f"pots {n}", NOW - MINUTE) for n in range(3))
    world.look()
    world.lemmy.thing(deleted)["deleted"] = True
    world.lemmy.thing(removed)["removed"] = True
    world.now += MINUTE

    (batch,) = world.look()

    assert {key.id for key in batch.deletions} == {deleted, removed}
    keys = [PostKey("lemmy", each) for each in (kept, deleted, f"https://{world.lemmy.host}/post/9999", "tag:else")]
    found = world.source.look_up(keys, world.now)
    assert [post.key for post in found.posts] == keys[:1]
    assert found.gone == tuple(keys[1:3])


def test_a_home_that_fails_says_nothing_of_its_posts(world: World) -> None:
    world.lemmy.refusal = Refusal(503, "overloaded")
    keys = [PostKey("lemmy", world.lemmy.post("pots", NOW)), PostKey("lemmy", "https://127.0.0.1:9/post/1")]

    assert world.source.look_up(keys, NOW) == ((), (), 0.0)


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Refusal(400, "rate_limit_error"), RateLimited),
        (Refusal(429, "rate_limit_error"), RateLimited),
        (Refusal(400, "couldnt_get_posts"), SourceRejected),
        (Refusal(502, "bad gateway"), SourceUnavailable),
    ],
)
def test_refusals_say_what_to_do(world: World, refusal: Refusal, kind: type[SourceError]) -> None:
    world.lemmy.refusal = refusal

    with pytest.raises(SourceError) as caught:
        world.source.fetch("", None, NOW)

    assert type(caught.value) is kind


def test_another_query_is_refused_with_what_may_be_asked(world: World) -> None:
    with pytest.raises(SourceRejected, match="lemmy:comments"):
        world.source.fetch("pots", None, NOW)


def test_a_broken_item_costs_itself_and_a_broken_page_is_said(world: World) -> None:
    world.lemmy.post("fine", NOW - MINUTE)
    world.lemmy.thing(world.lemmy.post("broken", NOW - MINUTE))["published"] = "yesterday"

    (batch,) = world.look()

    assert texts([batch]) == ["fine"]
    assert batch.unreadable == 1
    assert b"potter" not in batch.set_aside[0].raw
    assert batch.set_aside[0].author.id == f"https://{world.lemmy.host}/u/potter"
    with pytest.raises(PayloadChanged):
        parse(b"[]", NOW)
