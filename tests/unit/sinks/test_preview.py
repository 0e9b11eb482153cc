"""The preview keeps messages and serves one page, to this machine only."""

import http.client
import re
import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from monitor.errors import StoreError
from monitor.models import Message, Query, QueryStatus, Window
from monitor.sinks.page import Fact, PageView, Sent, TopicView, failure, page
from monitor.sinks.preview import LOOPBACK, PreviewServer, PreviewSink, serve
from tests.build import NOW
from tests.unit.digests.test_formats import Reader, read

EVIL = "</title><script>alert('x')</script>\"&"


class Kept:
    """An Outgoing in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[datetime, Message]] = {}

    def keep(self, message: Message, at: datetime) -> bool:
        return self.rows.setdefault(message.id, (at, message)) == (at, message)

    def latest(self, chat: str, limit: int) -> list[tuple[datetime, Message]]:
        return [row for row in self.rows.values() if row[1].chat == chat][-limit:]


def a_message(id_: str = "1", text: str = "#pots: no posts") -> Message:
    return Message(id=id_, chat="preview", digest_id="d", part=0, text=text)


def a_view(text: str = "砸锅卖铁") -> PageView:
    topic = TopicView(
        name="pots",
        title=text,
        timezone="Asia/Taipei",
        window=Window(NOW - timedelta(hours=24), NOW),
        sent=(Sent(at=NOW - timedelta(hours=2), message=a_message(text=text)),),
        current=a_message("now", text),
        statuses=(
            QueryStatus(query=Query("bluesky", ""), read=1.0),
            QueryStatus(query=Query("hackernews", ""), read=0.1, reason=text, since=NOW - timedelta(hours=3)),
        ),
        next_digest=NOW + timedelta(hours=12),
    )
    return PageView(now=NOW, topics=(topic,), facts=(Fact(label="Store", text=text, is_problem=True),))


@pytest.fixture
def views() -> list[PageView | Exception]:
    """Return the list whose last entry the server shows, or raises."""
    return [a_view()]


@pytest.fixture
def server(views: list[PageView | Exception]) -> Iterator[PreviewServer]:
    """Run a server on a free port."""

    def view() -> PageView:
        if isinstance(views[-1], Exception):
            raise views[-1]
        return views[-1]

    running = serve(0, view)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join(10)


def ask(
    server: PreviewServer, path: str = "/", method: str = "GET", host: str | None = None
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(LOOPBACK, server.server_address[1], timeout=60)
    connection.putrequest(method, path, skip_host=True)
    if host != "":
        connection.putheader("Host", host or f"localhost:{server.server_address[1]}")
    connection.endheaders()
    response = connection.getresponse()
    response.body = response.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return response


def body(response: http.client.HTTPResponse) -> str:
    return response.body  # type: ignore[attr-defined, no-any-return]


def test_a_message_is_kept_once_under_its_id() -> None:
    kept = Kept()
    sink = PreviewSink(kept, lambda: NOW + timedelta(seconds=len(kept.rows)))

    receipts = [sink.send(a_message()), sink.send(a_message()), sink.send(a_message("2"))]

    assert [each.message_id for each in receipts] == ["1", "1", "2"]
    assert kept.rows == {"1": (NOW, a_message()), "2": (NOW + timedelta(seconds=1), a_message("2"))}


def test_the_page_is_served_with_what_keeps_it_safe(server: PreviewServer) -> None:
    response = ask(server)

    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert 'http-equiv="refresh" content="10"' in body(response)


def test_the_server_listens_on_loopback_only(server: PreviewServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.server_address[1]}/"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/healthz", "text/plain"), ("/style.css", "text/css"), ("/icon.svg", "image/svg+xml"), ("/?a=1", "text/html")],
)
def test_every_part_of_the_page_is_there(server: PreviewServer, path: str, kind: str) -> None:
    response = ask(server, path)

    assert response.status == 200
    assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert body(response)


@pytest.mark.parametrize("path", ["/nothing", "/../etc/passwd", "/style.css/", "/%2e%2e/pyproject.toml"])
def test_nothing_else_is_there(server: PreviewServer, path: str) -> None:
    assert ask(server, path).status == 404


def test_head_answers_without_a_body(server: PreviewServer) -> None:
    response = ask(server, method="HEAD")

    assert (response.status, body(response)) == (200, "")
    assert int(response.headers["Content-Length"]) > 1000


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_other_methods_are_refused(server: PreviewServer, method: str) -> None:
    response = ask(server, method=method)

    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD"
    assert "Content-Security-Policy" in response.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost:80@evil.example", "", "0.0.0.0", "localhost:"]
)
def test_another_name_for_this_machine_is_refused(server: PreviewServer, host: str) -> None:
    """DNS rebinding: a site may lead its own name to 127.0.0.1 and read what is served there."""
    for path in ("/", "/style.css", "/healthz"):
        assert ask(server, path, host=host).status == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8765", "127.0.0.1", "127.0.0.1:1", "[::1]:8765"])
def test_the_names_of_loopback_are_accepted(server: PreviewServer, host: str) -> None:
    assert ask(server, host=host).status == 200


def test_a_store_that_cannot_be_reached_is_a_sentence(server: PreviewServer, views: list[PageView | Exception]) -> None:
    views.append(StoreError("The store <b>cannot</b> be reached: start it."))

    response = ask(server)

    assert response.status == 503
    assert "The store &lt;b&gt;cannot&lt;/b&gt; be reached: start it." in body(response)
    assert 'http-equiv="refresh"' in body(response)


def test_a_request_that_is_none_does_not_stop_the_server(server: PreviewServer) -> None:
    with socket.create_connection((LOOPBACK, server.server_address[1]), timeout=60) as connection:
        connection.sendall(b"\x00\xff nonsense\r\n\r\n")
        assert b"Bad Request" in connection.recv(1000)

    assert ask(server, "/healthz").status == 200


def test_a_taken_port_is_an_error(server: PreviewServer) -> None:
    with pytest.raises(OSError, match="in use"):
        serve(server.server_address[1], a_view)


def test_nothing_in_a_view_becomes_markup() -> None:
    reader = read_page(page(a_view(EVIL)))

    assert "script" not in reader.tags
    assert reader.text.count(EVIL) == 5


def test_the_page_shows_newest_below_then_now_then_what_was_read() -> None:
    text = read_page(page(a_view())).text

    places = [
        text.index(words)
        for words in ("Tue 18:00", "now · not sent", "Bluesky", "Hacker News since", "Next digest", "Store")
    ]
    assert places == sorted(places)
    assert "Wed 08:00 (Taipei time)" in text


def test_an_empty_page_says_what_to_do() -> None:
    assert "monitor init" in read_page(page(PageView(now=NOW))).text
    assert "sentence" in read_page(failure("sentence")).text


def read_page(markup: str) -> Reader:
    """Return what a browser sees; <meta> and <link> have no end tag."""
    return read(re.sub(r"<(meta|link) ([^>]*)>", r"<\1 \2></\1>", markup))
