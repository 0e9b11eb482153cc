"""YouTube: searches that are few, videos that are found late, comments, and refusals that say why."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import AccessDenied, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.models import Batch, Cursor, PostKey, Window
from monitor.sources.http import Client, Limits
from monitor.sources.youtube import YouTubeSource, open_source
from monitor.sources.youtube_refusals import until_midnight
from tests.simulators.feed_server import FeedServer, moved, status
from tests.simulators.youtube import KEY, Api

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUERY = '"smash pots"|砸锅卖铁'


class World:
    """The API, a source and a clock."""

    def __init__(self, server: FeedServer, client: Client) -> None:
        self.now = NOW
        self.api = Api(lambda: self.now)
        server.serve_everything(self.api)
        self.source: YouTubeSource = open_source(client, {"key": KEY, "url": f"{server.url}/youtube/v3"})

    def look(self, cursor: Cursor | None = None, query: str = QUERY) -> list[Batch]:
        """Fetch until there is no more."""
        batches = [self.source.fetch(query, cursor, self.now)]
        while batches[-1].more:
            assert len(batches) < 60
            batches.append(self.source.fetch(query, batches[-1].cursor, self.now))
        return batches


@pytest.fixture
def world(server: FeedServer, client: Client) -> World:
    return World(server, client)


def ids(batches: list[Batch]) -> list[str]:
    """Return the ids of all posts, in order."""
    return [post.key.id for batch in batches for post in batch.posts]


def test_alternatives_are_one_search_and_videos_come_with_their_counts(world: World) -> None:
    world.api.video("video000001", "They smash pots", NOW - MINUTE)
    world.api.video("video000002", "砸锅卖铁 again", NOW - 2 * MINUTE)
    world.api.video("video000003", "Something else", NOW - 3 * MINUTE)

    batches = world.look()

    assert world.api.spent == ["search", "videos"]
    assert ids(batches) == ["video000001", "video000002"]
    [post, _] = batches[1].posts
    assert post.text == "They smash pots\n\nAll about pots. https://pots.example/"
    assert (post.engagement.views, post.engagement.likes, post.engagement.replies) == (1000, 20, 0)
    assert (post.author.id, post.author.name, post.language_hint) == ("UCchannel", "Kitchen Channel", "en")
    assert post.links == ("https://pots.example/",)
    assert batches[1].coverage is not None
    assert (batches[1].coverage.start, batches[1].coverage.end) == (NOW - timedelta(days=1), NOW)
    assert batches[1].not_before == NOW + 15 * MINUTE


def test_a_video_that_is_found_late_is_found(world: World) -> None:
    """A search by date gives the newest videos with gaps; hours later they are there."""
    world.api.video("video000001", "smash pots", NOW - 30 * MINUTE)
    world.api.hidden = {"video000001"}
    first = world.look()
    world.api.hidden = set()
    world.now += timedelta(hours=4)

    second = world.look(first[-1].cursor)

    assert ids(first) == []
    assert ids(second) == ["video000001"]
    assert second[-1].coverage is not None
    assert second[-1].coverage.start == NOW


def test_further_pages_are_asked_for_only_while_all_on_them_is_new(world: World) -> None:
    for number in range(80):
        world.api.video(f"video{number:06}", "smash pots", NOW - number * MINUTE)
    first = world.look()
    world.now += 15 * MINUTE
    world.api.video("videoafter1", "smash pots", NOW + MINUTE)

    world.look(first[-1].cursor)

    assert len(set(ids(first))) == 80
    assert world.api.spent == ["search", "videos", "search", "videos", "search", "videos"]


def test_a_search_that_has_no_end_is_told_as_cut(world: World) -> None:
    for number in range(200):
        world.api.video(f"video{number:06}", "smash pots", NOW - number * MINUTE)

    batches = world.look()

    assert len(set(ids(batches))) == 150
    [coverage] = [batch.coverage for batch in batches if batch.coverage]
    assert coverage.truncated


def test_what_is_said_about_a_video_is_read_and_known_comments_are_left_out(world: World) -> None:
    world.api.video("video000001", "smash pots", NOW - MINUTE, comments=3)
    world.api.comment("video000001", "Ug1", "first", NOW - 40 * MINUTE)
    world.api.comment("video000001", "Ug2", "second", NOW - 30 * MINUTE, replies=[("Ug2.1", "an answer")])
    first = world.look()
    world.api.comment("video000001", "Ug3", "third", NOW + MINUTE)
    world.now += 15 * MINUTE

    second = world.look(first[-1].cursor)

    assert ids(first) == ["video000001", "Ug2", "Ug2.1", "Ug1"]
    comments = first[-1].posts
    assert [post.in_reply_to for post in comments] == ["video000001", "Ug2", "video000001"]
    assert comments[0].url == "https://www.youtube.com/watch?v=video000001&lc=Ug2"
    assert (comments[0].author.id, comments[0].author.handle) == ("UCtalker", "@talker")
    assert comments[0].engagement.likes == 4
    assert "Ug3" in ids(second)
    assert "Ug1" not in ids(second)


def test_many_comments_are_read_page_by_page_until_the_known_ones(world: World) -> None:
    world.api.video("video000001", "smash pots", NOW - MINUTE, comments=1)
    world.api.comment("video000001", "Ug0", "known", NOW - 5 * MINUTE)
    first = world.look()
    for number in range(1, 251):
        world.api.comment("video000001", f"Ug{number}", "more", NOW + timedelta(seconds=number))
    world.now += 15 * MINUTE

    second = world.look(first[-1].cursor)
    world.now += 15 * MINUTE
    third = world.look(second[-1].cursor)

    assert len({id_ for id_ in ids(second) if id_.startswith("Ug")} - {"Ug0"}) == 250
    assert world.api.spent.count("commentThreads") == 1 + 3 + 1
    assert {id_ for id_ in ids(third) if id_.startswith("Ug")} == {"Ug250"}


def test_videos_take_turns_and_are_let_go_after_three_days(world: World) -> None:
    for number in range(12):
        world.api.video(f"video{number:06}", "smash pots", NOW - number * MINUTE, comments=1)
        world.api.comment(f"video{number:06}", f"Ug{number}", "words", NOW - MINUTE)
    cursor, seen = None, set()
    for _ in range(3):
        batches = world.look(cursor)
        cursor = batches[-1].cursor
        seen |= set(ids(batches))
        world.now += 15 * MINUTE
    spent = world.api.spent.count("commentThreads")

    world.now += timedelta(days=3)
    world.look(cursor)

    assert {f"Ug{number}" for number in range(12)} <= seen
    assert spent == 15
    assert world.api.spent.count("commentThreads") == spent


def test_closed_comments_and_a_video_that_is_gone_end_nothing(world: World) -> None:
    for number, words in enumerate(("closed", "gone", "open")):
        world.api.video(f"video{number:06}", f"smash pots {words}", NOW - number * MINUTE, comments=1)
    world.api.comment("video000002", "Ug1", "words", NOW - MINUTE)
    world.api.closed = {"video000000"}
    batches = [world.source.fetch(QUERY, None, NOW)]
    batches.append(world.source.fetch(QUERY, batches[-1].cursor, NOW))
    del world.api.videos["video000001"]

    rest = world.look(batches[-1].cursor)

    assert ids(rest) == ["Ug1"]
    assert [key for batch in rest for key in batch.deletions] == [PostKey("youtube", "video000001")]
    world.now += 15 * MINUTE
    spent = world.api.spent.count("commentThreads")
    world.look(rest[-1].cursor)
    # The closed one was found again, and is asked about again; the others take no more than before.
    assert world.api.spent.count("commentThreads") <= spent + 2


def test_a_kill_between_two_pages_pays_for_no_search_twice(world: World) -> None:
    world.api.video("video000001", "smash pots", NOW - MINUTE)
    first = world.source.fetch(QUERY, None, NOW)

    again = [world.source.fetch(QUERY, first.cursor, NOW) for _ in range(3)]

    assert {batch.posts[0].key.id for batch in again} == {"video000001"}
    assert world.api.spent.count("search") == 1


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2024, 5, 2, 12, 0, tzinfo=UTC), 19),
        (datetime(2024, 12, 2, 12, 0, tzinfo=UTC), 20),
        (datetime(2024, 3, 10, 9, 0, tzinfo=UTC), 22),  # clocks go forward there that night
    ],
)
def test_a_spent_quota_lasts_until_midnight_in_california(now: datetime, hours: int) -> None:
    assert until_midnight(now) == timedelta(hours=hours)


def test_the_hundred_and_first_search_is_refused_until_then(server: FeedServer, client: Client) -> None:
    server.serve_everything(Api(lambda: NOW, searches=0))
    source = open_source(client, {"key": KEY, "url": server.url})

    with pytest.raises(RateLimited, match="quota") as caught:
        source.fetch(QUERY, None, NOW)

    assert caught.value.retry_after == timedelta(hours=19)


REFUSALS = [
    (
        400,
        b'{"error": {"code": 400, "message": "API key not valid.", "errors": [{"reason": "badRequest"}]}}',
        AccessDenied,
    ),
    (400, b'{"error": {"code": 400, "message": "Bad Request", "errors": [{"reason": "keyInvalid"}]}}', AccessDenied),
    (400, b'{"error": {"code": 400, "message": "Bad", "errors": [{"reason": "invalidVideoId"}]}}', SourceRejected),
    (403, b'{"error": {"code": 403, "message": "x", "errors": [{"reason": "accessNotConfigured"}]}}', AccessDenied),
    (403, b'{"error": {"code": 403, "message": "x", "errors": [{"reason": "rateLimitExceeded"}]}}', RateLimited),
    (403, b'{"error": {"code": 403, "message": "x", "errors": [{"reason": "commentsDisabled"}]}}', SourceRejected),
    (403, b"", AccessDenied),
    (400, b'{"error": {"code": 400, "message": "x", "errors": [{"reason": "processingFailure"}]}}', SourceUnavailable),
    (503, b'{"error": {"code": 503, "message": "x", "errors": [{"reason": "backendError"}]}}', SourceUnavailable),
    (429, b'{"error": "slow"}', RateLimited),
]


@pytest.mark.parametrize(("code", "body", "kind"), REFUSALS)
def test_each_reason_has_its_error(
    code: int, body: bytes, kind: type[SourceError], server: FeedServer, world: World
) -> None:
    server.serve_everything(status(code, body, {"Content-Type": "application/json"}))

    with pytest.raises(SourceError) as caught:
        world.source.fetch(QUERY, None, NOW)

    assert type(caught.value) is kind


def test_without_a_key_nothing_is_asked(server: FeedServer, client: Client) -> None:
    source = open_source(client, {"url": server.url})

    assert source.missing is not None
    assert "key_file" in source.missing
    with pytest.raises(AccessDenied, match="no key"):
        source.fetch(QUERY, None, NOW)
    assert server.asked == []


def test_the_key_stands_in_no_address_and_goes_to_nobody_else(server: FeedServer, world: World) -> None:
    world.look()
    with FeedServer() as other:
        server.serve_everything(moved(302, other.serve("/else", status(200, b"{}"))))
        with pytest.raises(SourceError):
            world.source.fetch(QUERY, None, NOW)

        assert KEY not in "".join(server.asked)
        assert "/else" not in other.counts or "x-goog-api-key" not in other.headers("/else")


def test_known_videos_and_comments_are_looked_up_fifty_at_once(world: World) -> None:
    for number in range(48):
        world.api.video(f"video{number:06}", "smash pots", NOW)
    world.api.comment("video000001", "Ug1", "words", NOW)
    keys = [PostKey("youtube", f"video{number:06}") for number in range(48)]
    comments = [PostKey("youtube", "Ug1"), PostKey("youtube", "Ug2")]
    del world.api.videos["video000007"]

    found = world.source.look_up([*keys, *comments], NOW)

    assert [post.key for post in found.posts] == [key for key in keys if key != keys[7]] + comments[:1]
    assert found.gone == (keys[7], comments[1])
    assert world.api.spent == ["videos", "comments"]
    assert world.source.look_up([], NOW) == ((), (), 0.0)


def test_looking_back_reads_a_window(world: World) -> None:
    for number in range(130):
        world.api.video(f"video{number:06}", "smash pots", NOW - timedelta(hours=number), comments=5)
    window = Window(NOW - timedelta(hours=120), NOW - timedelta(hours=10))

    batches = [world.source.back(QUERY, window, None, NOW)]
    while batches[-1].more:
        batches.append(world.source.back(QUERY, window, batches[-1].cursor, NOW))

    assert sorted(set(ids(batches))) == [f"video{number:06}" for number in range(11, 121)]
    assert world.api.spent.count("commentThreads") == 0
    [coverage] = [batch.coverage for batch in batches if batch.coverage]
    assert (coverage.start, coverage.end) == window
    assert world.source.price(QUERY, window, NOW).dollars == 0


def test_a_query_without_words_is_refused(world: World) -> None:
    with pytest.raises(SourceRejected, match="asked for words"):
        world.source.fetch("", None, NOW)


def test_a_broken_video_is_set_aside_without_its_author(world: World) -> None:
    world.api.video("video000001", "smash pots", NOW - MINUTE)
    world.api.video("video000002", "smash pots too", NOW - 2 * MINUTE)
    world.api.videos["video000001"]["statistics"]["viewCount"] = "many"

    batches = world.look()

    assert ids(batches) == ["video000002"]
    [aside] = batches[1].set_aside
    assert aside.author.id == "UCchannel"
    assert b"Kitchen" not in aside.raw
    assert b"UCchannel" not in aside.raw
    post = world.source.reread(aside.raw.replace(b'"many"', b'"7"'), NOW)
    assert post is not None
    assert post.engagement.views == 7


@pytest.fixture
def client(server: FeedServer) -> Iterator[Client]:
    client = Client(limits=Limits(deadline=5), allow=[server.address])
    yield client
    client.close()
