"""Real answers of X, as others recorded them: each post, its numbers, links and times, told by another path than ours.

What is expected is read from the JSON by its keys, in a few lines of its own. Nothing of it is shown: it is personal.
"""

import gzip
import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.errors import AccessDenied, PayloadChanged, RateLimited
from monitor.models import Batch, Post
from monitor.sources.archive_line import LineReader, parse_map
from monitor.sources.x import parse
from monitor.sources.x_errors import refusal
from monitor.sources.x_lookup import known_of
from monitor.sources.x_pages import counts_of
from monitor.sources.x_posts import time_of
from tests.data import data_path

NOW = datetime(2026, 11, 30, tzinfo=UTC)
TWARC = (
    *("brexit", "cashtags", "cotweet", "edited", "edited_after", "edited_before", "geo_tweets", "many_urls"),
    *("media_tweet", "mentions_tweet", "noflat", "quoted_edit", "two_tweets", "verified_type"),
)
OF_USERS = r"users/\d+/(tweets|mentions|liked_tweets|bookmarks|timelines/reverse_chronological)"
POST_ROUTES = re.compile(rf"/2/(tweets(/search/(recent|all)|/\d+/quote_tweets)?|lists/\d+/tweets|{OF_USERS})$")


def lines_of(name: str) -> list[bytes]:
    """Return the lines of a recording."""
    return gzip.decompress(data_path(f"recordings/{name}").read_bytes()).splitlines()


def pages() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every recorded answer that lists posts, with where it is from."""
    for name in TWARC:
        for number, line in enumerate(lines_of(f"x_twarc/{name}.jsonl.gz")):
            yield f"{name} {number}", json.loads(line)
    for number, line in enumerate(lines_of("x_tweepy.jsonl.gz")):
        call = json.loads(line)
        route = call["url"].split("?")[0].removeprefix("https://api.twitter.com")
        if call["method"] == "GET" and POST_ROUTES.match(route):
            body = call["body"] if isinstance(call["body"], dict) else json.loads(call["body"])
            yield f"tweepy {number}", body
    flat = [json.loads(line) for line in lines_of("x_twarc/flat.jsonl.gz")]
    yield "flat", {"data": flat}


def rows_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the posts of a page."""
    data = page.get("data", [])
    return data if isinstance(data, list) else [data]


def read(page: dict[str, Any]) -> Batch:
    return parse(json.dumps({"meta": {"result_count": 0}} | page | {"data": rows_of(page)}).encode(), NOW)


def pairs() -> Iterator[tuple[dict[str, Any], Post, dict[str, Any]]]:
    """Yield each recorded post beside what we make of it."""
    for name, page in pages():
        batch = read(page)
        assert batch.unreadable == 0, name
        assert len(batch.posts) == len(rows_of(page)), name
        yield from zip(rows_of(page), batch.posts, [page] * len(batch.posts), strict=True)


def test_every_recorded_post_parses() -> None:
    assert sum(1 for _ in pairs()) > 300


def test_identities_are_those_of_the_first_versions() -> None:
    for row, post, _ in pairs():
        assert post.key == ("x", row.get("edit_history_tweet_ids", [row["id"]])[0])
        assert post.url is not None
        assert post.url.endswith(f"/status/{row['id']}")
        if len(row.get("edit_history_tweet_ids", [])) > 1 and row["edit_history_tweet_ids"][-1] == row["id"]:
            assert post.edited_from == row["edit_history_tweet_ids"][-2]


def test_numbers_are_those_that_x_counted() -> None:
    for row, post, _ in pairs():
        counts = row.get("public_metrics", {})
        expected = [counts.get(f"{name}_count") for name in ("like", "retweet", "reply", "impression")]
        got = post.engagement
        assert [got.likes, got.reposts, got.replies, got.views] == expected


def test_times_are_those_that_were_written_and_those_that_ids_tell() -> None:
    for row, post, _ in pairs():
        assert post.created_at is not None
        told = time_of(int(row["id"]))
        if "created_at" in row:
            year, month, day, hour, minute, second = map(int, re.findall(r"\d+", row["created_at"])[:6])
            assert post.created_at.replace(microsecond=0) == datetime(
                year, month, day, hour, minute, second, tzinfo=UTC
            )
            assert told is None or abs((told - post.created_at).total_seconds()) < 1.5


def test_texts_are_as_readers_see_them() -> None:
    seen = 0
    for row, post, page in pairs():
        referenced = {each["type"]: each["id"] for each in row.get("referenced_tweets", [])}
        included = {each["id"]: each for each in page.get("includes", {}).get("tweets", [])}
        shown = included.get(referenced.get("retweeted", ""), row)
        text = html.unescape(shown.get("note_tweet", {}).get("text") or shown["text"]).strip()
        assert text.startswith(post.text.strip())
        assert re.fullmatch(r"(\s*https://t\.co/\w+)*", text[len(post.text.strip()) :])
        assert post.repost_of == referenced.get("retweeted")
        assert post.in_reply_to == referenced.get("replied_to")
        seen += "retweeted" in referenced
    assert seen > 50


