"""Mastodon's stream: edits, silence, refusals, and what was said between two connections."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import AccessDenied, PayloadChanged, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.models import Batch, Cursor
from monitor.seams.quarantine import Fetch
from monitor.sources.http import Client, Limits
from monitor.sources.mastodon_stream import MastodonStream, open_stream
from tests.simulators.feed_server import Behaviour, FeedServer, HttpRequest, status
from tests.simulators.mastodon import Instance, a_status, an_account

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PUBLIC = "/api/v1/streaming/public"


@pytest.fixture
def instance(server: FeedServer) -> Instance:
    """An instance on which nothing was said yet."""
    instance = Instance("home.example", lambda: NOW, limit=10**6)
    server.serve_everything(instance)
    return instance


@pytest.fixture
def stream(server: FeedServer, instance: Instance) -> Iterator[MastodonStream]:
    del instance  # is there
    client = Client(limits=Limits(deadline=5), allow=[server.address])
    yield open_stream(client, {"instances": server.url, "tokens": f"{server.address}=token-of-ours"})
    client.close()


def telling(*events: tuple[str, object], stays: bool = False) -> Behaviour:
    """Tell some events in small pieces, and end the connection, or keep silent."""

    def behave(asked: HttpRequest) -> None:
        asked.head(200, {"Content-Type": "text/event-stream"})
        said = b":connected\n\n"
        for kind, data in events:
            said += f"event: {kind}\ndata: {data if isinstance(data, str) else json.dumps(data)}\n\n:thump\n\n".encode()
        for place in range(0, len(said), 700):
            asked.wfile.write(said[place : place + 700])
        if stays:
            asked.server.stopping.wait()

    return behave


def followed(
    stream: MastodonStream, query: str = "public", cursor: Cursor | None = None
) -> tuple[list[Batch], SourceError]:
    """Follow a stream until it ends, and return what it told and why it ended."""

    async def follow() -> tuple[list[Batch], SourceError]:
        batches: list[Batch] = []
        try:
            async for page in stream.pages(query, cursor, lambda: NOW + len(batches) * MINUTE):
                last = batches[-1].cursor if batches else cursor
                batches.append(stream.read(page, Fetch(query, last, NOW + 9 * MINUTE)))
        except SourceError as e:
            return batches, e
        raise AssertionError("a stream does not end by itself")

    return asyncio.run(asyncio.wait_for(follow(), 60))


def said(number: int, text: str = "words", **more: object) -> dict[str, object]:
    """Return a status."""
    id_ = str((int(NOW.timestamp() * 1000) << 16) + number)
    return a_status(id_, f"https://home.example/users/ann/statuses/{number}", text, NOW) | more


def test_what_is_said_edited_and_deleted_is_told(server: FeedServer, stream: MastodonStream) -> None:
    first = said(1)
    server.serve(
        PUBLIC,
        telling(
            ("update", first),
            ("update", said(2, "by somebody who is not indexable", account=an_account() | {"indexable": False})),
            ("status.update", said(1, "other words", edited_at="2024-05-02T12:00:01.000Z")),
            ("announcement", {"id": "1"}),
            ("delete", str(first["id"])),
            ("delete", "17"),
        ),
    )

    batches, error = followed(stream)

    posts = [post for batch in batches for post in batch.posts]
    assert [post.text for post in posts] == ["words", "other words"]
    assert [post.text for batch in batches for post in batch.edits] == ["other words"]
    assert posts[0].key == posts[1].key
    assert [key for batch in batches for key in batch.deletions] == [posts[0].key]
    assert batches[0].coverage is not None
    assert isinstance(error, SourceUnavailable)
    assert "ended the stream" in str(error)
    assert server.headers(PUBLIC)["authorization"] == "Bearer token-of-ours"


@pytest.mark.parametrize("known", [0, 3])
@pytest.mark.parametrize("query", ["public", "#pots"])
def test_what_was_said_before_anything_was_told_is_not_missed(
    known: int, query: str, server: FeedServer, instance: Instance, stream: MastodonStream
) -> None:
    """A quiet stream broke off: what was said until it stood again was never read, and counted as read."""
    for number in range(known):
        instance.post(f"old {number}", NOW - timedelta(hours=1 + number), tags=("pots",))
    path = PUBLIC if query == "public" else "/api/v1/streaming/hashtag"
    server.serve(path, telling())
    quiet, _ = followed(stream, query)
    for number in range(60):
        instance.post(f"missed {number}", NOW + timedelta(seconds=number), tags=("pots",))

    batches, _ = followed(stream, query, quiet[-1].cursor)

    assert [post for batch in quiet for post in batch.posts] == []
    texts = {post.text for batch in batches for post in batch.posts}
    assert {f"missed {number} #pots" for number in range(60)} <= texts


def test_the_first_page_says_where_reading_begins(
    server: FeedServer, instance: Instance, stream: MastodonStream
) -> None:
    """Who was killed over the first posts began anew behind what had been said meanwhile."""
    instance.post("old", NOW - timedelta(hours=1))
    server.serve(PUBLIC, telling(("update", said(1))))

    first = followed(stream)[0][0]

    assert (first.posts, json.loads(first.cursor or "")["newest"]) == ((), str(max(instance.statuses)))


def test_what_was_said_between_two_connections_is_told_first(
    server: FeedServer, instance: Instance, stream: MastodonStream
) -> None:
    for number in range(100):
        instance.post(f"missed {number}", NOW + timedelta(seconds=number))
    newest = (int(NOW.timestamp() * 1000) << 16) - 1
    cursor = Cursor(json.dumps({"newest": str(newest), "until": NOW.timestamp() - 60}))
    server.serve(PUBLIC, telling(("update", said(200, "live"))))

    batches, _ = followed(stream, cursor=cursor)

    texts = [post.text for batch in batches for post in batch.posts]
    assert sorted(texts) == sorted([f"missed {number}" for number in range(100)] + ["live"])
    assert texts[-1] == "live"
    closed = next(batch.coverage for batch in batches if batch.coverage)
    assert closed.start == NOW - MINUTE


def test_a_pause_longer_than_can_be_read_is_a_gap(server: FeedServer, instance: Instance, client: Client) -> None:
    """A hundred pages of the timeline are read, here three; what came after them is told as not read."""
    stream = open_stream(client, {"instances": server.url, "behind": "3"})
    for number in range(150):
        instance.post("missed", NOW + timedelta(seconds=number))
    newest = (int(NOW.timestamp() * 1000) << 16) - 1
    cursor = Cursor(json.dumps({"newest": str(newest), "until": NOW.timestamp() - 60}))
    server.serve(PUBLIC, telling(("update", said(9_000, "live"))))

    batches, _ = followed(stream, cursor=cursor)

    assert sum(len(batch.posts) for batch in batches) == 3 * 40 + 1
    first = next(batch.coverage for batch in batches if batch.coverage)
    assert first.start > NOW


def test_silence_is_an_error_though_the_connection_stands(server: FeedServer, instance: Instance) -> None:
    del instance  # is there
    client = Client(allow=[server.address])
    stream = open_stream(client, {"instances": server.url, "silence": "1"})
    server.serve(PUBLIC, telling(("update", said(1)), stays=True))

    batches, error = followed(stream)

    assert [post.text for batch in batches for post in batch.posts] in ([], ["words"])
    assert isinstance(error, SourceUnavailable)
    client.close()


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        (
            status(401, b'{"error": "Missing access token"}', {"Content-Type": "application/json"}),
            AccessDenied,
            "Missing",
        ),
        (status(429, b"", {"Retry-After": "30"}), RateLimited, "429"),
        (status(503), SourceUnavailable, "503"),
        (status(302, b"", {"Location": "http://127.0.0.1:9/"}), SourceUnavailable, "302"),
    ],
)
def test_a_refusal_has_its_error(
    behaviour: Behaviour, kind: type[SourceError], words: str, server: FeedServer, stream: MastodonStream
) -> None:
    server.serve(PUBLIC, behaviour)

    batches, error = followed(stream)

    assert batches == []
    assert type(error) is kind
    assert words in str(error)


@pytest.mark.parametrize("query", ["#a #b", "trends", "words"])
def test_a_stream_follows_one_thing(query: str, stream: MastodonStream) -> None:
    _, error = followed(stream, query)

    assert isinstance(error, SourceRejected)


def test_events_that_are_no_statuses_are_a_changed_payload(server: FeedServer, stream: MastodonStream) -> None:
    server.serve(PUBLIC, telling(("update", {"id": "1"}), ("update", "[]")))

    _, error = followed(stream)

    assert isinstance(error, PayloadChanged)


def test_a_broken_event_is_set_aside_and_the_others_are_told(server: FeedServer, stream: MastodonStream) -> None:
    server.serve(PUBLIC, telling(("update", said(1) | {"created_at": "soon"}), ("update", said(2, "fine"))))

    batches, _ = followed(stream)

    assert [post.text for batch in batches for post in batch.posts] == ["fine"]
    assert sum(batch.unreadable for batch in batches) == 1
