"""A strict Telegram on loopback: the Bot API over real HTTP, judged by its specification and by Telegram's own library.

    with Simulator(spec) as telegram:                     in this process
        anna = telegram.world.add_user("Anna")
        bot = telegram.Bot(TOKEN, base_url=telegram.base_url)

    python -m tests.simulators.telegram_api --spec FILE --ledger FILE     a process of its own (see telegram_remote.py)

A request passes: token ─► method ─► fields ─► fault plan ─► method's own rules ─► ledger ─► answer.
"""

import argparse
import json
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.simulators.telegram_control import CONTROL_PATH, control
from tests.simulators.telegram_faults import Fault
from tests.simulators.telegram_files import read_multipart
from tests.simulators.telegram_methods import METHODS
from tests.simulators.telegram_people import People
from tests.simulators.telegram_refusals import Breach, Refused, bad_request
from tests.simulators.telegram_spec import Spec, Upload
from tests.simulators.telegram_state import State, new_state

Json = dict[str, Any]

TOKEN = "7000001:simulated-token-of-no-use-elsewhere"
_BODY_LIMIT = 60_000_000
_FOREIGN_BODY = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"
_LOOK_EVERY = 0.05


class ApiRequest(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write per answer
    disable_nagle_algorithm = True
    server: "_Server"

    def do_GET(self) -> None:
        """Answer a call with its arguments in the address."""
        self._answer()

    def do_POST(self) -> None:
        """Answer a call with its arguments in the body."""
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if length > _BODY_LIMIT:
            self.close_connection = True
            self.send(413, _refusal(Refused(413, "Request Entity Too Large")))
            return
        body = self.rfile.read(length)
        if len(body) < length:
            # The client died while it wrote: half a request is none.
            self.close_connection = True
            return
        if urlsplit(self.path).path == CONTROL_PATH:
            self.send(200, control(self.server.simulator, json.loads(body)))
            return
        self.server.simulator.serve(self, body)

    def send(self, status: int, answer: object) -> None:
        """Send a JSON answer."""
        self.send_bytes(status, json.dumps(answer, ensure_ascii=False).encode())

    def send_bytes(self, status: int, body: bytes, content_type: str = "application/json") -> None:
        """Send a whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def has_gone(self) -> bool:
        """Tell whether the client closed the connection."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except ConnectionError:
            return True

    def hang_up(self, *, is_reset: bool) -> None:
        """End the connection without an answer: orderly (FIN), or by a reset (RST: linger of 0 s)."""
        self.close_connection = True
        if is_reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, simulator: "Simulator", port: int) -> None:
        super().__init__(("127.0.0.1", port), ApiRequest)
        self.simulator = simulator

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes is what is tested; anything else is an error of the simulator, and fails the run."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            self.simulator.state.breaches.append(f"the simulator failed: {type(error).__name__}: {error}")


