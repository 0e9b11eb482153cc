"""RSS, Atom and JSON Feed. The query is the feed's address.

conditional GET ─304─► nothing new, coverage goes on
      └─200─► limited child ─Feed─► parse_feed ─► Batch
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import urlsplit

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Author, Batch, Coverage, Cursor, Post, PostKey
from monitor.sources.feed import Feed, FeedEntry, Job
from monitor.sources.feed_parser import FeedParser
from monitor.sources.feed_reader import read_feed
from monitor.sources.http import Client, Response
from monitor.text.markup import links, plain

NAME = "rss"
_LEAST_PATIENCE, _MOST_PATIENCE = timedelta(minutes=5), timedelta(days=1)
_PARSER_HEADERS = ("content-type", "content-language")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_URI = re.compile(r"(?:https?://|tag:|urn:|yt:|at://)", re.IGNORECASE)
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_LONGEST_ID = 300
_MOST_MARKS = 512
_MOST_LINKS = 50
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_NOTHING: Mapping[str, int] = MappingProxyType({})


class _Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a feed was read: the cursor, as JSON.

    `undated` maps the ids of entries without a date to when each was first seen (epoch seconds), so that one that stays
    in the feed does not come back as new after the retention. `marks` are short hashes of the ids of the document, the
    512 smallest: a sample that two documents share when they share entries. `patience` is the feed's own, in seconds.
    """

    polled_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    patience: int | None = None
    undated: dict[str, int] = {}
    marks: tuple[str, ...] = ()


class RssSource:
    """Reads feeds by conditional requests, and parses them in limited children."""

    name = NAME

    def __init__(self, client: Client, parser: FeedParser) -> None:
        self._client = client
        self._parser = parser

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        """Return the entries of the feed at `query`, known ones included; none when it says that nothing changed."""
        place = None if cursor is None else _placed(cursor)
        response = self._client.get(NAME, query, now=now, headers=_conditions(place))
        if response.status == HTTPStatus.NOT_MODIFIED and place is not None:
            return _unchanged(place, response, now)
        headers = {name: response.headers[name] for name in _PARSER_HEADERS if name in response.headers}
        feed = self._parser.parse(NAME, Job(body=response.body, headers=headers | {"content-location": response.url}))
        return _changed(feed, place, response, now)


def open_source(client: Client, options: Mapping[str, str]) -> RssSource:
    """Return the source; it has no options."""
    del options
    return RssSource(client, FeedParser())


def parse(payload: bytes, now: datetime) -> Batch:
    """Return what a trusted document holds, read in this process."""
    feed = read_feed(payload, {})
    return Batch(posts=parse_feed(feed, host="", now=now))


def parse_feed(feed: Feed, *, host: str, now: datetime, undated: Mapping[str, int] = _NOTHING) -> tuple[Post, ...]:
    """Return a post per entry, in the feed's order.

    The id is the guid, else the link, else a hash of title and text. A guid that is no URI is unique within its site
    only, so the host goes before it; one that stands for several links identifies nothing and is passed over. `undated`
    gives the first sight, in epoch seconds, of entries without a date.
    """
    shared = _shared_guids(feed.entries)
    return tuple(_post(entry, _entry_id(entry, host, shared), now, undated) for entry in feed.entries)


def _post(entry: FeedEntry, post_id: str, now: datetime, undated: Mapping[str, int]) -> Post:
    created_at = _time(entry.published) or _time(entry.updated)
    first_seen = _time(undated.get(post_id)) if created_at is None else None
    return Post(
        key=PostKey(NAME, post_id),
        url=_web_address(entry.link),
        text=_joined(plain(entry.title), plain(entry.content)),
        observed_at=first_seen or now,
        created_at=created_at,
        author=Author(name=entry.author),
        language_hint=_language(entry.language),
        links=links(entry.content)[:_MOST_LINKS],
    )


def _joined(title: str, body: str) -> str:
    """Return title, blank line, body; the body alone when it begins with the title, or with what was cut from it."""
    start = title.rstrip("….").rstrip()
    if not title or (start and body.startswith(start)):
        return body
    return f"{title}\n\n{body}" if body else title


