"""Requests within the limits that all workers share, where there is a store that keeps them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from monitor.errors import RateLimited, SourceError
from monitor.pace import Bucket, Pace
from monitor.sources.http import Client, Refused, Response

_SOONEST, _LATEST = timedelta(seconds=1), timedelta(days=1)


def paced_get(
    client: Client, source: str, url: str, *, now: datetime, headers: Mapping[str, str], bucket: Bucket
) -> Response:
    """Ask for an address if a bucket holds a request, and believe what the answer's headers say of the bucket.

    Raise SourceError. A limit lasts until the time that headers give, where they give one.
    """
    pace: Pace | None = getattr(client, "pace", None)
    if pace is not None and (wait := pace.admit(bucket)):
        raise RateLimited(source, f"our share of the requests to {bucket.name} is used up", wait)
    try:
        answer = client.get(source, url, now=now, headers=headers)
    except SourceError as e:
        if isinstance(e.__cause__, Refused):
            _heed(pace, bucket, e.__cause__.headers)
            raise _until_reset(e, e.__cause__.headers, now) from e.__cause__
        raise
    _heed(pace, bucket, answer.headers)
    return answer


def reset_in(headers: Mapping[str, str]) -> datetime | None:
    """Return when a limit begins anew: Mastodon writes it as ISO 8601, not as seconds."""
    try:
        moment = datetime.fromisoformat(headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _heed(pace: Pace | None, bucket: Bucket, headers: Mapping[str, str]) -> None:
    remaining, reset_at = headers.get("x-ratelimit-remaining", ""), reset_in(headers)
    if pace is not None and remaining.isdecimal() and reset_at is not None:
        pace.heed(bucket, int(remaining), reset_at)


def _until_reset(error: SourceError, headers: Mapping[str, str], now: datetime) -> SourceError:
    reset_at = reset_in(headers)
    if not isinstance(error, RateLimited) or reset_at is None or "retry-after" in headers:
        return error
    return RateLimited(error.source, error.reason, min(max(reset_at - now, _SOONEST), _LATEST))
