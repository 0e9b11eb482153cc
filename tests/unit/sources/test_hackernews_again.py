"""Hacker News a second time: known items as they are now, and windows of the past."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import PayloadChanged
from monitor.models import Batch, Cursor, PostKey, Window
from monitor.seams.looking_back import LookBack
from monitor.seams.rereading import Lookup
from monitor.sources.hackernews import HackerNewsSource, open_source
from monitor.sources.http import Client
from tests.simulators.algolia import PATH, Index, Items
from tests.simulators.feed_server import FeedServer, status

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
DAY = Window(NOW - timedelta(days=1), NOW)


def source_of(server: FeedServer, client: Client, page: int = 1_000) -> HackerNewsSource:
    options = {"url": f"{server.url}/api/v1", "items_url": f"{server.url}/v0", "page": str(page)}
    return open_source(client, options)


def key(number: int) -> PostKey:
    return PostKey("hackernews", str(number))


def test_it_can_be_asked_again_and_back(server: FeedServer, client: Client) -> None:
    source = source_of(server, client)

    assert isinstance(source, Lookup)
    assert isinstance(source, LookBack)


def test_a_story_is_seen_with_its_points_of_now(server: FeedServer, client: Client) -> None:
    items = Items()
    items.put(
        8863,
        type="story",
        by="dhouston",
        title="My YC app: a &amp; b",
        text="<p>no USB</p>",
        url="http://www.getdropbox.com/u/2/screencast.html",
        score=104,
        descendants=71,
        time=SECOND,
    )
    server.serve_everything(items)

    [post] = source_of(server, client).look_up([key(8863)], NOW).posts

    assert (post.engagement.likes, post.engagement.replies) == (104, 71)
    assert post.text == "My YC app: a & b\n\nno USB"
    assert post.links == ("http://www.getdropbox.com/u/2/screencast.html",)
    assert post.key == key(8863)
    assert (post.created_at, post.observed_at) == (NOW, NOW)
    assert post.author.id == "dhouston"


def test_the_same_item_has_the_same_text_in_both_apis(server: FeedServer, client: Client) -> None:
    """Else every second look would be taken for an edit."""
    index, items = Index(), Items()
    text = (
        'one <i>two</i>&#x27;s<p>three &lt;b&gt; <a href="https:&#x2F;&#x2F;a.example&#x2F;">https:&#x2F;&#x2F;a.e</a>'
    )
    index.add_text(7, SECOND - 5, text)
    items.put(7, text=text, by="person0", parent=1, time=SECOND - 5)
    server.serve(PATH, index)
    server.serve_everything(items)
    source = source_of(server, client)

    [found] = source.fetch("", None, NOW).posts
    [again] = source.look_up([key(7)], NOW).posts

    assert (again.text, again.links, again.author, again.url) == (found.text, found.links, found.author, found.url)
    assert (again.in_reply_to, again.time) == (found.in_reply_to, found.time)


@pytest.mark.parametrize("mark", ["deleted", "dead"])
def test_what_is_gone_is_told(server: FeedServer, client: Client, mark: str) -> None:
    items = Items()
    items.put(5, **{mark: True})
    server.serve_everything(items)

    again = source_of(server, client).look_up([key(5)], NOW)

    assert (again.posts, again.gone) == ((), (key(5),))


def test_an_answer_without_an_item_says_nothing_about_it(server: FeedServer, client: Client) -> None:
    """ "null" is what a replica that lags behind says, and what an outage may say of everything."""
    server.serve_everything(Items())

    assert source_of(server, client).look_up([key(5)], NOW) == ((), (), 0.0)


@pytest.mark.parametrize("body", [b"[]", b"<html>", b'{"id": "five"}', b'"x"'])
def test_another_shape_is_our_bug_and_nobodys_deletion(server: FeedServer, client: Client, body: bytes) -> None:
    server.serve_everything(status(200, body))

    with pytest.raises(PayloadChanged):
        source_of(server, client).look_up([key(5)], NOW)


def read_back(source: HackerNewsSource, window: Window) -> list[Batch]:
    batches = [source.back("", window, None, NOW)]
    while batches[-1].more:
        assert len(batches) < 500
        batches.append(source.back("", window, batches[-1].cursor, NOW))
    return batches


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(2, 9))
def test_a_window_is_read_whole_whatever_the_page(seconds: list[int], size: int) -> None:
    """But for a second that holds more than a page, which is told."""
    start = SECOND - 30
    window = Window(datetime.fromtimestamp(start, UTC), NOW)
    items = [(number, SECOND - second) for number, second in enumerate(seconds)]
    with FeedServer() as server:
        client = Client(allow=[server.address])
        server.serve(PATH, Index(items))
        batches = read_back(source_of(server, client, size), window)
        client.close()

    covered = [each.coverage for each in batches]
    assert all(each is not None for each in covered)
    wanted = {number for number, at in items if start <= at < SECOND}
    found = {int(post.key.id) for batch in batches for post in batch.posts}
    assert found <= wanted
    if not any(each is not None and each.truncated for each in covered):
        assert found == wanted
    ends = [each.end for each in covered if each is not None]
    starts = [each.start for each in covered if each is not None]
    assert (ends[0], starts[-1]) == (NOW, window.start)
    assert all(end >= start for start, end in zip(starts, ends[1:], strict=False))


def test_the_price_is_asked_for_before(server: FeedServer, client: Client) -> None:
    server.serve(PATH, Index([(number, SECOND - number) for number in range(1, 26)]))

    price = source_of(server, client, page=10).price("", DAY, NOW)

    assert (price.requests, price.posts, price.dollars, price.reach) == (3, 25, 0.0, None)
    assert "hitsPerPage=0" in server.asked[0]


def test_a_kill_between_two_pages_reads_no_page_twice(server: FeedServer, client: Client) -> None:
    server.serve(PATH, Index([(number, SECOND - 60 * number) for number in range(1, 26)]))
    source = source_of(server, client, page=10)
    first = source.back("", DAY, None, NOW)
    server.asked.clear()

    second = source_of(server, client, page=10).back("", DAY, Cursor(str(first.cursor)), NOW)

    assert len(server.asked) == 1
    shared = {post.key for post in first.posts} & {post.key for post in second.posts}
    assert len(shared) == 1, "the second in which the first page ended is read by both"
