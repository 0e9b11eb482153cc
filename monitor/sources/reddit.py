"""Reddit: by its API where it has approved an application, else by its feeds, which give no counts; off by default.

    '"smash pots" OR 砸锅卖铁'    a search of all subreddits, newest first
    "r/a+b"                     what is new in some subreddits
    "r/a+b/comments"            what is said there; comments cannot be searched, so all are read and matched here

Pages go back from the newest until an overlap before the last look. A listing holds a thousand items at most, a feed
a hundred: what lies behind them is told as not read.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from monitor.errors import AccessDenied, PayloadChanged, SourceRejected
from monitor.models import Batch, Coverage, Cursor, Post, PostKey, SetAside, Window
from monitor.seams.looking_back import Price
from monitor.seams.pace import Bucket, named
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.seams.rereading import Reread
from monitor.sources.beginnings import resumed_or_begun
from monitor.sources.cursors import cursor_of
from monitor.sources.feed import Feed, HasDtd, NotAFeed, ParseJob
from monitor.sources.feed_parser import FeedParser
from monitor.sources.feed_reader import read_feed
from monitor.sources.http import Client
from monitor.sources.items import Sorted, sort_out
from monitor.sources.reddit_items import (
    NAME,
    Listing,
    Seen,
    gone_in,
    left_by_author,
    listing_of,
    listing_of_feed,
    nameless,
    post_of,
    seen_in,
)

if TYPE_CHECKING:
    # PRAW is an extra, and needed by those only who have an application.
    from monitor.sources.reddit_api import Api

_SITE, _API = "https://www.reddit.com", "https://oauth.reddit.com"
_PAGE, _MOST_PAGES = 100, 10
_FIRST_LOOK, _OVERLAP = timedelta(hours=24), timedelta(minutes=15)
"""The index of the search lags behind by minutes."""
_MOST_SEEN = 1_000
_SUBREDDITS = re.compile(r"r/(\w{2,21}(?:\+\w{2,21})*)(/comments)?")
_LONGEST = 512
_AGENT = "linux:discussion-monitor:0.1 (by the operator of this installation)"


class _Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The cursor, as JSON; times are epoch seconds.

    All was read up to `until`; `seen` are the newest names known, with their times: a page of a quiet search goes far
    back, and is the same each time. While a look is unfinished, `began` says when it began, `after` behind which item
    its next page begins, `pages` how many there were. `before` ends it when looking back.
    """

    until: int = 0
    seen: dict[str, int] = {}
    began: int = 0
    after: str | None = None
    pages: int = 0
    before: int | None = None

    @property
    def floor(self) -> int:
        """Return the time to which pages go back."""
        if self.before is not None:
            return self.until
        first = self.began - int(_FIRST_LOOK.total_seconds())
        return self.until - int(_OVERLAP.total_seconds()) if self.until else first


class _Ways(NamedTuple):
    """The ways to Reddit: the API, or the site's feeds and who parses them."""

    client: Client
    site: str
    api: "Api | None"
    parser: FeedParser
    missing: str | None


