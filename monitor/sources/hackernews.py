"""Hacker News by Algolia's index (https://hn.algolia.com/api): all that is new, once, matched locally; no query.

    one look:  now ◄── newest page ──┬── next page, older ──┬── … ──► newest item known − overlap
                                     high                   high

The index lags behind by seconds to minutes, so each look begins an overlap before the newest item known and leaves out
what it has seen there. A page holds at most 1,000 hits, newest first, and no page beyond can be asked for: the rest is
cut by time, a page per fetch. Looking back is the same, from an end on. Known posts are looked at again one by one, in
Hacker News' own API (hackernews_item.py).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Author, Batch, Coverage, Cursor, Engagement, Post, PostKey, SetAside, Window
from monitor.seams.looking_back import Price
from monitor.seams.pace import Bucket
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.seams.rereading import Reread
from monitor.sources.cursors import cursor_of, resumed
from monitor.sources.hackernews_item import parse_item, post_of
from monitor.sources.http import Client
from monitor.sources.items import Sorted, nameless_item, sort_out
from monitor.sources.surrogates import repair
from monitor.text.markup import links, plain

NAME = "hackernews"
_BASE = "https://hn.algolia.com/api/v1"
_ITEMS = "https://hacker-news.firebaseio.com/v0"
_PAGE = 1_000
_OVERLAP = 300
_FIRST_LOOK = timedelta(hours=1)
_LONGEST_LOOK = timedelta(days=7)
# 10,000 an hour from one address, as the index said in 2014; Firebase names no limit, and we ask for no more than this.
_SEARCHES = Bucket("hackernews:search", 9_000, timedelta(hours=1))
_LOOKUPS = Bucket("hackernews:items", 600, timedelta(minutes=1))
# Without these each hit brings every text twice, once with marks for highlighting.
_PLAIN_ANSWER = {"attributesToHighlight": "[]", "attributesToSnippet": "[]"}


class _Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A hit as the index gives it; null and absent are alike."""

    objectID: str  # noqa: N815 - Algolia's name
    created_at_i: int
    title: str | None = None
    url: str | None = None
    author: str | None = None
    points: int | None = None
    num_comments: int | None = None
    story_text: str | None = None
    comment_text: str | None = None
    parent_id: int | None = None


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; hits are decoded one by one, so that a broken one costs itself only."""

    hits: list[msgspec.Raw]
    nbHits: int  # noqa: N815 - Algolia's name


class _Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far the index was read: the cursor, as JSON. Times are epoch seconds.

    `newest` is the newest item known, `seen` the ids within the overlap before it, with their times. While a look is
    unfinished, what lies between `low` and `high`, both excluded, is still to be read.
    """

    newest: int
    seen: dict[str, int] = {}
    low: int | None = None
    high: int | None = None


class _Slice(NamedTuple):
    """The range of one request, both ends excluded; no high end means up to now."""

    low: int
    high: int | None


