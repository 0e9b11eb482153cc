"""X by recent search (https://docs.x.com/x-api/posts/search/introduction): paid by the post, so a budget decides.

    place ─step─► reserve ─► one request ─► settle ─► page ─read─► posts, the next place
                     └─ too much: "X since 03:10 (budget)"

A query that was never asked is tried with the smallest page: when more is there, it is counted first, and what to read
is planned for the money there is (x_plan.py). How a query is paged and resumed stands in x_place.py.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from monitor.errors import AccessDenied, OutOfCredit, PayloadChanged
from monitor.models import Author, Batch, Coverage, Cursor, Post, PostKey, Query, SetAside, Window
from monitor.seams.budget import Wish, dollars
from monitor.seams.credentials import NO_BUDGET
from monitor.seams.looking_back import Price
from monitor.seams.pace import Pace
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.seams.rereading import Reread
from monitor.seams.spending import LocalMeter, Meter
from monitor.seams.teaching import Teach
from monitor.sources.cursors import cursor_of
from monitor.sources.http import Client
from monitor.sources.items import nameless_item, sort_out
from monitor.sources.x_client import HOST, Account, Gateway, check_address
from monitor.sources.x_errors import QueryRefused
from monitor.sources.x_lookup import Known, accounts_of, known_of, signatures_of
from monitor.sources.x_money import budget_of, prices_of
from monitor.sources.x_pages import (
    Reader,
    ReadingTerms,
    XPage,
    batch_of,
    counts_of,
    crowding,
    edits_apart,
    id_of,
    listing_of,
    moved,
)
from monitor.sources.x_place import LEAST_PAGE, PAGE, REACH, XPlace, is_sampling, place_of, step_of
from monitor.sources.x_posts import NAME, id_at, read_post
from monitor.sources.x_questions import LATEST, counting, is_count_due, is_idle, probing, searching, written_time
from monitor.sources.x_till import LOOKUP, POST, SEARCH, Asks, Paid, Till
from monitor.topics.queries.packing import atoms_in

FIELDS = {
    "tweet": "author_id,created_at,edit_history_tweet_ids,entities,lang,note_tweet,public_metrics,referenced_tweets",
    "post": "created_at,entities,lang,note_post,public_metrics",
}
"""What is asked of each post, in X's older words and its newer ones, which know none for the author (OpenAPI 2.167).

