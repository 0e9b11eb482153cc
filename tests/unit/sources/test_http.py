"""The one HTTP client: what a status means, where a redirect may lead, and what an answer may cost."""

import gzip
import os
import resource
import socket
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta

import httpcore
import pytest

from monitor.errors import AccessDenied, OutOfCredit, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.sources.http import Client, Limits, Refused, patience
from monitor.sources.network import Network, reason_of, words_of
from tests.simulators.feed_server import (
    Behaviour,
    FeedServer,
    compressed,
    cut,
    document,
    drip,
    dripping_headers,
    endless,
    gzip_bomb,
    huge,
    large_headers,
    moved,
    raw,
    silence,
    status,
)

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, SourceRejected),
        (401, AccessDenied),
        (402, OutOfCredit),
        (403, AccessDenied),
        (404, SourceRejected),
        (410, SourceRejected),
        (429, RateLimited),
        (451, SourceRejected),
        (500, SourceUnavailable),
        (503, SourceUnavailable),
        (599, SourceUnavailable),
        (304, SourceUnavailable),
        (300, SourceUnavailable),
    ],
)
def test_each_status_has_its_error(code: int, error: type[SourceError], server: FeedServer, client: Client) -> None:
    url = server.serve("/x", status(code))

    with pytest.raises(SourceError) as caught:
        client.get("rss", url, now=NOW)

    assert type(caught.value) is error
    assert str(code) in str(caught.value)


@pytest.mark.parametrize(
    ("behaviour", "body"),
    [
        (status(403, b'{"error": "why"}', {"Content-Type": "application/json", "X-Said": "1"}), b'{"error": "why"}'),
        (status(403, b"<html>why</html>", {"Content-Type": "text/html", "X-Said": "1"}), b""),
        (status(403, b'"' + b"x" * 100_000 + b'"', {"Content-Type": "application/json", "X-Said": "1"}), b""),
        (status(403, b"garbled", {"Content-Type": "application/json", "Content-Encoding": "gzip", "X-Said": "1"}), b""),
    ],
)
def test_the_cause_of_a_refusal_tells_what_the_server_said(
    behaviour: Behaviour, body: bytes, server: FeedServer, client: Client
) -> None:
    """Platforms tell in words of their own why a status 403 is one: no quota, no comments, no key."""
    url = server.serve("/no", behaviour)

    with pytest.raises(AccessDenied) as caught:
        client.get("test", url, now=NOW)

    cause = caught.value.__cause__
    assert isinstance(cause, Refused)
    assert (cause.status, cause.headers["x-said"], cause.body) == (403, "1", body)


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_handed_on(code: int, server: FeedServer, client: Client) -> None:
    url = server.serve("/x", status(code, headers={"Retry-After": "90"}))

    with pytest.raises(RateLimited) as caught:
        client.get("rss", url, now=NOW)

    assert caught.value.retry_after == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 60),
        ("", 60),
        ("soon", 60),
        ("120", 120),
        ("0", 1),
        ("-5", 60),
        ("9" * 40, 86_400),
        ("Thu, 02 May 2024 12:10:00 GMT", 600),
        ("Thu, 02 May 2024 11:00:00 GMT", 1),
        ("Thu, 02 May 2034 11:00:00 GMT", 86_400),
        ("Thu, 99 May 2024 11:00:00 GMT", 60),
    ],
)
def test_patience_reads_seconds_and_dates_between_a_second_and_a_day(header: str | None, seconds: int) -> None:
    assert patience(header, NOW) == timedelta(seconds=seconds)


