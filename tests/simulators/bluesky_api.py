"""A Bluesky server as far as sessions, search and posts go, strict where the real one is.

with FeedServer() as server:
    api = BlueskyApi(server)
    api.add("砸锅卖铁", at=datetime(2026, 11, 20, tzinfo=UTC))

Sessions: https://docs.bsky.app/docs/api/com-atproto-server-create-session. Search: app.bsky.feed.searchPosts, which
knows no OR and is refused to strangers; posts: app.bsky.feed.getPosts, at most 25.
"""

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulators.feed_server import FeedServer, HttpRequest

IDENTIFIER, PASSWORD = "alice.test", "app-password-1"
DID = "did:plc:aliceaaaaaaaaaaaaaaaaaaa"


class BlueskyApi:
    """The server's posts, and what was asked of it."""

    def __init__(self, server: FeedServer, deepest: int = 10_000) -> None:
        self.url = server.url
        self.posts: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.logins = self.refreshes = 0
        self.fails: tuple[int, dict[str, str], dict[str, str]] | None = None
        self._deepest = deepest
        self._numbers = count(1)
        self._access = self._refresh = ""
        for method, behaviour in {
            "com.atproto.server.createSession": self._create,
            "com.atproto.server.refreshSession": self._renew,
            "app.bsky.feed.searchPosts": self._search,
            "app.bsky.feed.getPosts": self._get_posts,
            "com.atproto.identity.resolveHandle": self._resolve,
        }.items():
            server.serve(f"/xrpc/{method}", behaviour)

    def add(self, text: str, at: datetime, **view: object) -> str:
        """Add a post to the index, and return its address."""
        rkey = f"3k{next(self._numbers):011d}"
        uri = f"at://{DID}/app.bsky.feed.post/{rkey}"
        record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": at.isoformat(), "langs": ["zh"]}
        author = {"did": DID, "handle": IDENTIFIER, "displayName": "Alice", "labels": []}
        counts = {"likeCount": 3, "repostCount": 1, "replyCount": 2, "quoteCount": 4}
        found = {
            "uri": uri,
            "cid": "bafy",
            "author": author,
            "record": record,
            "indexedAt": at.isoformat(),
            "labels": [],
        }
        self.posts.append(found | counts | view)
        return uri

    def expire(self, *, refresh_too: bool = False) -> None:
        """Let the access token run out, and the other one if wanted."""
        self._access = ""
        if refresh_too:
            self._refresh = ""

    def _create(self, asked: HttpRequest) -> None:
        assert asked.command == "POST"
        said = json.loads(asked.body)
        self.logins += 1
        if self._has_failed(asked):
            return
        if said != {"identifier": IDENTIFIER, "password": PASSWORD}:
            _fail(asked, 401, "AuthenticationRequired", "Invalid identifier or password")
            return
        self._session(asked)

    def _renew(self, asked: HttpRequest) -> None:
        assert asked.command == "POST"
        self.refreshes += 1
        if asked.body:
            _fail(asked, 400, "InvalidRequest", "A request body was provided when none was expected")
            return
        if not self._refresh or asked.headers.get("Authorization") != f"Bearer {self._refresh}":
            _fail(asked, 400, "ExpiredToken", "Token has been revoked")
            return
        self._session(asked)

    def _session(self, asked: HttpRequest) -> None:
        number = next(self._numbers)
        self._access, self._refresh = f"access-{number}", f"refresh-{number}"
        document = {"id": DID, "service": [{"id": "#atproto_pds", "type": "x", "serviceEndpoint": self.url}]}
        said = {
            "accessJwt": self._access,
            "refreshJwt": self._refresh,
            "did": DID,
            "handle": IDENTIFIER,
            "didDoc": document,
        }
        _answer(asked, said)

    def _search(self, asked: HttpRequest) -> None:
        query = self._noted(asked)
        if self._has_failed(asked):
            return
        token = (asked.headers.get("Authorization") or "").removeprefix("Bearer ")
        if not token:
            _fail(asked, 401, "AuthMissing", "Authentication Required")
        elif token != self._access:
            _fail(asked, 400, "ExpiredToken", "Token has expired")
        else:
            self._found(asked, query)

    def _found(self, asked: HttpRequest, query: dict[str, list[str]]) -> None:
        limit, begin = int(query.get("limit", ["25"])[0]), int(query.get("cursor", ["0"])[0])
        if set(query) - {"q", "sort", "since", "until", "limit", "cursor"} or not 1 <= limit <= 100:
            _fail(asked, 400, "InvalidRequest", "Error: limit can not be greater than 100")
            return
        since, until = (datetime.fromisoformat(query[name][0]) for name in ("since", "until"))
        words = query["q"][0].casefold()
        hits = [
            post
            for post in sorted(self.posts, key=lambda each: str(each["indexedAt"]), reverse=True)
            if words in post["record"]["text"].casefold()
            and since <= datetime.fromisoformat(post["indexedAt"]).astimezone(UTC) < until
        ]
        page, end = hits[begin : begin + limit], begin + limit
        is_over = end >= len(hits) or end >= self._deepest
        _answer(asked, {"posts": page, "hitsTotal": len(hits)} | ({} if is_over else {"cursor": str(end)}))

    def _get_posts(self, asked: HttpRequest) -> None:
        query = self._noted(asked)
        if self._has_failed(asked):
            return
        uris = query.get("uris", [])
        if not 1 <= len(uris) <= 25:
            _fail(asked, 400, "InvalidRequest", "Error: uris must not have more than 25 elements")
            return
        _answer(asked, {"posts": [post for post in self.posts if post["uri"] in uris]})

    def _resolve(self, asked: HttpRequest) -> None:
        query = self._noted(asked)
        if self._has_failed(asked):
            return
        if query.get("handle") != [IDENTIFIER]:
            _fail(asked, 400, "InvalidRequest", "Unable to resolve handle")
            return
        _answer(asked, {"did": DID})

    def _noted(self, asked: HttpRequest) -> dict[str, list[str]]:
        parts = urlsplit(asked.path)
        query = parse_qs(parts.query)
        self.asked.append((parts.path.rsplit("/", 1)[1], query))
        return query

    def _has_failed(self, asked: HttpRequest) -> bool:
        if self.fails is None:
            return False
        status, said, headers = self.fails
        asked.answer(status, json.dumps(said).encode(), {"Content-Type": "application/json"} | headers)
        return True


def _answer(asked: HttpRequest, said: object) -> None:
    asked.answer(200, json.dumps(said).encode(), {"Content-Type": "application/json; charset=utf-8"})


def _fail(asked: HttpRequest, status: int, error: str, message: str) -> None:
    said = json.dumps({"error": error, "message": message}).encode()
    asked.answer(status, said, {"Content-Type": "application/json; charset=utf-8"})