class HackerNewsSource:
    """Reads all stories and comments; the first look goes back one hour."""

    name = NAME

    most = 1

    def __init__(self, client: Client, base: str = _BASE, page_size: int = _PAGE, items: str = _ITEMS) -> None:
        self._client = client
        self._base = base.rstrip("/")
        self._page_size = page_size
        self._items = items.rstrip("/")

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of what is new, newest first; `query` is not used, for everything is asked."""
        asked = Fetch(query, cursor, now)
        return self.read(self.ask(asked), asked)

    def ask(self, asked: Fetch) -> bytes:
        """Return the answer of the API."""
        return self._search(_slice(_place_of(asked), asked.now), asked.now)

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what an answer holds, item by item."""
        place = _place_of(asked)
        found = _decoded(page)
        reading = _Reading(place.seen, asked.now)
        result = sort_out(map(bytes, found.hits), reading.post, self.nameless, gate)
        if found.hits and not reading.hits:
            raise PayloadChanged(NAME, "not one hit of the answer could be read")
        return _batch(found, reading.hits, place, result, asked.now)

    def nameless(self, raw: bytes) -> SetAside:
        """Return a hit that is set aside, its author apart."""
        return nameless_item(NAME, raw, {"id": "author"})

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of a hit without its author."""
        return _Reading({}, now).post(raw)

    def look_up(self, keys: Sequence[PostKey], now: datetime) -> Reread:
        """Return a post as it is now. An item that nobody knows is not answered for: deleted ones are known as such."""
        posts, gone = [], []
        for key in keys:
            body = self._client.get(NAME, f"{self._items}/item/{key.id}.json", now=now, bucket=_LOOKUPS).body
            item = parse_item(body)
            if item is not None and (item.deleted or item.dead):
                gone.append(key)
            elif item is not None:
                posts.append(post_of(item, now))
        return Reread(tuple(posts), tuple(gone))

    def price(self, query: str, window: Window, now: datetime) -> Price:
        """Return how many pages a window has; they cost nothing."""
        del query
        found = _decoded(self._search(_whole(window), now, hits=0)).nbHits
        return Price(requests=max(1, ceil(found / self._page_size)), posts=found)

    def back(self, query: str, window: Window, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of a window, newest first; `query` is not used, for everything is asked."""
        del query
        part = _whole(window) if cursor is None else _Slice(_whole(window).low, int(cursor))
        page = _decoded(self._search(part, now))
        reading = _Reading({}, now)
        result = sort_out(map(bytes, page.hits), reading.post, self.nameless, OPEN)
        if page.hits and not reading.hits:
            raise PayloadChanged(NAME, "not one hit of the answer could be read")
        return _back(page, reading.hits, part, result, is_rest=cursor is not None)

    def _search(self, part: _Slice, now: datetime, hits: int | None = None) -> bytes:
        bounds = [f"created_at_i>{part.low}"] + ([] if part.high is None else [f"created_at_i<{part.high}"])
        wanted = self._page_size if hits is None else hits
        asked = {"tags": "(story,comment)", "numericFilters": ",".join(bounds), "hitsPerPage": wanted}
        address = f"{self._base}/search_by_date?{urlencode(asked | _PLAIN_ANSWER)}"
        return self._client.get(NAME, address, now=now, bucket=_SEARCHES).body


def open_source(client: Client, options: Mapping[str, str]) -> HackerNewsSource:
    """Return the source; options: `url` and `items_url`, the addresses of its APIs, and `page`, the hits per page."""
    page, items = int(options.get("page", _PAGE)), options.get("items_url", _ITEMS)
    return HackerNewsSource(client, options.get("url", _BASE), page, items)


def parse(payload: bytes, now: datetime) -> Batch:
    """Return the posts of one answer, and how many of its hits could not be read. Raise PayloadChanged."""
    page = _decoded(payload)
    posts = []
    unreadable = 0
    for raw in page.hits:
        try:
            posts.append(_Reading({}, now).post(bytes(raw)))
        except (msgspec.DecodeError, ValueError, OverflowError, OSError):
            unreadable += 1
    return Batch(posts=tuple(post for post in posts if post is not None), unreadable=unreadable)


class _Reading:
    """Reads the hits of one page, and keeps those that it understood; `seen` are known and give no post again."""

    def __init__(self, seen: Mapping[str, int], now: datetime) -> None:
        self.hits: list[_Hit] = []
        self._seen = seen
        self._now = now

    def post(self, raw: bytes) -> Post | None:
        """Return the post of a hit; None for a known one, and for a dead or deleted one, which has no text left."""
        hit = msgspec.json.decode(raw, type=_Hit)
        post = _post(hit, self._now)
        self.hits.append(hit)
        return post if post.text and hit.objectID not in self._seen else None


def _decoded(payload: bytes) -> _Page:
    try:
        return msgspec.json.decode(repair(payload), type=_Page)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e


def _post(hit: _Hit, now: datetime) -> Post:
    body = hit.comment_text or hit.story_text or ""
    # Titles are plain text with entities: a "<" in them is a "<".
    title = plain((hit.title or "").replace("<", "&lt;")) if hit.comment_text is None else ""
    targets = ((hit.url,) if hit.url and hit.comment_text is None else ()) + links(body)
    return Post(
        key=PostKey(NAME, hit.objectID),
        url=f"https://news.ycombinator.com/item?id={hit.objectID}",
        text="\n\n".join(part for part in (title, plain(body)) if part),
        observed_at=now,
        created_at=datetime.fromtimestamp(hit.created_at_i, UTC),
        author=Author(id=hit.author, handle=hit.author),
        engagement=Engagement(likes=hit.points, replies=hit.num_comments),
        links=tuple(dict.fromkeys(targets)),
        in_reply_to=None if hit.parent_id is None else str(hit.parent_id),
    )


