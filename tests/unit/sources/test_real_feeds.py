"""Every real feed, through the real child: the entries that plain feedparser gives, no more, no fewer, in its order."""

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest

from monitor.errors import PayloadChanged, SourceRejected
from monitor.models import Post
from monitor.sources.feed import Feed, ParseJob
from monitor.sources.feed_parser import FeedParser
from monitor.sources.rss import parse_feed
from monitor.text.markup import plain
from tests.data import data_path

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
HEADERS = {"content-type": "application/xml", "content-location": "https://feeds.example/feed"}
# Looked through by hand, so that the guards cannot quietly refuse more: documents that declare entities of their own,
# and files that hold no feed or an empty one of unknown kind.
REFUSED = {"feedparser": 2, "feedjira": 0, "huginn": 0}
NO_FEED = {"feedparser": 8, "feedjira": 6, "huginn": 1}
FILES = {"feedparser": 2_106, "feedjira": 43, "huginn": 8}


def documents(archive: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every file of an archive."""
    with tarfile.open(data_path(f"feeds/{archive}.tar.gz")) as files:
        for member in files:
            file = files.extractfile(member)
            if file is not None:
                yield member.name, file.read()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:feedparser")
@pytest.mark.parametrize("archive", REFUSED)
def test_every_entry_that_feedparser_gives_becomes_a_post(archive: str) -> None:
    parser = FeedParser(children=1)
    outcomes: Counter[str] = Counter()
    for name, body in documents(archive):
        try:
            feed = parser.parse("rss", ParseJob(body=body, headers=HEADERS))
        except SourceRejected:
            outcomes["refused"] += 1
            continue
        except PayloadChanged:
            assert not expected(body).entries, f"{name} has entries"
            outcomes["no feed"] += 1
            continue
        compare(name, body, feed)
        outcomes["read"] += 1
    parser.close()

    assert outcomes["refused"] == REFUSED[archive]
    assert outcomes["no feed"] == NO_FEED[archive]
    assert outcomes.total() == FILES[archive]


def expected(body: bytes) -> Any:
    """Return what plain feedparser makes of a document."""
    return feedparser.parse(body, response_headers=dict(HEADERS))


def compare(name: str, body: bytes, feed: Feed) -> None:
    """Compare ids, links and titles, in order, with feedparser's or, for JSON, with the document itself."""
    posts = parse_feed(feed, host="feeds.example", now=NOW)
    if body.lstrip()[:1] == b"{":
        items = json.loads(body)["items"]
        assert [post.key.id.split()[-1] for post in posts] == [str(item["id"]) for item in items], name
        assert [post.url for post in posts] == [item["url"] for item in items], name
        return
    entries = expected(body).entries
    assert len(posts) == len(entries), name
    for post, entry in zip(posts, entries, strict=True):
        assert_same(name, post, entry)


def assert_same(name: str, post: Post, entry: Any) -> None:
    """Compare one post with feedparser's entry."""
    identity = (entry.get("id") or entry.get("link") or "").strip()
    if identity and "sha256:" not in post.key.id:
        assert post.key.id in {identity, f"feeds.example {identity}"}, name
    link = (entry.get("link") or "").strip()
    assert (post.url or "") == (link if link.lower().startswith("http") else ""), name
    detail = entry.get("title_detail", {})
    title = entry.get("title", "")
    title = " ".join((plain(title) if "html" in detail.get("type", "") else title).split())
    words = title.rstrip("….").rstrip()
    assert " ".join(post.text.split()).startswith(words), name
