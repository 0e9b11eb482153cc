"""Servers that tell as Jetstream does, over real websockets on loopback: its cursors, its replays, and its bad days.

network = Network()
with JetstreamServer(network) as server:          several servers may tell of one network, each by its own clock
    uri = network.post("砸锅卖铁")
    server.drop_after(3)

Rules are those of https://github.com/bluesky-social/jetstream: a cursor is a time in µs, events from it on are told
again, one in the future or none means from now on. What is asked in another way than a client of Jetstream may is
refused, so that a wrong client fails its test.
"""

import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.sync.server import ServerConnection, serve

PARAMETERS = {"wantedCollections", "wantedDids", "maxMessageSizeBytes", "cursor", "compress", "requireHello"}
COLLECTION = "app.bsky.feed.post"
ALICE, BOB = "did:plc:aliceaaaaaaaaaaaaaaaaaaa", "did:plc:bobbbbbbbbbbbbbbbbbbbbbb"


class Told(NamedTuple):
    """An event of the network: when it happened, in µs, and what is said of it; a frame is sent as it is."""

    time_us: int
    event: dict[str, object]
    frame: bytes | None = None


class Network:
    """What happens, in its order. Thread-safe."""

    def __init__(self, now_us: Callable[[], int] | None = None) -> None:
        self.changed = threading.Condition()
        self.log: list[Told] = []
        self._now_us = now_us or (lambda: int(datetime.now(UTC).timestamp() * 1_000_000))
        self._number = 0

    def post(self, text: str, did: str = ALICE, *, at: int | None = None, **record: object) -> str:
        """Let somebody post, and return the post's address."""
        rkey = self._rkey()
        said = {"$type": COLLECTION, "text": text, "createdAt": self._written(at), "langs": ["zh"]} | record
        self.commit("create", did, rkey, said, at=at)
        return f"at://{did}/{COLLECTION}/{rkey}"

    def update(self, uri: str, text: str) -> None:
        """Let a post be changed."""
        did, rkey = uri.split("/")[2], uri.rsplit("/", 1)[1]
        self.commit("update", did, rkey, {"$type": COLLECTION, "text": text, "createdAt": "2026-11-20T08:00:00Z"})

    def delete(self, uri: str) -> None:
        """Let a post be deleted."""
        self.commit("delete", uri.split("/")[2], uri.rsplit("/", 1)[1])

    def account(self, did: str, *, active: bool, status: str | None = None) -> None:
        """Let an account go, or come back."""
        said: dict[str, object] = {"active": active, "did": did, "seq": 1, "time": "2026-11-20T08:00:00Z"}
        self._tell({"kind": "account", "did": did, "account": said | ({"status": status} if status else {})})

    def identity(self, did: str) -> None:
        """Let somebody change their handle."""
        self._tell({"kind": "identity", "did": did, "identity": {"did": did, "handle": "new.example", "seq": 2}})

    def raw(self, frame: bytes) -> None:
        """Let servers send this frame, whatever it is."""
        self._tell({}, frame=frame)

    def commit(
        self,
        operation: str,
        did: str,
        rkey: str,
        record: object = None,
        collection: str = COLLECTION,
        at: int | None = None,
    ) -> None:
        """Let a record be written."""
        commit: dict[str, object] = {
            "rev": self._rkey(),
            "operation": operation,
            "collection": collection,
            "rkey": rkey,
        }
        if record is not None:
            commit |= {"record": record, "cid": "bafyreia"}
        self._tell({"kind": "commit", "did": did, "commit": commit}, at=at)

    def _tell(self, event: dict[str, object], frame: bytes | None = None, at: int | None = None) -> None:
        with self.changed:
            last = self.log[-1].time_us if self.log else 0
            self.log.append(Told(max(last + 1, self._now_us()) if at is None else at, event, frame))
            self.changed.notify_all()

    def _written(self, at: int | None) -> str:
        return datetime.fromtimestamp((self._now_us() if at is None else at) / 1_000_000, UTC).isoformat()

    def _rkey(self) -> str:
        with self.changed:
            self._number += 1
            return f"3k{self._number:011d}"


