"""Takes updates that Telegram pushes, and says that one arrived when it is kept: what was not comes again.

POST ─► is it Telegram? ─► is it small? ─► parse ─► inbox ─► 200
             └─ 403, before a byte of the body is read

Telegram proves itself by a path and a header that only it was told. It speaks TLS to a proxy in front of this server.
https://core.telegram.org/bots/api#setwebhook
"""

import asyncio
import hmac
import io
import json
import logging
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from telegram.error import TelegramError

from monitor.bot.poller import PATIENCE, Client
from monitor.bot.updates import ASKED_FOR, parse
from monitor.errors import ConfigError, StoreError
from monitor.home import on_disk, write_once
from monitor.logs import hide
from monitor.models import Incoming
from monitor.sinks.telegram_line import Account
from monitor.sinks.telegram_refusals import translate

log = logging.getLogger(__name__)

LARGEST_BODY = 1_000_000
LONGEST_WAIT_SECONDS = 10
LONGEST_REQUEST_SECONDS = 20
"""So long a whole request may take to arrive, however often a byte of it does: Telegram's are small."""

MOST_CONNECTIONS = 64
HEADER = "X-Telegram-Bot-Api-Secret-Token"

Keep = Callable[[Incoming], None]
"""Keeps an update, or raises StoreError."""


class Proof(NamedTuple):
    """What only Telegram was told: the last part of the path, and a header."""

    path: str
    secret: str

    def __repr__(self) -> str:
        return "Proof(…)"

    def holds(self, path: str, secret: str) -> bool:
        """Tell whether a request brings both, in a time that says nothing about how nearly it did."""
        is_path = hmac.compare_digest(path.rpartition("/")[2].encode(), self.path.encode())
        is_secret = hmac.compare_digest(secret.encode("utf-8", "replace"), self.secret.encode())
        return is_path & is_secret


def read_proof(home: Path) -> Proof:
    """Return what Telegram proves itself by, made at first use and readable by its owner only. No log says it."""
    path = home / "webhook.key"
    with on_disk(home):
        home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_once(path, secrets.token_hex(48))
        kept = path.read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{96}", kept):
        raise ConfigError([f"{path}: is not what was written there; delete it, and a new one is made"])
    proof = Proof(kept[:32], kept[32:])
    for secret in proof:
        hide(secret)
    return proof


class WebhookServer(ThreadingHTTPServer):
    """Takes updates. `serve_forever` runs it, `shutdown` and `server_close` end it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], proof: Proof, keep: Keep) -> None:
        super().__init__(address, _Handler)
        self.proof = proof
        self.keep = keep
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, as long as there are not too many."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a connection, and make room for another."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the server calls it so
        """Log what went wrong with a connection; those that go away are everyday."""
        log.debug("connection failed", extra={"reason": repr(sys.exc_info()[1])})


class Timely(io.RawIOBase):
    """Reads from a socket until a time, on a clock that never jumps; no byte is waited for longer than others may."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self.until = 0.0

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what comes; raise TimeoutError when it does not, or the time is over."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request takes too long")
        self._connection.settimeout(min(left, LONGEST_WAIT_SECONDS))
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    """Takes POST from Telegram, refuses everything else."""

    server: WebhookServer
    protocol_version = "HTTP/1.1"
    timeout = LONGEST_WAIT_SECONDS
    server_version = "monitor"
    sys_version = ""
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Read what is sent by a stream that knows when a request must be whole."""
        super().setup()
        self.rfile.close()
        self._timely = Timely(self.connection)
        self.rfile = io.BufferedReader(self._timely)

    def handle_one_request(self) -> None:
        """Take a request, which must be whole in time; one that is not ends its connection."""
        self._timely.until = time.monotonic() + LONGEST_REQUEST_SECONDS
        super().handle_one_request()

    def do_POST(self) -> None:
        if not self.server.proof.holds(self.path, self.headers.get(HEADER, "")):
            return self._refuse(HTTPStatus.FORBIDDEN)
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return self._refuse(HTTPStatus.LENGTH_REQUIRED)
        if int(length) > LARGEST_BODY:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            return self._refuse(HTTPStatus.BAD_REQUEST)
        return self._answer(self._take(body))

    def _take(self, body: bytes) -> HTTPStatus:
        try:
            update = parse(json.loads(body))
        except (ValueError, RecursionError):
            return HTTPStatus.BAD_REQUEST
        if update is None:
            return HTTPStatus.BAD_REQUEST
        try:
            self.server.keep(update)
        except StoreError as e:
            log.warning("not kept", extra={"update": update.id, "reason": str(e)})
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse a request in our words. The standard library says 501 for every method that has no handler."""
        refused = code == HTTPStatus.NOT_IMPLEMENTED
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED if refused else HTTPStatus(code))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the path is a secret."""

    def _refuse(self, status: HTTPStatus) -> None:
        # What is left of the body is not read, so the connection is of no use any more.
        self.close_connection = True
        self._answer(status)

    def _answer(self, status: HTTPStatus) -> None:
        self.connection.settimeout(LONGEST_WAIT_SECONDS)  # the last byte of the request may have had less
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()


def listen(host: str, port: int, proof: Proof, keep: Keep) -> WebhookServer:
    """Return a server that listens and does not run yet; raise OSError when the port is taken."""
    return WebhookServer((host, port), proof, keep)


def register(account: Account, url: str, proof: Proof) -> None:
    """Ask Telegram to push updates to us, one at a time and so in order; raise DeliveryError when it does not."""

    async def call() -> None:
        async with asyncio.timeout(2 * PATIENCE.total_seconds()), Client(account) as bot:
            await bot.set_webhook(
                f"{url.rstrip('/')}/{proof.path}",
                secret_token=proof.secret,
                allowed_updates=list(ASKED_FOR),
                max_connections=1,
                drop_pending_updates=False,
            )

    try:
        asyncio.run(call())
    except (TelegramError, TimeoutError) as e:
        error = translate(e, account.token)
    else:
        return
    # Raised here and without its cause: tracebacks of the library hold addresses, and those hold the token.
    raise error
