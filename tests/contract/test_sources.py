"""What every source keeps, whatever its platform."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from monitor.errors import SourceError
from monitor.models import Batch, Cursor
from monitor.protocols import Source
from monitor.sources import SOURCES
from monitor.sources.http import Client, Limits
from tests.contract.cases import GOLDEN, NOW, case, parser, payloads
from tests.simulators.feed_server import FeedServer, cut, document, status

GOLDENS = [pytest.param(name, path, id=f"{name}-{path.name}") for name in SOURCES for path in payloads(name)]
STATUSES = [300, 301, 304, 305, 307, 400, 401, 402, 403, 404, 410, 418, 429, 451, 499, 500, 502, 503, 520, 599]
BODIES = {
    "empty": b"",
    "blank": b" \n ",
    "web page": b"<!doctype html><html><head><title>Moved</title></head><body><p>Hello</p></body></html>",
    "cut xml": b"<?xml version='1.0'?><rss version='2.0'><channel><item><title>a",
    "cut json": b'{"hits": [{"objectID": "1", "crea',
    "empty list": b"[]",
    "wrong types": b'{"hits": {"a": 1}, "nbHits": "many", "version": 3, "items": "none"}',
    "wrong items": b'{"hits": [1, null, {}], "nbHits": 9,  "version": "https://jsonfeed.org/version/1", "items": [1]}',
    "null": b"null",
    "number": b"17",
    "zeros": b"\0" * 1000,
    "noise": bytes(range(256)) * 8,
    "deep": b"[" * 100_000,
    "huge": b"<rss>" + b" " * 6_000_000,
}


@pytest.fixture(scope="module")
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: FeedServer) -> Iterator[Client]:
    client = Client(limits=Limits(deadline=5), allow=[server.address])
    yield client
    client.close()


@pytest.fixture(scope="module", params=SOURCES)
def asked(request: pytest.FixtureRequest, client: Client, server: FeedServer) -> tuple[Source, str]:
    """Each source, with a query that leads to the server."""
    one = case(request.param, GOLDEN / "absent", server.url)
    return one.open(client), one.query


@pytest.mark.parametrize("name", SOURCES)
def test_each_source_has_a_golden_folder_and_keeps_its_name(name: str, client: Client) -> None:
    source = case(name, GOLDEN / "absent", "http://127.0.0.1").open(client)

    assert source.name == name
    assert payloads(name), f"tests/golden/{name}/ needs a payload and its .expected.json"


@pytest.mark.parametrize(("name", "path"), GOLDENS)
def test_parse_gives_what_the_golden_file_expects(name: str, path: Path) -> None:
    expected = json.loads((path.parent / f"{path.name}.expected.json").read_text())

    batch = parser(name)(path.read_bytes(), NOW)

    # What the file does not mention is not there.
    unsaid = {"is_counted_only": False}
    posts = {"posts": [unsaid | post for post in expected["posts"]]} if "posts" in expected else {}
    assert json.loads(msgspec.json.encode(batch)) == json.loads(msgspec.json.encode(Batch())) | expected | posts


@pytest.mark.parametrize(("name", "path"), GOLDENS)
def test_fetch_keeps_the_contract_on_a_good_answer(name: str, path: Path, client: Client, server: FeedServer) -> None:
    server.serve_everything(document(path.read_bytes(), etag='"1"'))
    one = case(name, path, server.url)
    source = one.open(client)

    first = source.fetch(one.query, None, NOW)
    while first.more and not first.posts:
        first = source.fetch(one.query, first.cursor, NOW)  # some platforms first say only where the posts are

    assert first.posts
    assert isinstance(first.cursor, str)
    assert all(post.observed_at <= NOW and post.observed_at.tzinfo for post in first.posts)
    assert all(post.created_at is None or post.created_at.tzinfo for post in first.posts)
    assert all(post.url is None or post.url.startswith(("http://", "https://")) for post in first.posts)
    if not one.is_archive:
        assert {post.key.source for post in first.posts} == {name}
        assert {post.observed_at for post in first.posts} == {NOW}
    known = {post.key for post in first.posts}
    again = source.fetch(one.query, Cursor(str(first.cursor)), NOW + timedelta(minutes=10))
    assert {post.key for post in again.posts} <= known
    rebuilt = one.open(client).fetch(one.query, Cursor(str(first.cursor)), NOW + timedelta(minutes=10))
    assert {post.key for post in rebuilt.posts} <= known


@pytest.mark.parametrize("code", STATUSES)
def test_every_status_that_is_no_good_answer_is_a_source_error(
    code: int, asked: tuple[Source, str], server: FeedServer
) -> None:
    source, query = asked
    server.serve_everything(status(code, b"<html>no</html>"))

    with pytest.raises(SourceError) as caught:
        source.fetch(query, None, NOW)

    assert caught.value.source == source.name
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", BODIES)
@pytest.mark.parametrize("code", [200, 203])
def test_every_body_is_read_or_a_source_error(
    shape: str, code: int, asked: tuple[Source, str], server: FeedServer
) -> None:
    source, query = asked
    server.serve_everything(status(code, BODIES[shape], {"Content-Type": "text/xml"}))

    outcome = _outcome(source, query)

    assert isinstance(outcome, SourceError) or not any(post.text for post in outcome.posts)
    assert not isinstance(outcome, SourceError) or "\n" not in str(outcome)


def test_an_answer_cut_short_is_a_source_error(asked: tuple[Source, str], server: FeedServer) -> None:
    source, query = asked
    server.serve_everything(cut(b"<rss><channel></channel></rss>", 10))

    with pytest.raises(SourceError):
        source.fetch(query, None, NOW)


def test_a_foreign_cursor_is_a_source_error(asked: tuple[Source, str], server: FeedServer) -> None:
    source, query = asked
    server.serve_everything(status(200, b"<rss version='2.0'><channel/></rss>"))

    with pytest.raises(SourceError):
        source.fetch(query, Cursor("{\"not\": 'ours'"), NOW)


def _outcome(source: Source, query: str) -> Batch | SourceError:
    try:
        return source.fetch(query, None, NOW)
    except SourceError as e:
        return e
