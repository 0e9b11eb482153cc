"""Limits of platforms: what is asked before a request, and what headers of four dialects say after it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import RateLimited, SourceRejected, SourceUnavailable
from monitor.seams.pace import Bucket
from monitor.sources.body import Limits
from monitor.sources.http import Client
from monitor.sources.limits import Left, left_of
from tests.simulators.feed_server import FeedServer, HttpRequest, moved, status

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=90)
SEARCH = Bucket("x:search", 2, timedelta(minutes=15))


class Ledger:
    """A pace that admits so many requests, and notes what it hears."""

    def __init__(self, admitted: int) -> None:
        self.admitted = admitted
        self.heard: list[tuple[Bucket, int, datetime]] = []

    def admit(self, bucket: Bucket) -> timedelta:
        self.admitted -= 1
        return timedelta(0) if self.admitted >= 0 else timedelta(seconds=40)

    def heed(self, bucket: Bucket, remaining: int, reset_at: datetime) -> None:
        self.heard.append((bucket, remaining, reset_at))


@pytest.fixture
def pace() -> Ledger:
    return Ledger(2)


@pytest.fixture
def paced(server: FeedServer, pace: Ledger) -> Iterator[Client]:
    client = Client(limits=Limits(deadline=5), allow=[server.address], pace=pace)
    yield client
    client.close()


@pytest.mark.parametrize(
    ("remaining", "reset"),
    [
        (("x-rate-limit-remaining", "7"), ("x-rate-limit-reset", str(int(LATER.timestamp())))),
        (("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "2026-11-23T12:01:30.000Z")),
        (("ratelimit-remaining", "7"), ("ratelimit-reset", str(int(LATER.timestamp())))),
        (("x-ratelimit-remaining", "7.0"), ("x-ratelimit-reset", "90")),
    ],
    ids=["x", "mastodon", "bluesky", "reddit"],
)
def test_each_dialect_says_the_same(remaining: tuple[str, str], reset: tuple[str, str]) -> None:
    assert left_of(dict([remaining, reset]), NOW) == Left(7, LATER)


@pytest.mark.parametrize("reset", ["", "soon", "-5", "nan", "inf", "1e300", "2026-99-99"])
def test_headers_that_cannot_be_read_say_nothing(reset: str) -> None:
    assert left_of({"ratelimit-remaining": "7", "ratelimit-reset": reset}, NOW) is None


def test_nothing_is_asked_when_the_bucket_is_empty(server: FeedServer, paced: Client) -> None:
    url = server.serve("/search", status(200))
    for _ in range(2):
        paced.get("x", url, now=NOW, bucket=SEARCH)

    with pytest.raises(RateLimited) as caught:
        paced.get("x", url, now=NOW, bucket=SEARCH)

    assert caught.value.retry_after == timedelta(seconds=40)
    assert server.counts["/search"] == 2


@pytest.mark.parametrize("code", [200, 429, 503])
def test_what_headers_say_of_the_bucket_is_believed(server: FeedServer, paced: Client, pace: Ledger, code: int) -> None:
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(LATER.timestamp()))}
    url = server.serve("/search", status(code, headers=headers))

    try:
        paced.get("x", url, now=NOW, bucket=SEARCH)
    except (RateLimited, SourceUnavailable):
        assert code != 200

    assert pace.heard == [(SEARCH, 0, LATER)]


def test_too_many_requests_wait_for_the_end_of_the_window_where_nothing_else_is_said(
    server: FeedServer, paced: Client
) -> None:
    url = server.serve("/search", status(429, headers={"ratelimit-reset": str(int(LATER.timestamp()))}))

    with pytest.raises(RateLimited) as caught:
        paced.get("bluesky", url, now=NOW)

    assert caught.value.retry_after == timedelta(seconds=90)


def test_a_server_that_is_down_is_not_waited_for_as_long_as_its_window_lasts(server: FeedServer, paced: Client) -> None:
    """Bluesky says with every answer when its window ends, and so with a 503."""
    url = server.serve("/search", status(503, headers={"ratelimit-reset": str(int(LATER.timestamp()))}))

    with pytest.raises(SourceUnavailable):
        paced.get("bluesky", url, now=NOW)


def test_json_is_posted_and_follows_no_redirect(server: FeedServer, paced: Client) -> None:
    def echo(asked: HttpRequest) -> None:
        asked.answer(200, asked.body, {"X-Was": asked.headers["Content-Type"]})

    answer = paced.post("bluesky", server.serve("/session", echo), {"password": "p"}, now=NOW)

    assert (answer.body, answer.headers["x-was"]) == (b'{"password":"p"}', "application/json")
    with pytest.raises(SourceRejected, match="posted"):
        paced.post("bluesky", server.serve("/old", moved(307, "/session")), {}, now=NOW)
