"""Feeds to posts, and how a feed is asked again."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import PayloadChanged, RateLimited, SourceRejected, SourceUnavailable
from monitor.models import Coverage
from monitor.sources import rss
from monitor.sources.cursors import cursor_of
from monitor.sources.feed import Feed, FeedEntry
from monitor.sources.feed_parser import FeedParser
from monitor.sources.feed_place import Told, corrected, placed, told_now
from monitor.sources.http import Client
from monitor.sources.rss import RssSource, parse_feed
from tests.build import a_post
from tests.simulators.feed_server import FeedServer, document, in_turn, moved, status

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)


@pytest.fixture(scope="module")
def parser() -> Iterator[FeedParser]:
    parser = FeedParser(children=1)
    yield parser
    parser.close()


@pytest.fixture
def source(client: Client, parser: FeedParser) -> RssSource:
    return RssSource(client, parser)


def feed(*items: str, channel: str = "") -> bytes:
    """Return an RSS document of these items."""
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f"<rss version='2.0'><channel><title>t</title>{channel}{inner}</channel></rss>".encode()


def item(number: int) -> str:
    """Return a dated item."""
    date = "<pubDate>Thu, 02 May 2024 11:00:00 GMT</pubDate>"
    return f"<guid>https://a.example/{number}</guid><title>n{number}</title>{date}"


def ids(*entries: FeedEntry, host: str = "a.example") -> list[str]:
    """Return the ids of the posts of these entries."""
    return [post.key.id for post in parse_feed(Feed(entries=entries), host=host, now=NOW)]


def test_the_second_look_is_conditional_and_304_carries_coverage_on(source: RssSource, server: FeedServer) -> None:
    modified = "Thu, 02 May 2024 11:00:00 GMT"
    url = server.serve("/feed", document(feed(item(1)), etag='W/"1"', last_modified=modified))

    first = source.fetch(url, None, NOW)
    second = source.fetch(url, first.cursor, LATER)
    third = source.fetch(url, second.cursor, LATER + timedelta(minutes=10))

    assert len(first.posts) == 1
    assert first.coverage == Coverage(start=NOW, end=NOW)
    assert second.posts == third.posts == ()
    assert second.coverage == Coverage(start=NOW, end=LATER)
    assert third.coverage == Coverage(start=LATER, end=LATER + timedelta(minutes=10))
    assert server.headers("/feed")["if-none-match"] == 'W/"1"'
    assert server.headers("/feed")["if-modified-since"] == modified


def test_last_modified_alone_is_enough(source: RssSource, server: FeedServer) -> None:
    url = server.serve("/feed", document(feed(item(1)), last_modified="whatever the server said"))
    first = source.fetch(url, None, NOW)

    assert source.fetch(url, first.cursor, LATER).posts == ()
    assert server.headers("/feed")["if-modified-since"] == "whatever the server said"


@pytest.mark.parametrize("etag", ['"标签"', '"' + "x" * 400 + '"', '"tab\there"'])
def test_a_tag_that_cannot_be_sent_back_is_forgotten(etag: str, source: RssSource, server: FeedServer) -> None:
    url = server.serve("/feed", document(feed(item(1)), headers={"ETag": etag.encode().decode("latin-1")}))
    first = source.fetch(url, None, NOW)

    second = source.fetch(url, first.cursor, LATER)

    assert len(second.posts) == 1
    assert "if-none-match" not in server.headers("/feed")


@pytest.mark.parametrize(("code", "is_moved"), [(301, True), (308, True), (302, False), (307, False)])
def test_only_a_permanent_redirect_moves_the_query(
    code: int, is_moved: bool, source: RssSource, server: FeedServer
) -> None:
    new = server.serve("/new", document(feed(item(1)), etag='"1"'))
    url = server.serve("/old", moved(code, "/new"))

    first = source.fetch(url, None, NOW)
    unchanged = source.fetch(url, first.cursor, LATER)

    assert len(first.posts) == 1
    assert first.moved_to == unchanged.moved_to == (new if is_moved else None)
    assert unchanged.posts == ()


def test_a_redirect_to_an_error_moves_nothing(source: RssSource, server: FeedServer) -> None:
    server.serve("/new", status(404))

    with pytest.raises(SourceRejected):
        source.fetch(server.serve("/old", moved(301, "/new")), None, NOW)


def test_gone_is_for_a_person(source: RssSource, server: FeedServer) -> None:
    with pytest.raises(SourceRejected, match="gone for good"):
        source.fetch(server.serve("/feed", status(410)), None, NOW)


def test_a_busy_server_says_when_to_come_back(source: RssSource, server: FeedServer) -> None:
    url = server.serve("/feed", in_turn(status(503, headers={"Retry-After": "120"}), status(503)))

    with pytest.raises(RateLimited) as caught:
        source.fetch(url, None, NOW)
    with pytest.raises(SourceUnavailable):
        source.fetch(url, None, NOW)

    assert caught.value.retry_after == timedelta(minutes=2)


@pytest.mark.parametrize("body", [b"[]", b"<html><body>Please sign in</body></html>", b"", b"{}"])
def test_a_broken_answer_after_a_good_one_loses_nothing(body: bytes, source: RssSource, server: FeedServer) -> None:
    url = server.serve("/feed", in_turn(document(feed(item(1))), status(200, body), document(feed(item(1), item(2)))))
    first = source.fetch(url, None, NOW)

    with pytest.raises(PayloadChanged):
        source.fetch(url, first.cursor, LATER)
    third = source.fetch(url, first.cursor, LATER)

    assert third.coverage == Coverage(start=NOW, end=LATER)
    assert len(third.posts) == 2


@pytest.mark.parametrize(
    ("channel", "cache", "minutes"),
    [
        ("", None, None),
        ("", "no-cache", None),
        ("", "public, max-age=0", None),
        ("", "public, max-age=1800", 30),
        ("", 's-maxage=9, MAX-AGE="600"', 10),
        ("", "max-age=1", 5),
        ("", "max-age=99999999", 24 * 60),
        ("<ttl>60</ttl>", None, 60),
        ("<ttl>60</ttl>", "max-age=7200", 120),
        ("<ttl>999999</ttl>", "max-age=60", 24 * 60),
    ],
)
def test_the_longest_wish_is_honoured_between_five_minutes_and_a_day(
    channel: str, cache: str | None, minutes: int | None, source: RssSource, server: FeedServer
) -> None:
    headers = {} if cache is None else {"Cache-Control": cache}
    url = server.serve("/feed", document(feed(item(1), channel=channel), etag='"1"', headers=headers))

    first = source.fetch(url, None, NOW)
    second = source.fetch(url, first.cursor, LATER)

    assert first.not_before == (None if minutes is None else NOW + timedelta(minutes=minutes))
    assert second.not_before == (None if minutes is None else LATER + timedelta(minutes=minutes))


def test_two_looks_that_share_no_entry_may_have_missed_posts(source: RssSource, server: FeedServer) -> None:
    pages = [feed(item(1), item(2)), feed(item(2), item(3)), feed(item(8), item(9)), feed(), feed(item(10))]
    url = server.serve("/feed", in_turn(*map(document, pages)))
    batches = []
    cursor = None

    for step in range(len(pages)):
        batches.append(source.fetch(url, cursor, NOW + step * timedelta(minutes=10)))
        cursor = batches[-1].cursor

    assert [batch.coverage and batch.coverage.truncated for batch in batches] == [False, False, True, None, True]


def test_an_undated_entry_keeps_the_time_at_which_it_was_first_seen(source: RssSource, server: FeedServer) -> None:
    undated = "<guid>https://a.example/u</guid><title>no date</title>"
    url = server.serve("/feed", in_turn(document(feed(undated, item(1))), document(feed(undated, item(2)))))

    first = source.fetch(url, None, NOW)
    second = source.fetch(url, first.cursor, NOW + timedelta(days=40))
    third = source.fetch(url, second.cursor, NOW + timedelta(days=80))

    assert [batch.posts[0].observed_at for batch in (first, second, third)] == [NOW] * 3
    assert second.posts[1].observed_at == NOW + timedelta(days=40)


def test_what_has_left_the_feed_leaves_the_cursor(source: RssSource, server: FeedServer) -> None:
    pages = [document(feed("<title>no date</title>")), document(feed(item(2)))]
    url = server.serve("/feed", in_turn(*pages))

    first = source.fetch(url, None, NOW)
    second = source.fetch(url, first.cursor, LATER)

    assert first.cursor is not None
    assert second.cursor is not None
    assert len(json.loads(first.cursor)["undated"]) == 1
    assert "undated" not in json.loads(second.cursor)


@pytest.mark.parametrize("size", [5, 600, 2_000])
def test_the_cursor_stays_small_and_large_feeds_still_overlap(size: int, source: RssSource, server: FeedServer) -> None:
    pages = [document(feed(*map(item, range(start, start + size)))) for start in (0, size // 10)]
    url = server.serve("/feed", in_turn(*pages))

    first = source.fetch(url, None, NOW)
    second = source.fetch(url, first.cursor, LATER)

    assert first.cursor is not None
    assert len(first.cursor) < 10_000
    assert second.coverage is not None
    assert not second.coverage.truncated


@pytest.mark.parametrize(
    ("entry", "post_id"),
    [
        (FeedEntry(id="https://b.example/1", link="https://c.example"), "https://b.example/1"),
        (FeedEntry(id="tag:b.example,2024:1"), "tag:b.example,2024:1"),
        (FeedEntry(id="17", link="https://c.example"), "a.example 17"),
        (FeedEntry(link="https://c.example/2"), "https://c.example/2"),
    ],
)
def test_the_id_is_the_guid_else_the_link(entry: FeedEntry, post_id: str) -> None:
    assert ids(entry) == [post_id]


def test_without_guid_and_link_the_words_decide() -> None:
    one, same, other = ids(FeedEntry(title="a"), FeedEntry(title="a"), FeedEntry(title="a", content="b"))

    assert one == same != other
    assert one.startswith("a.example sha256:")


def test_a_guid_that_is_a_mere_number_is_the_sites_own() -> None:
    assert ids(FeedEntry(id="1"), host="a.example") != ids(FeedEntry(id="1"), host="b.example")


def test_a_guid_that_stands_for_several_links_identifies_nothing() -> None:
    entries = [FeedEntry(id="https://a.example/", link=f"https://a.example/{n}", title="t") for n in range(3)]

    assert len(set(ids(*entries))) == 3


def test_an_update_under_the_same_guid_and_link_is_the_same_post() -> None:
    entries = [FeedEntry(id="x", link="https://a.example/x", content=text) for text in ("old", "new")]

    assert len(set(ids(*entries))) == 1


def test_a_monstrous_guid_becomes_a_short_id() -> None:
    assert all(
        len(post_id) < 100 for post_id in ids(FeedEntry(id="http://x/" + "y" * 9_000), FeedEntry(id="z" * 9_000))
    )


@pytest.mark.parametrize(
    ("title", "content", "text"),
    [
        ("Title", "<p>Body</p>", "Title\n\nBody"),
        ("Title", "", "Title"),
        ("", "<p>Body</p>", "Body"),
        ("", "", ""),
        ("Same words", "Same words and more", "Same words and more"),
        ("Same words…", "<p>Same words, and more</p>", "Same words, and more"),
        ("Same words ...", "Same words, and more", "Same words, and more"),
        ("砸锅&amp;卖铁", "别的", "砸锅&卖铁\n\n别的"),
        ("…", "Body", "…\n\nBody"),
    ],
)
def test_the_text_is_title_and_body_without_saying_it_twice(title: str, content: str, text: str) -> None:
    (post,) = parse_feed(Feed(entries=(FeedEntry(title=title, content=content),)), host="", now=NOW)

    assert post.text == text


@pytest.mark.parametrize(
    ("published", "updated", "created_at"),
    [
        (1_714_600_000, 1_714_650_000, datetime.fromtimestamp(1_714_600_000, UTC)),
        (None, 1_714_650_000, datetime.fromtimestamp(1_714_650_000, UTC)),
        (0, None, None),
        (-62_135_596_800, None, None),
        (10**17, None, None),
        (None, None, None),
    ],
)
def test_the_time_is_when_it_was_published_else_updated_else_unknown(
    published: int | None, updated: int | None, created_at: datetime | None
) -> None:
    entry = FeedEntry(title="t", published=published, updated=updated)

    (post,) = parse_feed(Feed(entries=(entry,)), host="", now=NOW)

    assert post.created_at == created_at
    assert post.observed_at == NOW


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("zh-TW", "zh-TW"),
        ("zh_Hant", "zh-Hant"),
        ("en", "en"),
        ("", None),
        (None, None),
        ("English please", None),
        ("x" * 9, None),
    ],
)
def test_a_language_is_a_tag_or_nothing(tag: str | None, hint: str | None) -> None:
    (post,) = parse_feed(Feed(entries=(FeedEntry(language=tag),)), host="", now=NOW)

    assert post.language_hint == hint


ENTRIES = st.builds(
    FeedEntry,
    id=st.none() | st.text(max_size=400),
    link=st.none() | st.text(max_size=50),
    title=st.text(max_size=50),
    content=st.text(max_size=100),
    published=st.none() | st.integers(-(2**63), 2**63 - 1),
    language=st.none() | st.text(max_size=20),
)


@given(st.lists(ENTRIES, max_size=8).map(tuple))
def test_any_entries_become_as_many_posts_with_stable_ids(entries: tuple[FeedEntry, ...]) -> None:
    posts = parse_feed(Feed(entries=entries), host="a.example", now=NOW)

    assert len(posts) == len(entries)
    assert all(post.key.id for post in posts)
    assert [post.key for post in posts] == [
        post.key for post in parse_feed(Feed(entries=entries), host="a.example", now=LATER)
    ]


def dated(n: int, day: int) -> str:
    return f"<guid>https://a.example/{n}</guid><title>{n}</title><pubDate>{day:02} Mar 2024 08:00:00 GMT</pubDate>"


@pytest.mark.parametrize(
    ("before", "after", "is_torn"),
    [
        pytest.param(
            [dated(0, 1), dated(9, 9), dated(8, 8)], [dated(0, 1), dated(12, 12), dated(11, 11)], True, id="pin"
        ),
        pytest.param(
            [dated(0, 1), dated(9, 9), dated(8, 8)], [dated(0, 1), dated(10, 10), dated(9, 9)], False, id="pin, next"
        ),
        pytest.param([dated(9, 9), dated(8, 8)], [dated(10, 10), dated(8, 8)], False, id="the newest was withdrawn"),
        pytest.param([dated(7, 7), dated(8, 8)], [dated(8, 8), dated(9, 9)], False, id="going on at its end"),
        pytest.param([dated(7, 7), dated(8, 8)], [dated(9, 9), dated(10, 10)], True, id="torn at its end"),
        pytest.param([*map(item, range(9))], [item(0), *map(item, range(20, 28))], True, id="pin, no dates"),
        pytest.param([*map(item, range(9))], [item(0), *map(item, range(2, 10))], False, id="no dates, going on"),
        pytest.param([*map(item, range(9))], [item(20), *map(item, range(8))], False, id="no dates, one new"),
    ],
)
def test_a_pinned_entry_hides_no_hole(
    before: list[str], after: list[str], is_torn: bool, source: RssSource, server: FeedServer
) -> None:
    url = server.serve("/feed", in_turn(document(feed(*before)), document(feed(*after))))

    second = source.fetch(url, source.fetch(url, None, NOW).cursor, LATER)

    assert second.coverage is not None
    assert second.coverage.truncated == is_torn


def test_an_entry_that_breaks_its_reader_costs_itself_only(
    source: RssSource, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.serve("/feed", document(feed(item(1), item(2), item(3))))
    plain = rss.plain
    monkeypatch.setattr(rss, "plain", lambda text: 1 / 0 if text == "n2" else plain(text))

    batch = source.fetch(url, None, NOW)

    assert len(batch.posts) == 2
    assert batch.unreadable == 1
    [aside] = batch.set_aside
    assert aside.reason == "ZeroDivisionError: division by zero"
    monkeypatch.undo()
    read = source.reread(aside.raw, NOW)
    assert read is not None
    assert read.text.startswith("n2")


def test_an_emptied_feed_is_no_news_and_what_came_and_went_meanwhile_is_missed(
    source: RssSource, server: FeedServer
) -> None:
    """An empty document took the place of what was known, and the hole behind it was called read."""
    hour = timedelta(hours=1)
    url = server.serve("/feed", document(feed(*map(item, range(1, 6)))))
    full = source.fetch(url, None, NOW)
    server.serve("/feed", document(feed()))
    empty = source.fetch(url, full.cursor, NOW + hour)
    server.serve("/feed", document(feed(*map(item, range(50, 55)))))
    torn = source.fetch(url, empty.cursor, NOW + 2 * hour)

    assert (empty.posts, empty.coverage, empty.fresh) == ((), None, 0)
    assert torn.coverage is not None
    assert (torn.coverage.start, torn.coverage.truncated) == (NOW, True)
    assert (full.fresh, torn.fresh) == (0, 5)


def titled(number: int, title: str) -> str:
    """Return a dated item with another title."""
    return item(number).replace(f"<title>n{number}</title>", f"<title>{title}</title>")


def corrections(texts: Iterable[str], every: timedelta = timedelta(minutes=10)) -> list[str]:
    """Return the texts that are told as corrections when each look finds an entry with the next one."""
    told: Mapping[str, Told] = {}
    found = []
    for n, text in enumerate(texts):
        posts = [a_post("pinned"), a_post("entry", text=text)]
        after = told_now(posts, told, NOW + n * every)
        found += [post.text for post in corrected(posts, told, after)]
        told = after
    return found


def test_a_correction_of_a_known_entry_is_told_once(source: RssSource, server: FeedServer) -> None:
    url = server.serve("/feed", document(feed(item(1), titled(2, "Mayor stole 5 million"))))
    first = source.fetch(url, None, NOW)
    server.serve("/feed", document(feed(item(1), titled(2, "Correction: the mayor stole nothing"))))

    second = source.fetch(url, first.cursor, LATER)
    third = source.fetch(url, second.cursor, LATER + timedelta(minutes=10))

    assert first.edits == third.edits == ()
    assert [post.text for post in second.edits] == ["Correction: the mayor stole nothing"]


def test_a_feed_that_shows_an_entry_in_two_forms_by_turns_is_not_followed_for_ever() -> None:
    """Two days of looks every ten minutes: corrections after at least 0, 1, 3, 7, 15 and 31 hours."""
    assert 2 <= len(corrections("AB"[n % 2] for n in range(288))) <= 6


def test_an_entry_that_counts_on_is_corrected_ever_more_rarely_and_to_its_newest_text() -> None:
    assert corrections(str(n) for n in range(288)) == ["1", "7", "19", "43", "91", "187"]


def test_a_text_that_must_wait_is_told_later_unless_it_is_taken_back() -> None:
    assert corrections("ABCCCCCCC") == ["B", "C"]
    assert corrections("ABCCBBBBB") == ["B"]


def test_a_place_without_texts_of_an_earlier_release_corrects_nothing(source: RssSource, server: FeedServer) -> None:
    url = server.serve("/feed", document(feed(item(1))))
    cursor = source.fetch(url, None, NOW).cursor
    assert cursor is not None
    place = placed(cursor)
    server.serve("/feed", document(feed(titled(1, "another"))))

    batch = source.fetch(url, cursor_of(msgspec.structs.replace(place, told={})), LATER)

    assert batch.edits == ()
