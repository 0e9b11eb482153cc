"""Requests to Bluesky in the name of an account: one session for all workers, refreshed rather than made anew.

    kept session ─► request ─┬─► answer
                             └─ expired ─► refreshSession ─┬─► request, once more
                                                           └─ refused ─► createSession ─► request, once more

An account may log in 30 times in 5 minutes and 300 times a day, some servers allow 10 a day
(https://docs.bsky.app/docs/advanced-guides/rate-limits), so a session is never made for one task.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec

from monitor.errors import AccessDenied, PayloadChanged, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.logs import hide
from monitor.seams.pace import Bucket, named
from monitor.seams.sessions import OwnSessions, Sessions
from monitor.sources.bluesky_record import NAME
from monitor.sources.http import Client, Refused, Response
from monitor.sources.surrogates import repair

SERVICE = "https://bsky.social"
NO_ACCOUNT = "set identifier and password_file (an app password) in [sources.bluesky]: search is for who has an account"
EXPIRED = frozenset({"ExpiredToken", "InvalidToken"})
DENIED = frozenset({"AuthenticationRequired", "AuthMissing", "AccountTakedown", "AuthFactorTokenRequired", *EXPIRED})
"""XRPC names of errors that a person must mend: https://docs.bsky.app/docs/api/com-atproto-server-create-session."""

BUSY = frozenset({"UpstreamFailure", "UpstreamTimeout", "NotEnoughResources", "InternalServerError"})


NOTHING = msgspec.Raw()
"""What is posted where a server refuses to be told anything."""


class Account(NamedTuple):
    """Who asks, and where the account is."""

    identifier: str
    password: str
    service: str = SERVICE


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What createSession and refreshSession answer, as far as we need it; `service` is where the account lives."""

    accessJwt: str  # noqa: N815 - the lexicon's name
    refreshJwt: str  # noqa: N815 - as above
    did: str
    service: str = ""


class _Endpoint(msgspec.Struct, frozen=True):
    id: str = ""
    serviceEndpoint: object = None  # noqa: N815 - the DID document's name


class _Document(msgspec.Struct, frozen=True):
    service: list[_Endpoint] = []


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    accessJwt: str  # noqa: N815 - the lexicon's name
    refreshJwt: str  # noqa: N815 - as above
    did: str
    didDoc: _Document = _Document()  # noqa: N815 - as above


class _Said(msgspec.Struct, frozen=True):
    error: str = ""
    message: str = ""


class Requests:
    """Asks as an account, or as nobody where there is none."""

    def __init__(self, client: Client, account: Account | None) -> None:
        self._client = client
        self._account = account
        self._own = OwnSessions()

    @property
    def has_account(self) -> bool:
        """Say whether an account was set."""
        return self._account is not None

    def get(self, method: str, asked: Sequence[tuple[str, str]], now: datetime) -> Response:
        """Ask something that needs an account. Raise SourceError."""
        if self._account is None:
            raise AccessDenied(NAME, NO_ACCOUNT)
        session = self._kept() or self._logged_in(now)
        try:
            return self._ask(session, method, asked, now)
        except SourceError as e:
            if said_of(e).error not in EXPIRED:
                raise worded(e) from e
        try:
            return self._ask(self._renewed(session, now), method, asked, now)
        except SourceError as e:
            raise worded(e) from e

    def get_public(self, service: str, method: str, asked: Sequence[tuple[str, str]], now: datetime) -> Response:
        """Ask something that everybody may. Raise SourceError."""
        try:
            return self._client.get(NAME, _address(service, method, asked), now=now, bucket=_bucket("public", service))
        except SourceError as e:
            raise worded(e) from e

    def _ask(self, session: Session, method: str, asked: Sequence[tuple[str, str]], now: datetime) -> Response:
        address = _address(session.service, method, asked)
        headers = {"Authorization": f"Bearer {session.accessJwt}"}
        return self._client.get(NAME, address, now=now, headers=headers, bucket=_bucket("xrpc", session.did))

    def _kept(self) -> Session | None:
        assert self._account is not None, "asked with an account only"
        kept = self._sessions.load(_name(self._account))
        try:
            return None if kept is None else _hidden(msgspec.json.decode(kept, type=Session))
        except msgspec.DecodeError:
            return None  # of another release; one login more

    def _renewed(self, session: Session, now: datetime) -> Session:
        """Return a session after ours ran out: another worker's, a refreshed one, or a new one."""
        kept = self._kept()
        if kept is not None and kept.accessJwt != session.accessJwt:
            return kept
        try:
            return self._made("refreshSession", NOTHING, now, {"Authorization": f"Bearer {session.refreshJwt}"})
        except (RateLimited, SourceUnavailable):
            raise
        except SourceError:
            return self._logged_in(now)  # a refresh works once, and another worker may have used it

    def _logged_in(self, now: datetime) -> Session:
        assert self._account is not None, "asked with an account only"
        self._client.draw(NAME, Bucket(named("bluesky:login", self._account.identifier), 10, timedelta(days=1)))
        said = {"identifier": self._account.identifier, "password": self._account.password}
        try:
            return self._made("createSession", said, now, {})
        except SourceError as e:
            raise worded(e) from e

    def _made(self, method: str, said: object, now: datetime, headers: Mapping[str, str]) -> Session:
        assert self._account is not None, "asked with an account only"
        url = f"{self._account.service}/xrpc/com.atproto.server.{method}"
        made = decoded(self._client.post(NAME, url, said, now=now, headers=headers), _Made)
        home = next((each.serviceEndpoint for each in made.didDoc.service if each.id.endswith("#atproto_pds")), None)
        session = Session(
            accessJwt=made.accessJwt,
            refreshJwt=made.refreshJwt,
            did=made.did,
            service=home if isinstance(home, str) else self._account.service,
        )
        self._sessions.keep(_name(self._account), msgspec.json.encode(_hidden(session)).decode())
        return session

    @property
    def _sessions(self) -> Sessions:
        return self._client.sessions or self._own


