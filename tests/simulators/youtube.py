"""YouTube's Data API as a behaviour of the feed server: searches, videos, comments, quotas; strict.

Answers have the fields of recorded ones (tests/unit/sources/test_youtube_recordings.py compares them).
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.simulators.feed_server import HttpRequest

KEY = "key-of-ours"
_PARAMETERS = {
    "search": {"part", "type", "order", "maxResults", "q", "publishedAfter", "publishedBefore", "pageToken"},
    "videos": {"part", "id", "maxResults"},
    "commentThreads": {"part", "videoId", "order", "maxResults", "pageToken"},
    "comments": {"part", "id", "maxResults"},
    "channels": {"part", "forHandle"},
}
_SIZES = ("default", "medium", "high", "standard")
_MOST = {"search": 50, "videos": 50, "commentThreads": 100, "comments": 100, "channels": 50}


class Refusal(Exception):
    """An answer that is none."""

    def __init__(self, status: int, reason: str, message: str = "no") -> None:
        super().__init__(status, reason, message)
        self.status = status
        self.body = {"error": {"code": status, "message": message, "errors": [{"reason": reason, "domain": "youtube"}]}}


class Api:
    """The API, its videos and comments. `hidden` videos exist and are not found by searches yet."""

    def __init__(self, now: Callable[[], datetime], searches: int = 100) -> None:
        self.videos: dict[str, dict[str, Any]] = {}
        self.channels: dict[str, str] = {}
        self.threads: dict[str, list[dict[str, Any]]] = {}
        self.hidden: set[str] = set()
        self.closed: set[str] = set()
        self.spent: list[str] = []
        self.answers: list[Any] = []
        self._now = now
        self._searches = searches

    def video(self, id_: str, title: str, at: datetime, comments: int = 0) -> None:
        """Publish a video."""
        self.videos[id_] = a_video(id_, title, at, comments)

    def comment(self, video: str, id_: str, text: str, at: datetime, replies: Sequence[tuple[str, str]] = ()) -> None:
        """Write a comment under a video, with answers."""
        self.threads.setdefault(video, []).append(a_thread(video, id_, text, at, replies))

    def __call__(self, asked: HttpRequest) -> None:
        """Answer as the API does."""
        path = urlsplit(asked.path).path.rpartition("/")[2]
        query = dict(parse_qsl(urlsplit(asked.path).query, strict_parsing=True))
        self.spent.append(path)
        try:
            status, answer = 200, self._answer(path, query, asked.headers.get("X-Goog-Api-Key"))
        except Refusal as e:
            status, answer = e.status, e.body
        self.answers.append(answer)
        asked.answer(status, json.dumps(answer).encode(), {"Content-Type": "application/json; charset=UTF-8"})

    def _answer(self, path: str, query: dict[str, str], key: str | None) -> dict[str, Any]:
        if key != KEY:
            raise Refusal(400, "badRequest", "API key not valid. Please pass a valid API key.")
        strange = set(query) - _PARAMETERS.get(path, set())
        if path not in _PARAMETERS or strange:
            raise Refusal(400, "invalidParameter", f"{path} knows no {sorted(strange)}")
        if int(query.get("maxResults", "5")) > _MOST[path]:
            raise Refusal(400, "invalidValue", "maxResults is too large")
        if path == "search":
            return self._search(query)
        if path == "channels":
            return self._channel(query["forHandle"].lstrip("@"))
        if path == "commentThreads":
            return self._comments(query)
        return self._listed(path, query["id"].split(","))

    def _search(self, query: dict[str, str]) -> dict[str, Any]:
        if self.spent.count("search") > self._searches:
            raise Refusal(403, "quotaExceeded", "The request cannot be completed because you have exceeded your quota.")
        after = datetime.fromisoformat(query["publishedAfter"])
        before = datetime.fromisoformat(query.get("publishedBefore", "9999-01-01T00:00:00Z"))
        words = [word.strip('"').casefold() for word in query["q"].split("|")]
        found = [
            video
            for id_, video in self.videos.items()
            if id_ not in self.hidden
            and after <= datetime.fromisoformat(video["snippet"]["publishedAt"]) < before
            and any(word in video["snippet"]["title"].casefold() for word in words)
        ]
        found.sort(key=lambda video: str(video["snippet"]["publishedAt"]), reverse=True)
        return _paged("youtube#searchListResponse", [_result(video) for video in found], query)

    def _comments(self, query: dict[str, str]) -> dict[str, Any]:
        video = query["videoId"]
        if video in self.closed:
            raise Refusal(403, "commentsDisabled", "The video has disabled comments.")
        if video not in self.videos:
            raise Refusal(404, "videoNotFound", "The video could not be found.")
        threads = sorted(self.threads.get(video, []), key=_published, reverse=True)
        return _paged("youtube#commentThreadListResponse", threads, query)

    def _channel(self, handle: str) -> dict[str, Any]:
        info = {"totalResults": int(handle in self.channels), "resultsPerPage": 5}
        found = {"kind": "youtube#channelListResponse", "etag": "e", "pageInfo": info}
        if handle not in self.channels:
            return found
        return found | {"items": [{"kind": "youtube#channel", "etag": "e", "id": self.channels[handle]}]}

    def _listed(self, path: str, ids: list[str]) -> dict[str, Any]:
        comments = [each for threads in self.threads.values() for thread in threads for each in _all(thread)]
        known = self.videos if path == "videos" else {each["id"]: each for each in comments}
        return _paged(
            f"youtube#{path.removesuffix('s')}ListResponse",
            [known[id_] for id_ in ids if id_ in known],
            {"maxResults": "50"},
        )


def _paged(kind: str, items: list[Any], query: dict[str, str]) -> dict[str, Any]:
    start, size = int(query.get("pageToken", "0")), int(query["maxResults"])
    following = {"nextPageToken": str(start + size)} if start + size < len(items) else {}
    info = {"totalResults": len(items), "resultsPerPage": size}
    if kind == "youtube#commentListResponse":
        del info["totalResults"]
    return {"kind": kind, "etag": "e", "pageInfo": info, "items": items[start : start + size]} | following


def _published(thread: dict[str, Any]) -> str:
    return str(thread["snippet"]["topLevelComment"]["snippet"]["publishedAt"])


def _all(thread: dict[str, Any]) -> list[dict[str, Any]]:
    return [thread["snippet"]["topLevelComment"], *thread.get("replies", {"comments": []})["comments"]]


def _result(video: dict[str, Any]) -> dict[str, Any]:
    snippet = {name: video["snippet"][name] for name in ("publishedAt", "channelId", "title", "channelTitle")}
    rest = {
        "description": video["snippet"]["description"][:20],
        "thumbnails": _thumbnails(_SIZES[:3]),
        "liveBroadcastContent": "none",
    }
    id_ = {"kind": "youtube#video", "videoId": video["id"]}
    return {"kind": "youtube#searchResult", "etag": "e", "id": id_, "snippet": snippet | rest}


def _thumbnails(sizes: Sequence[str]) -> dict[str, Any]:
    return {size: {"url": f"https://i.ytimg.example/{size}.jpg", "width": 120, "height": 90} for size in sizes}


def a_video(id_: str, title: str, at: datetime, comments: int = 0) -> dict[str, Any]:
    """Return a video."""
    snippet = {
        "publishedAt": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "channelId": "UCchannel",
        "channelTitle": "Kitchen Channel",
        "title": title,
        "description": "All about pots. https://pots.example/",
        "thumbnails": _thumbnails(_SIZES),
        "categoryId": "22",
        "localized": {"title": title, "description": "All about pots. https://pots.example/"},
        "defaultAudioLanguage": "en",
        "liveBroadcastContent": "none",
    }
    statistics = {"viewCount": "1000", "likeCount": "20", "favoriteCount": "0", "commentCount": str(comments)}
    return {"kind": "youtube#video", "etag": "e", "id": id_, "snippet": snippet, "statistics": statistics}


def a_thread(video: str, id_: str, text: str, at: datetime, replies: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """Return a comment with its answers."""
    answers = [_comment(video, reply, said, at + timedelta(seconds=1), id_) for reply, said in replies]
    snippet = {
        "videoId": video,
        "topLevelComment": _comment(video, id_, text, at),
        "canReply": True,
        "totalReplyCount": len(answers),
        "isPublic": True,
    }
    thread = {"kind": "youtube#commentThread", "etag": "e", "id": id_, "snippet": snippet}
    return thread | ({"replies": {"comments": answers}} if answers else {})


def _comment(video: str, id_: str, text: str, at: datetime, parent: str | None = None) -> dict[str, Any]:
    snippet = {
        "authorDisplayName": "@talker",
        "authorProfileImageUrl": "https://yt3.example/talker.jpg",
        "authorChannelUrl": "https://www.youtube.com/@talker",
        "canRate": True,
        "viewerRating": "none",
        "authorChannelId": {"value": "UCtalker"},
        "videoId": video,
        "textDisplay": text,
        "textOriginal": text,
        "likeCount": 4,
        "publishedAt": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "updatedAt": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {
        "kind": "youtube#comment",
        "etag": "e",
        "id": id_,
        "snippet": snippet | ({} if parent is None else {"parentId": parent}),
    }
