"""A strict X over real HTTP on loopback: what the documentation refuses, it refuses; what costs, it counts.

    with XServer(world) as server:
        source = open_source(client, {"url": server.url, "token": TOKEN, "budget": "5"})

Each request and each good answer is judged by X's own description, where the real data is there; see `complaints`.
"""

import hashlib
import itertools
import json
import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.simulators.x_grammar import Holds, Refused, compiled
from tests.simulators.x_spec import Description
from tests.simulators.x_world import DAY, PROBLEMS, SimPost, World, id_at

TOKEN = "simulated-token-of-an-app"
PRICES = {"post": 5_000, "user": 10_000, "count": 5_000}
LIMITS = {"search": 450, "counts": 300, "lookup": 3500, "users": 300, "usage": 50}
STEPS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": DAY}


class Refusal(Exception):
    """An answer that is no good one."""

    def __init__(self, status: int, title: str, detail: str, kind: str = "about:blank", message: str = "") -> None:
        super().__init__(title)
        self.status = status
        self.body: dict[str, Any] = {"title": title, "detail": detail, "type": kind, "status": status}
        if message:
            self.body["errors"] = [{"message": message, "parameters": {}}]


def invalid(message: str) -> Refusal:
    """Return the refusal of a parameter."""
    said = "One or more parameters to your request was invalid."
    return Refusal(400, "Invalid Request", said, f"{PROBLEMS}invalid-request", message)


