"""One entry that breaks the parser of feeds costs itself only."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import PayloadChanged
from monitor.sources.feed import Feed, FeedEntry, ParseJob
from monitor.sources.feed_parser import FeedBroken, FeedParser
from monitor.sources.feed_pieces import MOST_PARSES, halve, pieces_of, without_names
from monitor.sources.http import Client
from monitor.sources.rss import RssSource
from tests.simulators.feed_server import FeedServer, document, in_turn

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)


class Brittle(FeedParser):
    """The real parser, which breaks on an entry that says BREAK; it counts how often it was asked."""

    asked = 0

    def parse(self, source: str, job: ParseJob) -> Feed:
        self.asked += 1
        if b"BREAK" in job.body:
            raise FeedBroken(source, "the feed broke its parser")
        return super().parse(source, job)


@pytest.fixture(scope="module")
def parser() -> Iterator[Brittle]:
    parser = Brittle(children=1)
    yield parser
    parser.close()


def feed(*texts: str) -> bytes:
    items = "".join(
        f"<item><guid>https://a.example/{n}</guid><title>{text}</title><author>somebody</author></item>"
        for n, text in enumerate(texts)
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()


def test_the_others_are_read_and_the_broken_one_is_set_aside(
    client: Client, server: FeedServer, parser: Brittle
) -> None:
    texts = [f"n{n}" for n in range(20)]
    texts[7] = "BREAK"
    source = RssSource(client, parser)
    url = server.serve("/feed", in_turn(document(feed(*texts)), document(feed(*texts, "new"))))

    first = source.fetch(url, None, NOW)
    before = parser.asked
    second = source.fetch(url, first.cursor, NOW + timedelta(minutes=10))

    assert [post.text for post in first.posts] == [text for text in texts if text != "BREAK"]
    assert first.unreadable == 1
    [aside] = first.set_aside
    assert b"BREAK" in aside.raw
    assert b"somebody" not in aside.raw
    assert parser.asked == before + 1, "what is known to break the parser is left out at once"
    assert [post.text for post in second.posts][-1] == "new"
    assert second.unreadable == 1
    assert [each.id for each in second.set_aside] == [aside.id]


def test_a_feed_of_which_nothing_can_be_read_is_broken(client: Client, server: FeedServer, parser: Brittle) -> None:
    url = server.serve("/feed", document(feed("BREAK", "BREAK")))

    with pytest.raises(PayloadChanged, match="broke its parser"):
        RssSource(client, parser).fetch(url, None, NOW)


@given(st.lists(st.sampled_from(["a", "<![CDATA[<item>]]>", "<!-- <entry> -->", "b"]), min_size=2, max_size=12))
def test_a_document_in_pieces_is_the_document(texts: list[str]) -> None:
    body = feed(*texts)

    pieces = pieces_of(body)

    assert pieces is not None
    assert len(pieces.entries) == len(texts)
    assert pieces.joined(pieces.entries) == body


@given(st.lists(st.booleans(), min_size=2, max_size=60))
def test_halving_finds_every_broken_entry_or_says_what_it_left(is_broken: list[bool]) -> None:
    body = feed(*("BREAK" if broken else f"n{n}" for n, broken in enumerate(is_broken)))
    pieces = pieces_of(body)
    assert pieces is not None
    asked = []

    def parse(document: bytes) -> Feed | None:
        asked.append(document)
        count = document.count(b"<item>")
        return None if b"BREAK" in document else Feed(entries=(FeedEntry(),) * count, count=count)

    halved = halve(pieces, parse)

    assert len(asked) <= MOST_PARSES
    assert len(halved.feed.entries) + len(halved.broken) + halved.left == len(is_broken)
    assert all(b"BREAK" in each for each in halved.broken)
    if sum(is_broken) <= 5:
        assert halved.left == 0
        assert len(halved.broken) == sum(is_broken)


@pytest.mark.parametrize(
    "body", [b"", b"<rss><channel></channel></rss>", feed("one"), "<item/><item/>".encode("utf-16")]
)
def test_what_cannot_be_cut_is_left_whole(body: bytes) -> None:
    assert pieces_of(body) is None


def test_names_are_taken_out() -> None:
    piece = b"<entry><author><name>A</name></author><dc:creator>B</dc:creator><title>by C</title></entry>"

    assert without_names(piece) == b"<entry><title>by C</title></entry>"


@pytest.mark.chaos
def test_the_real_parser_is_broken_by_a_long_author(client: Client, server: FeedServer) -> None:
    """feedparser's expression for authors is quadratic (its issue 562): 100,000 letters take half a minute."""
    parser = FeedParser(children=1)
    long = f"<item><guid>https://a.example/9</guid><author>{'a' * 100_000}</author><title>long</title></item>".encode()
    body = feed("n0", "n1", "n2").replace(b"</channel>", long + b"</channel>")
    url = server.serve("/feed", document(body))

    batch = RssSource(client, parser).fetch(url, None, NOW)

    parser.close()
    assert [post.text for post in batch.posts] == ["n0", "n1", "n2"]
    assert batch.unreadable == 1