No expansion is asked for: what it brings is billed as a second thing.
"""


MOST_LOOKED_UP = 100
MOST_PAGES = 10


class XSource:
    """Reads what a query finds, as far as the money goes; the first look goes back one hour."""

    name = NAME
    most = MOST_LOOKED_UP

    def __init__(self, client: object, options: Mapping[str, str], gateway: Asks | None = None) -> None:
        self._token = options.get("token", "")
        self._words = options.get("vocabulary", "tweet")
        self.budget = budget_of(options)
        self.prices = prices_of(options)
        self.meter: Meter = LocalMeter(NAME, self.budget)
        self.teach: Teach | None = None
        self._terms = ReadingTerms(self.prices, max(2, int(options.get("pages", MOST_PAGES))))
        pace: Pace | None = getattr(client, "pace", None)
        account = Account(self._token, check_address(options.get("url", HOST)))
        self._gateway: Asks = Gateway(account, pace) if gateway is None else gateway
        self._till = Till(self._gateway, self.prices)

    @property
    def missing(self) -> str | None:
        """Return what to do while there is no token."""
        return None if self._token else "set token_file in [sources.x]"

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of what is new, newest first."""
        asked = Fetch(query, cursor, now)
        return self.read(self.ask(asked), asked)

    def ask(self, asked: Fetch) -> bytes:
        """Ask X once, for what comes next of a query, and return the answer with what it cost."""
        self._check()
        place, now = place_of(asked.cursor, asked.now), asked.now
        self._teach(asked.query, place)
        step = step_of(place, now)
        self._till.reconcile(self.meter, now)
        if is_idle(place, step, now):
            return self._page("nothing", None, asked)
        if is_count_due(place, now):
            return self._page("counts", self._till.counts(counting(asked.query, place, now), self.meter, now), asked)
        if is_sampling(place) and place.plan is not None and not place.plan.fits and place.step is None:
            return self._page("probe", self._till.counts(probing(asked.query, place, now), self.meter, now), asked)
        size = LEAST_PAGE if place.plan is None else PAGE
        params = searching(asked.query, place, step) | {"max_results": size, f"{self._words}.fields": self._fields}
        wish = Wish(POST, self.prices.post, size, least=LEAST_PAGE)
        return self._page("search", self._searched(asked, params, wish), asked)

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what a page holds, item by item."""
        answer = _decoded(page)
        place = place_of(asked.cursor, asked.now)
        where = moved(place, step_of(place, asked.now), answer, self._terms)
        batch = batch_of(answer, where)
        if answer.kind != "search":
            return batch
        read = self._with_items(batch, answer.body, frozenset(place.seen), asked.now, gate)
        found = edits_apart(read)
        busy = crowding([post.text for post in read.posts], atoms_in(Query(NAME, asked.query))) if where.more else []
        if not busy:
            return found
        return msgspec.structs.replace(found, cursor=cursor_of(msgspec.structs.replace(where.place, busy=busy)))

    def nameless(self, raw: bytes) -> SetAside:
        """Return a post that is set aside, its author apart."""
        return nameless(raw)

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of an item without its author."""
        return read_post(raw, now)

    def look_up(self, keys: Sequence[PostKey], now: datetime) -> Reread:
        """Return posts as they are now, by one request; posts that were edited meanwhile take a second one."""
        self._check()
        known, cost = self._looked_up([key.id for key in keys[: self.most]], now)
        newer = known.newer()
        if newer:
            edited, extra = self._looked_up(newer, now)
            known, cost = known.with_edits(edited), cost + extra
        return known.reread(now, cost)

    def signatures(self, keys: Sequence[PostKey], now: datetime) -> dict[PostKey, Author]:
        """Return who wrote posts that are shown by name: each author is paid for, and each post not read today."""
        self._check()
        ids = [key.id for key in keys[: self.most]]
        params = {"ids": ",".join(ids), f"{self._words}.fields": self._fields, "expansions": "author_id"}
        return signatures_of(self._till.signed(params | {"user.fields": "name,username"}, ids, self.meter, now))

    def accounts(self, handles: Sequence[str], now: datetime) -> list[Author]:
        """Return accounts by their handles: each that there is is paid for."""
        self._check()
        return accounts_of(self._till.accounts(handles[: self.most], self.meter, now).answer.body)

    def id_of(self, handle: str, now: datetime) -> str | None:
        """Return the number of an account, which is paid for as one; None when nobody has that handle."""
        found = self.accounts([handle], now)
        return next((each.id for each in found if (each.handle or "").casefold() == handle.casefold()), None)

    def price(self, query: str, window: Window, now: datetime) -> Price:
        """Return what reading a window costs, by one request that counts."""
        self._check()
        reach = now - REACH
        start, end = max(window.start, reach), min(window.end, now - LATEST)
        if start >= end:
            return Price(0, 0.0, 0, reach)
        times = {"start_time": written_time(start), "end_time": written_time(end)}
        paid = self._till.counts({"query": query, "granularity": "hour"} | times, self.meter, now)
        posts = sum(counts_of(paid.answer.body).values())
        return Price(-(-posts // PAGE), dollars(posts * self.prices.post), posts, reach)

    def back(self, query: str, window: Window, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of a window, newest first."""
        self._check()
        low = id_at(max(window.start, now - REACH))
        high = id_at(window.end) if cursor is None else int(cursor)
        if high <= low:
            return Batch(coverage=_covered(window, now))
        params = {"query": query, "since_id": max(1, low - 1), "until_id": high, "max_results": PAGE}
        wish = Wish(POST, self.prices.post, PAGE, least=LEAST_PAGE)
        paid = self._till.posts(SEARCH, params | {f"{self._words}.fields": self._fields}, wish, self.meter, now)
        listing = listing_of(paid.answer.body)
        ids = [id_ for raw in listing.data if (id_ := id_of(raw))]
        batch = Batch(cost=paid.cost, more=True, cursor=Cursor(str(min(ids, default=0))))
        if listing.meta.next_token is None or not ids:
            batch = Batch(cost=paid.cost, coverage=_covered(window, now))
        return self._with_items(batch, paid.answer.body, frozenset(), now, OPEN)

    def close(self) -> None:
        """Close the connections."""
        self._gateway.close()

    def _searched(self, asked: Fetch, params: Mapping[str, object], wish: Wish) -> Paid:
        """Search, and learn how long a query may be: when a packed one is refused, shorter ones are tried."""
        is_packed = len(atoms_in(Query(NAME, asked.query))) > 1
        try:
            paid = self._till.posts(SEARCH, params, wish, self.meter, asked.now)
        except QueryRefused as e:
            length = e.length
            if is_packed and self.teach is not None:
                self.teach(lambda known: known.with_refusal(length))
            raise
        if is_packed and self.teach is not None:
            self.teach(lambda known: known.with_success(len(str(params["query"]))))
        return paid

    def _teach(self, query: str, place: XPlace) -> None:
        """Say which alternatives crowd out the others, and of which not all posts are read."""
        counted = atoms_in(Query(NAME, query)) if place.plan is not None and place.plan.mode != "all" else ()
        if self.teach is not None and (place.busy or counted):
            self.teach(lambda known: known.with_busy(place.busy).with_counted(counted))

    def _check(self) -> None:
        if not self._token:
            raise AccessDenied(NAME, "no key")
        if not self.budget.day:
            raise OutOfCredit(NAME, NO_BUDGET)

    @property
    def _fields(self) -> str:
        return FIELDS[self._words]

    def _page(self, kind: Literal["search", "counts", "probe", "nothing"], paid: Paid | None, asked: Fetch) -> bytes:
        at = asked.now if paid is None else paid.answer.served_at
        cost, body = (0.0, b"") if paid is None else (paid.cost, paid.answer.body)
        left = self.meter.left(asked.query, asked.now)
        return msgspec.msgpack.encode(XPage(kind, int(at.timestamp() * 1000), cost, left, body))

    def _with_items(self, batch: Batch, body: bytes, seen: Collection[int], now: datetime, gate: Gate) -> Batch:
        listing = listing_of(body)
        reader = Reader(listing, now)
        fresh = [bytes(raw) for raw in listing.data if id_of(raw) not in seen]
        result = sort_out(fresh, reader.post, self.nameless, gate)
        if fresh and not result.posts and result.unreadable == len(fresh):
            raise PayloadChanged(NAME, "not one post of the answer could be read")
        return msgspec.structs.replace(
            batch, posts=result.posts, unreadable=result.unreadable, set_aside=result.set_aside
        )

    def _looked_up(self, ids: Sequence[str], now: datetime) -> tuple[Known, float]:
        params = {"ids": ",".join(ids), f"{self._words}.fields": self._fields}
        wish = Wish(POST, self.prices.post, len(ids), least=len(ids))
        paid = self._till.posts(LOOKUP, params, wish, self.meter, now)
        return known_of(paid.answer.body), paid.cost


def open_source(client: Client, options: Mapping[str, str]) -> XSource:
    """Return the source.

    Options: `token`, `budget` and `budget_topic` (US dollars in a UTC day, in all and for a topic), `price_post`,
    `price_user`, `price_count` (US dollars), `prices_as_of`, `pages` (of one waking up), `vocabulary` ("tweet" or
    "post"), `url`.
    """
    return XSource(client, options)


def parse(payload: bytes, now: datetime) -> Batch:
    """Return the posts of one answer of a search, and how many of its items could not be read. Raise PayloadChanged."""
    listing = listing_of(payload)
    reader = Reader(listing, now)
    result = sort_out(map(bytes, listing.data), reader.post, nameless, OPEN)
    return Batch(posts=result.posts, unreadable=result.unreadable)


def nameless(raw: bytes) -> SetAside:
    """Return a post that is set aside, its author apart."""
    return nameless_item(NAME, raw, {"id": "author_id", "handle": "username"})


def _decoded(page: bytes) -> XPage:
    try:
        return msgspec.msgpack.decode(page, type=XPage)
    except msgspec.MsgspecError as e:
        raise PayloadChanged(NAME, f"the page was not written by this version: {e}") from e


def _covered(window: Window, now: datetime) -> Coverage:
    end = min(window.end, now)
    return Coverage(start=min(max(window.start, now - REACH), end), end=end)
