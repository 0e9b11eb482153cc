"""Submissions and comments of Reddit as posts: from listings of its API, or from its feeds, which give no counts. Pure.

https://www.reddit.com/dev/api/#listings
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Author, Engagement, Post, PostKey, SetAside
from monitor.sources.feed import Feed, FeedEntry
from monitor.sources.items import item_id
from monitor.sources.surrogates import repair
from monitor.text.markup import links, plain

NAME = "reddit"
_SITE = "https://www.reddit.com"
_GONE = frozenset({"[deleted]", "[removed]"})
_POSTS = frozenset({"t1", "t3"})
_BYLINE = re.compile(r"\s*submitted by\s+/u/\S+(\s+to\s+[ru]/\S+)?\s*(\[link\])?\s*(\[comments\])?\s*$")
_OF_REDDIT = re.compile(r"https?://([a-z0-9-]+\.)*(reddit\.com|redd\.it|redditmedia\.com)(/|$)")


class _Data(msgspec.Struct, frozen=True, kw_only=True):
    """A submission or a comment. `name` is its full name: "t3_" or "t1_", and its id."""

    name: str
    created_utc: float
    permalink: str | None = None
    author: str | None = None
    title: str | None = None
    selftext: str | None = None
    selftext_html: str | None = None
    body: str | None = None
    body_html: str | None = None
    url: str | None = None
    is_self: bool = True
    link_id: str | None = None
    parent_id: str | None = None
    id: str | None = None
    score: int | None = None
    score_hidden: bool = False
    hide_score: bool = False
    num_comments: int | None = None
    removed_by_category: str | None = None
    is_robot_indexable: bool = True


class _Thing(msgspec.Struct, frozen=True, kw_only=True):
    """Anything that a listing holds: "t1" is a comment, "t3" a submission."""

    kind: str
    data: msgspec.Raw


class _Children(msgspec.Struct, frozen=True, kw_only=True):
    children: list[msgspec.Raw]
    after: str | None = None


class _ListingThing(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    data: _Children


class Listing(NamedTuple):
    """A page of what Reddit lists: its items one by one, and behind which one the next begins; None for the last."""

    raws: list[bytes]
    after: str | None


class Seen(NamedTuple):
    """What can be told of an item before it is read: its full name, and when it was written, in epoch seconds."""

    name: str
    at: float


def listing_of(payload: bytes) -> Listing:
    """Return a listing of the API. Raise PayloadChanged."""
    try:
        listing = msgspec.json.decode(repair(payload), type=_ListingThing)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e
    if listing.kind != "Listing":
        raise PayloadChanged(NAME, f'the answer is a "{listing.kind[:40]}", not a listing')
    return Listing(list(map(bytes, listing.data.children)), listing.data.after)


def listing_of_feed(feed: Feed) -> Listing:
    """Return a page of a feed, its entries in the form of a listing's items, as far as a feed has it."""
    return Listing([msgspec.json.encode(_thing(entry)) for entry in feed.entries], None)