class RedditSource:
    """Reads searches and subreddits."""

    name = NAME
    most = _PAGE

    def __init__(self, ways: _Ways) -> None:
        self._ways = ways

    @property
    def missing(self) -> str | None:
        """Return what to do about an application that nobody registered; None when Reddit can be read."""
        return self._ways.missing

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page, newest first."""
        asked = Fetch(query, cursor, now)
        return self.read(self.ask(asked), asked)

    def ask(self, asked: Fetch) -> bytes:
        """Return a page as Reddit's API gives it; of a feed, in that form."""
        if self._ways.missing is not None:
            raise AccessDenied(NAME, "no key")
        place = _place_of(asked)
        path, params = _path(asked.query)
        if self._ways.api is not None:
            paging = {"limit": str(_PAGE)} | ({} if place.after is None else {"after": place.after})
            return self._ways.api.get(path, params | paging, asked.now)
        return self._fed(path, params | {"limit": str(_PAGE)}, asked.now)

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what a page holds, item by item."""
        place = _place_of(asked)
        listing = listing_of(page)
        known = [(raw, seen_in(raw)) for raw in listing.raws]
        fresh = [raw for raw, seen in known if seen is None or _is_wanted(seen, place)]
        result = _sorted(fresh, asked.now, gate)
        found = [seen for _, seen in known if seen is not None]
        if listing.raws and not found:
            raise PayloadChanged(NAME, "not one item of the answer could be read")
        return _batch(place, listing, found, result, gone_in(listing.raws))

    def nameless(self, raw: bytes) -> SetAside:
        """Return an item that is set aside, its author apart."""
        return nameless(raw)

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of an item without its author."""
        return post_of(raw, now)

    def look_up(self, keys: Sequence[PostKey], now: datetime) -> Reread:
        """Return submissions and comments as they are now; by feeds nobody can look anything up."""
        names = [key.id for key in keys if key.source == NAME][:_PAGE]
        if self._ways.api is None or not names:
            return Reread()
        raws = listing_of(self._ways.api.get("api/info", {"id": ",".join(names)}, now)).raws
        result = _sorted(raws, now, OPEN)
        left = set(left_by_author(raws))
        posts = tuple(post for post in result.posts if post.key not in left)
        there = {seen.name for raw in raws if (seen := seen_in(raw)) is not None}
        lost = {PostKey(NAME, name) for name in names if name not in there} | set(gone_in(raws)) | left
        return Reread(posts=posts, gone=tuple(key for key in keys if key in lost))

    def price(self, query: str, window: Window, now: datetime) -> Price:
        """Return what looking back takes at most: the pages of a listing, which ends after a thousand items."""
        del query, window, now
        return Price(requests=_MOST_PAGES if self._ways.api is not None else 1)

    def back(self, query: str, window: Window, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of a window."""
        if cursor is None:
            start, end = int(window.start.timestamp()), int(window.end.timestamp())
            cursor = cursor_of(_Place(until=start, began=end, before=end))
        return self.fetch(query, cursor, now)

    def close(self) -> None:
        """End the processes that parse feeds."""
        self._ways.parser.close()

    def _fed(self, path: str, params: Mapping[str, str], now: datetime) -> bytes:
        place = "search.rss" if path == "search" else f"{path}/.rss"
        url = f"{self._ways.site}/{place}?{urlencode(params)}"
        bucket = Bucket(f"{NAME}:feeds", 10, timedelta(minutes=1))
        answer = self._ways.client.get(NAME, url, now=now, bucket=bucket)
        if answer.body.lstrip()[:1] == b"{":
            return answer.body
        headers = {"content-type": "application/xml", "content-location": answer.url}
        return _as_listing(self._ways.parser.parse(NAME, ParseJob(body=answer.body, headers=headers)))


def open_source(client: Client, options: Mapping[str, str]) -> RedditSource:
    """Return the source; options: `client_id` and `client_secret` of an application, or `mode` "rss".

    `user_agent` is what Reddit wants: "platform:name:version (by /u/you)". `url` and `api_url` are its addresses.
    """
    site = options.get("url", _SITE).rstrip("/")
    api, missing = None, None
    if options.get("client_id") and options.get("client_secret"):
        api, missing = _api(client, options, site)
    elif options.get("mode") != "rss":
        missing = (
            "set client_id and client_secret_file in [sources.reddit], of an application that Reddit approved,"
            ' or mode = "rss" for feeds without counts'
        )
    return RedditSource(_Ways(client, site, api, FeedParser(children=1), missing))


def parse(payload: bytes, now: datetime) -> Batch:
    """Return the posts of a trusted listing or feed, and how many items could not be read. Raise PayloadChanged."""
    raws = listing_of(payload if payload.lstrip()[:1] == b"{" else _as_listing(_trusted(payload))).raws
    result = _sorted(raws, now, OPEN)
    return Batch(posts=result.posts, deletions=gone_in(raws), unreadable=result.unreadable)


def _api(client: Client, options: Mapping[str, str], site: str) -> "tuple[Api | None, str | None]":
    if find_spec("praw") is None:
        return None, 'install the extra "reddit": pip install "discussion-monitor[reddit]"'
    reddit_api = import_module("monitor.sources.reddit_api")
    account = reddit_api.Account(
        client_id=options["client_id"],
        client_secret=options["client_secret"],
        user_agent=options.get("user_agent", _AGENT),
        urls=(site, options.get("api_url", _API).rstrip("/")),
    )
    bucket = Bucket(named(NAME, account.client_id), 100, timedelta(minutes=1))
    api: Api = reddit_api.Api(account, bucket, client.pace)
    return api, None


def _trusted(payload: bytes) -> Feed:
    try:
        return read_feed(payload, {})
    except (NotAFeed, HasDtd) as e:
        raise PayloadChanged(NAME, str(e)) from e


def _as_listing(feed: Feed) -> bytes:
    children = [msgspec.Raw(raw) for raw in listing_of_feed(feed).raws]
    return msgspec.json.encode({"kind": "Listing", "data": {"children": children, "after": None}})


def _path(query: str) -> tuple[str, dict[str, str]]:
    """Return what a query asks for. Raise SourceRejected."""
    text = query.strip()
    listed = _SUBREDDITS.fullmatch(text)
    if listed is not None:
        return f"r/{listed[1]}/{'comments' if listed[2] else 'new'}", {}
    if not text or text.startswith("r/") or len(text) > _LONGEST:
        said = f'Reddit cannot be asked for "{text[:60]}"'
        raise SourceRejected(NAME, f'{said}: write words, or subreddits as "r/a+b" or "r/a+b/comments"')
    return "search", {"q": text, "sort": "new", "type": "link", "t": "all"}


def _is_wanted(seen: Seen, place: _Place) -> bool:
    if place.before is not None:
        return place.until <= seen.at < place.before
    return seen.name not in place.seen


def _batch(place: _Place, page: Listing, found: Sequence[Seen], result: Sorted, gone: tuple[PostKey, ...]) -> Batch:
    oldest = int(min((seen.at for seen in found), default=place.floor))
    goes_on = oldest > place.floor and len(page.raws) >= _PAGE // 2
    is_more = goes_on and page.after is not None and place.pages + 1 < _MOST_PAGES
    names = {seen.name: int(seen.at) for seen in found} | place.seen
    after = replace(place, after=page.after, pages=place.pages + 1, seen=names)
    if not is_more:
        newest = sorted(((at, name) for name, at in names.items()), reverse=True)[:_MOST_SEEN]
        after = _Place(until=place.began, seen={name: at for at, name in newest})
    return Batch(
        posts=result.posts,
        deletions=gone,
        cursor=cursor_of(after),
        more=is_more,
        coverage=None if is_more else _coverage(place, oldest if goes_on else None),
        unreadable=result.unreadable,
        set_aside=result.set_aside,
    )


def _coverage(place: _Place, cut_at: int | None) -> Coverage:
    """Return the window that a look read; `cut_at` is where its pages ended too early."""
    start = place.until or place.floor
    if cut_at is not None:
        start = max(start, min(cut_at, place.began))
    times = (datetime.fromtimestamp(min(start, place.began), UTC), datetime.fromtimestamp(place.began, UTC))
    return Coverage(start=times[0], end=times[1])


def _sorted(raws: Sequence[bytes], now: datetime, gate: Gate) -> Sorted:
    return sort_out(raws, lambda raw: post_of(raw, now), nameless, gate)


def _place_of(asked: Fetch) -> _Place:
    """Return the place of a look that goes on, or begins."""
    place = resumed_or_begun(NAME, asked.cursor, _Place())
    return place if place.began else replace(place, began=int(asked.now.timestamp()))
