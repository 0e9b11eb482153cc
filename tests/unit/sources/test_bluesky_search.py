"""Looking back at Bluesky, and looking at posts again, over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import AccessDenied, PayloadChanged, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.models import Batch, Cursor, Engagement, Post, PostKey, Window
from monitor.seams.looking_back import LookBack
from monitor.seams.rereading import Lookup
from monitor.sources.bluesky import BlueskyStream, open_stream
from monitor.sources.http import Client
from tests.simulators.bluesky_api import IDENTIFIER, PASSWORD, BlueskyApi
from tests.simulators.feed_server import FeedServer, status

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
WEEK = Window(NOW - timedelta(days=7), NOW)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def api(server: FeedServer) -> BlueskyApi:
    return BlueskyApi(server)


@pytest.fixture
def client(server: FeedServer) -> Iterator[Client]:
    made = Client(allow=[server.address])
    yield made
    made.close()


@pytest.fixture
def source(client: Client, api: BlueskyApi) -> BlueskyStream:
    return a_source(client, api)


def a_source(client: Client, api: BlueskyApi, **options: str) -> BlueskyStream:
    account = {"identifier": IDENTIFIER, "password": PASSWORD, "service": api.url, "appview": api.url}
    return open_stream(client, account | options)


def all_of(source: BlueskyStream, query: str, window: Window = WEEK) -> tuple[list[Post], list[Batch]]:
    """Read a window to its end."""
    batches: list[Batch] = []
    cursor: Cursor | None = None
    while not batches or batches[-1].more:
        batches.append(source.back(query, window, cursor, NOW))
        cursor = batches[-1].cursor
    return [post for batch in batches for post in batch.posts], batches


def test_it_can_look_back_and_look_again(source: BlueskyStream) -> None:
    assert isinstance(source, LookBack)
    assert isinstance(source, Lookup)
    assert source.most == 25


def test_the_posts_of_a_window_are_found_each_once_with_what_they_gained(
    source: BlueskyStream, api: BlueskyApi
) -> None:
    uris = [api.add(f"砸锅卖铁 {n}", NOW - timedelta(minutes=n + 1)) for n in range(230)]
    api.add("the weather", NOW - timedelta(hours=1))
    api.add("砸锅卖铁 long ago", NOW - timedelta(days=9))

    posts, batches = all_of(source, "砸锅卖铁")

    assert [post.key.id for post in posts] == uris
    assert posts[0].engagement == Engagement(likes=3, reposts=5, replies=2)
    assert posts[0].author.handle == IDENTIFIER
    assert posts[0].created_at == NOW - timedelta(minutes=1)
    assert [len(batch.posts) for batch in batches] == [100, 100, 30]
    assert batches[-1].coverage is not None
    assert batches[-1].coverage.start == WEEK.start
    assert api.logins == 1


def test_a_search_that_ends_early_goes_on_by_time(server: FeedServer, client: Client) -> None:
    """The index gives no cursor beyond some thousands of posts; what is older is asked for by its time."""
    api = BlueskyApi(server, deepest=200)
    uris = {api.add(f"砸锅卖铁 {n}", NOW - timedelta(minutes=n + 1)) for n in range(450)}

    posts, _ = all_of(a_source(client, api), "砸锅卖铁")

    assert {post.key.id for post in posts} == uris
    assert len(posts) <= 450 + 5


def test_a_session_serves_until_it_ends_and_is_refreshed_then(source: BlueskyStream, api: BlueskyApi) -> None:
    source.back("a", WEEK, None, NOW)
    source.back("a", WEEK, None, NOW)
    api.expire()

    source.back("a", WEEK, None, NOW)

    assert (api.logins, api.refreshes) == (1, 1)


def test_a_session_that_cannot_be_refreshed_is_made_anew(source: BlueskyStream, api: BlueskyApi) -> None:
    source.back("a", WEEK, None, NOW)
    api.expire(refresh_too=True)

    source.back("a", WEEK, None, NOW)

    assert (api.logins, api.refreshes) == (2, 1)


class Kept:
    """Sessions of many workers."""

    def __init__(self) -> None:
        self.by_account: dict[str, str] = {}

    def load(self, account: str) -> str | None:
        return self.by_account.get(account)

    def keep(self, account: str, session: str) -> None:
        self.by_account[account] = session


def test_workers_share_a_session_and_its_name_says_nothing(client: Client, api: BlueskyApi) -> None:
    client.sessions = kept = Kept()

    for _ in range(3):
        a_source(client, api).back("a", WEEK, None, NOW)

    assert api.logins == 1
    assert all(IDENTIFIER not in name for name in kept.by_account)


def test_a_worker_takes_over_the_session_that_another_refreshed(client: Client, api: BlueskyApi) -> None:
    client.sessions = kept = Kept()
    source = a_source(client, api)
    source.back("a", WEEK, None, NOW)
    [(name, old)] = kept.by_account.items()
    api.expire()
    a_source(client, api).back("a", WEEK, None, NOW)
    newest, kept.by_account[name] = kept.by_account[name], old
    real = kept.load
    told = iter([old, newest])
    kept.load = lambda account: next(told, None) or real(account)  # type: ignore[method-assign]

    source.back("a", WEEK, None, NOW)

    assert (api.logins, api.refreshes) == (1, 1)


def test_without_an_account_nothing_is_asked_and_the_remedy_said(client: Client, api: BlueskyApi) -> None:
    source = open_stream(client, {"service": api.url})

    with pytest.raises(AccessDenied, match="identifier and password_file"):
        source.price("a", WEEK, NOW)
    with pytest.raises(AccessDenied, match="identifier and password_file"):
        source.back("a", WEEK, None, NOW)
    assert api.asked == []


def test_a_wrong_password_is_for_a_person_to_mend(client: Client, api: BlueskyApi) -> None:
    with pytest.raises(AccessDenied, match="Invalid identifier or password"):
        a_source(client, api, password="wrong").back("a", WEEK, None, NOW)


@pytest.mark.parametrize(
    ("fails", "expected"),
    [
        ((429, {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, {"Retry-After": "30"}), RateLimited),
        ((400, {"error": "InvalidRequest", "message": "q must not be empty"}, {}), SourceRejected),
        ((403, {"error": "AuthMissing", "message": "no"}, {}), AccessDenied),
        ((502, {"error": "UpstreamFailure", "message": "Upstream Failure"}, {}), SourceUnavailable),
        ((400, {"error": "UpstreamTimeout", "message": "late"}, {}), SourceUnavailable),
        ((500, {}, {}), SourceUnavailable),
    ],
)
def test_refusals_have_a_kind_and_the_servers_words(
    source: BlueskyStream,
    api: BlueskyApi,
    fails: tuple[int, dict[str, str], dict[str, str]],
    expected: type[SourceError],
) -> None:
    api.fails = fails

    with pytest.raises(SourceError) as raised:
        source.back("a", WEEK, None, NOW)

    assert type(raised.value) is expected
    assert fails[1].get("message", "500") in str(raised.value) or expected is RateLimited


def test_an_answer_of_another_shape_is_our_trouble(source: BlueskyStream, api: BlueskyApi, server: FeedServer) -> None:
    source.back("a", WEEK, None, NOW)
    for body in (b"[]", b'{"posts": 3}', b'{"posts": [{"uri": 1}]}', b"<html>"):
        server.serve("/xrpc/app.bsky.feed.searchPosts", status(200, body))

        with pytest.raises(PayloadChanged):
            source.back("a", WEEK, None, NOW)


def test_a_keyword_is_needed_to_look_back(source: BlueskyStream) -> None:
    assert source.price("", WEEK, NOW).reach == NOW
    with pytest.raises(SourceRejected, match="name a keyword"):
        source.back("", WEEK, None, NOW)


def test_posts_are_looked_up_and_those_that_are_missing_are_gone(source: BlueskyStream, api: BlueskyApi) -> None:
    there, gone = api.add("a", NOW - timedelta(days=1)), api.add("b", NOW)
    api.posts.pop()

    found = source.look_up([PostKey("bluesky", there), PostKey("bluesky", gone)], NOW)

    assert [post.key.id for post in found.posts] == [there]
    assert found.posts[0].engagement.likes == 3
    assert found.gone == (PostKey("bluesky", gone),)
    assert api.logins == 0


def test_an_answer_without_a_single_post_erases_nothing(source: BlueskyStream, api: BlueskyApi) -> None:
    found = source.look_up([PostKey("bluesky", "at://did:plc:x/app.bsky.feed.post/1")], NOW)

    assert (found.posts, found.gone) == ((), ())


@pytest.mark.parametrize("where", ["labels", "author"])
def test_a_post_that_strangers_shall_not_see_is_taken_back(source: BlueskyStream, api: BlueskyApi, where: str) -> None:
    """The stream does not tell what an author asks for all of their posts; the index does."""
    label = {"src": "did:plc:x", "val": "!no-unauthenticated"}
    labels: dict[str, object] = (
        {"labels": [label]} if where == "labels" else {"author": {"did": "d", "labels": [label]}}
    )
    hidden, shown = api.add("a", NOW, **labels), api.add("b", NOW)

    found = source.look_up([PostKey("bluesky", hidden), PostKey("bluesky", shown)], NOW)

    assert [post.key.id for post in found.posts] == [shown]
    assert found.gone == (PostKey("bluesky", hidden),)


def test_a_post_that_cannot_be_read_is_not_gone(source: BlueskyStream, api: BlueskyApi) -> None:
    broken, fine = api.add("a", NOW, likeCount="many"), api.add("b", NOW)

    found = source.look_up([PostKey("bluesky", broken), PostKey("bluesky", fine)], NOW)

    assert found.gone == ()
