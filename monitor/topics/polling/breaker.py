"""The circuit breaker of a source: when not to ask it at all. Pure; the store keeps the state (store/breakers.py).

    closed ─5 failures in a row, whichever query─► open ─30 s, twice as long each time, up to 15 min─► probing
      ▲  ▲                                          ▲                                                   │  │
      │  └── it works ──────────────────────────────┼───────────────────────────────────────────────────┘  │
      │                                             └── it fails ── one query asks, the others wait ───────┘
      └── settings changed, or `monitor poll --force` ── denied (401, 403)

A feed has the breaker of its host, every other source its own: one broken feed closes no other. Too many requests make
all queries of the scope wait as long as the platform says. (Nygard, Release It!, 2nd edition 2018, chapter 5.)
"""

from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

import msgspec
import xxhash

from monitor.errors import AccessDenied, OutOfCredit, RateLimited, SourceError, SourceRejected
from monitor.models import Query

FAILURES = 5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
PROBE = timedelta(seconds=90)
"""A probe that says nothing for so long died: another may ask."""

DENIED_PAUSE = timedelta(hours=6)
"""How long a query of a denied source is put off; when a person acted, it is asked for at once."""

JITTER = 0.1


class Breaker(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What is known of a scope: failures in a row, how often it opened in a row, and until when nobody asks.

    `settings` is a hash of the source's settings when it was denied.
    """

    state: Literal["closed", "open", "probing", "denied"] = "closed"
    failures: int = 0
    opened: int = 0
    until: datetime | None = None
    reason: str = ""
    settings: str = ""


CLOSED = Breaker()


class Verdict(msgspec.Struct, frozen=True):
    """Whether a query may ask now: `wait` is zero. `after` is the breaker once it asks, or has been told to wait."""

    wait: timedelta
    after: Breaker


def scope_of(query: Query) -> str:
    """Return what fails together: the host of a feed, else the whole source."""
    if query.source != "rss":
        return query.source
    try:
        return f"rss:{urlsplit(query.text).hostname or query.text}"
    except ValueError:
        return f"rss:{query.text}"


def ask(breaker: Breaker, query: Query, settings: str, now: datetime) -> Verdict:
    """Say whether a query may ask now. The first one after a pause is the probe."""
    if breaker.state == "denied":
        if settings != breaker.settings:
            return Verdict(timedelta(0), CLOSED)
        return Verdict(DENIED_PAUSE, breaker)
    if breaker.state == "closed":
        return Verdict(timedelta(0), breaker)
    assert breaker.until is not None, "who is open or probing has an end"
    if now < breaker.until:
        return Verdict(_spread(query, breaker.until - now), breaker)
    return Verdict(timedelta(0), msgspec.structs.replace(breaker, state="probing", until=now + PROBE))


def told(breaker: Breaker, scope: str, error: SourceError | None, settings: str, now: datetime) -> Breaker:
    """Return the breaker after a query asked: how it went decides."""
    if error is None:
        return CLOSED
    if isinstance(error, RateLimited):
        return _limited(breaker, error, now)
    if isinstance(error, AccessDenied) and not scope.startswith("rss:"):
        return Breaker(state="denied", reason=error.reason, settings=settings)
    is_ours = isinstance(error, OutOfCredit) and error.retry_after is not None  # our budget, not the platform
    if isinstance(error, SourceRejected) or is_ours:
        # What is wrong with one query says nothing about the others; that the platform answers, it does.
        return CLOSED if breaker.state == "probing" else breaker
    failures = breaker.failures + 1
    if breaker.state == "open" or (breaker.state == "closed" and failures < FAILURES):
        return msgspec.structs.replace(breaker, failures=failures, reason=error.reason)
    if breaker.state == "denied":
        return breaker
    opened = breaker.opened + 1
    return Breaker(
        state="open", failures=failures, opened=opened, until=now + pause(scope, opened), reason=error.reason
    )


def pause(scope: str, opened: int) -> timedelta:
    """Return how long a breaker stays open that opened so often in a row; the same for the same scope and number."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(opened - 1, 20)
    return min(LONGEST_PAUSE, doubled) * (1 + JITTER * (2 * _fraction(f"{scope} {opened}") - 1))


def _limited(breaker: Breaker, error: RateLimited, now: datetime) -> Breaker:
    until = now + error.retry_after
    if breaker.state == "denied" or (breaker.state == "open" and breaker.until is not None and breaker.until > until):
        return breaker
    return msgspec.structs.replace(breaker, state="open", until=until, reason=error.reason)


def _spread(query: Query, wait: timedelta) -> timedelta:
    """Return the wait and up to a tenth more: not all queries come back in the same moment."""
    return wait * (1 + JITTER * _fraction(str(query))) + timedelta(milliseconds=1)


def _fraction(text: str) -> float:
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass")) / 2**64
