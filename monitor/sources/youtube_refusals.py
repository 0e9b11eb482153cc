"""What YouTube's refusals mean: the status says little, the reason beside it much. Pure.

https://developers.google.com/youtube/v3/docs/errors
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from monitor.errors import AccessDenied, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.sources.http import Refused
from monitor.sources.youtube_items import NAME

_PACIFIC = ZoneInfo("America/Los_Angeles")
_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_HURRIED = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_PASSING = frozenset({"backendError", "internalError", "processingFailure", "SERVICE_UNAVAILABLE"})
_REFUSED = frozenset({"keyInvalid", "keyExpired", "accessNotConfigured", "ipRefererBlocked", "forbidden"})
_KEYS = ("API key not valid", "API key expired")
QUOTA = "quota"
"""Digests say so: "Not read: YouTube since 03:10 (quota)"."""

_MOMENT = timedelta(minutes=1)


class _Reason(msgspec.Struct, frozen=True, kw_only=True):
    reason: str = ""


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside the status."""

    message: str = ""
    status: str = ""
    errors: tuple[_Reason, ...] = ()


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    error: _Said | str = ""


def meaning(error: SourceError, now: datetime) -> SourceError:
    """Return the error that tells what to do: a spent quota lasts until midnight, a refused key is for a person."""
    said, reason = _said(error), reason_of(error)
    if not isinstance(error.__cause__, Refused) or not (said.message or reason):
        return error
    words = " ".join(f"{error.reason}: {said.message} ({reason or said.status})".split())[:300]
    if reason in _SPENT:
        return RateLimited(NAME, QUOTA, until_midnight(now))
    if reason in _HURRIED:
        return RateLimited(NAME, words, _MOMENT)
    if said.status == "PERMISSION_DENIED" or reason in _REFUSED or said.message.startswith(_KEYS):
        return AccessDenied(NAME, words)
    if reason in _PASSING:
        return SourceUnavailable(NAME, words)
    return _as_it_was(error, words)


def reason_of(error: SourceError) -> str:
    """Return YouTube's one word for why: "quotaExceeded", "commentsDisabled"; "" when it gave none."""
    return next((each.reason for each in _said(error).errors), "")


def until_midnight(now: datetime) -> timedelta:
    """Return how long it is until quotas begin anew: midnight Pacific time."""
    tomorrow = (now.astimezone(_PACIFIC) + timedelta(days=1)).date()
    return datetime.combine(tomorrow, datetime.min.time(), _PACIFIC) - now


def _as_it_was(error: SourceError, words: str) -> SourceError:
    # A 403 of one video or query is no refusal of our key: it must not close the source.
    kind = SourceRejected if type(error) is AccessDenied else type(error)
    return kind(NAME, words, *error.args[2:])


def _said(error: SourceError) -> _Said:
    refused = error.__cause__
    if not isinstance(refused, Refused):
        return _Said()
    try:
        said = msgspec.json.decode(refused.body, type=_Answer).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Said()
    return _Said(message=said) if isinstance(said, str) else said
