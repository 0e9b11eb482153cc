"""Updates that are pushed are taken once and only from Telegram; what is forged is refused before it is read."""

import contextlib
import http.client
import json
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.bot import webhook
from monitor.bot.webhook import (
    HEADER,
    LARGEST_BODY,
    MOST_CONNECTIONS,
    Keep,
    Proof,
    WebhookServer,
    listen,
    read_proof,
    register,
)
from monitor.errors import ConfigError, StoreError
from monitor.models import Incoming
from monitor.sinks.telegram_line import Account
from monitor.store.connection import Connection
from monitor.store.inbox import InboxStore
from tests.data import data_path
from tests.integration.product import wait_until
from tests.simulators.telegram_api import TOKEN, Simulator

PROOF = Proof("a1" * 16, "b2" * 32)
UPDATE = {
    "update_id": 9,
    "message": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "/help"},
}


@contextmanager
def serving(keep: Keep) -> Iterator[WebhookServer]:
    server = listen("127.0.0.1", 0, PROOF, keep)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def post(server: WebhookServer, body: bytes, path: str = f"/hook/{PROOF.path}", **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    try:
        connection.request("POST", path, body, {HEADER: PROOF.secret} | headers)
        return connection.getresponse().status
    finally:
        connection.close()


def ask(server: WebhookServer, head: str) -> str:
    """Send the head of a request and no byte of the body that it promises; return the status line of the answer."""
    with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10) as line:
        line.sendall(f"{head}\r\nHost: x\r\nContent-Length: 999999\r\n\r\n".encode("latin-1"))
        return line.recv(64).decode().partition("\r\n")[0]


def forged(draw: random.Random) -> str:
    """Return the head of a request of somebody who knows all but what only Telegram was told."""
    at = draw.randrange(64)
    flipped = PROOF.secret[:at] + ("0" if PROOF.secret[at] != "0" else "1") + PROOF.secret[at + 1 :]
    secrets = ["", PROOF.path, flipped, PROOF.secret[:-1], PROOF.secret + "0", PROOF.secret.upper(), "\xff" * 64]
    paths = ["/", "//", f"/{PROOF.path[:-1]}", f"/{PROOF.path}/", f"/{PROOF.path}?a=b", f"/{PROOF.secret}"]
    if draw.random() < 0.5:
        return f"POST /hook/{PROOF.path} HTTP/1.1\r\n{HEADER}: {draw.choice(secrets)}"
    return f"POST {draw.choice(paths)} HTTP/1.1\r\n{HEADER}: {draw.choice([PROOF.secret, *secrets])}"


def refuse_forged(count: int) -> None:
    """Send forged requests and see each refused without its body, which is never sent."""
    kept: list[Incoming] = []
    draw = random.Random(13)
    with serving(kept.append) as server:
        for _ in range(count):
            head = forged(draw)
            assert ask(server, head) == "HTTP/1.1 403 Forbidden", head
        assert post(server, json.dumps(UPDATE).encode()) == 200, "and it still serves Telegram"
    assert [update.id for update in kept] == [9]


def test_what_is_forged_is_refused_before_it_is_read() -> None:
    refuse_forged(300)


@pytest.mark.chaos
def test_ten_thousand_forged_requests_are_refused_before_they_are_read() -> None:
    refuse_forged(10_000)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"])
def test_nothing_but_post_is_answered(method: str) -> None:
    with serving([].append) as server:
        line = ask(server, f"{method} /{PROOF.path} HTTP/1.1\r\n{HEADER}: {PROOF.secret}")

    assert line == "HTTP/1.1 405 Method Not Allowed"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b'{"update_id": "nine"}', {}, 400),
        (b"", {"Content-Length": str(LARGEST_BODY + 1)}, 413),
        (b"", {"Content-Length": "-1"}, 411),
        (b"", {"Content-Length": "٣"}, 411),
        (b'{"update_id": 9, "poll": {}}', {}, 200),
    ],
)
def test_what_is_no_update_is_refused(body: bytes, headers: dict[str, str], status: int) -> None:
    kept: list[Incoming] = []
    with serving(kept.append) as server:
        encoded = {name: value.encode() for name, value in headers.items()}
        assert post(server, body, **encoded) == status  # type: ignore[arg-type]

    assert [update.kind for update in kept] == ["other"] * (status == 200)