def test_a_good_answer_comes_with_lower_cased_headers(server: FeedServer, client: Client) -> None:
    url = server.serve("/x", document(b"body", headers={"X-Made-Up": "Yes"}))

    response = client.get("rss", url, now=NOW, headers={"If-None-Match": '"1"'})

    assert (response.status, response.body, response.url) == (200, b"body", url)
    assert response.headers["x-made-up"] == "Yes"
    assert response.permanent_url is None
    assert server.headers("/x")["if-none-match"] == '"1"'
    assert server.headers("/x")["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "deflate", "bare deflate", "two members", "identity"])
def test_compressed_bodies_are_unpacked(coding: str, server: FeedServer, client: Client) -> None:
    body = bytes(range(256)) * 1_000
    bare = zlib.compressobj(wbits=-15)
    packed = {
        "deflate": zlib.compress(body),
        "bare deflate": bare.compress(body) + bare.flush(),
        "two members": gzip.compress(body[:1000]) + gzip.compress(body[1000:]),
        "identity": body,
    }.get(coding, gzip.compress(body))
    name = {"bare deflate": "deflate", "two members": "gzip"}.get(coding, coding)
    url = server.serve("/x", status(200, packed, {"Content-Encoding": name}))

    assert client.get("rss", url, now=NOW).body == body


def test_cookies_are_neither_kept_nor_sent(server: FeedServer, client: Client) -> None:
    url = server.serve("/x", status(200, b"1", {"Set-Cookie": "spy=1; Path=/"}))

    client.get("rss", url, now=NOW)
    client.get("rss", url, now=NOW)

    assert "cookie" not in server.headers("/x")


def test_proxies_of_the_environment_are_not_used(
    server: FeedServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    fresh = Client(allow=[server.address])

    assert fresh.get("rss", server.serve("/x", status(200, b"direct")), now=NOW).body == b"direct"
    fresh.close()


@pytest.mark.parametrize(
    ("codes", "permanent"),
    [
        ([301], "/1"),
        ([308], "/1"),
        ([302], None),
        ([303], None),
        ([307], None),
        ([301, 308], "/2"),
        ([301, 302], "/1"),
        ([302, 301], None),
        ([301] * 5, "/5"),
    ],
)
def test_permanent_redirects_count_until_the_first_temporary_one(
    codes: list[int], permanent: str | None, server: FeedServer, client: Client
) -> None:
    for step, code in enumerate(codes):
        server.serve(f"/{step}", moved(code, f"/{step + 1}"))
    end = server.serve(f"/{len(codes)}", status(200, b"here"))

    response = client.get("rss", server.url + "/0", now=NOW)

    assert (response.body, response.url) == (b"here", end)
    assert response.permanent_url == (None if permanent is None else server.url + permanent)


def test_the_sixth_redirect_is_refused(server: FeedServer, client: Client) -> None:
    url = server.serve("/loop", moved(301, "/loop"))

    with pytest.raises(SourceRejected, match="more than 5 redirects"):
        client.get("rss", url, now=NOW)

    assert server.counts["/loop"] == 6


def test_secrets_stay_with_the_host_they_were_meant_for(server: FeedServer) -> None:
    with FeedServer() as other:
        client = Client(allow=[server.address, other.address])
        url = server.serve("/a", moved(302, other.serve("/b", status(200, b"x"))))

        client.get("rss", url, now=NOW, headers={"Authorization": "Bearer canary", "X-Plain": "1"})
        client.close()

        assert server.headers("/a")["authorization"] == "Bearer canary"
        assert "authorization" not in other.headers("/b")
        assert other.headers("/b")["x-plain"] == "1"


REFUSED_TEXTS = ["", "feed", "/etc/passwd", "file:///etc/passwd", "ftp://a.example/x", "gopher://a.example", "data:,x"]
REFUSED_TEXTS += [
    "http://",
    "http:///x",
    "https://user:pass@a.example/",
    "http://user@a.example/",
    "javascript:alert(1)",
]
REFUSED_TEXTS += ["http://a.example:22/", "http://a.example:8080/", "http://printer.local/", "http://x.localhost/"]
REFUSED_TEXTS += [
    "http://a.example\r\nX: y/",
    "http://[::1",
    "http://a b/",
    "http://\x00/",
    "http://metadata.google.internal/",
]
REFUSED_TEXTS += [
    "//a.example/",
    "unix:///var/run/docker.sock",
    "http+unix://x/",
    "HTTP://A.EXAMPLE:81/",
    "http://a.example:99999/",
]


@pytest.mark.parametrize("text", REFUSED_TEXTS)
def test_what_is_no_public_web_address_is_refused_unasked(text: str) -> None:
    def resolve(host: str, port: int, seconds: float) -> list[str]:
        raise AssertionError(f"looked up {host}")

    client = Client(network=Network(resolve=resolve))

    with pytest.raises(SourceRejected):
        client.get("rss", text, now=NOW)

    client.close()


COSTLY = {
    "gzip bomb": (gzip_bomb(1_000_000_000), SourceRejected, "unpacks to more than 20 times"),
    "bomb of empty members": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"") * 300_000),
        SourceRejected,
        "larger than 5,000,000 bytes",
    ),
    "3 GB, announced": (huge(), SourceRejected, "3,221,225,472 bytes"),
    "3 GB, not announced": (huge(is_announced=False), SourceRejected, "larger than 5,000,000 bytes"),
    "endless": (endless(), SourceRejected, "larger than 5,000,000 bytes"),
    "layers": (status(200, b"x", {"Content-Encoding": "gzip, gzip"}), SourceUnavailable, "encoded as 'gzip, gzip'"),
    "zstd": (status(200, b"x", {"Content-Encoding": "zstd"}), SourceUnavailable, "not asked for"),
    "brotli": (status(200, b"x", {"Content-Encoding": "br"}), SourceUnavailable, "not asked for"),
    "false gzip": (status(200, b"plain", {"Content-Encoding": "gzip"}), SourceUnavailable, "cannot be unpacked"),
    "cut gzip": (
        status(200, gzip.compress(b"abc" * 100)[:-4], {"Content-Encoding": "gzip"}),
        SourceUnavailable,
        "ends in the middle",
    ),
    "cut": (cut(b"x" * 100, 50), SourceUnavailable, "cannot be read"),
    "drip": (drip(b"x" * 1_000), SourceUnavailable, "took too long"),
    "dripping headers": (dripping_headers(), SourceUnavailable, "took too long"),
    "silence": (silence(), SourceUnavailable, "took too long"),
    "large headers": (large_headers(), SourceUnavailable, "cannot be read"),
    "not HTTP": (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), SourceUnavailable, "cannot be read"),
    "nothing": (raw(b""), SourceUnavailable, "cannot be read"),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_answer_ends_in_time_and_memory(name: str, server: FeedServer) -> None:
    behaviour, error, words = COSTLY[name]
    url = server.serve("/x", behaviour)
    # Only what is slow is measured against the clock; what is large must end by its size, on a busy machine too.
    seconds = 0.6 if "took too long" in words else 20
    client = Client(limits=Limits(deadline=seconds), allow=[server.address])
    before, began = _peak_memory(), time.monotonic()

    with pytest.raises(SourceError) as caught:
        client.get("rss", url, now=NOW)

    assert time.monotonic() - began < seconds + 3
    assert _peak_memory() - before < 50_000_000
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    client.close()


