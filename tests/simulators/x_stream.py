"""A strict filtered stream of X over real HTTP on loopback: rules, one connection, every post that it sends billed.

    with XStreamServer(world) as server:
        server.say(world.post("iron pots"))          # sent to whoever is connected, if a rule finds it

Requests and answers are judged by X's own description, where the real data is there; see `world.complaints`.
"""

import json
import queue
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.simulators.x_api import PRICES, ROUTES, TOKEN, Api, Refusal, invalid
from tests.simulators.x_grammar import Refused, compiled
from tests.simulators.x_spec import Description
from tests.simulators.x_world import PROBLEMS, SimPost, World

STREAM, RULES = "/2/tweets/search/stream", "/2/tweets/search/stream/rules"
LONGEST_RULE, MOST_RULES = 1024, 1000
SENT = "2026-11-30T09:00:00.000Z"


class RuleBook:
    """The rules of an app."""

    def __init__(self) -> None:
        self.rules: dict[str, dict[str, str]] = {}
        self.lock = threading.Lock()
        self._made = 0

    def listed(self) -> dict[str, Any]:
        rows = list(self.rules.values())
        return ({"data": rows} if rows else {}) | {"meta": {"sent": SENT, "result_count": len(rows)}}

    def changed(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._added(body["add"]) if "add" in body else self._deleted(body["delete"]["ids"])

    def matching(self, post: SimPost) -> list[dict[str, str]]:
        return [
            {"id": rule["id"], "tag": rule.get("tag", "")}
            for rule in self.rules.values()
            if compiled(rule["value"], LONGEST_RULE)(post)
        ]

    def _added(self, rules: list[dict[str, str]]) -> dict[str, Any]:
        for rule in rules:
            try:
                compiled(rule["value"], LONGEST_RULE)
            except Refused as e:
                return self._refused(len(rules), "Invalid Rule", f"{e.said} (at position {e.at})")
        if len(self.rules) + len(rules) > MOST_RULES:
            return self._refused(len(rules), "RulesCapExceeded", "Rules cap exceeded")
        made = [{"id": str(self._made + n), **rule} for n, rule in enumerate(rules, 1)]
        self._made += len(rules)
        self.rules |= {rule["id"]: rule for rule in made}
        return {"data": made, "meta": {"sent": SENT, "summary": _summary(len(made), 0)}}

    def _refused(self, count: int, title: str, detail: str) -> dict[str, Any]:
        problem = {"title": title, "detail": detail, "type": f"{PROBLEMS}invalid-rules", "status": 400}
        return {"meta": {"sent": SENT, "summary": _summary(0, count)}, "errors": [problem]}

    def _deleted(self, ids: list[str]) -> dict[str, Any]:
        gone = [self.rules.pop(each) for each in ids if each in self.rules]
        return {"meta": {"sent": SENT, "summary": {"deleted": len(gone), "not_deleted": len(ids) - len(gone)}}}


def _summary(created: int, invalid_: int) -> dict[str, int]:
    return {"created": created, "not_created": invalid_, "valid": created, "invalid": invalid_}


class _Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "XStreamServer"

    def do_GET(self) -> None:
        self._answer("get", b"")

    def do_POST(self) -> None:
        self._answer("post", self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, method: str, body: bytes) -> None:
        parts = urlsplit(self.path)
        args, headers = dict(parse_qsl(parts.query)), {name.lower(): value for name, value in self.headers.items()}
        try:
            told = self.server.answered(method, parts.path, args, headers, body)
        except Refusal as e:
            self._say(e.status, json.dumps(e.body).encode())
            return
        if told is None:
            self._stream()
        else:
            self._say(201 if method == "post" else 200, told)

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("x-rate-limit-remaining", "0")
            self.send_header("x-rate-limit-reset", str(int(self.server.world.now.timestamp()) + 300))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.close_connection = True
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.end_headers()
            self.wfile.flush()
            self.server.script()
            self._feed()
        except OSError:
            self.server.left.set()  # whoever listened has closed the connection
        finally:
            self.server.is_busy = False

    def _feed(self) -> None:
        while True:
            try:
                line = self.server.lines.get(timeout=self.server.keep_alive)
            except queue.Empty:
                line = self.server.sign()
            if line is None:
                return
            self.wfile.write(line)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class XStreamServer(ThreadingHTTPServer):
    """The server, running while in its `with` block. `script` is what happens once somebody is connected."""

    daemon_threads = True

    def __init__(self, world: World, *, is_judged: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.world, self.book, self.api = world, RuleBook(), Api(world)
        self.lines: queue.Queue[bytes | None] = queue.Queue()
        self.left = threading.Event()
        self.keep_alive, self.is_awake, self.is_busy = 0.02, True, False
        self.signs: int | None = None
        self.script: Callable[[], None] = lambda: None
        self.refusals: list[tuple[str, Refusal]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._judge = Description(world.words) if is_judged else None
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def sign(self) -> bytes | None:
        """Return a sign of life; None when as many were given as were to be."""
        if self.signs is not None:
            self.signs -= 1
            if self.signs < 0:
                return None
        return b"\r\n" if self.is_awake else b""

    def end(self) -> None:
        """End the connection behind what was said."""
        self.lines.put(None)

    def say(self, post: SimPost) -> None:
        """Send a post to whoever is connected, and bill it, if a rule finds it."""
        rules = self.book.matching(post)
        if rules:
            self.world.bill("post", [str(post.id)], PRICES["post"])
            body = json.dumps(self.world.in_words({"data": post.fields(), "matching_rules": rules})).encode()
            self._complain("answer", STREAM, body)
            self.lines.put(body + b"\r\n")

    def answered(
        self, method: str, path: str, args: dict[str, str], headers: Mapping[str, str], body: bytes
    ) -> bytes | None:
        """Return the answer; None for the stream itself. Raise Refusal."""
        self.world.asked.append((f"{method} {path}", args))
        if headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, "Unauthorized", "Unauthorized")
        if self.refusals and self.refusals[0][0] == path:
            raise self.refusals.pop(0)[1]
        if self._judge is not None and (fault := self._judge.faults_of_request(path, args, headers, method, body)):
            self.world.complaints.append(f"request of {path}: {fault}")
            raise invalid(fault[:300])
        if path == STREAM:
            return self._connect()
        if path in ROUTES:
            answer = json.dumps(self.world.in_words(ROUTES[path][1](self.api, args))).encode()
            self._complain(method, path, answer, args=args)
            return answer
        with self.book.lock:
            told = json.dumps(self.book.listed() if method == "get" else self.book.changed(json.loads(body))).encode()
        self._complain(method, path, told, body)
        return told

    def _connect(self) -> None:
        if not self.book.rules:
            raise Refusal(409, "RuleConfigurationIssue", "You must define rules on your stream before connecting.")
        if self.is_busy:
            raise Refusal(
                429, "ConnectionException", "TooManyConnections: 1 is allowed", f"{PROBLEMS}streaming-connection"
            )
        self.is_busy = True

    def _complain(
        self, method: str, path: str, told: bytes, sent: bytes = b"", args: Mapping[str, str] | None = None
    ) -> None:
        if self._judge is None:
            return
        headers = {"authorization": f"Bearer {TOKEN}"}
        fault = self._judge.faults_of_answer(
            path, args or {}, headers, told, "post" if method == "post" else "get", sent
        )
        if fault is not None:
            self.world.complaints.append(f"{method} of {path}: {fault}")

    def __enter__(self) -> "XStreamServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lines.put(None)
        self.shutdown()
        self.server_close()