def test_a_body_without_end_is_not_waited_for_in_memory() -> None:
    with serving([].append) as server:
        head = f"POST /{PROOF.path} HTTP/1.1\r\n{HEADER}: {PROOF.secret}\r\nTransfer-Encoding: chunked"
        with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10) as line:
            line.sendall(f"{head}\r\n\r\n".encode())
            assert line.recv(64).startswith(b"HTTP/1.1 411")


def drip(lines: list[socket.socket], stopped: threading.Event) -> None:
    """Send a byte now and then on each line, for as long as it is open."""
    while not stopped.wait(0.1):
        for line in lines:
            with contextlib.suppress(OSError):
                line.sendall(b"a")


@pytest.mark.parametrize("what", ["request line", "header", "body"])
def test_dripping_connections_do_not_keep_telegram_out(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Each byte was waited for anew, so 64 connections that sent one now and then held all places for ever."""
    monkeypatch.setattr(webhook, "LONGEST_REQUEST_SECONDS", 1.5)
    beginnings = {
        "request line": "POST /",
        "header": f"POST /{PROOF.path} HTTP/1.1\r\nX: ",
        "body": f"POST /{PROOF.path} HTTP/1.1\r\n{HEADER}: {PROOF.secret}\r\nContent-Length: 999999\r\n\r\n",
    }
    stopped = threading.Event()
    with serving([].append) as server, contextlib.ExitStack() as opened:
        address = "127.0.0.1", server.server_address[1]
        lines = [opened.enter_context(socket.create_connection(address, timeout=10)) for _ in range(MOST_CONNECTIONS)]
        for line in lines:
            line.sendall(beginnings[what].encode())
        dripping = threading.Thread(target=drip, args=(lines, stopped), daemon=True)
        dripping.start()

        def is_served() -> bool:
            try:
                return post(server, json.dumps(UPDATE).encode()) == 200
            except (OSError, http.client.HTTPException):
                return False

        try:
            wait_until(is_served)
        finally:
            stopped.set()
            dripping.join()


def test_the_proof_is_kept_for_its_owner_only_and_is_the_same_next_time(tmp_path: Path) -> None:
    proof = read_proof(tmp_path)

    assert read_proof(tmp_path) == proof
    assert (tmp_path / "webhook.key").stat().st_mode & 0o777 == 0o600
    assert proof.secret not in repr(proof)
    assert proof.path not in repr(proof)
    (tmp_path / "webhook.key").write_text("")
    with pytest.raises(ConfigError, match="delete it"):
        read_proof(tmp_path)


class Hook:
    """A simulated Telegram whose updates are pushed to a server."""

    def __init__(self, telegram: Simulator, server: WebhookServer) -> None:
        self.telegram = telegram
        register(Account(TOKEN, telegram.url), f"http://127.0.0.1:{server.server_address[1]}/hook/", server.proof)

    def say(self, count: int) -> list[str]:
        anna = self.telegram.state.world.add_user("Anna")
        texts = [f"/command {n}" for n in range(count)]
        for text in texts:
            with self.telegram.lock:
                self.telegram.people.say(self.telegram.people.private(anna), anna, text)
        wait_until(lambda: not self.telegram.state.updates.pending)
        return texts


@pytest.fixture
def telegram() -> Iterator[Simulator]:
    with Simulator(data_path("specs/telegram_bot_api_10.1.json.gz"), seed=7) as simulator:
        yield simulator
    assert simulator.breaches == []


def test_pushed_updates_are_kept_in_order_and_once_whatever_fails(telegram: Simulator, valkey: Connection) -> None:
    """The store fails before it keeps one, and the process dies after it kept another, before it could say so."""
    inbox, seen = InboxStore(valkey), 0

    def fails(update: Incoming) -> None:
        nonlocal seen
        seen += 1
        if seen == 2:
            raise StoreError("the store is away")
        inbox.take_in("7000001", [update], None, None)
        if seen == 4:
            raise ConnectionAbortedError

    with serving(fails) as server:
        Hook(telegram, server).say(5)

    waiting = [int(each) for each in valkey.execute("ZRANGE", valkey.keys.work.inbox_order, 0, -1)]
    assert waiting == list(range(waiting[0], waiting[0] + 5))
    assert seen == 7, "five updates, of which two came twice"
