"""The one HTTP client. Sources ask through it and nothing else, so that its rules hold for all of them.

url ─rules─► request ─guarded connection─► status ─error or─► body within limits ─► Response
 ▲                                            │
 └──────────── redirect, checked again ◄──────┘
"""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from math import ceil
from types import MappingProxyType

import httpcore
import httpx
import msgspec

from monitor.errors import AccessDenied, OutOfCredit, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.seams.pace import Bucket, Pace
from monitor.seams.sessions import Sessions
from monitor.sources.body import Garbled, Limits, TooLarge, read_body
from monitor.sources.limits import left_of, reset_in
from monitor.sources.network import NO_ADDRESS, Deadline, Forbidden, GuardedTransport, Network, Permit, words_of

USER_AGENT = "discussion-monitor/0.1 (feed reader)"
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_HOST = re.compile(rb"[a-z0-9._:-]+")
_PORTS = {"http": 80, "https": 443}
_MOVED = frozenset({301, 302, 303, 307, 308})
_MOVED_FOR_GOOD = frozenset({301, 308})
_CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
_SECRETS = frozenset({"authorization", "cookie", "x-goog-api-key"})
_DEFAULT_PATIENCE = timedelta(seconds=60)
_LEAST_PATIENCE, _MOST_PATIENCE = timedelta(seconds=1), timedelta(days=1)
_WORDS = Limits(max_bytes=65_536)
"""How much is read of what comes with a refusal."""
_TRANSPORT_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpx.TransportError,
)


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """A good answer: a 2xx, or the 304 to a conditional request. Header names are lower-cased.

    `url` is where the body came from; `permanent_url` is where permanent redirects (301, 308) led before any temporary
    one, None when the first redirect was temporary or there was none.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    permanent_url: str | None = None


class Refused(Exception):
    """What a server said when it refused: the cause of the SourceError, for sources whose platforms explain themselves.

    Header names are lower-cased; `body` is there if it is JSON and not long.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status, headers, body)
        self.status = status
        self.headers = headers
        self.body = body


class _Hop(msgspec.Struct, frozen=True):
    """One address of a chain of redirects. With a `body` it is posted to, and leads nowhere else.

    `bucket` is what the first request was taken out of.
    """

    url: httpx.URL
    headers: Mapping[str, str]
    is_exempt: bool
    permanent_url: str | None = None
    is_permanent: bool = True
    body: bytes | None = None
    bucket: Bucket | None = None


