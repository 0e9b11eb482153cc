"""Bluesky's posts of the past by app.bsky.feed.searchPosts, and known posts again by app.bsky.feed.getPosts.

Search is for looking back only: who follows the network is asked to use its stream instead
(https://github.com/bluesky-social/atproto/issues/3504). It knows no OR, so each keyword is a request of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from monitor.errors import AccessDenied, PayloadChanged, SourceRejected
from monitor.models import Author, Batch, Coverage, Cursor, Engagement, Post, PostKey, SetAside, Window
from monitor.seams.looking_back import Price
from monitor.seams.quarantine import OPEN
from monitor.seams.rereading import Reread
from monitor.sources.bluesky_account import NO_ACCOUNT, Requests
from monitor.sources.bluesky_record import NAME, is_for_members, post_of, time_of
from monitor.sources.cursors import cursor_of, resumed
from monitor.sources.items import item_id, sort_out
from monitor.sources.surrogates import repair

PUBLIC = "https://public.api.bsky.app"
RESOLVE = "com.atproto.identity.resolveHandle"
NOBODY = "Unable to resolve handle"
"""What a server says of a handle that nobody has, in words only: the error's name is that of a wrong request."""

MOST_FOUND = 100
MOST_LOOKED_UP = 25
A_MOMENT = timedelta(milliseconds=1)


class _View(msgspec.Struct, frozen=True, kw_only=True):
    """A post as the network's index shows it (app.bsky.feed.defs#postView); null and absent are alike."""

    uri: str
    record: dict[str, object]
    author: dict[str, object] = {}
    indexedAt: str | None = None  # noqa: N815 - the lexicon's name
    likeCount: int | None = None  # noqa: N815 - as above
    repostCount: int | None = None  # noqa: N815 - as above
    replyCount: int | None = None  # noqa: N815 - as above
    quoteCount: int | None = None  # noqa: N815 - as above
    labels: list[object] | None = None


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; posts are decoded one by one, so that a broken one costs itself only."""

    posts: list[msgspec.Raw]
    cursor: str | None = None


class _Resolved(msgspec.Struct, frozen=True, kw_only=True):
    did: str


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a look-back goes on: the server's own cursor below a time, newest first. The cursor, as JSON."""

    until: datetime
    cursor: str | None = None