def _place_of(asked: Fetch) -> _Place:
    return resumed(NAME, asked.cursor, _first_place(asked.now))


def _first_place(now: datetime) -> _Place:
    since = int((now - _FIRST_LOOK).timestamp())
    return _Place(newest=since, low=since)


def _why_truncated(page: _Page, *, is_stuck: bool, is_rest: bool) -> str:
    """Return why posts of a range may be missing; "" when none are. `is_rest`: a page before told of more in it."""
    if is_stuck:
        return "more items in a second than a page holds"
    return "the index shows nothing where it told of more" if is_rest and not page.nbHits else ""


def _slice(place: _Place, now: datetime) -> _Slice:
    """Return what to ask for: the rest of an unfinished look, else from the overlap on, at most a week back."""
    low = place.newest - _OVERLAP if place.low is None else place.low
    return _Slice(max(low, int((now - _LONGEST_LOOK).timestamp())), place.high)


def _batch(page: _Page, hits: list[_Hit], place: _Place, result: Sorted, now: datetime) -> Batch:
    part = _slice(place, now)
    oldest = min((hit.created_at_i for hit in hits), default=part.low)
    is_full = page.nbHits > len(page.hits)
    high = oldest + 1
    # More items in one second than a page holds: the rest of that second cannot be asked for.
    is_stuck = is_full and part.high is not None and high >= part.high
    high -= is_stuck
    is_more = is_full and high - 1 > part.low
    start = oldest if is_more else part.low
    end = now if part.high is None else datetime.fromtimestamp(part.high, UTC)
    why = _why_truncated(page, is_stuck=is_stuck, is_rest=place.high is not None)
    return Batch(
        posts=result.posts,
        cursor=cursor_of(_after(place, hits, _Slice(part.low, high) if is_more else None, now)),
        more=is_more,
        coverage=Coverage(start=min(datetime.fromtimestamp(start, UTC), end), end=end, truncated=bool(why), why=why),
        unreadable=result.unreadable,
        set_aside=result.set_aside,
    )


def _whole(window: Window) -> _Slice:
    """Return a window of time as a range of whole seconds, both ends excluded."""
    return _Slice(ceil(window.start.timestamp()) - 1, ceil(window.end.timestamp()))


def _back(page: _Page, hits: list[_Hit], part: _Slice, result: Sorted, *, is_rest: bool) -> Batch:
    assert part.high is not None, "a window has an end"
    oldest = min((hit.created_at_i for hit in hits), default=part.low)
    is_full = page.nbHits > len(page.hits)
    # The last second of a page is asked for again, unless it fills a page by itself.
    is_stuck = is_full and oldest + 1 >= part.high
    high = oldest + 1 - is_stuck
    is_more = is_full and high - 1 > part.low
    # Of its last second a page may have brought some only: whoever goes on by what was covered reads it again.
    start = high if is_more else part.low + 1
    why = _why_truncated(page, is_stuck=is_stuck, is_rest=is_rest)
    return Batch(
        posts=result.posts,
        cursor=Cursor(str(high)) if is_more else None,
        more=is_more,
        coverage=Coverage(
            start=datetime.fromtimestamp(min(start, part.high), UTC),
            end=datetime.fromtimestamp(part.high, UTC),
            truncated=bool(why),
            why=why,
        ),
        unreadable=result.unreadable,
        set_aside=result.set_aside,
    )


def _after(place: _Place, hits: list[_Hit], rest: _Slice | None, now: datetime) -> _Place:
    # A clock ahead of ours must not carry the cursor into the future.
    newest = max([place.newest, *(min(hit.created_at_i, int(now.timestamp())) for hit in hits)])
    since = newest - _OVERLAP
    # The pages to come end where the last look ended: what it saw there is not to be read again.
    known_since = since if rest is None else min(since, rest.low)
    seen = {hit.objectID: hit.created_at_i for hit in hits if hit.created_at_i > since}
    return _Place(
        newest=newest,
        seen={post_id: time for post_id, time in place.seen.items() if time > known_since} | seen,
        low=None if rest is None else rest.low,
        high=None if rest is None else rest.high,
    )