class Client:
    """Asks for public web addresses, and refuses the rest. Threads may share it.

    `allow` holds "host:port" entries (an own RSSHub) that are exempt from the address and port rules when asked for
    directly; a redirect from elsewhere cannot use the exemption. `pace` keeps the buckets of platforms, `sessions`
    what logging in brought, both shared by all workers; None where there is no store.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        allow: Collection[str] = (),
        user_agent: str = USER_AGENT,
        network: Network | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.pace = pace
        self.sessions: Sessions | None = None
        self._limits = limits or Limits()
        self._allow = frozenset(entry.lower() for entry in allow)
        self._http = httpx.Client(
            transport=GuardedTransport(network or Network()),
            trust_env=False,
            follow_redirects=False,
            timeout=self._limits.deadline,
            # Feeds need no cookies; a shared jar would carry one site's into every thread.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"},
        )

    def get(
        self,
        source: str,
        url: str,
        *,
        now: datetime,
        headers: Mapping[str, str] = _NO_HEADERS,
        bucket: Bucket | None = None,
    ) -> Response:
        """Fetch an address for a source, following at most `max_redirects`, within one deadline for all of it.

        Raise SourceError: the leaf says what to do. `now` gives a Retry-After date its meaning. A bucket that is empty
        raises RateLimited, and nothing is asked; what the answer's headers say of it is believed from then on.
        """
        hop = msgspec.structs.replace(self._first(source, url, headers), bucket=bucket)
        self.draw(source, bucket)
        return self._follow(source, hop, now)

    def post(
        self, source: str, url: str, body: object, *, now: datetime, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Response:
        """Send JSON to an address for a source, and return its answer; it may lead nowhere else. Raise SourceError."""
        hop = self._first(source, url, {"Content-Type": "application/json", **headers})
        return self._follow(source, msgspec.structs.replace(hop, body=msgspec.json.encode(body)), now)

    def draw(self, source: str, bucket: Bucket | None) -> None:
        """Take one request out of a bucket; raise RateLimited when none is left. For requests made by other means."""
        if bucket is None or self.pace is None:
            return
        wait = self.pace.admit(bucket)
        if wait:
            raise RateLimited(source, "our share of its requests is used up", wait)

    def close(self) -> None:
        """Close the client; afterwards it cannot be used."""
        self._http.close()

    def _follow(self, source: str, hop: _Hop, now: datetime) -> Response:
        deadline = Deadline(self._limits.deadline)
        for _ in range(self._limits.max_redirects + 1):
            answer = self._ask(source, hop, deadline, now)
            if isinstance(answer, Response):
                return answer
            hop = answer
        raise SourceRejected(source, f"more than {self._limits.max_redirects} redirects, the last to {hop.url}")

    def _first(self, source: str, text: str, headers: Mapping[str, str]) -> _Hop:
        url = _parsed(source, text)
        is_exempt = _host_and_port(url) in self._allow
        _check(source, url, is_exempt)
        return _Hop(url, headers, is_exempt)

    def _ask(self, source: str, hop: _Hop, deadline: Deadline, now: datetime) -> Response | _Hop:
        """Return the answer of one address, or the address to ask instead."""
        method = "GET" if hop.body is None else "POST"
        request = self._http.build_request(method, hop.url, headers=hop.headers, content=hop.body)
        request.extensions["permit"] = Permit(deadline, hop.is_exempt)
        try:
            answer = self._http.send(request, stream=True)
            try:
                return self._read(source, hop, answer, now)
            except SourceError as e:
                raise e from (e.__cause__ or _refused(answer))
            finally:
                answer.close()
        except Forbidden as e:
            raise SourceRejected(source, str(e)) from e
        except TooLarge as e:
            raise SourceRejected(source, f"{hop.url.host}: {e}") from e
        except Garbled as e:
            raise SourceUnavailable(source, f"{hop.url.host}: {e}") from e
        except _TRANSPORT_ERRORS as e:
            raise SourceUnavailable(source, _unavailable(hop.url.host, e)) from e

    def _read(self, source: str, hop: _Hop, answer: httpx.Response, now: datetime) -> Response | _Hop:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status_code in _MOVED and headers.get("location"):
            if hop.body is not None:
                raise SourceRejected(source, f"{hop.url.host} sends what was posted to it elsewhere; check its address")
            return self._next(source, hop, answer.status_code, headers["location"])
        self._heed(hop.bucket, headers, now)
        is_asked = answer.status_code != HTTPStatus.NOT_MODIFIED or any(h.lower() in _CONDITIONS for h in hop.headers)
        if not (is_asked and (answer.is_success or answer.status_code == HTTPStatus.NOT_MODIFIED)):
            raise refusal(source, answer.status_code, _asked_patience(answer.status_code, headers, now), now)
        return Response(
            status=answer.status_code,
            headers=headers,
            body=read_body(answer.iter_raw(), headers, self._limits),
            url=str(hop.url),
            permanent_url=hop.permanent_url,
        )

    def _heed(self, bucket: Bucket | None, headers: Mapping[str, str], now: datetime) -> None:
        left = left_of(headers, now)
        if bucket is not None and self.pace is not None and left is not None:
            self.pace.heed(bucket, *left)

    def _next(self, source: str, hop: _Hop, status: int, location: str) -> _Hop:
        url = _joined(source, hop.url, location)
        # Only an exempt address may lead to an exempt one: a stranger's redirect must not reach our own machines.
        is_exempt = hop.is_exempt and _host_and_port(url) in self._allow
        _check(source, url, is_exempt)
        is_permanent = hop.is_permanent and status in _MOVED_FOR_GOOD
        is_same = _host_and_port(url) == _host_and_port(hop.url)
        return _Hop(
            url,
            hop.headers if is_same else {k: v for k, v in hop.headers.items() if k.lower() not in _SECRETS},
            is_exempt,
            str(url) if is_permanent else hop.permanent_url,
            is_permanent,
            bucket=hop.bucket,
        )


def _refused(answer: httpx.Response) -> Refused:
    """Return what JSON comes with a refusal; nothing when it cannot be read, for the refusal counts, not its words."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    try:
        body = read_body(answer.iter_raw(), headers, _WORDS) if "json" in headers.get("content-type", "") else b""
    except (TooLarge, Garbled, *_TRANSPORT_ERRORS):
        body = b""
    return Refused(answer.status_code, headers, body)