def test_a_short_body_may_compress_well(server: FeedServer, client: Client) -> None:
    body = b"<item><title>alike</title></item>" * 30_000

    assert client.get("rss", server.serve("/x", compressed(body)), now=NOW).body == body


def test_a_body_of_the_largest_size_is_read(server: FeedServer, client: Client) -> None:
    body = b"x" * 5_000_000

    assert client.get("rss", server.serve("/x", status(200, body)), now=NOW).body == body
    with pytest.raises(SourceRejected):
        client.get("rss", server.serve("/y", status(200, body + b"x")), now=NOW)


def test_the_deadline_counts_all_redirects_together(server: FeedServer) -> None:
    client = Client(limits=Limits(deadline=0.6), allow=[server.address])

    def slow(to: str) -> Behaviour:
        return lambda asked: asked.server.stopping.wait(0.25) or moved(302, to)(asked)

    for step in range(5):
        server.serve(f"/{step}", slow(f"/{step + 1}"))

    with pytest.raises(SourceUnavailable, match="took too long"):
        client.get("rss", server.url + "/0", now=NOW)

    assert server.counts["/4"] == 0
    client.close()


def test_a_name_server_that_hangs_costs_the_deadline_only() -> None:
    def resolve(host: str, port: int, seconds: float) -> list[str]:
        assert seconds <= 0.5
        raise TimeoutError("the name server is too slow")

    client = Client(limits=Limits(deadline=0.5), network=Network(resolve=resolve))

    with pytest.raises(SourceUnavailable, match=r"no address found for feeds\.example: the name server is too slow"):
        client.get("rss", "http://feeds.example/", now=NOW)

    client.close()


@pytest.mark.parametrize("host", ["no-such-name.invalid", "x" * 64 + ".example", "a..example"])
def test_a_name_that_does_not_exist_is_one_sentence(host: str) -> None:
    client = Client(limits=Limits(deadline=3))

    with pytest.raises(SourceError) as caught:
        client.get("rss", f"http://{host}/", now=NOW)

    assert host[:20] in str(caught.value)
    client.close()


class _ToListener(httpcore.NetworkBackend):
    """Connects to a listener of ours instead of the address that was asked for, which it notes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.addresses: list[str] = []

    def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore.NetworkStream:
        """Connect to the listener."""
        self.addresses.append(host)
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self._port, timeout=3)


def test_the_checked_address_is_connected_to_while_name_and_sni_stay() -> None:
    hello = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: hello.extend(_first_bytes(listener)))
        thread.start()
        backend = _ToListener(listener.getsockname()[1])
        network = Network(resolve=lambda *_: ["93.184.216.34"], backend=backend)
        client = Client(limits=Limits(deadline=3), network=network)

        with pytest.raises(SourceUnavailable):
            client.get("rss", "https://feeds.example/x", now=NOW)

        thread.join()
        client.close()
    assert backend.addresses == ["93.184.216.34"]
    assert b"feeds.example" in hello


def test_threads_share_the_client(server: FeedServer, client: Client) -> None:
    urls = [server.serve(f"/{n}", status(200, str(n).encode())) for n in range(40)]
    bodies: dict[int, bytes] = {}

    def fetch(n: int) -> None:
        bodies[n] = client.get("rss", urls[n], now=NOW).body

    threads = [threading.Thread(target=fetch, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert bodies == {n: str(n).encode() for n in range(40)}


def _first_bytes(listener: socket.socket) -> bytes:
    connection, _ = listener.accept()
    with connection:
        return connection.recv(4096)


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_no_number_of_the_system_stands_in_a_reason() -> None:
    """Was: `jetstream.example cannot be reached: [Errno -2] Name or service not known`."""
    unknown = OSError("[Errno -2] Name or service not known")
    unknown.__cause__ = socket.gaierror(-2, "Name or service not known")

    assert reason_of(unknown, "a.example") == "no address found for a.example"
    assert reason_of(ConnectionRefusedError(111, "Connect call failed ('::1', 9)"), "a.example") == (
        f"a.example cannot be reached: {os.strerror(111)}"
    )
    assert words_of(OSError("[Errno 101] Network is unreachable")) == "Network is unreachable"