Decoded = TypeVar("Decoded", bound=msgspec.Struct)


def decoded(answer: Response, type_: type[Decoded]) -> Decoded:
    """Return what an answer holds. Raise PayloadChanged."""
    try:
        return msgspec.json.decode(repair(answer.body), type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e


def said_of(error: SourceError) -> _Said:
    """Return what the server said of an error; nothing where it said nothing that can be read."""
    if not isinstance(error.__cause__, Refused):
        return _Said()
    try:
        return msgspec.json.decode(error.__cause__.body, type=_Said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Said()


def worded(error: SourceError) -> SourceError:
    """Return an error in the server's words, and of the kind that these mean: a status alone is not enough."""
    said = said_of(error)
    if not said.error or isinstance(error, RateLimited):
        return error
    reason = f"{said.error}: {said.message}" if said.message else said.error
    if said.error == "RateLimitExceeded":
        return RateLimited(NAME, reason, timedelta(minutes=5))
    if said.error in DENIED:
        return AccessDenied(NAME, reason)
    if said.error in BUSY:
        return SourceUnavailable(NAME, reason)
    return SourceRejected(NAME, reason) if isinstance(error, SourceRejected) else SourceUnavailable(NAME, reason)


def _address(service: str, method: str, asked: Sequence[tuple[str, str]]) -> str:
    return f"{service.rstrip('/')}/xrpc/{method}?{urlencode(asked)}"


def _bucket(kind: str, credential: str) -> Bucket:
    """Return the limit of a server: 3,000 requests in 5 minutes."""
    return Bucket(named(f"bluesky:{kind}", credential), 3_000, timedelta(minutes=5))


def _name(account: Account) -> str:
    return named("bluesky", f"{account.identifier} {account.service}")


def _hidden(session: Session) -> Session:
    hide(session.accessJwt)
    hide(session.refreshJwt)
    return session
