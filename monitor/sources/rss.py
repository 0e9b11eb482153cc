"""RSS, Atom and JSON Feed. The query is the feed's address.

conditional GET ─304─► nothing new, coverage goes on
      └─200─► limited child ─Feed─► parse_feed ─► Batch
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import urlsplit

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Author, Batch, Coverage, Cursor, Post, PostKey, SetAside
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.sources.cursors import cursor_of
from monitor.sources.feed import Feed, FeedEntry, ParseJob
from monitor.sources.feed_parser import FeedBroken, FeedParser
from monitor.sources.feed_pieces import Halved, halve, pieces_of, without_names
from monitor.sources.feed_place import (
    MOST_BROKEN,
    MOST_MARKS,
    FeedPlace,
    Told,
    broken_mark,
    corrected,
    digest,
    is_torn,
    mark_of,
    newest_marks,
    placed,
    told_now,
)
from monitor.sources.feed_reader import read_feed
from monitor.sources.http import Client
from monitor.sources.items import item_id, sort_out
from monitor.text.markup import links, plain

NAME = "rss"
_LEAST_PATIENCE, _MOST_PATIENCE = timedelta(minutes=5), timedelta(days=1)
_PARSER_HEADERS = ("content-type", "content-language")
_KEPT_HEADERS = (*_PARSER_HEADERS, "etag", "last-modified", "cache-control")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_URI = re.compile(r"(?:https?://|tag:|urn:|yt:|at://)", re.IGNORECASE)
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_LONGEST_ID = 300
_NOBODY: frozenset[str] = frozenset()
_MOST_LINKS = 50
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_NOTHING: Mapping[str, int] = MappingProxyType({})
_NOTHING_TOLD: Mapping[str, Told] = MappingProxyType({})


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """What a server answered: where from, the headers that matter, and the feed; None when it did not change.

    `broken` are entries, as they stand in the document, that break the parser; `left` more were not looked at.
    """

    url: str
    permanent_url: str | None
    headers: dict[str, str]
    feed: Feed | None
    broken: tuple[bytes, ...] = ()
    left: int = 0


class _Item(msgspec.Struct, frozen=True):
    """An entry and the id that it has within its document, as JSON what stands in quarantine."""

    id: str
    entry: FeedEntry


_encode = msgspec.json.Encoder().encode
_decode_item = msgspec.json.Decoder(_Item).decode


class RssSource:
    """Reads feeds by conditional requests, and parses them in limited children."""

    name = NAME

    def __init__(self, client: Client, parser: FeedParser) -> None:
        self._client = client
        self._parser = parser

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        """Return the entries of the feed at `query`, known ones included; none when it says that nothing changed.

        Entries whose text changed since they were told are `edits`, too.
        """
        asked = Fetch(query, cursor, now)
        return self.read(self.ask(asked), asked)

    def ask(self, asked: Fetch) -> bytes:
        """Return the server's answer, its document parsed in a limited child."""
        place = _place_of(asked)
        response = self._client.get(NAME, asked.query, now=asked.now, headers=_conditions(place))
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        if response.status == HTTPStatus.NOT_MODIFIED and place is not None:
            return msgspec.msgpack.encode(_Answer(response.url, response.permanent_url, headers, None))
        known = {name: headers[name] for name in _PARSER_HEADERS if name in headers}
        job = ParseJob(body=response.body, headers=known | {"content-location": response.url})
        halved = self._parsed(job, _NOBODY if place is None else frozenset(place.broken))
        answer = _Answer(response.url, response.permanent_url, headers, halved.feed, halved.broken, halved.left)
        return msgspec.msgpack.encode(answer)

    def _parsed(self, job: ParseJob, known: frozenset[str]) -> Halved:
        """Parse a document, without entries that are known to break the parser; in pieces when another one does."""
        pieces = pieces_of(job.body) if known else None
        dropped: tuple[bytes, ...] = ()
        if pieces is not None:
            dropped = tuple(each for each in pieces.entries if broken_mark(each) in known)
            kept = [each for each in pieces.entries if each not in dropped]
            job = msgspec.structs.replace(job, body=pieces.joined(kept))
        try:
            return Halved(self._parser.parse(NAME, job), dropped, 0)
        except FeedBroken:
            pieces = pieces_of(job.body)
            if pieces is None:
                raise
            halved = halve(pieces, lambda body: self._piece(job, body))
            if not halved.feed.entries:
                raise
            return halved._replace(broken=dropped + halved.broken)

    def _piece(self, job: ParseJob, body: bytes) -> Feed | None:
        try:
            return self._parser.parse(NAME, msgspec.structs.replace(job, body=body, cpu_seconds=1))
        except PayloadChanged:
            return None

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what an answer holds, entry by entry."""
        answer = msgspec.msgpack.decode(page, type=_Answer)
        place = _place_of(asked)
        if answer.feed is None and place is not None:
            return _unchanged(place, answer, asked.now)
        if place is not None and place.marks and answer.feed is not None and not answer.feed.count:
            return _emptied(place, answer)
        return _changed(answer, place, asked.now, gate)

    def nameless(self, raw: bytes) -> SetAside:
        """Return an entry that is set aside, its author apart."""
        return _nameless(raw)

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of an entry without its author."""
        if raw.startswith(b"<"):
            raise ValueError("it cannot be read without its feed, whose next look reads it if it can")
        return _read_entry(raw, now, _NOTHING)


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
    return tuple(_read_entry(raw, now, undated) for raw in _items(feed, host))


