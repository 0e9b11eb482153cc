"""Bluesky by Jetstream: every public post as it is written, over one websocket; no key, no account.

cursor − 10 s ─► connect ─► frames ─► a page a second ─► read (bluesky_events.py)
     ▲              └─ refused, ended, silent ─► the next server: its clock is another, hence the 10 s
     └── moved only when a page was stored, so that nothing between two connections is lost
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException

from monitor.errors import RateLimited, SourceError, SourceUnavailable
from monitor.models import Batch, Cursor, Post, PostKey, SetAside, Window
from monitor.seams.looking_back import Price
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.seams.rereading import Reread
from monitor.seams.streams import Received, pack, unpack
from monitor.sources import bluesky_events
from monitor.sources.bluesky_account import SERVICE, Account, Requests
from monitor.sources.bluesky_events import QUIET, read_events, to_us
from monitor.sources.bluesky_record import COLLECTION, NAME
from monitor.sources.bluesky_search import MOST_LOOKED_UP, PUBLIC, Search
from monitor.sources.collecting import Sizes, collect
from monitor.sources.http import Client, refusal
from monitor.sources.network import reason_of

SERVERS = tuple(f"wss://jetstream{number}.us-{coast}.bsky.network" for number in (1, 2) for coast in ("east", "west"))
REWIND = timedelta(seconds=10)
"""What is told again after connecting: servers have clocks of their own. Posts that are known change nothing."""

SILENCE = timedelta(seconds=60)
"""Somebody posts several times a second: a server that tells nothing for so long is cut off itself."""

PATIENCE = 10.0
"""Seconds until a server has to accept us, or to answer a ping."""

LARGEST_FRAME = 200_000
"""Bytes; a post has some thousands at most. The server leaves out what is larger, since it would end the connection."""

KEPT_FRAMES = 1_024
"""Frames that wait here while a page is stored. Then the server waits, or ends the connection, by which nothing is
lost."""

RETENTIONS = (timedelta(days=3), timedelta(days=1), timedelta(hours=1))
"""How far back servers may go, longest first: asked for where a cursor is refused as too old."""


class BlueskyStream:
    """Follows everything that is posted; what no topic asks for is forgotten at once.

    Besides, the network can be asked: for the past with an account, for known posts with none.
    """

    name = NAME
    most = MOST_LOOKED_UP

    def __init__(
        self, servers: Sequence[str], search: Search, silence: timedelta = SILENCE, sizes: Sizes | None = None
    ) -> None:
        self._servers = tuple(server.rstrip("/") for server in servers)
        self._search = search
        self._silence = silence
        self._sizes = sizes or Sizes()
        self._turn = 0

    async def pages(
        self, query: str, cursor: Cursor | None, clock: Callable[[], datetime]
    ) -> AsyncGenerator[bytes, None]:
        """Connect to a server and yield what it tells; the next time it is another one's turn, if this one failed."""
        del query
        server = self._servers[self._turn % len(self._servers)]
        try:
            async with await _connected(server, None if cursor is None else int(cursor), clock()) as socket:
                async for page in self._told(server, socket, clock, is_new=cursor is None):
                    yield pack(page)
        except SourceError:
            self._turn += 1
            raise

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what the events of a page tell."""
        return read_events(unpack(page), asked, gate, self._silence)

    def nameless(self, raw: bytes) -> SetAside:
        """Return an event that is set aside."""
        return bluesky_events.nameless(raw)

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of an event without its author."""
        return bluesky_events.reread(raw, now)

    def price(self, query: str, window: Window, now: datetime) -> Price:
        """Return what reading a window costs."""
        return self._search.price(query, window, now)

    def back(self, query: str, window: Window, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of a window of the posts with a keyword."""
        return self._search.back(query, window, cursor, now)

    def look_up(self, keys: Sequence[PostKey], now: datetime) -> Reread:
        """Return posts as they are now, and those that are shown no more."""
        return self._search.look_up(keys, now)

    def id_of(self, handle: str, now: datetime) -> str | None:
        """Return the DID of an account; None when nobody has that handle."""
        return self._search.id_of(handle, now)

    async def _told(
        self, server: str, socket: ClientConnection, clock: Callable[[], datetime], *, is_new: bool
    ) -> AsyncGenerator[Received, None]:
        opened = heard = clock()
        is_first = True
        if is_new:
            # Its cursor is stored before anything else: who is killed over the first posts begins here again.
            yield Received((), opened)
        while True:
            came = await collect(lambda: _frame(socket), self._sizes, len)
            now = clock()
            if came.items:
                heard = now
                yield Received(came.items, opened, None, is_first)
                is_first = False
            if came.is_over:
                raise SourceUnavailable(NAME, f"{_host(server)} ended the connection ({_ending(socket)})")
            if now - heard > self._silence:
                raise SourceUnavailable(NAME, f"{_host(server)} said nothing for {(now - heard).total_seconds():.0f} s")
            if not came.items:
                await _answered(server, socket)
                yield Received((), opened, now if now - heard >= QUIET else None, is_first)


def open_stream(client: Client, options: Mapping[str, str]) -> BlueskyStream:
    """Return the stream and its search.

    Options: `servers`, addresses of Jetstream with spaces between, and `silence` in seconds; for looking back
    `identifier`, `password` and `service`, the server of the account; `appview`, where known posts are looked up.
    """
    servers = options.get("servers", "").split() or SERVERS
    identifier, password = options.get("identifier"), options.get("password")
    account = None
    if identifier and password:
        account = Account(identifier, password, options.get("service", SERVICE).rstrip("/"))
    search = Search(Requests(client, account), options.get("appview", PUBLIC))
    return BlueskyStream(servers, search, timedelta(seconds=float(options.get("silence", SILENCE.total_seconds()))))


def address(server: str, cursor: int | None) -> str:
    """Return what is asked of a server: to begin at a time in µs, or with what is said from now on."""
    asked = {"wantedCollections": COLLECTION, "maxMessageSizeBytes": str(LARGEST_FRAME)}
    return f"{server}/subscribe?{urlencode(asked if cursor is None else asked | {'cursor': str(cursor)})}"


def beginnings(cursor: int | None, now: datetime) -> list[int | None]:
    """Return where to begin, best first: a little before the cursor; where that is too old, with what may be there yet.

    Last of all with what is said from now on. What is missing shows by the time of the first event.
    """
    if cursor is None:
        return [None]
    later = [to_us(now - kept) for kept in RETENTIONS]
    return [cursor - to_us_length(REWIND), *(each for each in later if each > cursor), None]


def to_us_length(time: timedelta) -> int:
    """Return a length of time in µs."""
    return time // timedelta(microseconds=1)


async def _connected(server: str, cursor: int | None, now: datetime) -> ClientConnection:
    """Return an open connection that begins as near behind the cursor as the server allows."""
    *refusable, last = beginnings(cursor, now)
    for begin in refusable:
        try:
            return await _connection(server, begin, now)
        except _TooOld:
            continue
    return await _connection(server, last, now)


class _TooOld(Exception):
    """The server goes back less far than that."""


async def _connection(server: str, begin: int | None, now: datetime) -> ClientConnection:
    try:
        return await connect(
            address(server, begin),
            open_timeout=PATIENCE,
            close_timeout=1,
            ping_interval=None,  # we ask ourselves, when nothing is said
            max_size=2 * LARGEST_FRAME,
            max_queue=KEPT_FRAMES,
            proxy=None,
        )
    except InvalidStatus as e:
        raise _refused(server, begin, e, now) from e
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, WebSocketException) as e:
        raise SourceUnavailable(NAME, reason_of(e, _host(server))) from e


def _refused(server: str, begin: int | None, error: InvalidStatus, now: datetime) -> Exception:
    status, said = error.response.status_code, bytes(error.response.body or b"")[:500]
    if status == 400 and begin is not None and b"cursor" in said.lower():
        return _TooOld()
    found = refusal(NAME, status, error.response.headers.get("Retry-After"), now)
    if isinstance(found, RateLimited):
        return found
    # Whatever one server refuses, another may grant: only their number ends that.
    return SourceUnavailable(NAME, f"{_host(server)}: {found.reason}")


async def _frame(socket: ClientConnection) -> bytes | None:
    try:
        return await socket.recv(decode=False)
    except ConnectionClosed:
        return None


async def _answered(server: str, socket: ClientConnection) -> None:
    """Make sure that the server is there: what it said before its answer has come before it."""
    try:
        pong = await socket.ping()
        async with asyncio.timeout(PATIENCE):
            await pong
    except ConnectionClosed:
        return  # the next look at the connection finds it
    except TimeoutError as e:
        raise SourceUnavailable(NAME, f"{_host(server)} answers no more") from e


def _host(server: str) -> str:
    return server.partition("://")[2]


def _ending(socket: ClientConnection) -> str:
    code = socket.close_code
    return "without a word" if code in {None, 1006} else f"{code} {socket.close_reason or ''}".strip()
