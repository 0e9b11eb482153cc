"""A Lemmy instance as a behaviour of the feed server: lists, single things, refusals; strict about what it is asked.

Its answers have the fields of Lemmy 0.19 (https://join-lemmy.org/api/); what it hears of late gets a higher number.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.simulators.feed_server import HttpRequest

_PARAMETERS = {
    "post/list": {"type_", "sort", "limit", "page_cursor"},
    "comment/list": {"type_", "sort", "limit", "page"},
    "post": {"id"},
    "comment": {"id"},
}
_MOST = 50


class Refusal(Exception):
    """An answer that is none: a status and Lemmy's word for it."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


class Lemmy:
    """The instance, its posts and comments by their numbers. `refusal` is its next answer, once."""

    def __init__(self, host: str, now: Callable[[], datetime]) -> None:
        self.host = host
        self.posts: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.problems: list[str] = []
        self.refusal: Refusal | None = None
        self._now = now
        self._numbers = 100

    def post(self, name: str, at: datetime, *, home: str | None = None, **more: Any) -> str:
        """Let a post be known, written here or at another `home`, and return its address."""
        number = self._number()
        post = self._thing("post", number, at, home) | {"name": name, "url": None, "body": None, "nsfw": False} | more
        counts = {"post_id": number, "comments": 2, "score": 7, "upvotes": 9, "downvotes": 2}
        self.posts[number] = {
            "post": post,
            "creator": self._creator(),
            "community": self._community(),
            "counts": counts,
        }
        return str(post["ap_id"])

    def comment(self, content: str, at: datetime, below: str, parent: int = 0, **more: Any) -> str:
        """Let a comment be known below a post, or below another comment."""
        number = self._number()
        post = next(view["post"] for view in self.posts.values() if view["post"]["ap_id"] == below)
        path = f"0.{parent}.{number}" if parent else f"0.{number}"
        comment = self._thing("comment", number, at, None) | {"content": content, "path": path} | more
        counts = {"comment_id": number, "score": 3, "upvotes": 4, "downvotes": 1, "child_count": 1}
        view = {"comment": comment, "creator": self._creator(), "post": post, "community": self._community()}
        self.comments[number] = view | {"counts": counts}
        return str(comment["ap_id"])

    def thing(self, address: str) -> dict[str, Any]:
        """Return a post or comment, to be changed."""
        views = [*((view, "post") for view in self.posts.values()), *((v, "comment") for v in self.comments.values())]
        return next(view[kind] for view, kind in views if view[kind]["ap_id"] == address)  # type: ignore[no-any-return]

    def __call__(self, asked: HttpRequest) -> None:
        """Answer as the API does."""
        parts = urlsplit(asked.path)
        self.asked.append(parts.path)
        try:
            refusal, self.refusal = self.refusal, None
            if refusal is not None:
                raise refusal
            status, answer = 200, self._answer(parts.path, dict(parse_qsl(parts.query, strict_parsing=True)))
        except Refusal as e:
            status, answer = e.status, {"error": e.error}
        asked.answer(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _answer(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        what = path.removeprefix("/api/v3/")
        if what not in _PARAMETERS or set(query) - _PARAMETERS[what]:
            self.problems.append(f"{path} {query}")
            raise Refusal(404, "unknown")
        if what in ("post", "comment"):
            return self._one(what, int(query["id"]))
        if not 1 <= int(query["limit"]) <= _MOST or query["sort"] != "New" or query["type_"] != "All":
            self.problems.append(f"{path} {query}")
            raise Refusal(400, "couldnt_get_posts")
        return self._listed(what, query)

    def _one(self, kind: str, number: int) -> dict[str, Any]:
        known = self.posts if kind == "post" else self.comments
        if number not in known:
            raise Refusal(404, f"couldnt_find_{kind}")
        return {f"{kind}_view": known[number]}

    def _listed(self, what: str, query: dict[str, str]) -> dict[str, Any]:
        kind, size = what.partition("/")[0], int(query["limit"])
        views = [*(self.posts if kind == "post" else self.comments).values()]
        views.sort(key=lambda view: (view[kind]["published"], view[kind]["id"]), reverse=True)
        if kind == "comment":
            start = size * (int(query["page"]) - 1)
            return {"comments": views[start : start + size]}
        start = int(query["page_cursor"].removeprefix("P"), 16) if "page_cursor" in query else 0
        following = f"P{start + size:x}" if start + size < len(views) else None
        return {"posts": views[start : start + size], "next_page": following}

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _thing(self, kind: str, number: int, at: datetime, home: str | None) -> dict[str, Any]:
        return {
            "id": number,
            "creator_id": 5,
            "community_id": 3,
            "ap_id": f"https://{home or self.host}/{kind}/{number}",
            "local": home is None,
            "published": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "deleted": False,
            "removed": False,
            "language_id": 0,
        }

    def _creator(self) -> dict[str, Any]:
        return {"id": 5, "name": "potter", "actor_id": f"https://{self.host}/u/potter", "local": True, "banned": False}

    def _community(self) -> dict[str, Any]:
        return {"id": 3, "name": "pots", "title": "Pots", "actor_id": f"https://{self.host}/c/pots", "local": True}
