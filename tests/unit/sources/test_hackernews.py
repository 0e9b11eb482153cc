"""Everything new once: slices, overlaps, and an index that lags."""

import html
import json
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import PayloadChanged
from monitor.models import Author, Batch, Cursor
from monitor.sources.hackernews import HackerNewsSource, open_source, parse
from monitor.sources.http import Client
from tests.data import data_path
from tests.simulators.algolia import PATH, Index
from tests.simulators.feed_server import FeedServer, status

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())


def source_of(server: FeedServer, client: Client, page: int = 1_000) -> HackerNewsSource:
    """Return a source that asks the local index."""
    return open_source(client, {"url": f"{server.url}/api/v1", "page": str(page)})


def look(source: HackerNewsSource, cursor: Cursor | None, now: datetime) -> list[Batch]:
    """Fetch until there is no more."""
    batches = [source.fetch("", cursor, now)]
    while batches[-1].more:
        assert len(batches) < 100
        batches.append(source.fetch("", batches[-1].cursor, now))
    return batches


def found(batches: list[Batch]) -> list[int]:
    """Return the ids of all posts, in order."""
    return [int(post.key.id) for batch in batches for post in batch.posts]


def test_the_first_look_goes_back_an_hour(server: FeedServer, client: Client) -> None:
    server.serve(PATH, Index([(1, SECOND - 3_500), (2, SECOND - 3_700), (3, SECOND - 5)]))

    (batch,) = look(source_of(server, client), None, NOW)

    assert found([batch]) == [3, 1]
    assert batch.coverage is not None
    assert (batch.coverage.start, batch.coverage.end) == (NOW - timedelta(hours=1), NOW)
    assert "tags=%28story%2Ccomment%29" in server.asked[0]


def test_what_is_indexed_late_is_found_and_what_is_known_is_left_out(server: FeedServer, client: Client) -> None:
    index = Index([(1, SECOND - 60), (2, SECOND - 30)])
    server.serve(PATH, index)
    source = source_of(server, client)
    first = look(source, None, NOW)
    index.add([(3, SECOND - 200), (4, SECOND + 60)])

    second = look(source, first[-1].cursor, NOW + timedelta(minutes=10))

    assert found(first) == [2, 1]
    assert found(second) == [4, 3]


def test_more_than_a_page_is_sliced_by_time_and_nothing_is_lost(server: FeedServer, client: Client) -> None:
    items = [(number, SECOND - number * 7) for number in range(1, 100)]
    server.serve(PATH, Index(items))

    batches = look(source_of(server, client, page=10), None, NOW)

    assert set(found(batches)) == {number for number, _ in items}
    assert len(batches) == 11
    starts = [batch.coverage.start for batch in batches if batch.coverage]
    ends = [batch.coverage.end for batch in batches if batch.coverage]
    assert ends[0] == NOW
    assert starts[-1] == NOW - timedelta(hours=1)
    assert all(end >= start for start, end in zip(starts, ends[1:], strict=False))


def test_what_appears_while_slicing_is_found_by_the_next_look(server: FeedServer, client: Client) -> None:
    index = Index((number, SECOND - number * 7) for number in range(1, 50))
    server.serve(PATH, index)
    source = source_of(server, client, page=10)
    first = source.fetch("", None, NOW)
    index.add([(100, SECOND + 1)])

    rest = look(source, first.cursor, NOW + timedelta(seconds=2))
    later = look(source, rest[-1].cursor, NOW + timedelta(minutes=1))

    assert set(found([first, *rest])) == set(range(1, 50))
    assert 100 in found(later)


def test_the_pages_of_a_long_look_leave_out_what_the_last_look_saw(server: FeedServer, client: Client) -> None:
    """After a pause several pages were read; the later ones gave, and stored anew, all that was known already."""
    index = Index((number, SECOND - number * 10) for number in range(1, 30))
    server.serve(PATH, index)
    source = source_of(server, client, page=10)
    first = look(source, None, NOW)
    index.add((100 + number, SECOND + number * 30) for number in range(1, 30))

    second = look(source, first[-1].cursor, NOW + timedelta(minutes=15))

    assert set(found(second)) == {100 + number for number in range(1, 30)}


def test_a_second_with_more_than_a_page_is_said_to_be_truncated(server: FeedServer, client: Client) -> None:
    items = [(number, SECOND - 100) for number in range(15)] + [(50, SECOND - 10), (60, SECOND - 200)]
    server.serve(PATH, Index(items))

    batches = look(source_of(server, client, page=10), None, NOW)

    assert {50, 60} <= set(found(batches))
    assert any(batch.coverage and batch.coverage.truncated for batch in batches)


def test_an_index_that_shows_nothing_where_it_told_of_more_is_not_believed(server: FeedServer, client: Client) -> None:
    """A page in the middle of a backlog came back empty, and what lay behind it counted as read."""
    server.serve(PATH, Index([(number, SECOND - number * 7) for number in range(1, 30)]))
    source = source_of(server, client, page=10)
    first = source.fetch("", None, NOW)
    server.serve(PATH, status(200, b'{"hits": [], "nbHits": 0}'))

    second = source.fetch("", first.cursor, NOW)

    assert second.coverage is not None
    assert second.coverage.truncated
    assert second.coverage.end == datetime.fromtimestamp(SECOND - 10 * 7 + 1, UTC)
    assert second.coverage.why == "the index shows nothing where it told of more"


def test_after_a_long_pause_the_look_goes_back_a_week_at_most(server: FeedServer, client: Client) -> None:
    index = Index([(1, SECOND - 10)])
    server.serve(PATH, index)
    source = source_of(server, client)
    first = source.fetch("", None, NOW)
    later = NOW + timedelta(days=30)
    index.add([(2, int(later.timestamp()) - 8 * 86_400), (3, int(later.timestamp()) - 6 * 86_400)])

    (second,) = look(source, first.cursor, later)

    assert found([second]) == [3]
    assert second.coverage is not None
    assert second.coverage.start == later - timedelta(days=7)


def test_an_item_from_the_future_does_not_carry_the_cursor_away(server: FeedServer, client: Client) -> None:
    index = Index([(1, SECOND + 86_400)])
    server.serve(PATH, index)
    source = source_of(server, client)
    first = source.fetch("", None, NOW)
    index.add([(2, SECOND + 30)])

    (second,) = look(source, first.cursor, NOW + timedelta(minutes=1))

    assert 2 in found([second])


def test_a_quiet_index_is_read_and_empty(server: FeedServer, client: Client) -> None:
    server.serve(PATH, Index())
    source = source_of(server, client)

    first = source.fetch("", None, NOW)
    second = source.fetch("", first.cursor, NOW + timedelta(minutes=10))

    assert first.posts == second.posts == ()
    assert second.coverage is not None
    assert second.coverage.end == NOW + timedelta(minutes=10)


@given(
    arrivals=st.lists(st.tuples(st.integers(0, 1_800), st.integers(0, 299)), min_size=1, max_size=40),
    page=st.integers(3, 10),
)
def test_nothing_is_lost_whatever_the_lag_and_the_page(arrivals: list[tuple[int, int]], page: int) -> None:
    """Items are written at one second and found up to 299 seconds later; a look comes every five minutes."""
    offline = _Offline(page)
    crowded = {at for at, _ in arrivals if sum(other == at for other, _ in arrivals) >= page}
    cursor, seen = None, set()
    for tick in range(0, 2_700, 300):
        for number, (at, lag) in enumerate(arrivals):
            if at + lag <= tick:
                offline.index.add([(number, SECOND + at)])
        batches = look(offline.source, cursor, NOW + timedelta(seconds=tick))
        cursor = batches[-1].cursor
        seen |= set(found(batches))

    assert seen >= {number for number, (at, _) in enumerate(arrivals) if at not in crowded}


class _Offline:
    """A source whose client answers from the index without a server, for many rounds."""

    def __init__(self, page: int) -> None:
        self.index = Index()
        self.source = HackerNewsSource(self, "https://index.example", page)  # type: ignore[arg-type]

    def get(self, _source: str, url: str, **_: object) -> Any:
        """Answer as the server would."""
        return _Answer(url, self.index)


