"""Reddit's API by PRAW, for applications that Reddit has approved. PRAW neither sleeps nor tries again here.

Api.get ─► praw ─► prawcore ─► _Asking ─► Reddit
             ▲                    └─ a status that is no good answer ─► SourceError, past all retries
             └─ no header of a limit reaches PRAW: it would wait; our buckets keep the limit for all workers
"""

import io
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import msgspec
import praw
import prawcore
import requests

from monitor.errors import AccessDenied, PayloadChanged, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.seams.pace import Bucket, Pace
from monitor.sources.http import refusal
from monitor.sources.reddit_items import NAME

_TIMEOUT = (5.0, 15.0)
_LIMITS = ("x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset")
_MOST_BYTES = 10_000_000
_LONGEST = timedelta(minutes=15)
"""A window of Reddit's limit has ten minutes."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What Reddit knows an application by. `urls` are those of its site and of its API."""

    client_id: str
    client_secret: str
    user_agent: str
    urls: tuple[str, str] = ("https://www.reddit.com", "https://oauth.reddit.com")


class Api:
    """Asks for JSON. Threads may share it: each has a session of its own, for PRAW's are for one."""

    def __init__(self, account: Account, bucket: Bucket, pace: Pace | None) -> None:
        self._account = account
        self._bucket = bucket
        self._pace = pace
        self._local = threading.local()

    def get(self, path: str, params: Mapping[str, str], now: datetime) -> bytes:
        """Return the answer to a path. Raise SourceError."""
        if self._pace is not None and (wait := self._pace.admit(self._bucket)):
            raise RateLimited(NAME, "our share of the requests to Reddit is used up", wait)
        self._local.now = now
        try:
            asked: dict[str, str | int] = {**params, "raw_json": 1}
            answer = self._reddit().request(method="GET", path=path, params=asked)
        except SourceError as e:
            if isinstance(e, AccessDenied):
                self._local.reddit = None  # its token may have been withdrawn: the next look gets another
            raise
        except (prawcore.exceptions.OAuthException, prawcore.exceptions.InvalidInvocation) as e:
            raise AccessDenied(NAME, f"the application is refused: {e}") from e
        except prawcore.exceptions.BadJSON as e:
            raise PayloadChanged(NAME, "the answer is no JSON") from e
        except (prawcore.exceptions.PrawcoreException, praw.exceptions.PRAWException) as e:
            raise SourceUnavailable(NAME, str(e) or type(e).__name__) from e
        return msgspec.json.encode(answer)

    def _reddit(self) -> praw.Reddit:
        known: praw.Reddit | None = getattr(self._local, "reddit", None)
        if known is None:
            # All that a praw.ini in the current folder could say is said here, or it would lead requests elsewhere.
            site, api = self._account.urls
            self._local.reddit = known = praw.Reddit(
                client_id=self._account.client_id,
                client_secret=self._account.client_secret,
                user_agent=self._account.user_agent,
                username=None,
                password=None,
                refresh_token=None,
                reddit_url=site,
                oauth_url=api,
                check_for_updates=False,
                check_for_async=False,
                requestor_class=_Asking,
                requestor_kwargs={"heard": self._heard, "session": _session()},
            )
        return known

    def _heard(self, response: requests.Response) -> requests.Response:
        """Return a good answer without what makes PRAW wait; raise SourceError for any other."""
        now: datetime = self._local.now
        headers = {name.lower(): value for name, value in response.headers.items()}
        reset = reset_in(headers)
        if self._pace is not None and reset is not None and (left := _number(headers.get(_LIMITS[0]))) is not None:
            self._pace.heed(self._bucket, int(left), now + reset)
        for name in _LIMITS:
            response.headers.pop(name, None)
        if response.status_code == HTTPStatus.OK:
            return response
        raise refused(response.status_code, headers, response.content[:65_536], now)


class _Asking(prawcore.Requestor):
    """What PRAW sends requests by."""

    def __init__(self, *, heard: Any, **options: Any) -> None:
        super().__init__(**options)
        self._heard = heard

    def request(self, *args: Any, timeout: float | None = None, **options: Any) -> requests.Response:
        """Send a request. Its own errors would be tried again, after a sleep, so they become ours at once."""
        del timeout
        try:
            with self._http.request(*args, **options | {"timeout": _TIMEOUT, "stream": True}) as response:
                body = b"".join(_within(response.iter_content(65_536)))
        except (requests.RequestException, OSError) as e:
            raise SourceUnavailable(NAME, f"Reddit cannot be read: {type(e).__name__}: {e}") from e
        read = requests.Response()
        read.status_code, read.url, read.raw = response.status_code, response.url, io.BytesIO(body)
        read.headers.update(response.headers)
        result: requests.Response = self._heard(read)
        return result


def _within(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what is read, and no more of it than the limit."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > _MOST_BYTES:
            raise SourceRejected(NAME, f"the answer is larger than {_MOST_BYTES:,} bytes")
        yield chunk


def refused(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> SourceError:
    """Return what a status means: a subreddit that is private or gone is no refusal of our application."""
    words, reason = _words(body)
    if status in {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND}:
        said = f"there is no such place; it leads to {headers.get('location', 'nowhere')[:100]}"
        return SourceRejected(NAME, said)
    found = refusal(NAME, status, headers.get("retry-after"), now)
    said = f"{found.reason}: {words}" if words else found.reason
    if isinstance(found, RateLimited):
        reset = None if "retry-after" in headers else reset_in(headers)
        return RateLimited(NAME, said, found.retry_after if reset is None else reset)
    if isinstance(found, AccessDenied) and reason in {"private", "quarantined", "gold_only", "banned"}:
        return SourceRejected(NAME, f"{said} ({reason})")
    return type(found)(NAME, said, *found.args[2:])


def reset_in(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long a limit lasts: Reddit counts the seconds from now."""
    seconds = _number(headers.get("x-ratelimit-reset"))
    return None if seconds is None else min(max(timedelta(seconds=seconds), timedelta(seconds=1)), _LONGEST)


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _words(body: bytes) -> tuple[str, str]:
    try:
        said = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", ""
    words = said.get("explanation") or said.get("message") or ""
    reason = said.get("reason") or ""
    return " ".join(str(words).split())[:200], str(reason)[:40]


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