def _shared_guids(entries: tuple[FeedEntry, ...]) -> frozenset[str]:
    """Return the guids that stand for more than one link, or for more than one title where there are no links."""
    named = {(entry.id, entry.link or entry.title) for entry in entries if entry.id}
    counts = Counter(guid for guid, _ in named)
    return frozenset(guid for guid, count in counts.items() if guid and count > 1)


def _entry_id(entry: FeedEntry, host: str, shared: frozenset[str]) -> str:
    if entry.id and entry.id not in shared:
        return _bounded(entry.id if _URI.match(entry.id) else f"{host} {entry.id}".strip())
    if entry.link and not entry.id:
        return _bounded(entry.link)
    content = "\n".join((entry.id or "", entry.link or "", entry.title, "" if entry.link else entry.content))
    return f"{host} sha256:{_digest(content)}".strip()


def _bounded(post_id: str) -> str:
    return post_id if len(post_id) <= _LONGEST_ID else f"sha256:{_digest(post_id)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _web_address(link: str | None) -> str | None:
    return link if link and link.lower().startswith(("http://", "https://")) else None


def _language(tag: str | None) -> str | None:
    tag = (tag or "").replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def _time(epoch: int | None) -> datetime | None:
    """Return an aware time; None for 1970-01-01 00:00 and for years before it, which are what broken feeds say."""
    if epoch is None or epoch <= 0:
        return None
    try:
        return datetime.fromtimestamp(epoch, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _conditions(place: _Place | None) -> dict[str, str]:
    headers = {"Accept": _ACCEPT}
    if place is not None and place.etag is not None:
        headers["If-None-Match"] = place.etag
    if place is not None and place.last_modified is not None:
        headers["If-Modified-Since"] = place.last_modified
    return headers


def _unchanged(place: _Place, response: Response, now: datetime) -> Batch:
    return Batch(
        cursor=_written(msgspec.structs.replace(place, polled_at=now)),
        coverage=Coverage(start=min(place.polled_at, now), end=now),
        not_before=_not_before(place.patience, response.headers, now),
        moved_to=response.permanent_url,
    )


def _changed(feed: Feed, place: _Place | None, response: Response, now: datetime) -> Batch:
    host = urlsplit(response.permanent_url or response.url).hostname or ""
    posts = parse_feed(feed, host=host, now=now, undated=place.undated if place else _NOTHING)
    marks = {_mark(post.key.id) for post in posts}
    start = now if place is None else min(place.polled_at, now)
    is_cut = feed.count > len(posts)
    # Two looks that share no entry: whatever stood between them came and went unseen.
    is_torn = place is not None and bool(place.marks) and bool(marks) and marks.isdisjoint(place.marks)
    after = _Place(
        polled_at=now,
        etag=_header(response, "etag"),
        last_modified=_header(response, "last-modified"),
        patience=feed.patience,
        undated={p.key.id: int(p.observed_at.timestamp()) for p in posts if p.created_at is None},
        marks=tuple(sorted(marks)[:_MOST_MARKS]),
    )
    return Batch(
        posts=posts,
        cursor=_written(after),
        coverage=Coverage(start=start, end=now, truncated=is_cut or is_torn),
        not_before=_not_before(feed.patience, response.headers, now),
        moved_to=response.permanent_url,
    )


def _not_before(patience: int | None, headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return when to look again: the longest that the feed or its server asks for, between 5 minutes and a day."""
    wishes = [patience] if patience else []
    if (age := _MAX_AGE.search(headers.get("cache-control", ""))) is not None and int(age[1]) > 0:
        wishes.append(int(age[1]))
    if not wishes:
        return None
    return now + min(max(timedelta(seconds=max(wishes)), _LEAST_PATIENCE), _MOST_PATIENCE)


def _header(response: Response, name: str) -> str | None:
    """Return a header that can be sent back as it came; None when it cannot."""
    value = response.headers.get(name, "")
    return value if value and len(value) <= _LONGEST_ID and value.isascii() and value.isprintable() else None


def _mark(post_id: str) -> str:
    return _digest(post_id)[:10]


def _placed(cursor: Cursor) -> _Place:
    try:
        return msgspec.json.decode(cursor, type=_Place)
    except msgspec.DecodeError as e:
        raise PayloadChanged(NAME, f"the stored cursor cannot be read: {e}") from e


def _written(place: _Place) -> Cursor:
    return Cursor(msgspec.json.encode(place).decode())
