"""What platforms say of their limits in headers, whose names and forms differ. Pure.

X           x-rate-limit-remaining, x-rate-limit-reset        epoch seconds
Mastodon    x-ratelimit-remaining, x-ratelimit-reset          ISO 8601
Bluesky     ratelimit-remaining, ratelimit-reset              epoch seconds
Reddit      x-ratelimit-remaining, x-ratelimit-reset          a fraction, and seconds from now
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_PREFIXES = ("x-rate-limit-", "x-ratelimit-", "ratelimit-")
_EPOCH = 1_000_000_000
"""From this number on seconds are counted from 1970; no window lasts 30 years."""
_LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


class Left(NamedTuple):
    """How many requests remain, and when all may be made again."""

    remaining: int
    reset_at: datetime


def left_of(headers: Mapping[str, str], now: datetime) -> Left | None:
    """Return what headers (their names in lower case) say of a limit; None when they say nothing that can be read."""
    for prefix in _PREFIXES:
        remaining = _number(headers.get(f"{prefix}remaining", ""))
        reset_at = _time(headers.get(f"{prefix}reset", ""), now)
        if remaining is not None and reset_at is not None:
            return Left(int(remaining), reset_at)
    return None


def reset_in(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long it is until all requests may be made again; None when headers do not say."""
    times = (_time(headers.get(f"{prefix}reset", ""), now) for prefix in _PREFIXES)
    return next((each - now for each in times if each is not None), None)


def _time(text: str, now: datetime) -> datetime | None:
    seconds = _number(text)
    if seconds is not None:
        return datetime.fromtimestamp(seconds, UTC) if seconds >= _EPOCH else now + timedelta(seconds=seconds)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < _LATEST else None
