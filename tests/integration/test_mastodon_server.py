"""Mastodon's API as others wrote it: timelines, trends, second looks, and the stream."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from monitor.models import Batch, Cursor, PostKey
from monitor.seams.quarantine import Fetch
from monitor.sources.http import Client, Limits
from monitor.sources.mastodon import open_source
from monitor.sources.mastodon_stream import MastodonStream, open_stream
from tests.simulators.mastodon_server import TOKEN, MastodonServer


@pytest.fixture(scope="module")
def mastodon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MastodonServer]:
    with MastodonServer(tmp_path_factory.mktemp("mastodon")) as running:
        yield running


@pytest.fixture
def client(mastodon: MastodonServer) -> Iterator[Client]:
    client = Client(limits=Limits(deadline=10), allow=[mastodon.address])
    yield client
    client.close()


def now() -> datetime:
    """Return the time of the server, which is ours."""
    return datetime.now(UTC)


def test_a_hashtag_is_followed_and_known_posts_are_looked_up(mastodon: MastodonServer, client: Client) -> None:
    source = open_source(client, {"instances": mastodon.url, "page": "4"})
    first_of_all = [mastodon.write(f"before {n} #iron") for n in range(10)]
    first = _look(source.fetch, "#iron", None)
    later = [mastodon.write(f"砸锅卖铁 {n} #iron") for n in range(13)]
    hidden = mastodon.write("not in timelines #iron", visibility="unlisted")
    second = _look(source.fetch, "#iron", first[-1].cursor)

    assert {post.key.id for batch in first for post in batch.posts} == {said["uri"] for said in first_of_all}
    assert [len(batch.posts) for batch in first if batch.posts] == [4, 4, 2]
    assert sorted(post.key.id for batch in second for post in batch.posts) == sorted(said["uri"] for said in later)
    assert hidden["uri"] not in {post.key.id for batch in second for post in batch.posts}
    mastodon.like(later[0]["id"])
    mastodon.delete(later[1]["id"])
    keys = [PostKey("mastodon", said["uri"]) for said in later[:3]]
    again = source.look_up(keys, now())
    assert again.gone == (keys[1],)
    assert [(post.key, post.engagement.likes) for post in again.posts] == [(keys[0], 1), (keys[2], 0)]
    assert source.look_up(keys[1:2], now()).gone == (keys[1],)


def test_what_is_trending_is_read_without_words(mastodon: MastodonServer, client: Client) -> None:
    said = mastodon.write("trending #copper")
    mastodon.like(said["id"])

    batches = _look(open_source(client, {"instances": mastodon.url}).fetch, "trends", None)

    assert said["uri"] in {post.key.id for batch in batches for post in batch.posts}
    assert batches[-1].coverage is not None


def test_the_stream_tells_what_is_written_and_deleted(mastodon: MastodonServer, client: Client) -> None:
    options = {"instances": mastodon.url, "tokens": f"{mastodon.address}={TOKEN}"}
    stream = open_stream(client, options)

    async def followed() -> list[Batch]:
        batches: list[Batch] = []
        pages = stream.pages("#tin", None, now)
        first = asyncio.create_task(anext(pages))
        await _until_told(lambda: mastodon.write("warm up #tin"), first)
        batches.append(stream.read(await first, Fetch("#tin", None, now())))
        said = await asyncio.to_thread(mastodon.write, "first #tin")
        await asyncio.to_thread(mastodon.delete, said["id"])
        while not any(batch.deletions for batch in batches):
            batches.append(stream.read(await anext(pages), Fetch("#tin", batches[-1].cursor, now())))
        await pages.aclose()
        return batches

    batches = asyncio.run(asyncio.wait_for(followed(), 90))

    posts = [post for batch in batches for post in batch.posts if "first" in post.text]
    [gone] = [key for batch in batches for key in batch.deletions]
    assert [(post.key, post.text) for post in posts] == [(gone, "first #tin")]
    coverages = [batch.coverage for batch in batches if batch.coverage]
    assert all(one.end == two.start for one, two in pairwise(coverages))


def test_what_was_said_while_nobody_listened_is_told_first(mastodon: MastodonServer, client: Client) -> None:
    known = mastodon.write("known #zinc")
    missed = [mastodon.write(f"missed {n} #zinc") for n in range(45)]
    stream = open_stream(client, {"instances": mastodon.url, "tokens": f"{mastodon.address}={TOKEN}"})
    cursor = Cursor(f'{{"newest": "{known["id"]}", "until": {(now() - timedelta(minutes=1)).timestamp()}}}')

    async def followed() -> list[Batch]:
        pages = stream.pages("#zinc", cursor, now)
        batches = [stream.read(await anext(pages), Fetch("#zinc", cursor, now())) for _ in range(2)]
        await pages.aclose()
        return batches

    batches = asyncio.run(asyncio.wait_for(followed(), 90))

    assert {post.key.id for batch in batches for post in batch.posts} == {said["uri"] for said in missed}


def test_a_stream_without_a_token_says_so(client: Client) -> None:
    stream: MastodonStream = open_stream(client, {"instances": "mastodon.example"})

    assert stream.missing is not None
    assert "tokens" in stream.missing


async def _until_told(write: object, task: "asyncio.Task[bytes]") -> None:
    """Write until the first page has come: when the stream has begun, nobody can know."""
    while not task.done():
        await asyncio.to_thread(write)  # type: ignore[arg-type]
        await asyncio.wait([task], timeout=0.5)


def _look(fetch: object, query: str, cursor: Cursor | None) -> list[Batch]:
    batches = [fetch(query, cursor, now())]  # type: ignore[operator]
    while batches[-1].more:
        assert len(batches) < 50
        batches.append(fetch(query, batches[-1].cursor, now()))  # type: ignore[operator]
    return batches