class _Answer:
    """Takes the place of a request and of its response."""

    def __init__(self, url: str, index: Index) -> None:
        self.path = url
        self.body = b""
        index(self)  # type: ignore[arg-type]

    def answer(self, _status: int, body: bytes, _headers: object) -> None:
        """Keep what the index says."""
        self.body = body


def test_a_broken_hit_costs_itself_only_and_is_counted(server: FeedServer, client: Client) -> None:
    hits = [{"objectID": "1", "created_at_i": SECOND, "title": "fine"}, {"objectID": 2}, "text", None]
    server.serve(PATH, status(200, json.dumps({"hits": hits, "nbHits": 4}).encode()))

    batch = source_of(server, client).fetch("", None, NOW)

    assert found([batch]) == [1]
    assert batch.unreadable == 3


def test_a_page_of_broken_hits_is_a_changed_payload(server: FeedServer, client: Client) -> None:
    server.serve(PATH, status(200, b'{"hits": [{"id": 1}], "nbHits": 1}'))

    with pytest.raises(PayloadChanged, match="not one hit"):
        source_of(server, client).fetch("", None, NOW)


def test_half_a_character_does_not_spoil_the_page() -> None:
    hit = b'{"objectID": "1", "created_at_i": 5, "title": "a\\ud83d"}'

    batch = parse(b'{"hits": [%s], "nbHits": 1}' % hit, NOW)

    assert batch.posts[0].text == "a\ufffd"


def recordings() -> Iterator[dict[str, Any]]:
    """Yield the recorded answers of searches."""
    with tarfile.open(data_path("recordings/hn_algolia.tar.gz")) as files:
        file = files.extractfile("./fixtures/fixtures.json")
        assert file is not None
        yield from (call["reply"] for call in json.load(file) if "/search" in call["url"])


def test_recorded_answers_are_read_whole() -> None:
    replies = list(recordings())

    for reply in replies:
        batch = parse(json.dumps(reply).encode(), NOW)

        assert batch.unreadable == 0
        assert [post.key.id for post in batch.posts] == [hit["objectID"] for hit in reply["hits"]]
        for post, hit in zip(batch.posts, reply["hits"], strict=True):
            assert post.engagement.likes == hit["points"]
            assert post.engagement.replies == hit["num_comments"]
            assert post.author.handle == hit["author"]
            assert post.created_at is not None
            assert post.created_at.isoformat()[:19] == hit["created_at"][:19]
            assert (post.in_reply_to is None) == (hit["parent_id"] is None)
            words = html.unescape((hit["comment_text"] or hit["title"]).split("<")[0]).split()
            assert post.text.split()[: len(words)] == words
            assert "<p>" not in post.text
            assert "&#x" not in post.text
    assert sum(len(reply["hits"]) for reply in replies) >= 18


def test_a_hit_that_breaks_its_reader_is_set_aside_without_its_author(server: FeedServer, client: Client) -> None:
    """A time beyond the calendar raised in the middle of the page, which then came again for ever."""
    broken = {"objectID": "2", "created_at_i": 10**18, "title": "later", "author": "somebody"}
    good = [{"objectID": str(n), "created_at_i": SECOND - n, "title": "now", "author": "a"} for n in (1, 3)]
    page = {"hits": [good[0], broken, good[1]], "nbHits": 3}
    server.serve(PATH, status(200, json.dumps(page).encode()))
    source = source_of(server, client)

    batch = source.fetch("", None, NOW)

    assert found([batch]) == [1, 3]
    [aside] = batch.set_aside
    assert batch.unreadable == 1
    assert (aside.kind, aside.stage, aside.author) == ("item", "parse", Author(id="somebody"))
    assert b"somebody" not in aside.raw
    assert b"later" in aside.raw
    with pytest.raises((ValueError, OverflowError, OSError)):
        source.reread(aside.raw, NOW)
    mended = aside.raw.replace(str(10**18).encode(), str(SECOND).encode())
    post = source.reread(mended, NOW)
    assert post is not None
    assert post.text == "later"


def test_a_hit_whose_author_cannot_be_told_apart_is_not_kept(server: FeedServer, client: Client) -> None:
    aside = source_of(server, client).nameless(b'{"author": "somebody", "title": "\xff"}')

    assert aside.raw == b""
    assert aside.author == Author()
    assert aside.id.startswith("hackernews:")
