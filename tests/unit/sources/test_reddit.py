"""Reddit: searches, comments, second looks, refusals; and its feeds."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import AccessDenied, PayloadChanged, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.models import Batch, Cursor, PostKey, Window
from monitor.sources.http import Client
from monitor.sources.reddit import RedditSource, open_source
from tests.simulators.feed_server import FeedServer, document
from tests.simulators.reddit import AGENT, CLIENT, SECRET, Reddit

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUERY = '"smash pots" OR 砸锅卖铁'


class World:
    """Reddit, and a source that reads it."""

    def __init__(self, reddit: Reddit, pace: Any = None) -> None:
        self.reddit = reddit
        self.now = NOW
        client = Client()
        client.pace = pace  # type: ignore[attr-defined, unused-ignore]
        options = {"client_id": CLIENT, "client_secret": SECRET, "user_agent": AGENT}
        self.source: RedditSource = open_source(client, options | {"url": reddit.url, "api_url": reddit.url})

    def look(self, cursor: Cursor | None = None, query: str = QUERY) -> list[Batch]:
        """Fetch until there is no more."""
        batches = [self.source.fetch(query, cursor, self.now)]
        while batches[-1].more:
            assert len(batches) < 60
            batches.append(self.source.fetch(query, batches[-1].cursor, self.now))
        return batches


@pytest.fixture
def world() -> Iterator[World]:
    with Reddit(lambda: NOW) as reddit:
        yield World(reddit)
        assert reddit.problems == []


def ids(batches: list[Batch]) -> list[str]:
    """Return the names of all posts, in order."""
    return [post.key.id for batch in batches for post in batch.posts]


def test_alternatives_are_one_search_and_what_is_known_is_left_out(world: World) -> None:
    world.reddit.submit("t3_a1", "They smash pots", NOW - MINUTE)
    world.reddit.submit("t3_a2", "要砸锅卖铁", NOW - 2 * MINUTE)
    world.reddit.submit("t3_a3", "Something else", NOW - 3 * MINUTE)
    first = world.look()
    world.now += 5 * MINUTE
    world.reddit.submit("t3_a4", "smash pots again", NOW + MINUTE)

    second = world.look(first[-1].cursor)

    assert ids(first) == ["t3_a1", "t3_a2"]
    assert ids(second) == ["t3_a4"]
    assert world.reddit.tokens == 1
    assert len(world.reddit.asked) == 2
    [post, _] = first[0].posts
    assert (post.engagement.likes, post.engagement.replies, post.author.handle) == (7, 3, "potter")
    assert first[0].coverage is not None
    assert second[0].coverage is not None
    assert (first[0].coverage.start, first[0].coverage.end) == (NOW - timedelta(days=1), NOW)
    assert (second[0].coverage.start, second[0].coverage.end) == (NOW, NOW + 5 * MINUTE)


def test_what_the_index_of_the_search_shows_late_is_found(world: World) -> None:
    world.reddit.submit("t3_a1", "smash pots", NOW - MINUTE)
    world.reddit.submit("t3_a2", "smash pots late", NOW - 5 * MINUTE)
    world.reddit.hidden = {"t3_a2"}
    first = world.look()
    world.reddit.hidden = set()
    world.now += 5 * MINUTE

    assert ids(world.look(first[-1].cursor)) == ["t3_a2"]


def test_comments_are_read_back_to_the_last_look(world: World) -> None:
    for number in range(250):
        world.reddit.say(f"t1_a{number}", f"words {number}", NOW - timedelta(seconds=number))
    world.reddit.say("t1_other", "elsewhere", NOW, "iron")

    first = world.look(query="r/pots+tin/comments")
    world.now += 10 * MINUTE
    for number in range(130):
        world.reddit.say(f"t1_b{number}", f"more {number}", NOW + timedelta(seconds=number + 1))
    second = world.look(first[-1].cursor, "r/pots+tin/comments")

    assert len(ids(first)) == len(set(ids(first))) == 250
    assert sorted(ids(second)) == sorted(f"t1_b{number}" for number in range(130))
    assert first[0].posts[0].in_reply_to == "t3_aaa"


def test_a_listing_that_ends_too_early_leaves_a_gap(world: World) -> None:
    for number in range(1_500):
        world.reddit.submit(f"t3_a{number}", "smash pots", NOW - timedelta(seconds=number))

    batches = world.look()

    assert len(set(ids(batches))) == 1_000
    assert len(batches) == 10
    assert batches[-1].coverage is not None
    assert batches[-1].coverage.start == NOW - timedelta(seconds=999)


def test_what_is_deleted_or_removed_is_told(world: World) -> None:
    world.reddit.submit("t3_a1", "smash pots", NOW - MINUTE, removed_by_category="moderator")
    world.reddit.submit("t3_a2", "smash pots", NOW - MINUTE, selftext="[deleted]", author="[deleted]")
    world.reddit.submit("t3_a3", "smash pots", NOW - MINUTE, is_robot_indexable=False)

    [batch] = world.look()

    assert batch.posts == ()
    assert {key.id for key in batch.deletions} == {"t3_a1", "t3_a2"}


def test_known_posts_are_looked_up_a_hundred_at_once(world: World) -> None:
    for number in range(5):
        world.reddit.submit(f"t3_a{number}", "smash pots", NOW, score=number)
    world.reddit.say("t1_b", "words", NOW)
    world.reddit.things[1]["data"]["author"] = "[deleted]"
    world.reddit.things[2]["data"]["selftext"] = "[removed]"
    names = [f"t3_a{number}" for number in range(5)] + ["t1_b", "t3_never"]
    keys = [PostKey("reddit", name) for name in names]

    found = world.source.look_up(keys, NOW)

    assert [(post.key.id, post.engagement.likes) for post in found.posts] == [
        ("t3_a0", 0),
        ("t3_a3", 3),
        ("t3_a4", 4),
        ("t1_b", 2),
    ]
    # Whose account is gone, of them nothing may be kept.
    assert [key.id for key in found.gone] == ["t3_a1", "t3_a2", "t3_never"]
    assert len(world.reddit.asked) == 1
    assert world.source.look_up([], NOW) == ((), (), 0.0)


def test_looking_back_reads_a_window(world: World) -> None:
    for hours in range(250):
        world.reddit.submit(f"t3_a{hours}", "smash pots", NOW - timedelta(hours=hours, minutes=1))
    window = Window(NOW - timedelta(hours=200), NOW - timedelta(hours=10))

    batches = [world.source.back(QUERY, window, None, NOW)]
    while batches[-1].more:
        batches.append(world.source.back(QUERY, window, batches[-1].cursor, NOW))

    assert sorted(ids(batches)) == sorted(f"t3_a{hours}" for hours in range(10, 200))
    assert batches[-1].coverage is not None
    assert batches[-1].coverage.start == window.start
    assert world.source.price(QUERY, window, NOW).requests == 10


REFUSALS = [
    (400, {}, b"<html><body><h1>400 Bad request</h1></body></html>", SourceRejected),
    (401, {}, b'{"message": "Unauthorized", "error": 401}', AccessDenied),
    (403, {}, b'{"message": "Forbidden", "error": 403}', AccessDenied),
    (403, {}, b'{"reason": "quarantined", "message": "Forbidden", "error": 403}', SourceRejected),
    (404, {}, b'{"message": "Not Found", "error": 404}', SourceRejected),
    (409, {}, b'{"message": "Conflict", "error": 409}', SourceRejected),
    (451, {}, b"", SourceRejected),
    (500, {}, b"", SourceUnavailable),
    (502, {}, b"", SourceUnavailable),
    (503, {"Retry-After": "30"}, b"", RateLimited),
    (301, {"Location": "https://www.reddit.com/r/else"}, b"", SourceRejected),
]


@pytest.mark.parametrize(("code", "headers", "body", "kind"), REFUSALS)
def test_each_refusal_has_its_error_and_is_not_tried_again(
    code: int, headers: dict[str, str], body: bytes, kind: type[SourceError], world: World
) -> None:
    """PRAW tries 5xx and 401 three times, with sleeps of up to four seconds between."""
    world.reddit.refusal = (code, headers, body)
    began = time.monotonic()

    with pytest.raises(SourceError) as caught:
        world.look()

    assert type(caught.value) is kind
    assert len(world.reddit.asked) == 1
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("place", "said"), [("r/private", "private"), ("r/nowhere/comments", "leads to")])
def test_a_subreddit_that_cannot_be_read_is_its_query_s_trouble_only(place: str, said: str, world: World) -> None:
    with pytest.raises(SourceRejected, match=said) as caught:
        world.look(query=place)

    assert not isinstance(caught.value, AccessDenied)


class Ledger:
    """A pace that remembers."""

    def __init__(self) -> None:
        self.wait = timedelta(0)
        self.admitted: list[Any] = []
        self.heeded: list[Any] = []

    def admit(self, bucket: Any) -> timedelta:
        self.admitted.append(bucket)
        return self.wait

    def heed(self, bucket: Any, remaining: int, reset_at: datetime) -> None:
        self.heeded.append((remaining, reset_at))


def test_limits_are_kept_by_the_shared_buckets_and_nothing_sleeps() -> None:
    with Reddit(lambda: NOW, limit=2) as reddit:
        ledger = Ledger()
        world = World(reddit, ledger)
        began = time.monotonic()
        world.look()
        world.look()

        with pytest.raises(RateLimited) as caught:
            world.look()
        ledger.wait = MINUTE
        with pytest.raises(RateLimited):
            world.look()

        assert caught.value.retry_after == 4 * MINUTE
        assert ledger.heeded == [(1, NOW + 4 * MINUTE), (0, NOW + 4 * MINUTE), (0, NOW + 4 * MINUTE)]
        assert ledger.admitted[0].size == 100
        assert len(reddit.asked) == 3
        assert time.monotonic() - began < 5


def test_a_refused_token_is_asked_for_anew(world: World) -> None:
    world.look()
    world.reddit.tokens += 1  # the old one is no longer known
    with pytest.raises(AccessDenied):
        world.look()

    world.look()

    assert world.reddit.tokens == 3


def test_a_wrong_secret_is_a_refusal(world: World) -> None:
    options = {"client_id": CLIENT, "client_secret": "wrong", "user_agent": AGENT, "url": world.reddit.url}

    with pytest.raises(AccessDenied):
        open_source(Client(), options | {"api_url": world.reddit.url}).fetch(QUERY, None, NOW)


def test_reddit_away_is_unavailable_at_once() -> None:
    with Reddit(lambda: NOW) as reddit:
        world = World(reddit)
    began = time.monotonic()

    with pytest.raises(SourceUnavailable):
        world.look()

    assert time.monotonic() - began < 5


@pytest.mark.filterwarnings("ignore:The praw.ini in the current working directory")  # said once a process
def test_a_file_of_settings_in_the_current_folder_leads_nowhere(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "praw.ini").write_text("[DEFAULT]\noauth_url=http://127.0.0.1:9\nreddit_url=http://127.0.0.1:9\n")
    monkeypatch.chdir(tmp_path)

    world.look()

    assert len(world.reddit.asked) == 1


def test_an_answer_of_another_shape_is_a_changed_payload(world: World) -> None:
    for body in (
        b'{"kind": "wiki", "data": {"children": []}}',
        b"[]",
        b'{"kind": "Listing", "data": {"children": [1]}}',
    ):
        world.reddit.refusal = (200, {}, body)
        with pytest.raises(PayloadChanged):
            world.look()
    world.reddit.refusal = (200, {}, b"<html>")
    with pytest.raises(PayloadChanged, match="no JSON"):
        world.look()


@pytest.mark.parametrize("query", ["", "r/", "r/a b", "r/pots/new", "x" * 513])
def test_what_reddit_cannot_be_asked_is_refused(query: str, world: World) -> None:
    with pytest.raises(SourceRejected, match="cannot be asked"):
        world.look(query=query)

    assert world.reddit.asked == []


def test_without_an_application_nothing_is_asked(server: FeedServer, client: Client) -> None:
    source = open_source(client, {"url": server.url})

    assert source.missing is not None
    assert "client_secret_file" in source.missing
    with pytest.raises(AccessDenied, match="no key"):
        source.fetch(QUERY, None, NOW)
    assert server.asked == []


def test_feeds_give_posts_without_counts(server: FeedServer, client: Client) -> None:
    atom = (Path(__file__).parents[2] / "golden/reddit/new.atom").read_bytes()
    server.serve_everything(document(atom, content_type="application/atom+xml"))
    source = open_source(client, {"mode": "rss", "url": server.url})

    first = source.fetch("r/pots+iron", None, NOW)
    again = source.fetch("r/pots+iron", first.cursor, NOW + MINUTE)
    source.fetch(QUERY, None, NOW)
    source.fetch("r/pots/comments", None, NOW)

    assert source.missing is None
    assert ids([first]) == ["t3_aaa1", "t3_aaa2", "t1_bbb1"]
    assert {post.engagement.likes for post in first.posts} == {None}
    assert again.posts == ()
    assert not first.more
    assert [path.partition("?")[0] for path in server.asked] == [
        "/r/pots+iron/new/.rss",
        "/r/pots+iron/new/.rss",
        "/search.rss",
        "/r/pots/comments/.rss",
    ]
    assert source.look_up([PostKey("reddit", "t3_aaa1")], NOW) == ((), (), 0.0)
    source.close()


def test_a_broken_item_is_set_aside_without_its_author(world: World) -> None:
    world.reddit.submit("t3_a1", "smash pots", NOW - MINUTE)
    world.reddit.submit("t3_a2", "smash pots", NOW - 2 * MINUTE, num_comments="many")

    [batch] = world.look()

    assert ids([batch]) == ["t3_a1"]
    [aside] = batch.set_aside
    assert aside.author.id == "potter"
    assert b"potter" not in aside.raw
    mended = json.loads(aside.raw)
    mended["data"]["num_comments"] = 5
    post = world.source.reread(json.dumps(mended).encode(), NOW)
    assert post is not None
    assert post.engagement.replies == 5