def refusal(source: str, status: int, retry_after: str | None, now: datetime) -> SourceError:
    """Return the error for a status that is no good answer. The one place where a status gets its meaning."""
    said = f"the server answered {status}{_phrase(status)}"
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and retry_after):
        return RateLimited(source, said, patience(retry_after, now))
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return OutOfCredit(source, said)
    if status == HTTPStatus.GONE:
        return SourceRejected(source, f"gone for good: {said}")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AccessDenied(source, said)
    if 400 <= status < 500:
        return SourceRejected(source, said)
    return SourceUnavailable(source, said)


def patience(retry_after: str | None, now: datetime) -> timedelta:
    """Return what a Retry-After header asks for, in seconds or as a date (RFC 9110, 10.2.3), between 1 s and a day."""
    text = (retry_after or "").strip()
    wanted = _DEFAULT_PATIENCE
    if text.isdecimal():
        wanted = timedelta(seconds=min(int(text[:9]), 10**8))
    elif (date := _http_date(text)) is not None:
        wanted = date - now
    return min(max(wanted, _LEAST_PATIENCE), _MOST_PATIENCE)


def _asked_patience(status: int, headers: Mapping[str, str], now: datetime) -> str | None:
    """Return what headers ask for, in the form of a Retry-After.

    Some platforms name the end of a window instead, with every answer; it is a wait only where there were too many.
    """
    wait = reset_in(headers, now) if status == HTTPStatus.TOO_MANY_REQUESTS else None
    return headers.get("retry-after") or (None if wait is None else str(max(0, ceil(wait.total_seconds()))))


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date


def _parsed(source: str, text: str) -> httpx.URL:
    try:
        return httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as e:
        raise SourceRejected(source, f"{text[:200]!r} is not a web address: {e}") from e


def _joined(source: str, url: httpx.URL, location: str) -> httpx.URL:
    try:
        return url.join(location)
    except (httpx.InvalidURL, ValueError) as e:
        raise SourceRejected(source, f"redirected to {location[:200]!r}, which is not a web address: {e}") from e


def _check(source: str, url: httpx.URL, is_exempt: bool) -> None:
    """Refuse an address for what is written in it; where it leads is checked when connecting."""
    shown = f"{url.scheme}://{url.host}"
    if url.scheme not in _PORTS or not _HOST.fullmatch(url.raw_host):
        raise SourceRejected(
            source, f"{str(url)[:200]!r} is not a web address: it must be http:// or https:// and a host"
        )
    if url.userinfo:
        raise SourceRejected(source, f"{shown}: an address must not hold a user name or password")
    if is_exempt:
        return
    if url.port not in {None, 80, 443}:
        remedy = "if the server is yours, list it in [fetch] allow"
        raise SourceRejected(source, f"{shown}: port {url.port} is not 80 or 443; {remedy}")
    if url.host.rstrip(".").endswith((".local", ".localhost", ".internal")):
        raise SourceRejected(source, f"{shown} is a name of a local network")


def _host_and_port(url: httpx.URL) -> str:
    return f"{url.host}:{url.port or _PORTS.get(url.scheme)}".lower()


def _phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""


def _unavailable(host: str, error: Exception) -> str:
    """Word why a host could not be read; a name that nobody knows says it all."""
    words = _words(error)
    return words if words.startswith(NO_ADDRESS) else f"{host} cannot be read: {words}"


def _words(error: Exception) -> str:
    if isinstance(error, httpcore.TimeoutException | httpx.TimeoutException):
        return "it took too long"
    return words_of(error)
