"""Every recorded answer of Bluesky is read, and says what its JSON says when it is read by other means."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.errors import AccessDenied, SourceError, SourceRejected
from monitor.models import Cursor, Post, PostKey, Window
from monitor.seams.quarantine import OPEN, Fetch
from monitor.seams.streams import Received
from monitor.sources.bluesky import open_stream
from monitor.sources.bluesky_events import read_events, to_us
from monitor.sources.bluesky_search import parse_looked_up
from monitor.sources.http import Client
from tests.data import data_path
from tests.simulators.bluesky_api import IDENTIFIER, PASSWORD, BlueskyApi
from tests.simulators.feed_server import FeedServer, HttpRequest

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def bodies() -> list[Any]:
    with gzip.open(data_path("recordings/bluesky_bskyr.jsonl.gz"), "rt", encoding="utf-8") as lines:
        return [json.loads(line)["body"] for line in lines]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object, however deep."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from objects(each)


def is_post(record: Any) -> bool:
    return isinstance(record, dict) and record.get("$type") == "app.bsky.feed.post"


@pytest.fixture(scope="module")
def views() -> list[dict[str, Any]]:
    """Posts as the index shows them."""
    return [each for each in objects(bodies()) if is_post(each.get("record")) and "likeCount" in each]


@pytest.fixture(scope="module")
def records() -> list[tuple[str, dict[str, Any]]]:
    """Posts' records with their addresses, from whatever kind of answer."""
    found = [(each["uri"], each.get("record") or each.get("value")) for each in objects(bodies()) if "uri" in each]
    return [(uri, record) for uri, record in found if is_post(record) and "/app.bsky.feed.post/" in uri]


def test_every_recorded_post_of_the_index_is_read(views: list[dict[str, Any]]) -> None:
    assert len(views) == 38
    hidden = 0
    for view in views:
        payload, key = json.dumps({"posts": [view]}).encode(), PostKey("bluesky", view["uri"])

        found = parse_looked_up(payload, [key], NOW)

        if '"!no-unauthenticated"' in json.dumps([view["author"], view.get("labels")]):
            hidden += 1
            assert (found.posts, found.gone) == ((), (key,))
            continue
        [post] = found.posts
        assert_says(post, view["uri"], view["record"])
        assert post.author.id == view["author"]["did"]
        assert post.author.handle == view["author"]["handle"]
        assert post.author.name == (view["author"].get("displayName") or None)
        gained = post.engagement
        assert (gained.likes, gained.replies) == (view["likeCount"], view["replyCount"])
        assert gained.reposts == view["repostCount"] + view.get("quoteCount", 0)
        assert post.created_at is not None
        assert post.created_at.timestamp() <= in_seconds(view["indexedAt"])
    assert 0 < hidden < len(views) / 2


def test_every_recorded_record_is_read_from_the_stream(records: list[tuple[str, dict[str, Any]]]) -> None:
    assert len(records) > 100
    frames = [frame(uri, record) for uri, record in records]

    batch = read_events(Received(tuple(frames), NOW), Fetch("", Cursor("1"), NOW), OPEN, timedelta(seconds=60))

    assert (len(batch.posts), batch.unreadable) == (len(records), 0)
    for post, (uri, record) in zip(batch.posts, records, strict=True):
        assert_says(post, uri, record)
        assert post.created_at is not None
        assert abs(post.created_at.timestamp() - in_seconds(record["createdAt"])) < 0.001


def frame(uri: str, record: dict[str, Any]) -> bytes:
    did, collection, rkey = uri.removeprefix("at://").split("/")
    commit = {"rev": "1", "operation": "create", "collection": collection, "rkey": rkey, "cid": "b", "record": record}
    return json.dumps({"did": did, "time_us": to_us(NOW), "kind": "commit", "commit": commit}).encode()


def assert_says(post: Post, uri: str, record: dict[str, Any]) -> None:
    did, rkey = re.match(r"at://([^/]+)/.*/([^/]+)$", uri).groups()  # type: ignore[union-attr]
    written = json.dumps(record)
    links = re.findall(r'"(?:uri)": "(https?://[^"]+)"', written)
    quoted = re.findall(r'"uri": "at://([^/"]+)/app\.bsky\.feed\.post/([^"]+)"', json.dumps(record.get("embed", {})))
    langs = record.get("langs") or []
    assert post.key == PostKey("bluesky", uri)
    assert post.url == f"https://bsky.app/profile/{did}/post/{rkey}"
    assert post.text == record["text"]
    assert set(post.links) == {*links, *(f"https://bsky.app/profile/{who}/post/{what}" for who, what in quoted)}
    assert len(post.links) == len(set(post.links))
    assert post.in_reply_to == (record["reply"]["parent"]["uri"] if "reply" in record else None)
    assert post.language_hint == (langs[0] if len(langs) == 1 else None)


def in_seconds(time: str) -> float:
    """Return seconds since 1970, read by another way than the product reads times."""
    clock, fraction = re.match(r"(.{19})(\.\d+)?(?:Z|\+00:00)$", time).groups()  # type: ignore[union-attr]
    return datetime.strptime(clock + "+0000", "%Y-%m-%dT%H:%M:%S%z").timestamp() + float(fraction or 0)


def recorded_errors() -> list[dict[str, Any]]:
    lines = data_path("recordings/errors.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if "bluesky" in row["platform"]]


EXPECTED: dict[str, type[SourceError]] = {"InvalidRequest": SourceRejected, "AuthenticationRequired": AccessDenied}


def test_recorded_errors_have_their_kind_and_the_servers_words() -> None:
    rows = recorded_errors()
    assert len(rows) == 2
    for row in rows:
        with FeedServer() as server:
            api = BlueskyApi(server)
            client = Client(allow=[server.address])
            account = {"identifier": IDENTIFIER, "password": PASSWORD, "service": api.url}
            source = open_stream(client, account)
            if "createSession" not in row["url"]:
                source.back("a", Window(NOW - timedelta(days=1), NOW), None, NOW)
            else:
                server.serve("/xrpc/com.atproto.server.createSession", lambda asked, row=row: reply(asked, row))  # type: ignore[misc]
            server.serve("/xrpc/app.bsky.feed.searchPosts", lambda asked, row=row: reply(asked, row))  # type: ignore[misc]

            with pytest.raises(SourceError) as raised:
                source.back("a", Window(NOW - timedelta(days=1), NOW), None, NOW)
            client.close()

        assert type(raised.value) is EXPECTED[row["body"]["error"]]
        assert row["body"]["message"] in str(raised.value)


def reply(asked: HttpRequest, row: dict[str, Any]) -> None:
    asked.answer(row["status"], json.dumps(row["body"]).encode(), {"Content-Type": "application/json"})