class Api:
    """The endpoints."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._compiled: dict[str, Holds] = {}

    def search(self, args: Mapping[str, str]) -> dict[str, Any]:
        size, holds = int(args.get("max_results", 10)), self._query(args)
        if not 10 <= size <= 100:
            raise invalid(f"The `max_results` query parameter value [{size}] is not between 10 and 100")
        found = list(islice((post for post in self._within(args) if holds(post)), size + 1))
        page, more = found[:size], len(found) > size
        self.world.bill("post", (str(post.id) for post in page), PRICES["post"])
        self.world.returned += len(page)
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": str(page[0].id), "oldest_id": str(page[-1].id)}
        if more:
            meta["next_token"] = _token(args, page[-1].id)
        return self._listed(page, args) | {"meta": meta}

    def counts(self, args: Mapping[str, str]) -> dict[str, Any]:
        holds, step = self._query(args), STEPS[args.get("granularity", "hour")]
        start = _time(args["start_time"]) if "start_time" in args else self.world.now - 7 * DAY
        end = _time(args["end_time"]) if "end_time" in args else self.world.now - timedelta(seconds=30)
        if start < self.world.now - 7 * DAY or start >= end:
            raise invalid("Invalid 'start_time'")
        self.world.bill("count", [str(len(self.world.asked))], PRICES["count"])
        edges = [start]
        while edges[-1] < end:
            edges.append(min(end, _floor(edges[-1], step) + step))
        first, last = id_at(start), id_at(end)
        times = sorted(post.at for post in self.world.visible() if first <= post.id < last and holds(post))
        buckets = _buckets(edges, times)
        return {"data": buckets, "meta": {"total_tweet_count": len(times)}}

    def lookup(self, args: Mapping[str, str]) -> dict[str, Any]:
        ids = args.get("ids", "").split(",")
        if len(ids) > 100 or not all(each.isdecimal() for each in ids):
            raise invalid("The `ids` query parameter value is not valid")
        known = {each: self.world.find(int(each)) for each in ids}
        found = [post for post in known.values() if post is not None]
        self.world.bill("post", (str(post.id) for post in found), PRICES["post"])
        errors = [_not_found(each) for each, post in known.items() if post is None]
        return self._listed(found, args) | ({"errors": errors} if errors else {})

    def accounts(self, args: Mapping[str, str]) -> dict[str, Any]:
        """People are called "person" and their id."""
        names = args["usernames"].split(",")
        ids = [name.removeprefix("person") for name in names if name.removeprefix("person").isdecimal()]
        self.world.bill("user", ids, PRICES["user"])
        missing = [_no_account(name) for name in names if not name.removeprefix("person").isdecimal()]
        found = {"data": [_person(each) for each in ids]} if ids else {}
        return found | ({"errors": missing} if missing else {})

    def usage(self, args: Mapping[str, str]) -> dict[str, Any]:
        days = [{"date": f"{day}T00:00:00.000Z", "usage": count} for day, count in sorted(self.world.usage().items())]
        days = days[-int(args.get("days", 7)) :]
        if self.world.words == "post":
            days = [{**day, "usage": str(day["usage"])} for day in days]
        project: int | str = 1 if self.world.words == "tweet" else "1"
        return {"data": {"daily_project_usage": {"project_id": project, "usage": days}}} if days else {"data": {}}

    def _query(self, args: Mapping[str, str]) -> Holds:
        query = args["query"]
        try:
            if query not in self._compiled:
                self._compiled[query] = compiled(query, self.world.longest_query)
        except Refused as e:
            raise invalid(f"{e.said} (at position {e.at})") from e
        return self._compiled[query]

    def _within(self, args: Mapping[str, str]) -> list[SimPost]:
        world, low, high = self.world, 0, 1 << 63
        week = world.now - 7 * DAY
        if "since_id" in args:
            low = int(args["since_id"])
            if SimPost(low, "").at < week:
                raise invalid(f"'since_id' must be a tweet id created after [{_said(week)}]")
        if "until_id" in args:
            high = int(args["until_id"])
            if high <= low:
                raise invalid("'until_id' must be greater than 'since_id'")
        if "next_token" in args:
            high = min(high, _read_token(args))
        start = _time(args["start_time"]) if "start_time" in args else week
        if start < week:
            raise invalid("Invalid 'start_time'")
        low = max(low, id_at(start) - 1)
        return [post for post in world.visible() if low < post.id < high]

    def _listed(self, posts: list[SimPost], args: Mapping[str, str]) -> dict[str, Any]:
        given = {"id", "text", "edit_history_tweet_ids"} | set(args.get(f"{self.world.words}.fields", "").split(","))
        given |= {"author_id"} if args.get("expansions") == "author_id" else set()
        given |= {"note_tweet"} if "note_post" in given else set()
        rows = [{name: value for name, value in post.fields().items() if name in given} for post in posts]
        found = {"data": rows} if rows else {}
        if args.get("expansions") != "author_id" or not rows:
            return found
        authors = sorted({post.author for post in posts})
        self.world.bill("user", authors, PRICES["user"])
        return found | {"includes": {"users": [_person(each) for each in authors]}}


ROUTES: Mapping[str, tuple[str, Callable[[Api, Mapping[str, str]], dict[str, Any]]]] = {
    "/2/tweets/search/recent": ("search", Api.search),
    "/2/tweets/counts/recent": ("counts", Api.counts),
    "/2/tweets": ("lookup", Api.lookup),
    "/2/users/by": ("users", Api.accounts),
    "/2/usage/tweets": ("usage", Api.usage),
}


class _Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        args, headers = dict(parse_qsl(parts.query)), {name.lower(): value for name, value in self.headers.items()}
        with self.server.lock:
            status, extra, body = self.server.answered(parts.path, args, headers)
        if status == 0:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
            **extra,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.server.world.now, usegmt=True)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, world: World, *, is_judged: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.world, self.api, self.lock = world, Api(world), threading.Lock()
        self._judge = Description(world.words) if is_judged else None

    def answered(
        self, path: str, args: dict[str, str], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        world = self.world
        world.asked.append((path, args))
        fault = world.fault()
        if fault is not None:
            status, extra, said = fault
            return status, dict(extra), said
        try:
            name, endpoint = self._endpoint(path, headers)
            limits = self._admitted(name)
            self._complain(path, args, headers)
            answer = json.dumps(world.in_words(endpoint(self.api, args))).encode()
        except Refusal as e:
            window = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(world.now.timestamp()) + 300)}
            return e.status, window if e.status == 429 else {}, json.dumps(e.body).encode()
        wrong = None if self._judge is None else self._judge.faults_of_answer(path, args, headers, answer)
        if wrong is not None:
            world.complaints.append(f"answer of {path}: {wrong}")
        if world.drops:
            world.drops -= 1
            return 0, {}, b""
        return 200, limits, answer

    def _endpoint(
        self, path: str, headers: Mapping[str, str]
    ) -> tuple[str, Callable[[Api, Mapping[str, str]], dict[str, Any]]]:
        if headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, "Unauthorized", "Unauthorized")
        if path not in ROUTES:
            raise Refusal(404, "Not Found", "Not Found")
        if self.world.credit is not None and self.world.credit <= 0 and not path.startswith("/2/usage"):
            raise Refusal(
                402,
                "CreditsDepleted",
                "Your enrolled account does not have any credits to fulfill this request.",
                f"{PROBLEMS}credits",
            )
        return ROUTES[path]

    def _admitted(self, name: str) -> dict[str, str]:
        left = self.world.remaining.get(name, LIMITS[name])
        if left <= 0:
            raise Refusal(429, "Too Many Requests", "Too Many Requests")
        self.world.remaining[name] = left - 1
        reset = str(int(self.world.now.timestamp()) + 900)
        return {
            "x-rate-limit-limit": str(LIMITS[name]),
            "x-rate-limit-remaining": str(left - 1),
            "x-rate-limit-reset": reset,
        }

    def _complain(self, path: str, args: Mapping[str, str], headers: Mapping[str, str]) -> None:
        fault = None if self._judge is None else self._judge.faults_of_request(path, args, headers)
        if fault is not None:
            self.world.complaints.append(f"request of {path}: {fault}")
            raise invalid(fault[:300])


class XServer:
    """The server, running while in its `with` block."""

    def __init__(self, world: World, *, is_judged: bool = True) -> None:
        self._server = _Server(world, is_judged=is_judged)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "XServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _person(id_: str) -> dict[str, str]:
    return {"id": id_, "name": f"Person {id_}", "username": f"person{id_}"}


def _no_account(name: str) -> dict[str, Any]:
    return {
        "value": name,
        "detail": f"Could not find user with usernames: [{name}].",
        "title": "Not Found Error",
        "resource_type": "user",
        "parameter": "usernames",
        "resource_id": name,
        "type": f"{PROBLEMS}resource-not-found",
    }


def _not_found(id_: str) -> dict[str, Any]:
    return {
        "value": id_,
        "detail": f"Could not find tweet with ids: [{id_}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": id_,
        "type": f"{PROBLEMS}resource-not-found",
    }


def _token(args: Mapping[str, str], last: int) -> str:
    """Return a token that holds for the same request only."""
    return f"{_hash(args)}{last:x}"


def _read_token(args: Mapping[str, str]) -> int:
    token = args["next_token"]
    if token[:12] != _hash(args):
        raise invalid("'next_token' belongs to another request")
    return int(token[12:], 16)


def _hash(args: Mapping[str, str]) -> str:
    said = json.dumps(
        {name: args[name] for name in ("query", "since_id", "until_id", "start_time", "end_time") if name in args}
    )
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _said(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _floor(time: datetime, step: timedelta) -> datetime:
    return time - (time - datetime(1970, 1, 1, tzinfo=UTC)) % step


def _buckets(edges: list[datetime], times: list[datetime]) -> list[dict[str, Any]]:
    places = [bisect_left(times, edge) for edge in edges]
    return [
        {"start": _said(a), "end": _said(b), "tweet_count": places[n + 1] - places[n]}
        for n, (a, b) in enumerate(itertools.pairwise(edges))
    ]
