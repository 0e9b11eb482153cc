"""What X's refusals mean.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import msgspec

from monitor.errors import (
    AccessDenied,
    OutOfCredit,
    RateLimited,
    SourceError,
    SourceRejected,
    SourceUnavailable,
)
from monitor.sources.x_posts import NAME

WINDOW = timedelta(minutes=15)
"""How long X's limits last; so long we wait when it does not say."""

LEAST, MOST = timedelta(seconds=1), timedelta(days=1)
LONGEST_DETAIL = 200


class QueryRefused(SourceRejected):
    """X does not take the text of a query; `length` is how many characters it had."""

    def __init__(self, source: str, reason: str, length: int = 0) -> None:
        super().__init__(source, reason)
        self.args = (source, self.reason, length)
        self.length = length


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A problem as X words it (RFC 9457), and as its older endpoints do."""

    type: str = ""
    title: str = ""
    detail: str = ""
    reason: str = ""
    message: str = ""
    error: str = ""

    @property
    def words(self) -> str:
        """Return what it says, in one line."""
        said = self.detail or self.message or self.error or self.title
        return " ".join(said.split())[:LONGEST_DETAIL]


class _Body(Said, frozen=True, kw_only=True):
    errors: list[Said] = []

    @property
    def first(self) -> Said:
        """Return the first of several problems, which says more than what they have in common."""
        return self.errors[0] if self.errors and self.errors[0].words else self


def refusal(status: int, headers: Mapping[str, str], body: bytes, now: datetime, query: str = "") -> SourceError:
    """Return the error for an answer that is no good one; header names are in lower case."""
    said = said_in(body)
    words = f"X answered {status}{f': {said.words}' if said.words else _phrase(status)}"
    if status == HTTPStatus.PAYMENT_REQUIRED or b"/usage-capped" in body:
        return OutOfCredit(NAME, "no credit left at X" if status == HTTPStatus.PAYMENT_REQUIRED else "X's monthly cap")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(NAME, words, patience(headers, now))
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AccessDenied(NAME, words)
    if status == HTTPStatus.BAD_REQUEST and query:
        return QueryRefused(NAME, words, len(query))
    if status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in headers:
        return RateLimited(NAME, words, patience(headers, now))
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return SourceRejected(NAME, words)
    return SourceUnavailable(NAME, words)


def patience(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return how long X asks to wait, between a second and a day: until its window ends, or as a proxy says."""
    reset, seconds = headers.get("x-rate-limit-reset", ""), headers.get("retry-after", "")
    wait = WINDOW
    if reset.isdecimal():
        wait = datetime.fromtimestamp(min(int(reset[:12]), 10**11), UTC) - now
    elif seconds.isdecimal():
        wait = timedelta(seconds=int(seconds[:9]))
    return min(max(wait, LEAST), MOST)


def said_in(body: bytes) -> Said:
    """Return the problem that a body tells of, the first of several; an empty one for a body that is no such thing."""
    try:
        found = msgspec.json.decode(body, type=_Body, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Said()
    return found.first


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""
