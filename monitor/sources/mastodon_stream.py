"""Mastodon by its streaming API: what an instance hears of, as it is said, edited and deleted. It needs a user's token.

    connect ─► what was said meanwhile, from the timeline ─► events, a page a second ─► read
                  (behind the cursor, an overlap before it)      └─ silence, end ─► SourceUnavailable; connect anew

https://docs.joinmastodon.org/methods/streaming/. A deletion names the id that a status has on this instance, a post is
known by its uri: which is which is remembered for the last hundred thousand, later ones are found by a second look.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx
import msgspec

from monitor.errors import PayloadChanged, SourceError, SourceRejected, SourceUnavailable
from monitor.models import Batch, Coverage, Cursor, Post, PostKey, SetAside
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.sources.collecting import Sizes, collect, pumped
from monitor.sources.cursors import cursor_of, resumed
from monitor.sources.http import Client, Refused, refusal
from monitor.sources.items import sort_out
from monitor.sources.mastodon import statuses_in
from monitor.sources.mastodon_instances import Instances, opened, worded
from monitor.sources.mastodon_place import PAGE, Spot, Wanted, newest, spot_bounds, tags_path, wanted
from monitor.sources.mastodon_status import BROUGHT, NAME, decoded, is_open, key_of, nameless, post_of
from monitor.sources.network import reason_of
from monitor.sources.server_events import Event, Events, Garble
from monitor.sources.surrogates import repair

STREAM = "mastodon_stream"
SILENCE = timedelta(seconds=60)
"""Instances say that they are there every 15 s: https://docs.joinmastodon.org/methods/streaming/#events."""

_PAGES = Sizes()
_KEPT = 100_000
_MOST_BEHIND = 100
"""Pages of the timeline that are read after a pause; what lies further back is missing, and said to be."""
_BEFORE_ALL = "0"
"""An id before that of every status, for a timeline that is empty still."""


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """A page: events, or statuses of the timeline. Times are epoch seconds; `since` is 0 where nothing is missing.

    `newest` is an id behind which reading begins, where no status was told yet.
    """

    until: float
    events: tuple[tuple[str, bytes], ...] = ()
    statuses: tuple[bytes, ...] = ()
    since: float = 0
    newest: str = ""


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """The cursor, as JSON: the newest id that was told, and until when all was."""

    newest: str = ""
    until: float = 0


class _Known(msgspec.Struct, frozen=True):
    """What an event tells of a status's identity."""

    id: str | int
    uri: str


