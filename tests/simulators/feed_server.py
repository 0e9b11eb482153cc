"""A real HTTP server on loopback that behaves as feeds do, well and badly, path by path, and counts what it was asked.

with FeedServer() as server:
    server.serve("/feed", document(BODY, etag='"1"'))
    client = Client(allow=[server.address])
"""

import gzip
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

Behaviour = Callable[["HttpRequest"], None]
_CHUNK = 65_536


class HttpRequest(BaseHTTPRequestHandler):
    """One request; behaviours answer through it."""

    protocol_version = "HTTP/1.1"
    server: "_Server"
    body = b""

    def do_GET(self) -> None:
        """Answer as the path was told to."""
        path = self.path.split("?")[0]
        with self.server.lock:
            self.server.counts[path] += 1
            self.server.headers_by_path[path] = {name.lower(): value for name, value in self.headers.items()}
            self.server.asked.append(self.path)
        behaviour = self.server.behaviours.get(path, self.server.otherwise)
        self.close_connection = True
        try:
            behaviour(self)
        except (BrokenPipeError, ConnectionResetError):
            self.server.cut_short[path] += 1

    def do_POST(self) -> None:
        """Read what is sent, and answer as the path was told to."""
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send a whole answer."""
        self.head(status, {"Content-Length": str(len(body))} | dict(headers or {}))
        self.wfile.write(body)

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status and the headers."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HttpRequest)
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.cut_short: Counter[str] = Counter()
        self.asked: list[str] = []
        self.headers_by_path: dict[str, Mapping[str, str]] = {}
        self.behaviours: dict[str, Behaviour] = {}
        self.otherwise: Behaviour = status(404)
        self.stopping = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what is tested."""


class FeedServer:
    """The server, running while in its `with` block."""

    def __init__(self) -> None:
        self._server = _Server()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> "FeedServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """Return "host:port", as Client's `allow` wants it."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Return the address of the server's root, without a slash at its end."""
        return f"http://{self.address}"

    def serve(self, path: str, behaviour: Behaviour) -> str:
        """Let a path behave so from now on; return its address."""
        self._server.behaviours[path] = behaviour
        return self.url + path

    def serve_everything(self, behaviour: Behaviour) -> None:
        """Let every path without a behaviour of its own behave so."""
        self._server.otherwise = behaviour

    @property
    def counts(self) -> Counter[str]:
        """Return how often each path was asked for."""
        return self._server.counts

    @property
    def asked(self) -> list[str]:
        """Return the paths asked for, with their queries, in order."""
        return self._server.asked

    def headers(self, path: str) -> Mapping[str, str]:
        """Return the headers of the latest request for a path, lower-cased."""
        return self._server.headers_by_path[path]


def document(
    body: bytes,
    *,
    content_type: str | None = "application/xml",
    etag: str | None = None,
    last_modified: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Behaviour:
    """Serve a document, and 304 to those who know it."""
    extra = {"ETag": etag, "Last-Modified": last_modified, "Content-Type": content_type}
    known = {name: value for name, value in extra.items() if value is not None} | dict(headers or {})

    def behave(asked: HttpRequest) -> None:
        is_known = etag is not None and asked.headers.get("If-None-Match") == etag
        is_old = last_modified is not None and asked.headers.get("If-Modified-Since") == last_modified
        if is_known or (etag is None and is_old):
            asked.head(304, known)
            return
        asked.answer(200, body, known)

    return behave


def status(code: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer with a status: 410, 429 with Retry-After, 503 …"""
    return lambda asked: asked.answer(code, body, headers)


def moved(code: int, to: str) -> Behaviour:
    """Redirect."""
    return lambda asked: asked.answer(code, b"", {"Location": to})


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Behave differently from one request to the next; the last behaviour stays."""
    remaining = list(behaviours)

    def behave(asked: HttpRequest) -> None:
        with asked.server.lock:
            behaviour = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        behaviour(asked)

    return behave


def compressed(body: bytes, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Serve a document in gzip."""
    packed = gzip.compress(body)
    return status(200, packed, {"Content-Encoding": "gzip", "Content-Type": "application/xml"} | dict(headers or {}))


def gzip_bomb(size: int = 1_000_000_000) -> Behaviour:
    """Serve a thousandth of `size` in bytes that unpacks to `size`."""
    member = gzip.compress(b"\0" * 10_000_000)
    return status(200, member * max(1, size // 10_000_000), {"Content-Encoding": "gzip"})


def drip(body: bytes, seconds: float = 0.05) -> Behaviour:
    """Serve a document a byte at a time, without a sleep that would outlive the server."""

    def behave(asked: HttpRequest) -> None:
        asked.head(200, {"Content-Length": str(len(body)), "Content-Type": "application/xml"})
        for place in range(len(body)):
            asked.wfile.write(body[place : place + 1])
            if asked.server.stopping.wait(seconds):
                return

    return behave


def dripping_headers(seconds: float = 0.05) -> Behaviour:
    """Send a header that never ends, a byte at a time."""

    def behave(asked: HttpRequest) -> None:
        asked.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not asked.server.stopping.wait(seconds):
            asked.wfile.write(b"x")

    return behave


def silence() -> Behaviour:
    """Accept the request and never answer."""
    return lambda asked: asked.server.stopping.wait() and None


def cut(body: bytes, at: int) -> Behaviour:
    """Announce a whole document, send its beginning, hang up."""

    def behave(asked: HttpRequest) -> None:
        asked.head(200, {"Content-Length": str(len(body)), "Content-Type": "application/xml"})
        asked.wfile.write(body[:at])

    return behave


def large_headers(size: int = 1_000_000) -> Behaviour:
    """Send a header of this many bytes."""
    return status(200, b"x", {"X-Large": "x" * size})


def endless(piece: bytes = b"<item><title>more</title></item>") -> Behaviour:
    """Serve a document that never ends, chunked."""

    def behave(asked: HttpRequest) -> None:
        asked.head(200, {"Transfer-Encoding": "chunked", "Content-Type": "application/xml"})
        for chunk in _forever(piece):
            asked.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            if asked.server.stopping.is_set():
                return

    return behave


def huge(size: int = 3 * 2**30, *, is_announced: bool = True) -> Behaviour:
    """Serve a feed of 3 GB, made up while it is sent; announced by Content-Length or not."""

    def behave(asked: HttpRequest) -> None:
        length = {"Content-Length": str(size)} if is_announced else {}
        asked.head(200, {"Content-Type": "application/rss+xml"} | length)
        sent = 0
        for chunk in _forever(b"<item><title>more</title></item>"):
            if sent >= size or asked.server.stopping.is_set():
                return
            asked.wfile.write(chunk)
            sent += len(chunk)

    return behave


def raw(answer: bytes) -> Behaviour:
    """Send bytes that need not be HTTP."""
    return lambda asked: asked.wfile.write(answer) and None


def _forever(piece: bytes) -> Iterator[bytes]:
    chunk = piece * (_CHUNK // len(piece) + 1)
    while True:
        yield chunk
