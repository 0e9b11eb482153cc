"""Nothing is asked of X that is not paid for before: what a request may cost is reserved, what came is settled."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from monitor.errors import PayloadChanged, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.seams.budget import Prices, Wish
from monitor.seams.spending import Meter, day_of
from monitor.sources.surrogates import repair
from monitor.sources.x_client import Answer, NoAnswer
from monitor.sources.x_posts import NAME

SEARCH, COUNTS, LOOKUP = "/2/tweets/search/recent", "/2/tweets/counts/recent", "/2/tweets"
ACCOUNTS, USAGE = "/2/users/by", "/2/usage/tweets"
POST, USER, COUNT = "post", "user", "count"


class Asks(Protocol):
    """Who asks X, or answers in its place."""

    def get(self, route: str, params: Mapping[str, object], now: datetime) -> Answer:
        """Ask once. Raise SourceError: the leaf says what to do."""
        ...

    def close(self) -> None: ...


class Paid(NamedTuple):
    """An answer and what it cost, in US dollars."""

    answer: Answer
    cost: float


class _Named(msgspec.Struct, frozen=True):
    id: str


class _List(msgspec.Struct, frozen=True):
    data: list[_Named] = []


class _Signed(msgspec.Struct, frozen=True):
    users: list[_Named] = []


class _SignedList(msgspec.Struct, frozen=True):
    includes: _Signed = _Signed()


class _Day(msgspec.Struct, frozen=True):
    date: str = ""
    usage: int = 0


class _Project(msgspec.Struct, frozen=True):
    usage: list[_Day] = []


class _Usage(msgspec.Struct, frozen=True):
    daily_project_usage: _Project = _Project()


class _UsageAnswer(msgspec.Struct, frozen=True):
    data: _Usage


class Till:
    """Pays for requests out of a meter."""

    def __init__(self, gateway: Asks, prices: Prices) -> None:
        self._gateway = gateway
        self.prices = prices

    def posts(self, route: str, params: Mapping[str, object], wish: Wish, meter: Meter, now: datetime) -> Paid:
        """Ask for posts: as many as the budget gives, where the request can say how many."""
        sized = "max_results" in params

        def ask(things: int) -> Answer:
            return self._gateway.get(route, {**params, "max_results": things} if sized else params, now)

        return self._paid(str(params.get("query", "")), wish, meter, now, ask)

    def accounts(self, handles: Sequence[str], meter: Meter, now: datetime) -> Paid:
        """Ask who accounts are, by their handles."""
        params = {"usernames": ",".join(handles), "user.fields": "name,username"}
        wish = Wish(USER, self.prices.user, len(handles), least=len(handles))
        return self._paid("", wish, meter, now, lambda _: self._gateway.get(ACCOUNTS, params, now))

    def signed(self, params: Mapping[str, object], ids: Sequence[str], meter: Meter, now: datetime) -> bytes:
        """Ask for posts with their authors, each of which is billed as a second thing."""
        authors = meter.reserve("", Wish(USER, self.prices.user, len(ids), least=len(ids)), now)
        try:
            wish = Wish(POST, self.prices.post, len(ids), least=len(ids))
            body = self.posts(LOOKUP, params, wish, meter, now).answer.body
        except NoAnswer:
            raise  # as in _paid
        except SourceError:
            meter.settle(authors, ())
            raise
        included = msgspec.json.decode(repair(body), type=_SignedList).includes.users
        meter.settle(authors, [f"{USER} {each.id}" for each in included])
        return body

    def counts(self, params: Mapping[str, object], meter: Meter, now: datetime) -> Paid:
        """Ask how many posts there were: a request has one price, whatever its answer."""
        wish = Wish(COUNT, self.prices.count, 1)
        return self._paid(str(params["query"]), wish, meter, now, lambda _: self._gateway.get(COUNTS, params, now))

    def reconcile(self, meter: Meter, now: datetime) -> None:
        """Ask X's own meter what was read today, where requests of ours ended nobody knows how.

        Where it does not say, they are taken for spent.
        """
        if not meter.is_stale(now):
            return
        try:
            answer = self._gateway.get(USAGE, {"days": 1, "usage.fields": "daily_project_usage"}, now)
            read = _read_on(now, answer.body)
        except (RateLimited, SourceUnavailable):
            return  # later
        except SourceRejected:
            read = 1 << 40
        meter.reconcile(POST, read, now)

    def _paid(self, query: str, wish: Wish, meter: Meter, now: datetime, ask: Callable[[int], Answer]) -> Paid:
        reservation = meter.reserve(query, wish, now)
        try:
            answer = ask(reservation.things)
        except NoAnswer:
            raise  # whether it is paid for, X's meter will tell
        except SourceError:
            meter.settle(reservation, ())  # a refusal is free
            raise
        return Paid(answer, meter.settle(reservation, _billed(wish.kind, reservation.name, answer.body)))


def _billed(kind: str, name: str, body: bytes) -> list[str]:
    """Return names for what is billed, the same for the same thing; raise PayloadChanged when nobody can tell."""
    if kind == COUNT:
        return [f"{COUNT} {name}"]
    try:
        return [f"{kind} {each.id}" for each in msgspec.json.decode(repair(body), type=_List).data]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e


def _read_on(now: datetime, body: bytes) -> int:
    """Return how many posts X counts for a UTC day."""
    try:
        days = msgspec.json.decode(body, type=_UsageAnswer, strict=False).data.daily_project_usage.usage
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as e:
        raise SourceUnavailable(NAME, f"X's meter cannot be read: {e}") from e
    today = day_of(now)
    return sum(day.usage for day in days if day.date.startswith(today))