class MastodonStream:
    """Follows one instance. Queries: "public", "public:local", or one hashtag, "#pots"."""

    name = STREAM
    brings = BROUGHT

    def __init__(self, instances: Instances, silence: timedelta = SILENCE, behind: int = _MOST_BEHIND) -> None:
        self._instances = instances
        self._silence = silence
        self._most_behind = behind
        self._uris: dict[str, str] = {}

    @property
    def missing(self) -> str | None:
        """Return what to do about a token that nobody set; None when there is one."""
        if any(self._instances.token(host) for host in self._instances.hosts):
            return None
        return 'put "host=token" into tokens of [sources.mastodon_stream]: streams are for those who have an account'

    async def pages(
        self, query: str, cursor: Cursor | None, clock: Callable[[], datetime]
    ) -> AsyncGenerator[bytes, None]:
        """Connect, catch up from the timeline, and yield a page every few seconds. Raise SourceError."""
        hosts = self._instances.hosts
        host = next((host for host in hosts if self._instances.token(host)), hosts[0])
        want = wanted(query or "public", [host])
        async with httpx.AsyncClient(timeout=self._silence.total_seconds(), trust_env=False) as client:
            try:
                async with client.stream("GET", self._address(host, want), headers=self._headers(host)) as answer:
                    await _check(host, answer, clock())
                    # The stream is open before the timeline is read, so nothing falls between them.
                    place = resumed(NAME, cursor, _Place())
                    for told in (self._behind(host, want, place, clock), self._told(host, answer, clock)):
                        async with aclosing(told) as pages:
                            async for page in pages:
                                yield msgspec.msgpack.encode(page)
            except httpx.ConnectError as e:
                raise SourceUnavailable(NAME, reason_of(e, host)) from e
            except (httpx.TransportError, Garble) as e:
                raise SourceUnavailable(NAME, f"{host}: the stream broke off ({str(e) or type(e).__name__})") from e

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what a page tells."""
        told, place = msgspec.msgpack.decode(page, type=_Told), resumed(NAME, asked.cursor, _Place())
        is_search = wanted(asked.query or "public", ["it"]).is_search
        raws = [*told.statuses, *(data for kind, data in told.events if kind != "delete")]
        edited = {data for kind, data in told.events if kind == "status.update"}
        ids: list[str] = []
        edits: list[Post] = []

        def read(raw: bytes) -> Post | None:
            status = decoded(raw)
            post = post_of(status, asked.now)
            ids.append(str(status.id))
            if post is None or not is_open(status, is_search=is_search):
                return None
            edits.extend([post] if raw in edited else [])
            return post

        result = sort_out(raws, read, nameless, gate)
        if raws and not ids and not result.refused:
            raise PayloadChanged(NAME, "not one status of the stream could be read")
        after = _Place(newest=newest([*ids, told.newest, place.newest]), until=max(told.until, place.until))
        return Batch(
            posts=result.posts,
            edits=tuple(edits),
            deletions=tuple(_deleted(data) for kind, data in told.events if kind == "delete"),
            cursor=cursor_of(after),
            coverage=_coverage(told, place),
            unreadable=result.unreadable,
            set_aside=result.set_aside,
        )

    def nameless(self, raw: bytes) -> SetAside:
        """Return a status that is set aside, its author apart."""
        return nameless(raw)

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of a status without its author."""
        return post_of(decoded(raw), now)

    def _address(self, host: str, want: Wanted) -> str:
        if want.mode == "trends" or len(want.tags) > 1:
            raise SourceRejected(NAME, 'a stream follows "public", "public:local" or one hashtag')
        path = {"public": "public", "local": "public/local", "tags": "hashtag"}[want.mode]
        asked = f"?{urlencode({'tag': want.tags[0]})}" if want.tags else ""
        return f"{self._instances.base(host)}/api/v1/streaming/{path}{asked}"

    def _headers(self, host: str) -> dict[str, str]:
        # Packed answers would wait until a block of them is full.
        kinds = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        return kinds | self._instances.authorization(host)

    async def _behind(
        self, host: str, want: Wanted, place: _Place, clock: Callable[[], datetime]
    ) -> AsyncGenerator[_Told, None]:
        """Yield what was said since the cursor, page by page forward; on the first connection only where it begins."""
        if not place.newest:
            yield await self._beginning(host, want, clock)
            return
        spot = Spot(newest=place.newest)
        for _ in range(self._most_behind):
            path = _timeline(want, spot)
            raws = statuses_in((await asyncio.to_thread(self._instances.get, host, path, clock())).body)
            ids = [id_ for raw in raws if (id_ := self._remembered(raw))]
            last = newest([*ids, spot.at])
            if not ids or last == spot.at:
                return
            spot = msgspec.structs.replace(spot, at=last)
            yield _Told(until=place.until, statuses=tuple(raws))
            if len(raws) < PAGE // 2:
                return
        now = clock().timestamp()
        yield _Told(until=now, since=now)

    async def _beginning(self, host: str, want: Wanted, clock: Callable[[], datetime]) -> _Told:
        """Return a page without statuses that says which is the newest now, so that the next connection begins there.

        It is stored before anything is told: where nothing is said before the connection breaks, or we are killed over
        the first statuses, nothing is missed.
        """
        raws = statuses_in((await asyncio.to_thread(self._instances.get, host, _timeline(want, Spot()), clock())).body)
        now = clock().timestamp()
        return _Told(until=now, since=now, newest=newest([*map(self._remembered, raws), _BEFORE_ALL]))

    async def _told(
        self, host: str, answer: httpx.Response, clock: Callable[[], datetime]
    ) -> AsyncGenerator[_Told, None]:
        heard = clock()
        async with pumped(_events(answer), _PAGES.items) as pump:
            while True:
                came = await collect(pump.receive, _PAGES, lambda event: len(event.data))
                now = clock()
                heard = now if came.items else heard
                told = tuple(self._translated(event) for event in came.items if event.kind in _KINDS)
                yield _Told(until=now.timestamp(), events=tuple(each for each in told if each is not None))
                if came.is_over:
                    raise pump.why or SourceUnavailable(NAME, f"{host} ended the stream")
                if now - heard > self._silence:
                    raise SourceUnavailable(NAME, f"{host} said nothing for {(now - heard).total_seconds():.0f} s")

    def _translated(self, event: Event) -> tuple[str, bytes] | None:
        """Return an event; of a deletion the uri of what was deleted, nothing when it is not known."""
        if event.kind != "delete":
            self._remembered(event.data)
            return event.kind, event.data
        uri = self._uris.pop(event.data.decode("utf-8", "replace").strip().strip('"'), None)
        return None if uri is None else (event.kind, uri.encode())

    def _remembered(self, raw: bytes) -> str:
        """Remember which status has which id here, and return the id; "" when it has none."""
        try:
            known = msgspec.json.decode(repair(raw), type=_Known)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        self._uris[str(known.id)] = known.uri
        if len(self._uris) > _KEPT:
            self._uris.pop(next(iter(self._uris)))
        return str(known.id)


_KINDS = frozenset({"update", "status.update", "delete"})


def open_stream(client: Client, options: Mapping[str, str]) -> MastodonStream:
    """Return the stream; options: `instances`, `tokens` as of the source, `silence` in seconds, `behind` in pages."""
    silence = timedelta(seconds=float(options.get("silence", SILENCE.total_seconds())))
    return MastodonStream(opened(client, options), silence, int(options.get("behind", _MOST_BEHIND)))


async def _check(host: str, answer: httpx.Response, now: datetime) -> None:
    if answer.status_code == httpx.codes.OK:
        return
    body = (await answer.aread())[:65_536]
    headers = {name.lower(): value for name, value in answer.headers.items()}
    error: SourceError = refusal(NAME, answer.status_code, headers.get("retry-after"), now)
    error.__cause__ = Refused(answer.status_code, headers, body)
    raise worded(host, error)


async def _events(answer: httpx.Response) -> AsyncGenerator[Event, None]:
    """Yield the events of a connection, heartbeats too."""
    events = Events()
    async for chunk in answer.aiter_raw():
        for event in events.fed(chunk):
            yield event


def _timeline(want: Wanted, spot: Spot) -> str:
    bounds = {"limit": str(PAGE)} | spot_bounds(spot)
    if want.mode == "tags":
        return tags_path(want.tags, bounds)
    return f"/api/v1/timelines/public?{urlencode(bounds | ({'local': 'true'} if want.mode == 'local' else {}))}"


def _deleted(data: bytes) -> PostKey:
    return key_of(data.decode())


def _coverage(told: _Told, place: _Place) -> Coverage | None:
    """Return the window that a page tells of; None for one of the timeline: the first events after it close it."""
    if told.statuses:
        return None
    start = told.since or place.until or told.until
    return Coverage(
        start=datetime.fromtimestamp(min(start, told.until), UTC), end=datetime.fromtimestamp(told.until, UTC)
    )
