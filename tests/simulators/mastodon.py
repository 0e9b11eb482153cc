"""An instance of Mastodon as a behaviour of the feed server: timelines, trends, lookups, limits; strict.

It knows what `mastodon_mock` does not: `any[]`, limits and their headers, ids that hold times, statuses that come late.
Parameters that the method does not have are refused, and told in `problems`.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.simulators.feed_server import HttpRequest

LIMIT = 300
_TIMELINE = {"limit", "max_id", "min_id", "since_id", "local"}


class Instance:
    """One server, with the statuses that it knows by their ids; `now` is its clock."""

    def __init__(self, host: str, now: Callable[[], datetime], limit: int = LIMIT, token: str | None = None) -> None:
        self.host = host
        self.statuses: dict[int, dict[str, Any]] = {}
        self.trending: dict[str, list[Any]] = {"statuses": [], "tags": [], "links": []}
        self.problems: list[str] = []
        self.paths: list[str] = []
        self.answers: list[Any] = []
        self.version = (4, 4)
        self._now = now
        self.limit = limit
        self._token = token
        self._asked: list[datetime] = []

    def post(self, text: str, at: datetime, *, tags: tuple[str, ...] = (), home: str | None = None, **more: Any) -> str:
        """Let a status be known, written here or at another `home`, and return its uri. Its id holds its time."""
        id_ = (int(at.timestamp() * 1000) << 16) + len(self.statuses)
        server = home or self.host
        number = more.pop("number", id_)
        uri = more.pop("uri", f"https://{server}/users/ann/statuses/{number}")
        self.statuses[id_] = a_status(str(id_), uri, text, at, tags) | more
        if home is not None:
            self.statuses[id_]["account"] = self.statuses[id_]["account"] | {"acct": f"ann@{server}"}
        return uri

    def delete(self, uri: str) -> None:
        """Forget a status."""
        self.statuses = {id_: status for id_, status in self.statuses.items() if status["uri"] != uri}

    def __call__(self, asked: HttpRequest) -> None:
        """Answer as the API does."""
        path, asked_for = urlsplit(asked.path).path, parse_qsl(urlsplit(asked.path).query)
        self.paths.append(asked.path)
        now = self._now()
        reset = now.replace(second=0, microsecond=0) + timedelta(minutes=5 - now.minute % 5)
        self._asked = [at for at in self._asked if at >= reset - timedelta(minutes=5)] + [now]
        limits = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - len(self._asked))),
            "X-RateLimit-Reset": reset.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        }
        status, answer = self._answer(path, asked_for, asked.headers.get("Authorization"))
        if len(self._asked) > self.limit:
            status, answer = 429, {"error": "Too many requests"}
        self.answers.append(answer)
        asked.answer(status, json.dumps(answer).encode(), {"Content-Type": "application/json; charset=utf-8"} | limits)

    def _answer(self, path: str, asked: list[tuple[str, str]], authorization: str | None) -> tuple[int, Any]:
        if self._token is not None and authorization != f"Bearer {self._token}":
            return 422, {"error": "This method requires an authenticated user"}
        parts = path.removeprefix("/api/v1/").split("/")
        match parts:
            case ["timelines", "tag", tag]:
                return self._timeline(
                    asked, self._tagged(unquote(tag), asked), _TIMELINE | {"any[]", "all[]", "none[]"}
                )
            case ["timelines", "public"]:
                is_local = dict(asked).get("local") == "true"
                some = {i: s for i, s in self.statuses.items() if not is_local or self.host in s["uri"]}
                return self._timeline(asked, some, _TIMELINE | {"remote", "only_media"})
            case ["timelines", "link"]:
                return self._linked(asked)
            case ["trends", kind] if kind in self.trending:
                return self._trends(kind, asked)
            case ["tags", tag]:
                return 200, self._tag(unquote(tag))
            case ["statuses"] if self.version >= (4, 3):
                ids = [int(value) for name, value in asked if name == "id[]"]
                return 200, [self.statuses[id_] for id_ in ids[:20] if self._is_shown(id_)]
            case ["statuses", number]:
                shown = self._is_shown(int(number))
                return (200, self.statuses[int(number)]) if shown else (404, {"error": "Record not found"})
        return 404, {"error": "Record not found"}

    def _is_shown(self, id_: int) -> bool:
        return id_ in self.statuses and self.statuses[id_]["visibility"] in {"public", "unlisted"}

    def _tagged(self, tag: str, asked: list[tuple[str, str]]) -> dict[int, dict[str, Any]]:
        # TagFeed takes four more and silently leaves out the rest.
        tags = {tag.lower(), *[value.lower() for name, value in asked if name == "any[]"][:4]}
        return {i: s for i, s in self.statuses.items() if tags & {each["name"].lower() for each in s["tags"]}}

    def _timeline(self, asked: list[tuple[str, str]], some: dict[int, Any], known: set[str]) -> tuple[int, Any]:
        strange = {name for name, _ in asked} - known
        if strange:
            self.problems.append(f"unknown parameters: {sorted(strange)}")
            return 422, {"error": f"Unknown parameters {sorted(strange)}"}
        query = dict(asked)
        limit = min(int(query.get("limit", 20)), 40)
        found = sorted((i for i in some if some[i]["visibility"] == "public"), reverse=True)
        found = [i for i in found if i < int(query.get("max_id", 2**63)) and i > int(query.get("since_id", 0))]
        if "min_id" in query:
            found = sorted(i for i in found if i > int(query["min_id"]))[:limit][::-1]
        return 200, [some[i] for i in found[:limit]]

    def _linked(self, asked: list[tuple[str, str]]) -> tuple[int, Any]:
        url = dict(asked)["url"]
        if url not in {link["url"] for link in self.trending["links"]} or self.version < (4, 3):
            return 404, {"error": "Record not found"}
        some = {i: s for i, s in self.statuses.items() if s["card"] and s["card"]["url"] == url}
        return self._timeline(asked, some, _TIMELINE | {"url"})

    def _trends(self, kind: str, asked: list[tuple[str, str]]) -> tuple[int, Any]:
        query = dict(asked)
        most = {"statuses": 40, "tags": 20, "links": 20}[kind]
        start, limit = int(query.get("offset", 0)), min(int(query.get("limit", 10)), most)
        return 200, self.trending[kind][start : start + limit]

    def _tag(self, name: str) -> dict[str, Any]:
        today = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        days = [today - timedelta(days=n) for n in range(7)]
        tagged = self._tagged(name, [])
        times = [datetime.fromisoformat(status["created_at"]) for status in tagged.values()]
        uses = [sum(day <= at < day + timedelta(days=1) for at in times) for day in days]
        history = [
            {"day": str(int(day.timestamp())), "uses": str(count), "accounts": str(min(count, 1))}
            for day, count in zip(days, uses, strict=True)
        ]
        return a_tag(name) | {"history": history}


def a_tag(name: str) -> dict[str, Any]:
    """Return a hashtag that is trending."""
    return {"id": "1", "name": name, "url": f"https://mastodon.example/tags/{name}", "history": []}


def a_link(url: str) -> dict[str, Any]:
    """Return the preview of an address."""
    texts = {"title": "A page", "description": "", "type": "link", "author_name": "", "author_url": "", "html": ""}
    names = {"provider_name": "", "provider_url": "", "embed_url": "", "image": None, "blurhash": None}
    return (
        {"url": url, "width": 0, "height": 0, "authors": [], "published_at": None, "language": "en", "history": []}
        | texts
        | names
    )


def a_status(id_: str, uri: str, text: str, at: datetime, tags: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a status with all that the API gives of one."""
    marks = " ".join(f'<a href="https://mastodon.example/tags/{t}" class="mention hashtag">#{t}</a>' for t in tags)
    return {
        "id": id_,
        "uri": uri,
        "url": uri.replace("/users/", "/@").replace("/statuses", ""),
        "created_at": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "content": f"<p>{text} {marks}</p>",
        "visibility": "public",
        "language": "en",
        "sensitive": False,
        "spoiler_text": "",
        "account": an_account(),
        "replies_count": 1,
        "reblogs_count": 2,
        "favourites_count": 3,
        "quotes_count": 0,
        "edited_at": None,
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "reblog": None,
        "card": None,
        "poll": None,
        "emojis": [],
        "media_attachments": [],
        "mentions": [],
        "tags": [{"name": tag, "url": f"https://mastodon.example/tags/{tag}"} for tag in tags],
    }


def an_account() -> dict[str, Any]:
    """Return an account that may be found."""
    picture = "https://mastodon.example/avatar.png"
    counts = {"followers_count": 1, "following_count": 2, "statuses_count": 3}
    pictures = {"avatar": picture, "avatar_static": picture, "header": picture, "header_static": picture}
    return (
        {
            "id": "7",
            "username": "ann",
            "acct": "ann",
            "display_name": "Ann",
            "note": "<p>Likes iron.</p>",
            "url": "https://mastodon.example/@ann",
            "uri": "https://mastodon.example/users/ann",
            "created_at": "2024-01-01T00:00:00.000Z",
            "locked": False,
            "bot": False,
            "group": False,
            "indexable": True,
            "discoverable": True,
            "noindex": False,
            "emojis": [],
            "fields": [],
            "last_status_at": "2024-05-01",
        }
        | counts
        | pictures
    )
