"""The way to X: tweepy's client, with what it lacks: a deadline, a cap on an answer, limits shared by all workers.

tweepy waits for ever, reads without end, prints the token at DEBUG, and finds only some of X's errors worth a class.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpcore
import requests
import tweepy
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from monitor.errors import RateLimited, SourceRejected, SourceUnavailable
from monitor.seams.pace import Bucket, Pace
from monitor.sources.network import Deadline
from monitor.sources.x_errors import refusal
from monitor.sources.x_posts import NAME

HOST = "https://api.twitter.com"
"""What tweepy asks, whatever is set."""

TIMEOUTS = (5.0, 20.0)
"""Seconds to connect, and between two pieces of an answer."""

LONGEST_ANSWER = 25.0
MOST_BYTES = 5_000_000
_PIECE = 65_536
WINDOW = timedelta(minutes=15)

BUCKETS = {
    "/2/tweets/search/recent": Bucket("x:search", 450, WINDOW),
    "/2/tweets/counts/recent": Bucket("x:counts", 300, WINDOW),
    "/2/tweets": Bucket("x:lookup", 3500, WINDOW),
    "/2/users/by": Bucket("x:users", 300, WINDOW),
    "/2/usage/tweets": Bucket("x:usage", 50, WINDOW),
}
"""Requests of an app in a window (docs of X, 2026-08-22). Its headers are believed rather than these."""

logging.getLogger("tweepy").setLevel(logging.WARNING)  # at DEBUG it prints the token with every request


class NoAnswer(SourceUnavailable):
    """Nobody can tell whether the request arrived, and is paid for."""


class Answer(NamedTuple):
    """A good answer, and X's own clock; header names are in lower case."""

    body: bytes
    headers: Mapping[str, str]
    served_at: datetime


class Account(NamedTuple):
    """Who asks, and where: the address leads elsewhere in tests and behind proxies."""

    token: str
    url: str = HOST


class _Adapter(HTTPAdapter):
    """Leads requests to an address, and reads answers within limits."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url.rstrip("/")

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # type: ignore[override]
        request.url = (request.url or "").replace(HOST, self._url, 1)
        answer = super().send(request, **(how | {"timeout": TIMEOUTS, "stream": True}))
        answer._content = _read(answer)  # noqa: SLF001 - what requests would read, within limits
        answer._content_consumed = True  # noqa: SLF001
        return answer


class Gateway:
    """Asks X, and words its refusals. Threads may share it."""

    def __init__(self, account: Account, pace: Pace | None = None) -> None:
        self._pace = pace
        self._client = tweepy.Client(account.token, return_type=requests.Response, wait_on_rate_limit=False)
        self._client.session.trust_env = False  # a .netrc would put another key in place of ours
        self._client.session.max_redirects = 0
        self._client.session.mount(HOST, _Adapter(account.url))

    def get(self, route: str, params: Mapping[str, object], now: datetime) -> Answer:
        """Ask once. Raise SourceError: the leaf says what to do."""
        bucket = BUCKETS[route]
        self._draw(bucket)
        try:
            answer = self._client.request("GET", route, params=dict(params))
        except tweepy.HTTPException as e:
            headers = _lowered(e.response.headers)
            self._heed(bucket, headers)
            raise refusal(e.response.status_code, headers, e.response.content, now, str(params.get("query", ""))) from e
        except (tweepy.TweepyException, requests.RequestException, HTTPError, ValueError, OverflowError) as e:
            raise NoAnswer(NAME, f"X cannot be reached: {_words(e)}") from e
        headers = _lowered(answer.headers)
        self._heed(bucket, headers)
        return Answer(answer.content, headers, _served_at(headers, now))

    def close(self) -> None:
        """Close the connections."""
        self._client.session.close()

    def _draw(self, bucket: Bucket) -> None:
        wait = timedelta(0) if self._pace is None else self._pace.admit(bucket)
        if wait:
            raise RateLimited(NAME, "our share of its requests is used up", wait)

    def _heed(self, bucket: Bucket, headers: Mapping[str, str]) -> None:
        remaining, reset = (headers.get(f"x-rate-limit-{name}", "") for name in ("remaining", "reset"))
        if self._pace is not None and remaining.isdecimal() and reset.isdecimal() and int(reset) < 10**11:
            self._pace.heed(bucket, int(remaining[:9]), datetime.fromtimestamp(int(reset), UTC))


def check_address(url: str) -> str:
    """Return X's address as it is set, or raise SourceRejected for one that is none."""
    if not url.startswith(("https://", "http://")):
        raise SourceRejected(NAME, "its url must begin with https://; delete the line to ask X itself")
    return url


def _read(answer: requests.Response) -> bytes:
    deadline, pieces, size = Deadline(LONGEST_ANSWER), [], 0
    try:
        while piece := answer.raw.read(_PIECE, decode_content=True):
            deadline.clamp()
            size += len(piece)
            pieces.append(piece)
            if size > MOST_BYTES:
                raise requests.exceptions.ContentDecodingError(f"the answer is larger than {MOST_BYTES:,} bytes")
    except (HTTPError, httpcore.TimeoutException, requests.RequestException) as e:
        answer.close()
        raise requests.exceptions.ChunkedEncodingError(str(e)) from e
    return b"".join(pieces)


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _served_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return the earlier of X's clock and ours: what comes after it was not seen."""
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        return now
    return min(now, date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC))


def _words(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "it took too long"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return " ".join(str(error).split())[:200] or type(error).__name__
