"""The preview: messages are kept, not sent, and shown on a page of this machine that looks like the chat."""

import logging
import re
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import NamedTuple

from monitor.errors import MonitorError
from monitor.models import Message, Receipt
from monitor.protocols import Outgoing
from monitor.sinks.page import PageView, failure, page

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
LONGEST_WAIT_SECONDS = 10

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#2f7fd1"/>'
    '<path d="M8 9h16v11H15l-5 4v-4H8z" fill="#fff"/>'
    '<path d="M11.5 13h9M11.5 16.3h6" stroke="#2f7fd1" stroke-width="1.6"/>'
    "</svg>"
)

_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)


class PreviewSink:
    """Implements the Sink protocol by keeping messages for the page.

    `look_again` takes out of a chat's messages what was taken back while one of them was composed.
    """

    def __init__(
        self,
        outgoing: Outgoing,
        clock: Callable[[], datetime],
        look_again: Callable[[str], object] = lambda chat: None,  # noqa: ARG005 - where nothing is ever taken back
    ) -> None:
        self._outgoing = outgoing
        self._clock = clock
        self._look_again = look_again

    def send(self, message: Message) -> Receipt:
        """Keep the message under its id; the same id again changes nothing."""
        self._outgoing.keep(message, self._clock())
        self._look_again(message.chat)
        return Receipt(message.id)


class Answer(NamedTuple):
    """What a request gets."""

    status: HTTPStatus
    kind: str
    body: str


class PreviewServer(ThreadingHTTPServer):
    """Serves the page. `serve_forever` runs it, `shutdown` and `server_close` end it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], view: Callable[[], PageView]) -> None:
        super().__init__(address, _Handler)
        self.view = view
        self.style = files("monitor.sinks").joinpath("preview.css").read_text(encoding="utf-8")

    @property
    def url(self) -> str:
        """Return the address to open in a browser on this machine."""
        return f"http://{LOOPBACK}:{self.server_address[1]}/"

    def answer(self, path: str) -> Answer:
        """Return what stands at a path."""
        fixed = {
            "/healthz": Answer(HTTPStatus.OK, "text/plain", "ok\n"),
            "/style.css": Answer(HTTPStatus.OK, "text/css", self.style),
            "/icon.svg": Answer(HTTPStatus.OK, "image/svg+xml", ICON),
        }
        if path == "/":
            return self._page()
        return fixed.get(path, Answer(HTTPStatus.NOT_FOUND, "text/plain", "There is nothing here.\n"))

    def _page(self) -> Answer:
        try:
            return Answer(HTTPStatus.OK, "text/html", page(self.view()))
        except MonitorError as e:
            log.warning("page not available", extra={"reason": str(e)})
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "text/html", failure(str(e)))


def serve(port: int, view: Callable[[], PageView], *, host: str = LOOPBACK) -> PreviewServer:
    """Return a server for the page, listening but not running yet; port 0 takes a free one.

    `view` is called for each page, in the thread of its request; a MonitorError from it is shown as a sentence. Raises
    OSError when the port is taken. Another `host` is for a container whose port is published on loopback: nobody is
    asked for a password, and only the Host header keeps other sites out.
    """
    return PreviewServer((host, port), view)


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD from this machine, refuses everything else."""

    server: PreviewServer
    timeout = LONGEST_WAIT_SECONDS
    server_version = "monitor"
    sys_version = ""

    def do_GET(self) -> None:
        if not _HOST.fullmatch(self.headers.get("Host", "")):
            # Another site's name that leads here (DNS rebinding) must not read the page.
            return self._send(Answer(HTTPStatus.FORBIDDEN, "text/plain", "Open this page as http://localhost.\n"))
        return self._send(self.server.answer(self.path.partition("?")[0]))

    def do_HEAD(self) -> None:
        self.do_GET()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse a request in our words. The standard library says 501 for every method that has no handler."""
        refused = code == HTTPStatus.NOT_IMPLEMENTED
        status = HTTPStatus.METHOD_NOT_ALLOWED if refused else HTTPStatus(code)
        self._send(Answer(status, "text/plain", f"{status.phrase}\n"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log at debug level: a page that refreshes itself would fill the log."""
        log.debug("page request", extra={"request": format % args})

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode("utf-8")
        self.send_response(answer.status)
        self.send_header("Content-Type", f"{answer.kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