def test_links_are_where_they_lead_and_pictures_are_none() -> None:
    seen = 0
    for row, post, _ in pairs():
        if post.repost_of is not None:
            continue  # its links are those of the original
        found = [url for url in row.get("entities", {}).get("urls", []) if not url["display_url"].startswith("pic.")]
        expected = {url.get("unwound_url") or url.get("expanded_url") for url in found if "media_key" not in url}
        assert set(post.links) == expected
        seen += len(expected)
    assert seen > 50


def test_authors_have_a_name_only_where_the_recording_has_it() -> None:
    for row, post, page in pairs():
        users = {user["id"]: user for user in page.get("includes", {}).get("users", [])}
        user = users.get(row.get("author_id", ""), {})
        assert (post.author.id, post.author.handle) == (row.get("author_id"), user.get("username"))


def test_languages_are_tags_or_none() -> None:
    hints = {post.language_hint for _, post, _ in pairs()}

    assert not hints & {"in", "iw", "und", "zxx", "qme", "qst", "qht", "qam", "qct", "art"}
    assert {"en", None} <= hints


def test_counts_add_up_to_what_x_says() -> None:
    (line,) = lines_of("x_twarc/counts.jsonl.gz")
    page = json.loads(line)

    counts = counts_of(line)

    assert sum(counts.values()) == page["meta"]["total_tweet_count"]
    assert len(counts) == len(page["data"])


def test_partial_errors_name_what_is_gone_only_where_it_was_asked_for() -> None:
    (line,) = lines_of("x_twarc/noflat.jsonl.gz")
    assert json.loads(line)["errors"]
    assert known_of(line).gone == ()

    page = json.loads(line)
    asked = {
        **page["errors"][0],
        "parameter": "ids",
        "resource_type": "tweet",
        "resource_id": "17",
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }
    assert known_of(json.dumps(page | {"errors": [*page["errors"], asked]}).encode()).gone == ("17",)


def test_a_stream_with_a_broken_line_parses_but_for_that() -> None:
    *lines, broken = lines_of("x_twarc/streaming_output_with_error.jsonl.gz")

    for line in lines:
        record = json.loads(line)
        (post,) = read(record).posts
        assert post.key.id == rows_of(record)[0]["id"]

    with pytest.raises(PayloadChanged):
        parse(broken, NOW)


def test_statuses_of_the_api_before_this_one_are_read_as_an_archive() -> None:
    names = {"text": "full_text", "author": "user", "id": "id_str", "likes": "favorite_count"}
    more = {"reposts": "retweet_count", "language": "lang"}
    reader = LineReader(parse_map(",".join(f"{ours}={theirs}" for ours, theirs in (names | more).items())), "x")
    seen = 0
    for line in lines_of("x_rtweet.jsonl.gz"):
        body = json.loads(line)["body"]
        body = json.loads(body) if isinstance(body, str) and body.startswith(("[", "{")) else body
        found = body.get("statuses", []) if isinstance(body, dict) else body
        for status in found if isinstance(found, list) else []:
            if isinstance(status, dict) and "full_text" in status:
                post = reader.post(json.dumps(status).encode(), NOW)
                assert (post.key.id, post.text) == (status["id_str"], status["full_text"])
                assert (post.engagement.likes, post.engagement.reposts) == (
                    status["favorite_count"],
                    status["retweet_count"],
                )
                assert post.created_at is not None
                assert f"{post.created_at:%H:%M:%S +0000 %Y}" == status["created_at"][11:]
                seen += 1
    assert seen == 915


def errors() -> list[dict[str, Any]]:
    lines = map(json.loads, data_path("recordings/errors.jsonl").read_text().splitlines())
    return [found for found in lines if "x" in re.split(r"[ _]", found["platform"].lower())]


@pytest.mark.parametrize("number", range(16))
def test_each_recorded_refusal_says_what_to_do(number: int) -> None:
    reply = errors()[number]
    status, body = reply.get("status"), reply["body"]
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    if status is None:  # a line of a stream: nothing, which keeps it alive, or half a post
        with pytest.raises(PayloadChanged):
            parse(raw, NOW)
        return
    if status == 200:
        assert body["errors"]
        assert known_of(raw).gone == ()  # nobody asked for what is missing there
        return

    headers = {name.lower(): value for name, value in (reply.get("headers") or {}).items()}
    error = refusal(status, headers, raw, NOW)

    assert type(error) is {401: AccessDenied, 429: RateLimited}[status]
    assert str(status) in error.reason


def test_all_recorded_refusals_of_x_are_tried() -> None:
    assert len(errors()) == 16