class Search:
    """Looks back with an account, and looks known posts up with none."""

    def __init__(self, requests: Requests, public: str = PUBLIC) -> None:
        self._requests = requests
        self._public = public

    def price(self, query: str, window: Window, now: datetime) -> Price:
        """Return what reading a window costs: nobody tells before how many posts there are. Raise AccessDenied."""
        del window
        if not query:
            return Price(reach=now)  # without a keyword there is nothing to search for
        if not self._requests.has_account:
            raise AccessDenied(NAME, NO_ACCOUNT)
        return Price(requests=None, dollars=0.0)

    def back(self, query: str, window: Window, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of the posts with a keyword, newest first."""
        if not query:
            raise SourceRejected(NAME, "name a keyword to look back for: bluesky:KEYWORD")
        place = resumed(NAME, cursor, _Place(until=window.end))
        asked = [("q", query), ("sort", "latest"), ("limit", str(MOST_FOUND))]
        asked += [("since", written(window.start)), ("until", written(place.until))]
        asked += [] if place.cursor is None else [("cursor", place.cursor)]
        return parse_found(self._requests.get("app.bsky.feed.searchPosts", asked, now).body, window, place, now)

    def look_up(self, keys: Sequence[PostKey], now: datetime) -> Reread:
        """Return posts as they are now, and those that are shown no more."""
        asked = [("uris", key.id) for key in keys]
        answer = self._requests.get_public(self._public, "app.bsky.feed.getPosts", asked, now)
        return parse_looked_up(answer.body, keys, now)

    def id_of(self, handle: str, now: datetime) -> str | None:
        """Return the DID of an account (com.atproto.identity.resolveHandle); None when nobody has that handle."""
        try:
            answer = self._requests.get_public(self._public, RESOLVE, [("handle", handle)], now)
        except SourceRejected as e:
            if NOBODY in e.reason:
                return None
            raise
        try:
            return msgspec.json.decode(answer.body, type=_Resolved).did
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as e:
            raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e


def parse_found(payload: bytes, window: Window, place: _Place, now: datetime) -> Batch:
    """Return the posts of a page of a search, and where it goes on. Raise PayloadChanged."""
    found = _found(payload)
    reading = _Views(now)
    result = sort_out(map(bytes, found.posts), reading.post, nameless, OPEN)
    if found.posts and not result.posts:
        raise PayloadChanged(NAME, f"not one of {len(found.posts)} posts could be read")
    oldest = min([place.until, *(post.time for post in result.posts)])
    after = _after(found, place, oldest)
    is_more = after is not None and oldest > window.start
    return Batch(
        posts=result.posts,
        cursor=None if after is None else cursor_of(after),
        more=is_more,
        coverage=Coverage(start=max(window.start, oldest) if is_more else window.start, end=place.until),
        unreadable=result.unreadable,
        set_aside=result.set_aside,
    )


def parse_looked_up(payload: bytes, keys: Sequence[PostKey], now: datetime) -> Reread:
    """Return what a second look brought. An answer without a single post is not believed: it would erase them all."""
    reading = _Views(now)
    result = sort_out(map(bytes, _found(payload).posts), reading.post, nameless, OPEN)
    asked = frozenset(keys)
    posts = tuple(post for post in result.posts if post.key in asked and not post.is_counted_only)
    hidden = {post.key for post in result.posts if post.is_counted_only}
    if not result.posts:
        return Reread()
    told = {post.key for post in posts} | {PostKey(NAME, uri) for uri in reading.broken(result.set_aside)}
    return Reread(posts=posts, gone=tuple(key for key in keys if key in hidden or key not in told))


class _Views:
    """Reads posts as the index shows them."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def post(self, raw: bytes) -> Post:
        """Return the post of a view, with what it gained. Raise what it raises."""
        view = msgspec.json.decode(raw, type=_View)
        engagement = Engagement(
            likes=view.likeCount, reposts=_sum(view.repostCount, view.quoteCount), replies=view.replyCount
        )
        post = post_of(view.uri, view.record, _author(view.author), self._now, engagement)
        claimed = [time for time in (post.created_at, time_of(view.indexedAt)) if time is not None]
        is_hidden = post.is_counted_only or is_for_members(view.labels) or is_for_members(view.author.get("labels"))
        return msgspec.structs.replace(post, created_at=min(claimed) if claimed else None, is_counted_only=is_hidden)

    def broken(self, items: Sequence[SetAside]) -> list[str]:
        """Return the addresses of posts that are there, and could not be read."""
        return [uri for item in items if (uri := _uri_of(item.raw)) is not None]


def nameless(raw: bytes) -> SetAside:
    """Return a post that is set aside. Its bytes keep the author's id, without which a post has none."""
    return SetAside(kind="item", id=item_id(NAME, raw), raw=raw, reason="")


def written(time: datetime) -> str:
    """Return a time as the network writes it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _after(found: _Found, place: _Place, oldest: datetime) -> _Place | None:
    """Return where the next page begins. The server's cursor ends after some thousands of posts: then time goes on."""
    if found.posts and found.cursor:
        return _Place(until=place.until, cursor=found.cursor)
    if len(found.posts) >= MOST_FOUND and oldest < place.until:
        return _Place(until=oldest + A_MOMENT)
    return None


def _found(payload: bytes) -> _Found:
    try:
        return msgspec.json.decode(repair(payload), type=_Found)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e


def _author(author: Mapping[str, object]) -> Author:
    did, handle, name = (author.get(field) for field in ("did", "handle", "displayName"))
    return Author(
        id=did if isinstance(did, str) else None,
        handle=handle if isinstance(handle, str) else None,
        name=name if isinstance(name, str) and name else None,
    )


def _uri_of(raw: bytes) -> str | None:
    try:
        view = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    uri = view.get("uri") if isinstance(view, dict) else None
    return uri if isinstance(uri, str) else None


def _sum(first: int | None, second: int | None) -> int | None:
    """Return two counts together; who quotes a post passes it on as well."""
    return None if first is None and second is None else (first or 0) + (second or 0)