class Simulator:
    """The server, running while in its `with` block."""

    def __init__(
        self,
        spec: Path,
        *,
        seed: int = 0,
        port: int = 0,
        ledger: Path | None = None,
        limits: bool = False,
        token: str = TOKEN,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.spec = Spec.load(spec)
        self.token = token
        self.behind = 0.0
        """Seconds by which its clock is behind: what is written now was written then."""
        self.state: State = new_state(seed, lambda: clock() - self.behind, ledger, limits=limits)
        self.people = People(self.state)
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self._server = _Server(self, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> "Simulator":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self.state.updates.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.state.ledger.close()

    @property
    def url(self) -> str:
        """Return the address of the server, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def base_url(self) -> str:
        """Return what python-telegram-bot takes as `base_url`."""
        return f"{self.url}/bot"

    @property
    def breaches(self) -> list[str]:
        """Return what no correct product does: wrong requests, texts the server would change, unknown methods."""
        return self.state.breaches

    def take_breaches(self) -> list[str]:
        """Return the breaches so far and forget them."""
        with self.lock:
            taken, self.state.breaches[:] = list(self.state.breaches), []
            return taken

    def serve(self, asked: ApiRequest, body: bytes) -> None:
        """Answer one request, or do what the fault plan says."""
        try:
            method, arguments, files = self._read(asked, body)
        except Refused as refused:
            self._refuse(asked, refused)
            return
        with self.lock:
            fault = self.state.faults.verdict(method, _chat_id(arguments))
        if fault is not None and not fault.is_delivered:
            self._spoil(asked, fault)
            return
        status, answer = self._carry_out(asked, method, arguments, files)
        if fault is None:
            asked.send(status, answer)
            return
        self._spoil(asked, fault, status, answer)

    def _read(self, asked: ApiRequest, body: bytes) -> tuple[str, Json, Mapping[str, Upload]]:
        parts = urlsplit(asked.path)
        token, _, name = parts.path.removeprefix("/bot").partition("/")
        if not parts.path.startswith("/bot") or not name:
            raise Breach(404, "Not Found")
        if token != self.token:
            raise Refused(401, "Unauthorized")
        method = self.spec.method_named(name)
        arguments, files = self._arguments(method, asked.headers.get("Content-Type", ""), parts.query, body)
        self.spec.check(method, arguments, files)
        if method not in METHODS and method != "getUpdates":
            raise Breach(501, f"{method} is a method of the Bot API that the simulator does not have")
        return method, arguments, files

    def _arguments(self, method: str, kind: str, query: str, body: bytes) -> tuple[Json, Mapping[str, Upload]]:
        form = dict(parse_qsl(query, keep_blank_values=True))
        files: Mapping[str, Upload] = {}
        if kind.startswith("application/json") and body:
            return self.spec.read(method, form, {}) | _json_body(body), {}
        if kind.startswith("multipart/form-data"):
            fields, files = read_multipart(kind, body)
            form |= fields
        else:
            form |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        return self.spec.read(method, form, files), files

    def _carry_out(
        self, asked: ApiRequest, method: str, arguments: Json, files: Mapping[str, Upload]
    ) -> tuple[int, Json]:
        try:
            if method == "getUpdates":
                return 200, {"ok": True, "result": self.state.updates.poll(arguments, asked.has_gone)}
            with self.lock:
                return 200, {"ok": True, "result": METHODS[method](self.state, arguments, files)}
        except Refused as refused:
            self._count(method, refused)
            return refused.code, _refusal(refused)

    def _refuse(self, asked: ApiRequest, refused: Refused) -> None:
        self._count(urlsplit(asked.path).path.rpartition("/")[2], refused)
        asked.send(refused.code, _refusal(refused))

    def _count(self, method: str, refused: Refused) -> None:
        with self.lock:
            self.state.refusals[refused.description] += 1
            if isinstance(refused, Breach):
                self.state.breaches.append(f"{method}: {refused.code} {refused.description}")

    def _spoil(self, asked: ApiRequest, fault: Fault, status: int = 200, answer: Json | None = None) -> None:
        """Answer as a fault says; `answer` is what a healthy server would have said."""
        refusal = fault.refusal()
        if refusal is not None:
            asked.send(refusal.code, _refusal(refusal))
        elif fault.kind.startswith("bad_gateway"):
            asked.send_bytes(502, _FOREIGN_BODY, "text/html")
        elif fault.kind.startswith("wrong_json"):
            asked.send_bytes(200, b'{"ok":true,"result":{"message_id":')
        elif fault.kind.startswith("timeout"):
            self._wait(asked, None)
            asked.close_connection = True
        elif fault.kind == "slow":
            self._wait(asked, fault.seconds)
            asked.send(status, answer)
        else:
            asked.hang_up(is_reset=fault.kind.startswith("reset"))

    def _wait(self, asked: ApiRequest, seconds: float | None) -> None:
        """Wait for a time, or until the client goes, or the server stops."""
        until = None if seconds is None else time.monotonic() + seconds
        while not asked.has_gone() and (until is None or time.monotonic() < until):
            left = _LOOK_EVERY if until is None else max(0.0, min(_LOOK_EVERY, until - time.monotonic()))
            if self.stopping.wait(left):
                return


def _refusal(refused: Refused) -> Json:
    plain: Json = {"ok": False, "error_code": refused.code, "description": refused.description}
    return plain | ({"parameters": dict(refused.parameters)} if refused.parameters else {})


def _json_body(body: bytes) -> Json:
    try:
        arguments = json.loads(body)
    except ValueError as error:
        raise bad_request("Bad Request: can't parse JSON object") from error
    if not isinstance(arguments, dict):
        raise Breach(400, "Bad Request: the body is no JSON object")
    return arguments


def _chat_id(arguments: Json) -> int | None:
    chat = arguments.get("chat_id")
    return int(chat) if isinstance(chat, int) or (isinstance(chat, str) and chat.lstrip("-").isdigit()) else None


def main() -> None:
    """Serve until the standard input ends; the first line of output says where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", type=Path, required=True, help="telegram_bot_api_*.json.gz")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger", type=Path, help="append what readers see to this file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limits", action="store_true", help="enforce the flood limits")
    parser.add_argument("--token", default=TOKEN)
    options = parser.parse_args()
    with Simulator(
        options.spec,
        seed=options.seed,
        port=options.port,
        ledger=options.ledger,
        limits=options.limits,
        token=options.token,
    ) as telegram:
        print(json.dumps({"url": telegram.url, "base_url": telegram.base_url, "token": telegram.token}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
