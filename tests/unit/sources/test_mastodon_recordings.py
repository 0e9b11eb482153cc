"""What real instances answered: every status is read, and what is read of it is what stands in the JSON."""

import gzip
import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from monitor.errors import AccessDenied, SourceError, SourceRejected
from monitor.models import Post
from monitor.sources.http import Client
from monitor.sources.mastodon import open_source, parse
from monitor.sources.mastodon_instances import worded
from monitor.sources.mastodon_status import decoded, is_open, nameless, post_of
from tests.data import data_path
from tests.simulators.feed_server import FeedServer, status

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@cache
def calls(name: str) -> list[dict[str, Any]]:
    """Return recorded calls."""
    with gzip.open(data_path(f"recordings/{name}"), "rt", encoding="utf-8") as lines:
        return list(map(json.loads, lines))


def statuses_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all that looks like a status, however deep it stands."""
    if isinstance(value, dict):
        if "uri" in value and "favourites_count" in value:
            yield value
        for each in value.values():
            yield from statuses_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from statuses_in(each)


def recorded() -> Iterator[dict[str, Any]]:
    """Yield the statuses of all recordings; those that answer their own deletion come without their HTML."""
    for name in ("mastodon_py.jsonl.gz", "mastodon_rtoot.jsonl.gz"):
        for call in calls(name):
            for each in statuses_in(call["body"]):
                assert "content" in each or call["method"] == "DELETE" or "text" in each
                if "content" in each and (each.get("reblog") is None or "content" in each["reblog"]):
                    yield each
    for line in data_path("recordings/mastodon_stream.json").read_text(encoding="utf-8").strip().split("\n"):
        yield json.loads(line)


def seen(markup: str) -> str:
    """Return the letters and digits that a reader sees, by other means than the scanner."""
    bare = html.unescape(re.sub(r"<[^>]*>", " ", markup))
    return "".join(re.findall(r"\w", bare))


def is_expected(said: dict[str, Any]) -> bool:
    """Tell by the JSON whether a status may be read."""
    account = said["account"]
    profile = json.dumps([account["note"], account["display_name"], account.get("fields")])
    return said["visibility"] == "public" and "nobot" not in re.sub(r"<[^>]*>", "", profile).lower()


def check(post: Post, said: dict[str, Any]) -> None:
    """Compare a post with its JSON."""
    assert seen(html.escape(post.text)) == seen(html.escape(said["spoiler_text"]) + " " + said["content"])
    assert post.created_at is not None
    assert post.created_at.timestamp() == pytest.approx(
        datetime.strptime(said["created_at"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
    )
    assert post.language_hint == said["language"]
    assert post.observed_at == NOW
    if "at://" in said["uri"]:
        assert f"{post.key}" == f"bluesky:{said['uri'][said['uri'].index('at://') :]}"
        assert post.author.handle == said["account"]["acct"].split("@")[0]
        return
    counts = (said.get("favourites_count"), said.get("reblogs_count"), said.get("replies_count"))
    assert (post.engagement.likes, post.engagement.reposts, post.engagement.replies) == counts
    assert (post.key.source, post.key.id) == ("mastodon", said["uri"])
    assert post.url == (said["url"] or said["uri"])
    handle = post.author.handle or ""
    assert handle.split("@")[0] == said["account"]["username"]
    assert handle.startswith(said["account"]["acct"])
    card = said.get("card")
    assert not card or card["url"] in post.links


def test_every_recorded_status_is_read_as_it_stands_in_the_json() -> None:
    counts = {"read": 0, "closed": 0, "no text": 0, "bridged": 0}
    for said in recorded():
        raw = json.dumps(said).encode()
        inner = said.get("reblog") or said
        found = decoded(raw)
        assert is_open(found, is_search=False) == is_expected(inner)
        post = post_of(found, NOW)
        if post is None:
            assert not seen(inner["spoiler_text"] + inner["content"])
            counts["no text"] += 1
            continue
        check(post, inner)
        counts["read" if is_expected(inner) else "closed"] += 1
        counts["bridged"] += post.key.source == "bluesky"
        kept = nameless(raw)
        assert bool(kept.raw) == is_expected(inner)
        name = json.dumps(inner["account"]["display_name"] or "-", ensure_ascii=False)
        assert name not in kept.raw.decode()

    assert counts["read"] > 800
    assert counts["closed"] > 200
    assert counts["bridged"] == 12


def test_recorded_timelines_and_trends_are_read_whole() -> None:
    pages = 0
    for name in ("mastodon_py.jsonl.gz", "mastodon_rtoot.jsonl.gz"):
        for call in calls(name):
            if call["method"] != "GET" or call["status"] != 200 or not isinstance(call["body"], list):
                continue
            if not re.search(r"/timelines/|/trends/statuses|/accounts/\d+/statuses", call["url"]):
                continue
            batch = parse(json.dumps(call["body"]).encode(), NOW)
            expected = [each.get("reblog") or each for each in call["body"]]
            uris = [each["uri"] for each in expected if is_expected(each) and seen(each["content"])]
            assert batch.unreadable == 0
            assert [each.key.id for each in batch.posts] == [re.sub(r"^https://bsky.*?at:", "at:", uri) for uri in uris]
            pages += 1

    assert pages > 45


def test_links_of_recorded_statuses_are_those_that_lead_to_no_person_and_no_tag() -> None:
    checked = 0
    for said in recorded():
        inner = said.get("reblog") or said
        post = post_of(decoded(json.dumps(said).encode()), NOW)
        if post is None:
            continue
        anchors = re.findall(r"<a\s[^>]*>", inner["content"])
        shared = [anchor for anchor in anchors if not re.search(r"class=.[^\"']*\b(mention|hashtag)\b", anchor)]
        targets = {html.unescape(href) for anchor in shared for href in re.findall(r'href="(http[^"]*)"', anchor)}
        targets |= {inner["card"]["url"]} if inner.get("card") else set()
        assert set(post.links) == targets
        checked += bool(targets)

    assert checked > 100


def recorded_errors() -> Iterator[dict[str, Any]]:
    """Yield the recorded refusals of Mastodon."""
    for line in data_path("recordings/errors.jsonl").read_text(encoding="utf-8").strip().split("\n"):
        reply = json.loads(line)
        if "mastodon" in reply["platform"]:
            yield reply


def test_every_recorded_refusal_has_its_error_and_keeps_its_words(server: FeedServer, client: Client) -> None:
    replies = list(recorded_errors())
    source = open_source(client, {"instances": server.url})
    for reply in replies:
        body = reply["body"] if isinstance(reply["body"], str) else json.dumps(reply["body"])
        headers = {"Content-Type": "application/json"} if body.startswith("{") else {}
        server.serve_everything(status(int(reply["status"]), body.encode(), headers))

        with pytest.raises(SourceError) as caught:
            source.fetch("#pots", None, NOW)

        is_denied = int(reply["status"]) in {401, 403}
        assert type(caught.value) is (AccessDenied if is_denied else SourceRejected)
        words = json.loads(body).get("error", "") if body.startswith("{") else ""
        assert words.split() == [] or words.split()[0] in str(caught.value)

    assert len(replies) == 26


def test_words_of_an_instance_are_one_line() -> None:
    assert str(worded("x.example", SourceRejected("mastodon", "no"))) == "mastodon: x.example: no"