def seen_in(raw: bytes) -> Seen | None:
    """Return what identifies an item; None when nothing does."""
    try:
        thing = msgspec.json.decode(raw, type=_Thing)
        data = msgspec.json.decode(thing.data, type=_Data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return Seen(data.name, data.created_utc)


def gone_in(raws: Sequence[bytes]) -> tuple[PostKey, ...]:
    """Return the items that their authors deleted, or moderators removed."""
    found = []
    for raw in raws:
        data = _data(raw)
        if data is not None and is_gone(data):
            found.append(PostKey(NAME, data.name))
    return tuple(found)


def is_gone(data: _Data) -> bool:
    """Tell whether an item is there in name only."""
    return bool(data.removed_by_category) or (data.body or data.selftext or "").strip() in _GONE


def left_by_author(raws: Sequence[bytes]) -> tuple[PostKey, ...]:
    """Return the items whose accounts are gone: Reddit asks that nothing of such an account is kept."""
    known = [data for raw in raws if (data := _data(raw)) is not None]
    return tuple(PostKey(NAME, data.name) for data in known if data.author == "[deleted]")


def post_of(raw: bytes, now: datetime) -> Post | None:
    """Return the post of an item; None when it is no post, or deleted, or not to be found by machines.

    Raise what a broken one raises.
    """
    thing = msgspec.json.decode(raw, type=_Thing)
    if thing.kind not in _POSTS:
        return None
    data = msgspec.json.decode(thing.data, type=_Data)
    if is_gone(data) or not data.is_robot_indexable:
        return None
    post = _comment(data, now) if thing.kind == "t1" else _submission(data, now)
    return post if post.text else None


def nameless(raw: bytes) -> SetAside:
    """Return an item that is set aside, its author apart from its bytes."""
    kept, author = b"", Author()
    try:
        record: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, Any])
        data = record["data"]
        author = _author(data.get("author"))
        kept = msgspec.json.encode({"kind": record["kind"], "data": {n: v for n, v in data.items() if n in _KEPT}})
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        kept, author = b"", Author()  # nobody can tell where in it the author's name stands
    return SetAside(kind="item", id=item_id(NAME, raw), raw=kept, reason="", author=author)


_KEPT = frozenset(_Data.__struct_fields__) - {"author"}


def _data(raw: bytes) -> _Data | None:
    try:
        thing = msgspec.json.decode(raw, type=_Thing)
        return msgspec.json.decode(thing.data, type=_Data) if thing.kind in _POSTS else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _submission(data: _Data, now: datetime) -> Post:
    body = plain(data.selftext_html) if data.selftext_html else (data.selftext or "").strip()
    shared = () if data.is_self or data.url is None or _OF_REDDIT.match(data.url) else (data.url,)
    return _post(data, "\n\n".join(part for part in ((data.title or "").strip(), body) if part), shared, now)


def _comment(data: _Data, now: datetime) -> Post:
    return _post(data, plain(data.body_html) if data.body_html else (data.body or "").strip(), (), now)


def _post(data: _Data, text: str, shared: tuple[str, ...], now: datetime) -> Post:
    anchors = links(data.body_html or data.selftext_html or "")
    is_counted = not (data.score_hidden or data.hide_score)
    return Post(
        key=PostKey(NAME, data.name),
        url=_permalink(data),
        text=text,
        observed_at=now,
        created_at=datetime.fromtimestamp(data.created_utc, UTC),
        author=_author(data.author),
        engagement=Engagement(likes=data.score if is_counted else None, replies=data.num_comments),
        links=tuple(dict.fromkeys(link for link in (*shared, *anchors) if link.startswith(("http://", "https://")))),
        in_reply_to=data.parent_id,
    )


def _permalink(data: _Data) -> str | None:
    if data.permalink:
        return f"{_SITE}{data.permalink}" if data.permalink.startswith("/") else data.permalink
    if data.link_id and data.id:
        # Comments of before 2017 come without one; Reddit finds them by both ids.
        return f"{_SITE}/comments/{data.link_id.removeprefix('t3_')}/_/{data.id}"
    return None


def _author(name: str | None) -> Author:
    return Author() if not name or name == "[deleted]" else Author(id=name, handle=name)


def _thing(entry: FeedEntry) -> dict[str, Any]:
    """Return an entry of a feed as the API would give it, without what feeds do not tell."""
    name = (entry.id or "").rpartition("/")[2]
    if not re.fullmatch(r"t[0-9]_[a-z0-9]+", name):
        return {"kind": "t3", "data": {"title": plain(entry.title)}}
    kind = name[:2]
    body = _BYLINE.sub("", plain(entry.content))
    text = {"body": body} if kind == "t1" else {"title": plain(entry.title), "selftext": body}
    author = (entry.author or "").removeprefix("/u/") or None
    at = entry.published or entry.updated
    shared = [] if kind == "t1" else [link for link in links(entry.content) if not _OF_REDDIT.match(link)]
    told = {"url": shared[0], "is_self": False} if shared else {}
    return {
        "kind": kind,
        "data": {"name": name, "permalink": entry.link, "author": author, "created_utc": at} | text | told,
    }
