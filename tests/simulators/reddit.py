"""Reddit as a server: tokens, listings, lookups, limits and refusals, as strict as the real."""

import base64
import json
import threading
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

CLIENT, SECRET, AGENT = "client-of-ours", "secret-of-ours", "test:monitor:1 (by /u/tester)"
_LONGEST_LISTING = 1_000
_PARAMETERS = {
    "search": {"q", "sort", "type", "t", "limit", "after", "raw_json"},
    "listing": {"limit", "after", "raw_json"},
    "info": {"id", "raw_json"},
}


class Reddit:
    """The server, running while in its `with` block. `now` is its clock, `limit` how many requests a window has."""

    def __init__(self, now: Callable[[], datetime], limit: int = 1_000) -> None:
        self.things: list[dict[str, Any]] = []
        self.hidden: set[str] = set()
        self.asked: list[str] = []
        self.tokens = 0
        self.problems: list[str] = []
        self.refusal: tuple[int, dict[str, str], bytes] | None = None
        self._now = now
        self._limit = limit
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> "Reddit":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Return the address of the server's root."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def submit(self, name: str, title: str, at: datetime, subreddit: str = "pots", **more: Any) -> None:
        """Publish a submission."""
        data = {
            "name": name,
            "id": name[3:],
            "title": title,
            "selftext": "",
            "selftext_html": None,
            "author": "potter",
            "created_utc": at.timestamp(),
            "permalink": f"/r/{subreddit}/comments/{name[3:]}/words/",
            "url": f"https://www.reddit.com/r/{subreddit}/comments/{name[3:]}/words/",
            "is_self": True,
            "subreddit": subreddit,
            "score": 7,
            "num_comments": 3,
            "removed_by_category": None,
            "is_robot_indexable": True,
        }
        self.things.append({"kind": "t3", "data": data | more})

    def say(self, name: str, text: str, at: datetime, subreddit: str = "pots", **more: Any) -> None:
        """Write a comment."""
        data = {
            "name": name,
            "id": name[3:],
            "body": text,
            "body_html": f'<div class="md"><p>{text}</p>\n</div>',
            "author": "replier",
            "created_utc": at.timestamp(),
            "permalink": f"/r/{subreddit}/comments/aaa/words/{name[3:]}/",
            "parent_id": "t3_aaa",
            "link_id": "t3_aaa",
            "subreddit": subreddit,
            "score": 2,
            "score_hidden": False,
        }
        self.things.append({"kind": "t1", "data": data | more})

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Answer a request."""
        path = urlsplit(target).path.strip("/")
        if not headers.get("User-Agent", "").startswith(AGENT):
            return 429, {}, b"your user agent is not descriptive"
        if path == "api/v1/access_token":
            return self._token(method, headers, body)
        self.asked.append(target)
        limits = self._limits()
        if self.refusal is not None:
            return self.refusal
        if len(self.asked) > self._limit:
            return 429, limits, b'{"message": "Too Many Requests", "error": 429}'
        if headers.get("Authorization") != f"bearer token-{self.tokens}":
            return 401, limits, b'{"message": "Unauthorized", "error": 401}'
        status, answer = self._listed(path, dict(parse_qsl(urlsplit(target).query)))
        if status == 302:
            return status, limits | {"Location": answer["to"]}, b""
        return status, limits, json.dumps(answer).encode()

    def _token(self, method: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if headers.get("Authorization") != f"Basic {basic}":
            return 401, {}, b'{"message": "Unauthorized", "error": 401}'
        asked = parse_qs(body.decode())
        if method != "POST" or asked.get("grant_type") != ["client_credentials"]:
            return 400, {}, b'{"error": "unsupported_grant_type"}'
        self.tokens += 1
        said = {"access_token": f"token-{self.tokens}", "token_type": "bearer", "expires_in": 86400, "scope": "*"}
        return 200, {}, json.dumps(said).encode()

    def _limits(self) -> dict[str, str]:
        left = max(0, self._limit - len(self.asked))
        return {
            "x-ratelimit-remaining": f"{left}.0",
            "x-ratelimit-used": str(len(self.asked)),
            "x-ratelimit-reset": "240",
        }

    def _listed(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if "r/private/" in path:
            return 403, {"reason": "private", "message": "Forbidden", "error": 403}
        if "r/nowhere/" in path:
            return 302, {"to": f"{self.url}/subreddits/search?q=nowhere"}
        kind = {"search": "search", "api/info": "info"}.get(path, "listing")
        strange = set(query) - _PARAMETERS[kind]
        if strange or int(query.get("limit", "25")) > 100 or query.get("raw_json") != "1":
            self.problems.append(f"{path}: {query}")
            return 400, {"message": "Bad Request", "error": 400}
        if kind == "info":
            names = query["id"].split(",")
            return 200, _listing([thing for thing in self.things if thing["data"]["name"] in names], None)
        return 200, self._page(self._found(path, query), query)

    def _found(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        if path == "search":
            words = [word.strip('"').casefold() for word in query["q"].split(" OR ")]
            some = [t for t in self.things if t["kind"] == "t3" and t["data"]["name"] not in self.hidden]
            return [t for t in some if any(word in t["data"]["title"].casefold() for word in words)]
        _, names, what = path.split("/")
        kind = {"new": "t3", "comments": "t1"}[what]
        return [t for t in self.things if t["kind"] == kind and t["data"]["subreddit"] in names.split("+")]

    def _page(self, found: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        ordered = sorted(found, key=lambda thing: -thing["data"]["created_utc"])[:_LONGEST_LISTING]
        names = [thing["data"]["name"] for thing in ordered]
        # A listing behind an item that is gone is empty, without a word.
        start = (
            0 if "after" not in query else names.index(query["after"]) + 1 if query["after"] in names else len(names)
        )
        end = start + int(query.get("limit", "25"))
        return _listing(ordered[start:end], names[end - 1] if end < len(names) else None)


def _listing(things: list[dict[str, Any]], after: str | None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"dist": len(things), "children": things, "after": after, "before": None}}


def _handler(reddit: Reddit) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answered(b"")

        def do_POST(self) -> None:
            self._answered(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        def _answered(self, body: bytes) -> None:
            status, headers, answer = reddit.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            kinds = {"Content-Type": "application/json", "Content-Length": str(len(answer))}
            closing = {"Connection": "close"} if self.close_connection else {}
            for name, value in (kinds | headers | closing).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler
