"""What YouTube answered others: every video and comment is read, and is what stands in the JSON."""

import html
import json
import re
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.errors import AccessDenied, SourceError, SourceRejected
from monitor.models import Post
from monitor.sources.http import Client
from monitor.sources.youtube import open_source, parse
from monitor.sources.youtube_items import hits_of, page_of
from tests.data import data_path
from tests.simulators.feed_server import FeedServer, status
from tests.simulators.youtube import a_thread, a_video

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FOLDER = "./testdata/"


def recorded(folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the recorded answers of a folder that are lists."""
    with tarfile.open(data_path("recordings/youtube.tar.gz")) as files:
        for member in files.getmembers():
            if member.isfile() and member.name.startswith(FOLDER + folder):
                file = files.extractfile(member)
                assert file is not None
                answer = json.load(file)
                if "items" in answer:
                    yield member.name, answer


def seen(text: str) -> str:
    """Return the letters of a text or of HTML."""
    return "".join(re.findall(r"\w", html.unescape(re.sub(r"<[^>]*>", " ", text))))


def check_video(post: Post, said: dict[str, Any]) -> None:
    """Compare a post with the JSON of its video."""
    snippet, counts = said["snippet"], said.get("statistics", {})
    assert (post.key.id, post.author.id) == (said["id"], snippet["channelId"])
    assert post.text.startswith(snippet["title"].strip())
    assert post.text.endswith(snippet["description"].strip())
    assert post.created_at is not None
    assert post.created_at.isoformat()[:19] == snippet["publishedAt"][:19]
    assert [str(post.engagement.views), str(post.engagement.likes), str(post.engagement.replies)] == [
        counts.get(name, "None") for name in ("viewCount", "likeCount", "commentCount")
    ]
    assert set(re.findall(r"https?://[\w./?=&%-]*[\w/]", snippet["description"])) == set(post.links)


def check_comment(post: Post, said: dict[str, Any]) -> None:
    """Compare a post with the JSON of its comment."""
    snippet = said["snippet"]
    assert post.key.id == said["id"]
    assert seen(html.escape(post.text)) == seen(snippet["textDisplay"])
    assert post.engagement.likes == snippet["likeCount"]
    assert post.author.id == snippet["authorChannelId"]["value"]
    assert post.author.name == snippet["authorDisplayName"]
    assert post.created_at is not None
    assert post.created_at.isoformat()[:19] == snippet["publishedAt"][:19]
    assert post.in_reply_to == snippet.get("parentId", snippet.get("videoId"))


def test_recorded_videos_are_read_as_they_stand_in_the_json() -> None:
    videos = 0
    for name, answer in recorded("apidata/videos/videos_"):
        said = [item for item in answer["items"] if "snippet" in item]
        if not said:
            continue
        batch = parse(json.dumps(answer).encode(), NOW)
        assert batch.unreadable == len(answer["items"]) - len(said), name
        for post, item in zip(batch.posts, said, strict=True):
            check_video(post, item)
            videos += 1

    assert videos > 10


def test_recorded_comments_are_read_as_they_stand_in_the_json() -> None:
    comments = 0
    for folder in ("apidata/comments/", "apidata/comment_threads/"):
        for name, answer in recorded(folder):
            said = []
            for item in answer["items"]:
                is_thread = item["kind"] == "youtube#commentThread"
                said += [item["snippet"]["topLevelComment"]] if is_thread else [item]
                said += item.get("replies", {"comments": []})["comments"]
            batch = parse(json.dumps(answer).encode(), NOW)
            assert batch.unreadable == 0, name
            for post, item in zip(
                batch.posts, [each for each in said if seen(each["snippet"]["textDisplay"])], strict=True
            ):
                check_comment(post, item)
                comments += 1

    assert comments > 15


def test_recorded_searches_give_the_videos_in_them() -> None:
    found = 0
    for _, answer in recorded("apidata/search/"):
        hits = hits_of(page_of(json.dumps(answer).encode()).raws)

        assert [hit.id for hit in hits] == [
            item["id"]["videoId"] for item in answer["items"] if "videoId" in item["id"]
        ]
        found += len(hits)

    assert found > 20


def test_recorded_refusals_have_their_errors(server: FeedServer, client: Client) -> None:
    expected = {
        "error_response.json": (400, AccessDenied),
        "error_response_simple.json": (400, SourceRejected),
        "apidata/error_permission_resp.json": (403, AccessDenied),
    }
    lines = data_path("recordings/errors.jsonl").read_text(encoding="utf-8").strip().split("\n")
    replies = [reply for line in lines if "youtube" in (reply := json.loads(line))["platform"]]
    source = open_source(client, {"key": "key-of-ours", "url": server.url})
    for reply in replies:
        code, kind = expected.pop(reply["file"])
        body = json.dumps(reply["body"]).encode()
        server.serve_everything(status(code, body, {"Content-Type": "application/json"}))

        with pytest.raises(SourceError) as caught:
            source.fetch("pots", None, NOW)

        assert type(caught.value) is kind

    assert expected == {}


def test_the_simulated_api_gives_nothing_that_recorded_answers_do_not_have() -> None:
    [whole] = [answer["items"][0] for _, answer in recorded("modeldata/videos/video_api_response")]
    [thread] = [answer["items"][0] for name, answer in recorded("apidata/comment_threads/") if "by_video" in name]
    video, said = a_video("video000001", "t", NOW), a_thread("video000001", "Ug1", "words", NOW)

    assert set(video) <= set(whole)
    assert set(video["snippet"]) <= set(whole["snippet"])
    assert set(video["statistics"]) <= set(whole["statistics"])
    assert set(said) <= set(thread)
    assert set(said["snippet"]) <= set(thread["snippet"])
    comment = thread["snippet"]["topLevelComment"]
    assert set(said["snippet"]["topLevelComment"]["snippet"]) <= set(comment["snippet"])
