"""X by its filtered stream: what the topics' keywords find, seconds after it is said, paid by the post.

    rules ─► reserve ─► connect ─► posts, a page a second ─► settle ─► reserve …
               └─ budget spent: the connection is closed          └─ silence, end ─► SourceUnavailable; connect anew

https://docs.x.com/x-api/posts/filtered-stream/introduction. X keeps nothing for us: what is said between two
connections is told as missing. When the budget ends, what came by then is paid for and read, a hundred posts at most.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from monitor.errors import AccessDenied, OutOfCredit, PayloadChanged, SourceUnavailable
from monitor.models import Batch, Coverage, Cursor, Post, PostKey, SetAside, Topic
from monitor.seams.budget import Prices, Wish
from monitor.seams.credentials import NO_BUDGET
from monitor.seams.pace import Pace
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.seams.rereading import Reread
from monitor.seams.spending import LocalMeter, Meter, Reservation, day_of
from monitor.sources.collecting import Sizes, collect, pumped
from monitor.sources.cursors import cursor_of, resumed
from monitor.sources.http import Client
from monitor.sources.items import sort_out
from monitor.sources.network import reason_of
from monitor.sources.surrogates import repair
from monitor.sources.x import FIELDS, XSource, nameless
from monitor.sources.x_client import check_address
from monitor.sources.x_lines import posts_in
from monitor.sources.x_money import budget_of, prices_of
from monitor.sources.x_pages import edits_apart
from monitor.sources.x_posts import NAME, read_post
from monitor.sources.x_rules import CONNECTING, Rules, check
from monitor.sources.x_till import POST
from monitor.topics.queries.x_rules import Rule, rules_of

STREAM = "x_stream"
PATH = "/2/tweets/search/stream"
HOST = "https://api.x.com"

SILENCE = timedelta(seconds=25)
"""X says that it is there every 20 s."""

LONGEST_SYNC = timedelta(seconds=10)
"""For the rules. With the silence it is less than a stream may take for a sign of life (streaming.SIGN_LASTS)."""

LAG = timedelta(seconds=10)
"""X tells of 99 of 100 posts within 7 s (docs of X, 2026-08-22): what is younger may still come."""

STEP = 100
"""Posts that are reserved at a time, and that a page has at most, but for those that came meanwhile."""

HELD = timedelta(minutes=5)
"""A reservation is renewed before it looks like that of a dead process (budget.STALE)."""

RULES_EVERY = timedelta(seconds=30)
_CONNECT = 5.0
_MANY = 3
"""So many posts of which none can be read are not broken posts, but another format."""


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """A page: posts, and what they cost. Times are epoch seconds; `since` is 0 where the last page stands before it."""

    until: float
    since: float = 0
    cost: float = 0.0
    posts: tuple[bytes, ...] = ()


class _Place(msgspec.Struct, frozen=True):
    """The cursor, as JSON: until when all was told."""

    until: float = 0


class _Named(msgspec.Struct, frozen=True):
    id: str


class XStream:
    """Follows all topics that name it by one connection: X allows no second one. Its query is empty."""

    name = STREAM
    purse = NAME
    brings = (NAME,)
    most = XSource.most

    def __init__(self, client: object, options: Mapping[str, str]) -> None:
        self._token = options.get("token", "")
        self._url = check_address(options.get("url", HOST))
        self._silence = timedelta(seconds=float(options.get("silence", SILENCE.total_seconds())))
        self.budget = budget_of(options)
        self.prices = prices_of(options)
        self.meter: Meter = LocalMeter(NAME, self.budget)
        self.topics: Callable[[], Sequence[Topic]] | None = None
        self._pace: Pace | None = getattr(client, "pace", None)
        self._search = XSource(client, options)

    @property
    def missing(self) -> str | None:
        """Return what to do while there is no token."""
        return None if self._token else f"set token_file in [sources.{STREAM}]"

    async def pages(
        self, query: str, cursor: Cursor | None, clock: Callable[[], datetime]
    ) -> AsyncGenerator[bytes, None]:
        """Write the rules, connect, and yield a page every few seconds while the budget lasts. Raise SourceError."""
        del cursor  # X tells only of what is said from now on
        self._check()
        till = _Till(self.meter, self.prices, query)
        try:
            async with self._client() as client:
                rules = Rules(client, self._pace)
                wanted = await self._synced(rules, [], clock())
                await till.ready(clock())
                async with aclosing(self._told(client, rules, wanted, till, clock)) as pages:
                    async for page in pages:
                        yield msgspec.msgpack.encode(page)
        except httpx.ConnectError as e:
            raise SourceUnavailable(NAME, reason_of(e, httpx.URL(self._url).host)) from e
        except httpx.ReadTimeout as e:
            raise SourceUnavailable(NAME, f"X said nothing for {self._silence.total_seconds():.0f} s") from e
        except httpx.TransportError as e:
            raise SourceUnavailable(NAME, f"the stream broke off ({str(e) or type(e).__name__})") from e
        finally:
            await till.close()

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what a page tells."""
        told, place = msgspec.msgpack.decode(page, type=_Told), resumed(NAME, asked.cursor, _Place())
        result = sort_out(told.posts, lambda raw: read_post(raw, asked.now), nameless, gate)
        if len(told.posts) >= _MANY and len(result.set_aside) == len(told.posts):
            raise PayloadChanged(NAME, "not one post of the stream could be read")
        start = told.since or place.until or told.until
        read = Batch(
            posts=result.posts,
            cursor=cursor_of(_Place(max(told.until, place.until))),
            coverage=Coverage(start=_time(min(start, told.until)), end=_time(told.until)),
            cost=told.cost,
            unreadable=result.unreadable,
            set_aside=result.set_aside,
        )
        return edits_apart(read)

    def nameless(self, raw: bytes) -> SetAside:
        """Return a post that is set aside, its author apart."""
        return nameless(raw)

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of an item without its author."""
        return read_post(raw, now)

    def look_up(self, keys: Sequence[PostKey], now: datetime) -> Reread:
        """Return posts as they are now: the stream itself tells of no deletion and of nothing that posts gain."""
        self._search.meter = self.meter
        return self._search.look_up(keys, now)

    def close(self) -> None:
        """Close the connections of second looks."""
        self._search.close()

    def _check(self) -> None:
        if not self._token:
            raise AccessDenied(NAME, "no key")
        if not self.budget.day:
            raise OutOfCredit(NAME, NO_BUDGET)

    def _client(self) -> httpx.AsyncClient:
        # Packed answers would wait until a block of them is full.
        headers = {"Authorization": f"Bearer {self._token}", "Accept-Encoding": "identity"}
        return httpx.AsyncClient(
            base_url=self._url,
            headers=headers,
            timeout=httpx.Timeout(self._silence.total_seconds(), connect=_CONNECT),
            trust_env=False,
        )

    async def _synced(self, rules: Rules, known: list[Rule], now: datetime) -> list[Rule]:
        """Return the rules that the topics want now, once X holds them."""
        wanted = await asyncio.to_thread(self._wanted)
        if wanted and wanted == known:
            return wanted
        try:
            async with asyncio.timeout(LONGEST_SYNC.total_seconds()):
                await rules.sync(wanted, now)
        except TimeoutError as e:
            said = f"X took longer than {LONGEST_SYNC.total_seconds():.0f} s for its rules"
            raise SourceUnavailable(NAME, said) from e
        return wanted

    def _wanted(self) -> list[Rule]:
        topics = () if self.topics is None else self.topics()
        return rules_of(topic for topic in topics if STREAM in topic.sources)

    async def _told(
        self,
        client: httpx.AsyncClient,
        rules: Rules,
        wanted: list[Rule],
        till: "_Till",
        clock: Callable[[], datetime],
    ) -> AsyncGenerator[_Told, None]:
        await rules.admitted(CONNECTING)
        # The stream is asked in the older words by both descriptions; it may answer in either.
        async with client.stream("GET", PATH, params={"tweet.fields": FIELDS["tweet"]}) as answer:
            opened = looked = clock()
            await rules.heeded(CONNECTING, answer.headers, opened)
            await check(answer, opened)
            async with pumped(posts_in(answer), STEP) as pump:
                until, is_first = opened, True
                while True:
                    await till.ready(clock())
                    came = await collect(pump.receive, Sizes(items=till.things), len)
                    posts = (*came.items, *pump.at_hand())
                    cost, now = await till.pay(posts), clock()
                    until = max(until, now - LAG)
                    since = opened.timestamp() if is_first else 0
                    yield _Told(until=until.timestamp(), since=since, cost=cost, posts=posts)
                    if pump.is_over:
                        raise pump.why or SourceUnavailable(NAME, "X ended the stream")
                    is_first = False
                    if now - looked >= RULES_EVERY:
                        looked, wanted = now, await self._synced(rules, wanted, now)


class _Till:
    """Pays for what comes: some posts are reserved, those that came are settled, the next are reserved."""

    def __init__(self, meter: Meter, prices: Prices, query: str) -> None:
        self._meter = meter
        self._wish = Wish(POST, prices.post, STEP)
        self._query = query
        self._held: Reservation | None = None
        self._since = datetime.min.replace(tzinfo=UTC)

    @property
    def things(self) -> int:
        """Return for how many posts there is money until the next reservation."""
        return 0 if self._held is None else self._held.things

    async def ready(self, now: datetime) -> None:
        """Reserve, where nothing is or what is grew old; raise OutOfCredit when the budget is spent."""
        if self._held is not None and (self._held.day != day_of(now) or now - self._since > HELD):
            await self.close()
        if self._held is None:
            self._held = await asyncio.to_thread(self._meter.reserve, self._query, self._wish, now)
            self._since = now

    async def pay(self, posts: Sequence[bytes]) -> float:
        """Pay for posts, more than were reserved if they have come: X wants its money for them. Return US dollars."""
        return await self._settled([f"{POST} {_name_of(raw)}" for raw in posts]) if posts else 0.0

    async def close(self) -> None:
        """Give back what is reserved."""
        await self._settled([])

    async def _settled(self, names: Sequence[str]) -> float:
        held, self._held = self._held, None
        return 0.0 if held is None else await asyncio.to_thread(self._meter.settle, held, list(dict.fromkeys(names)))


def open_stream(client: Client, options: Mapping[str, str]) -> XStream:
    """Return the stream; options: `token`, `budget`, `budget_topic`, prices and `url` as of the source
    "x", `silence` in seconds.
    """
    return XStream(client, options)


def _name_of(raw: bytes) -> str:
    """Return by what a post is billed: its id, or where nobody can tell it a hash, so that it is not free."""
    try:
        return msgspec.json.decode(repair(raw), type=_Named).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return hashlib.sha256(raw).hexdigest()


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
