"""What Reddit answered PRAW: every submission and comment is read, and is what stands in the JSON."""

import gzip
import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest

from monitor.errors import AccessDenied, RateLimited, SourceError, SourceRejected
from monitor.models import Cursor, Post
from monitor.seams.quarantine import Fetch
from monitor.sources.http import Client
from monitor.sources.reddit import open_source, parse
from monitor.sources.reddit_api import refused
from tests.data import data_path

NOW = datetime(2026, 11, 1, tzinfo=UTC)
GONE = {"[deleted]", "[removed]"}


@cache
def calls() -> list[dict[str, Any]]:
    """Return recorded calls."""
    with gzip.open(data_path("recordings/reddit_praw.jsonl.gz"), "rt", encoding="utf-8") as lines:
        return list(map(json.loads, lines))


def listings(body: Any) -> Iterator[dict[str, Any]]:
    """Yield all listings in an answer, however deep they stand."""
    if isinstance(body, dict):
        if body.get("kind") == "Listing" and all("kind" in child for child in body["data"]["children"]):
            yield body
        for each in body.values():
            yield from listings(each)
    elif isinstance(body, list):
        for each in body:
            yield from listings(each)


class Shown(HTMLParser):
    """What the standard library's parser finds that a reader sees; not the scanner of the product."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(markup)
        self.close()

    def handle_data(self, data: str) -> None:
        """Keep what stands between tags."""
        self.parts.append(data)


def seen(markup: str) -> str:
    """Return the letters of HTML."""
    return "".join(re.findall(r"\w", " ".join(Shown(markup).parts)))


def is_post(thing: dict[str, Any]) -> bool:
    """Tell by the JSON whether an item is a post that may be read."""
    data = thing["data"]
    if thing["kind"] not in {"t1", "t3"} or data.get("removed_by_category"):
        return False
    said = data.get("body") if thing["kind"] == "t1" else data.get("selftext")
    shown = re.sub(r"<[^>]*>", "", data.get("body_html") or "") if thing["kind"] == "t1" else data["title"]
    is_open = data.get("is_robot_indexable", True)
    return (said or "").strip() not in GONE and is_open and bool(html.unescape(shown).strip())


def check(post: Post, thing: dict[str, Any]) -> None:
    """Compare a post with the JSON of its item."""
    data = thing["data"]
    is_comment = thing["kind"] == "t1"
    markup = data["body_html"] if is_comment else html.escape(data["title"]) + " " + (data["selftext_html"] or "")
    assert post.key.id == data["name"] == f"{thing['kind']}_{data['id']}"
    assert seen(html.escape(post.text)) == seen(markup)
    assert post.created_at == datetime.fromtimestamp(data["created_utc"], UTC)
    assert (post.author.handle or "[deleted]") == (data["author"] or "[deleted]")
    hidden = data.get("score_hidden") or data.get("hide_score")
    assert post.engagement.likes == (None if hidden else data.get("score"))
    assert post.engagement.replies == data.get("num_comments")
    assert post.in_reply_to == data.get("parent_id")
    if "permalink" in data or "link_id" in data:
        assert post.url is not None
        assert post.url.endswith(data.get("permalink") or data["id"])
    anchors = re.findall(r'<a href="(http[^"]*)"', data.get("body_html") or data.get("selftext_html") or "")
    targets = {html.unescape(anchor).strip() for anchor in anchors}
    host = "" if is_comment else data["url"].removeprefix("https:/").removeprefix("http:/")
    is_inside = host.count("/") < 1 or host.split("/")[1].endswith(("reddit.com", "redd.it", "redditmedia.com"))
    is_inside = is_inside or not data.get("url", "").startswith("http")
    elsewhere = [] if is_comment or data["is_self"] or is_inside else [data["url"]]
    assert targets | set(elsewhere) == set(post.links)


def test_every_recorded_item_is_read_as_it_stands_in_the_json() -> None:
    counts = {"t1": 0, "t3": 0, "gone": 0}
    for call in calls():
        for listing in listings(call["body"]):
            children = listing["data"]["children"]
            if not children:
                continue
            batch = parse(json.dumps(listing).encode(), NOW)
            expected = [child for child in children if is_post(child)]
            assert batch.unreadable == 0
            assert len(batch.posts) == len(expected)
            for post, thing in zip(batch.posts, expected, strict=True):
                check(post, thing)
                counts[thing["kind"]] += 1
            counts["gone"] += len(batch.deletions)

    assert counts["t1"] > 2_000
    assert counts["t3"] > 3_000
    assert counts["gone"] > 10


def polls(name: str) -> list[dict[str, Any]]:
    """Return the pages that a recorded stream was given, poll after poll."""
    found = [call for call in calls() if call["file"].endswith(name) and call["method"] == "GET"]
    return [call["body"] for call in found]


def test_polls_of_a_comment_stream_give_each_item_once() -> None:
    """Three of four items of the recorded stream were in the poll before."""
    pages = polls("TestRedditor.test_stream__comments.json")
    source = open_source(Client(), {"mode": "rss"})
    cursor: Cursor | None = None
    given: list[str] = []
    for number, page in enumerate(pages):
        now = datetime(2017, 7, 1, tzinfo=UTC) + number * timedelta(minutes=1)
        batch = source.read(json.dumps(page).encode(), Fetch("r/all/comments", cursor, now))
        cursor = batch.cursor
        given += [post.key.id for post in batch.posts]
    source.close()

    shown = [child["data"]["name"] for page in pages for child in page["data"]["children"]]
    assert len(pages) == 5
    assert len(shown) == 394
    assert sorted(given) == sorted(set(shown))


def test_recorded_refusals_have_their_errors() -> None:
    lines = data_path("recordings/errors.jsonl").read_text(encoding="utf-8").strip().split("\n")
    replies = [reply for line in lines if "reddit" in (reply := json.loads(line))["platform"]]
    kinds: dict[str, type[SourceError]] = {"401": AccessDenied, "403": AccessDenied}
    for reply in replies:
        if reply["status"] in {"200", 200}:
            continue  # refused in words of a method that we never call
        body = reply["body"] if isinstance(reply["body"], str) else json.dumps(reply["body"])
        headers = {name.lower(): value for name, value in reply["headers"].items()}

        error = refused(int(reply["status"]), headers, body.encode(), NOW)

        assert type(error) is kinds.get(str(reply["status"]), SourceRejected)
        words = reply["body"].get("explanation") if isinstance(reply["body"], dict) else None
        assert words is None or words.split()[0] in str(error)

    assert len(replies) == 35


def test_recorded_redirects_are_refusals_with_their_targets() -> None:
    found = [call for call in calls() if call["status"] in {301, 302}]
    for call in found:
        headers = {name.lower(): value for name, value in call["headers"].items()}

        with pytest.raises(SourceRejected, match="leads to http"):
            raise refused(call["status"], headers, b"", NOW)

    assert len(found) == 5


def test_the_headers_of_recorded_limits_are_read() -> None:
    headers = [{n.lower(): v for n, v in call["headers"].items()} for call in calls()]
    limited = [each for each in headers if "x-ratelimit-reset" in each]

    waits = [refused(429, each, b"", NOW) for each in limited]

    assert len(limited) > 500
    for each, error in zip(limited, waits, strict=True):
        assert isinstance(error, RateLimited)
        assert error.retry_after.total_seconds() == max(1, int(each["x-ratelimit-reset"]))