def _items(feed: Feed, host: str) -> Iterator[bytes]:
    shared = _shared_guids(feed.entries)
    for entry in feed.entries:
        yield _encode(_Item(_entry_id(entry, host, shared), entry))


def _read_entry(raw: bytes, now: datetime, undated: Mapping[str, int]) -> Post:
    item = _decode_item(raw)
    return _post(item.entry, item.id, now, undated)


def _nameless(raw: bytes) -> SetAside:
    item = _decode_item(raw)
    kept = _encode(_Item(item.id, msgspec.structs.replace(item.entry, author=None)))
    return SetAside(kind="item", id=item_id(NAME, raw), raw=kept, reason="", author=Author(name=item.entry.author))


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
    return f"{host} sha256:{digest(content)}".strip()


def _bounded(post_id: str) -> str:
    return post_id if len(post_id) <= _LONGEST_ID else f"sha256:{digest(post_id)}"


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


def _conditions(place: FeedPlace | None) -> dict[str, str]:
    headers = {"Accept": _ACCEPT}
    if place is not None and place.etag is not None:
        headers["If-None-Match"] = place.etag
    if place is not None and place.last_modified is not None:
        headers["If-Modified-Since"] = place.last_modified
    return headers


def _unchanged(place: FeedPlace, answer: _Answer, now: datetime) -> Batch:
    return Batch(
        cursor=cursor_of(msgspec.structs.replace(place, polled_at=now)),
        coverage=Coverage(start=min(place.polled_at, now), end=now),
        fresh=0,
        not_before=_not_before(place.patience, answer.headers, now),
        moved_to=answer.permanent_url,
    )


def _emptied(place: FeedPlace, answer: _Answer) -> Batch:
    """Return what a feed says that had entries and has none: nothing. The place stays where it is.

    What is shown next is compared with what was known before, so that entries which came and went meanwhile are missed.
    """
    return Batch(cursor=cursor_of(place), fresh=0, moved_to=answer.permanent_url)


def _changed(answer: _Answer, place: FeedPlace | None, now: datetime, gate: Gate) -> Batch:
    feed = answer.feed or Feed()
    host = urlsplit(answer.permanent_url or answer.url).hostname or ""
    undated = place.undated if place else _NOTHING
    result = sort_out(_items(feed, host), lambda raw: _read_entry(raw, now, undated), _nameless, gate)
    told = _NOTHING_TOLD if place is None else place.told
    after = FeedPlace(
        polled_at=now,
        etag=_header(answer, "etag"),
        last_modified=_header(answer, "last-modified"),
        patience=feed.patience,
        undated={p.key.id: int(p.observed_at.timestamp()) for p in result.posts if p.created_at is None},
        marks=tuple(sorted({mark_of(post.key.id) for post in result.posts})[:MOST_MARKS]),
        newest=newest_marks(result.posts),
        broken=tuple(broken_mark(each) for each in answer.broken[:MOST_BROKEN]),
        told=told_now(result.posts, told, now),
    )
    broken = tuple(_broken(each) for each in answer.broken)
    is_cut = feed.count > len(feed.entries)
    has_hole = is_torn(place, {mark_of(post.key.id) for post in result.posts})
    known = frozenset(place.marks) if place is not None else frozenset(after.marks)
    why = "the feed has more entries than are read" if is_cut else "entries came and went between two looks"
    return Batch(
        posts=result.posts,
        edits=corrected(result.posts, told, after.told),
        fresh=sum(mark_of(post.key.id) not in known for post in result.posts),
        cursor=cursor_of(after),
        coverage=Coverage(
            start=now if place is None else min(place.polled_at, now),
            end=now,
            truncated=is_cut or has_hole,
            why=why if is_cut or has_hole else "",
        ),
        not_before=_not_before(feed.patience, answer.headers, now),
        moved_to=answer.permanent_url,
        unreadable=result.unreadable + len(broken) + answer.left,
        set_aside=result.set_aside + broken,
    )


def _broken(piece: bytes) -> SetAside:
    """Return an entry that breaks the parser of its feed; it cannot be read by itself, only by the feed's next look."""
    reason = "it breaks the parser of its feed; mended, it is read again as long as the feed has it"
    return SetAside(kind="item", id=item_id(NAME, piece), raw=without_names(piece), reason=reason, stage="parse")


def _not_before(patience: int | None, headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return when to look again: the longest that the feed or its server asks for, between 5 minutes and a day."""
    wishes = [patience] if patience else []
    if (age := _MAX_AGE.search(headers.get("cache-control", ""))) is not None and int(age[1]) > 0:
        wishes.append(int(age[1]))
    if not wishes:
        return None
    return now + min(max(timedelta(seconds=max(wishes)), _LEAST_PATIENCE), _MOST_PATIENCE)


def _header(answer: _Answer, name: str) -> str | None:
    """Return a header that can be sent back as it came; None when it cannot."""
    value = answer.headers.get(name, "")
    return value if value and len(value) <= _LONGEST_ID and value.isascii() and value.isprintable() else None


def _place_of(asked: Fetch) -> FeedPlace | None:
    return None if asked.cursor is None else placed(asked.cursor)