class JetstreamServer:
    """One server. `offset` is how far its clock is ahead; `retention` how long it keeps what it told."""

    def __init__(
        self,
        network: Network,
        offset: timedelta = timedelta(0),
        retention: timedelta | None = None,
        too_old: Literal["oldest", "refuse"] = "oldest",
        port: int = 0,
    ) -> None:
        self.network = network
        self.asked: list[int | None] = []
        self.begun = 0
        self.sent: list[int] = []
        self.problems: list[str] = []
        self.refuses: tuple[int, str, dict[str, str]] | None = None
        self.is_deaf = self.is_garbled = False
        self._offset = offset // timedelta(microseconds=1)
        self._retention = retention
        self._too_old = too_old
        self._drops: int | None = None
        self._cut = False
        self._closed = threading.Event()
        self._server = serve(
            self._tell, "127.0.0.1", port, process_request=self._check, compression=None, max_size=2**20
        )
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._connections: set[ServerConnection] = set()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def __enter__(self) -> "JetstreamServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop, cutting who is connected."""
        self._closed.set()
        self.cut_all()
        with self.network.changed:
            self.network.changed.notify_all()
        self._server.shutdown()
        self._thread.join(60)

    def drop_after(self, frames: int, *, mid_message: bool = False) -> None:
        """Cut the next connection after so many frames, within one if wanted; then work again."""
        self._drops, self._cut = frames, mid_message

    def cut_all(self) -> None:
        """Cut every connection, as a network that fails does."""
        for connection in list(self._connections):
            _cut(connection.socket)

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        asked = parse_qs(parts.query, keep_blank_values=True)
        wrong = self._wrong(parts.path, asked)
        if wrong is not None:
            self.problems.append(wrong)
            return connection.respond(400, wrong + "\n")
        cursor = int(asked["cursor"][0]) if "cursor" in asked else None
        with self.network.changed:
            self.asked.append(cursor)
        if self.refuses is not None:
            status, said, headers = self.refuses
            response = connection.respond(status, said)
            for name, value in headers.items():
                response.headers[name] = value
            return response
        if cursor is not None and self._too_old == "refuse" and cursor < self._oldest():
            return connection.respond(400, "cursor too old\n")
        return None

    def _wrong(self, path: str, asked: dict[str, list[str]]) -> str | None:
        if path != "/subscribe":
            return f"no such path: {path}"
        if unknown := set(asked) - PARAMETERS:
            return f"unknown parameters: {sorted(unknown)}"
        if asked.get("wantedCollections") != [COLLECTION]:
            return "wantedCollections: a client of posts asks for these alone"
        for name in ("cursor", "maxMessageSizeBytes"):
            if any(not value.isdigit() for value in asked.get(name, [])):
                return f"{name}: not a number"
        return None

    def _oldest(self) -> int:
        if self._retention is None:
            return 0
        return self._now() - self._retention // timedelta(microseconds=1)

    def _now(self) -> int:
        return self.network._now_us() + self._offset

    def _tell(self, connection: ServerConnection) -> None:
        """Send what is asked for, from the cursor on, until the connection or the server ends."""
        assert connection.request is not None
        asked = parse_qs(urlsplit(connection.request.path).query)
        largest = int(asked.get("maxMessageSizeBytes", ["0"])[0])
        self._connections.add(connection)
        reader = threading.Thread(target=_listen, args=(connection,), daemon=True)
        reader.start()
        with self.network.changed:
            place = self._place(int(asked["cursor"][0]) if "cursor" in asked else None)
            self.begun += 1
        try:
            self._send_from(connection, place, largest)
        except (ConnectionClosed, OSError):
            return
        finally:
            self._connections.discard(connection)

    def _place(self, cursor: int | None) -> int:
        log = self.network.log
        if cursor is None or cursor > self._now():
            return len(log)
        begin = max(cursor, self._oldest())
        return next((n for n, told in enumerate(log) if told.time_us + self._offset >= begin), len(log))

    def _send_from(self, connection: ServerConnection, place: int, largest: int) -> None:
        while not self._closed.is_set():
            with self.network.changed:
                if len(self.network.log) == place and not self._closed.is_set():
                    self.network.changed.wait(1)
                told = self.network.log[place:]
            if connection.state is not State.OPEN:
                return
            for each in told:
                place += 1
                frame = self._frame(each)
                if (largest and len(frame) > largest) or self.is_deaf:
                    continue
                if self._is_dropped(connection, frame):
                    return
                connection.send(frame, text=True)
                self.sent.append(each.time_us)

    def _frame(self, told: Told) -> bytes:
        if told.frame is not None:
            return told.frame
        if self.is_garbled:
            return b'{"v": 2, "event": "somebody posted"}'
        return json.dumps(told.event | {"time_us": told.time_us + self._offset}, ensure_ascii=False).encode()

    def _is_dropped(self, connection: ServerConnection, frame: bytes) -> bool:
        if self._drops is None:
            return False
        self._drops -= 1
        if self._drops >= 0:
            return False
        self._drops = None
        if self._cut:
            # A frame that says how long it is, and its beginning.
            connection.socket.sendall(b"\x81\x7e" + len(frame).to_bytes(2, "big") + frame[: len(frame) // 2])
        _cut(connection.socket)
        return True


def _listen(connection: ServerConnection) -> None:
    """Answer pings, and notice the end."""
    try:
        for _ in connection:
            pass
    except (ConnectionClosed, OSError):
        return  # it is over, as its sender notices too


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is gone already
