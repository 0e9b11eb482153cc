"""The rules of X's filtered stream over HTTP: read, and changed until they are those of the topics.

https://docs.x.com/x-api/posts/filtered-stream/introduction. An app has one set of rules, and whatever they find is
paid for: rules that are not ours are neither paid for nor deleted, but said.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx
import msgspec

from monitor.errors import PayloadChanged, RateLimited, SourceRejected, SourceUnavailable
from monitor.seams.pace import Bucket, Pace
from monitor.sources.limits import left_of
from monitor.sources.x_errors import Said, refusal
from monitor.sources.x_posts import NAME
from monitor.topics.queries.x_rules import MOST, Change, Held, Rule, change_of

RULES = "/2/tweets/search/stream/rules"
WINDOW = timedelta(minutes=15)
READING, WRITING = Bucket("x:rules", 450, WINDOW), Bucket("x:rules-changed", 100, WINDOW)
CONNECTING = Bucket("x:stream", 50, WINDOW)
"""Requests of an app in a window (docs of X, 2026-08-22). Its headers are believed rather than these."""

AT_ONCE = 100
_PAGES = 10
Each = TypeVar("Each")


class _Rule(msgspec.Struct, frozen=True):
    id: str
    value: str
    tag: str = ""


class _Meta(msgspec.Struct, frozen=True):
    next_token: str | None = None


class _Rules(msgspec.Struct, frozen=True):
    data: list[_Rule] = []
    meta: _Meta = _Meta()
    errors: list[Said] = []


class Rules:
    """Keeps the rules of an app as they are wanted, over one client, which knows X's address and the token."""

    def __init__(self, client: httpx.AsyncClient, pace: Pace | None) -> None:
        self._client = client
        self._pace = pace

    async def sync(self, wanted: Sequence[Rule], now: datetime) -> None:
        """Let X hold these rules and no others. Raise SourceError."""
        if not wanted:
            raise SourceRejected(NAME, "no topic that names x_stream has a keyword; add one, or take it out")
        if len(wanted) > MOST:
            raise SourceRejected(
                NAME, f"the keywords need {len(wanted):,} rules, X takes {MOST:,}; follow fewer topics"
            )
        held = await self._held(now)
        change = change_of(held, wanted)
        if change.foreign:
            said = f"the app has {change.foreign} rules that are not ours, whose posts would be paid for too"
            raise SourceRejected(NAME, f"{said}; delete them, or use an app of its own")
        await self._change(change, len(held), now)

    async def admitted(self, bucket: Bucket) -> None:
        """Take a request out of a bucket; raise RateLimited."""
        wait = timedelta(0) if self._pace is None else await asyncio.to_thread(self._pace.admit, bucket)
        if wait:
            raise RateLimited(NAME, "our share of its requests is used up", wait)

    async def heeded(self, bucket: Bucket, headers: Mapping[str, str], now: datetime) -> None:
        """Believe what X says of a limit."""
        left = left_of({name.lower(): value for name, value in headers.items()}, now)
        if self._pace is not None and left is not None:
            await asyncio.to_thread(self._pace.heed, bucket, left.remaining, left.reset_at)

    async def _change(self, change: Change, held: int, now: datetime) -> None:
        adding = [{"add": [_said(rule) for rule in lot]} for lot in _lots(change.add)]
        deleting = [{"delete": {"ids": list(lot)}} for lot in _lots(change.delete)]
        # Added first, so that nothing is missed between the two, unless there is no room for both.
        fits = held + len(change.add) <= MOST
        for body in (*adding, *deleting) if fits else (*deleting, *adding):
            answer = await self._asked("POST", WRITING, now, json=body)
            if answer.errors:
                raise SourceRejected(NAME, f"X does not take a rule ({answer.errors[0].words}); change its keyword")

    async def _held(self, now: datetime) -> list[Held]:
        held: list[Held] = []
        params = {"max_results": str(MOST)}
        for _ in range(_PAGES):
            page = await self._asked("GET", READING, now, params=params)
            held += [Held(each.id, Rule(each.value, each.tag)) for each in page.data]
            if page.meta.next_token is None:
                return held
            params["pagination_token"] = page.meta.next_token
        raise PayloadChanged(NAME, f"its list of rules has more than {_PAGES} pages")

    async def _asked(self, method: str, bucket: Bucket, now: datetime, **what: object) -> _Rules:
        await self.admitted(bucket)
        answer = await self._client.request(method, RULES, **what)  # type: ignore[arg-type]
        await self.heeded(bucket, answer.headers, now)
        await check(answer, now)
        try:
            return msgspec.json.decode(answer.content, type=_Rules)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as e:
            raise PayloadChanged(NAME, f"its list of rules has another shape than expected: {e}") from e


async def check(answer: httpx.Response, now: datetime) -> None:
    """Raise what a refusal means; nothing for a good answer."""
    if answer.status_code in {httpx.codes.OK, httpx.codes.CREATED}:
        return
    body = (await answer.aread())[:65_536]
    if answer.status_code == httpx.codes.CONFLICT:
        raise SourceUnavailable(NAME, "X has no rules for its stream; they are written when we connect again")
    if b"TooManyConnections" in body:
        raise SourceUnavailable(NAME, "X still holds an earlier connection of this app, and allows one")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    raise refusal(answer.status_code, headers, body, now.astimezone(UTC))


def _lots(items: Sequence[Each]) -> list[Sequence[Each]]:
    return [items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE)]


def _said(rule: Rule) -> dict[str, str]:
    return {"value": rule.value, "tag": rule.tag}
