"""YouTube by its Data API (https://developers.google.com/youtube/v3/docs), with a key, one request per fetch.

    search ─ids─► videos ─► posts with their counts          search:   100 a day, the scarcest
                    └─ those that are talked about ─► comments      the rest: 10,000 units a day, one each

The newest videos are found late and not all at once, so each search begins hours before the last one. What was found is
watched for three days; of those the longest not looked at are asked for their comments, some at each look.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from monitor.errors import AccessDenied, PayloadChanged, SourceError, SourceRejected
from monitor.models import Batch, Coverage, Cursor, Post, PostKey, SetAside, Window
from monitor.seams.looking_back import Price
from monitor.seams.pace import Bucket, named
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.seams.rereading import Reread
from monitor.sources.beginnings import resumed_or_begun
from monitor.sources.cursors import cursor_of
from monitor.sources.http import Client
from monitor.sources.items import Sorted, sort_out
from monitor.sources.youtube_items import NAME, Hit, comments_of, hits_of, is_comment, nameless, page_of, post_of
from monitor.sources.youtube_refusals import meaning, reason_of

_BASE = "https://www.googleapis.com/youtube/v3"
_FIRST_LOOK, _OVERLAP, _WATCH = timedelta(days=1), timedelta(hours=6), timedelta(days=3)
_EVERY = timedelta(minutes=15)
"""A hundred searches a day are one in a quarter of an hour, for all queries together."""
UNITS = Bucket(f"{NAME}:units", 10_000, timedelta(days=1))
LIMITS = {"search": Bucket(f"{NAME}:search", 4, timedelta(hours=1))}
"""A hundred searches and 10,000 units a day, one for each request here (as of 2026-06-01). Searches by the hour,
so that they are not used up by noon. https://developers.google.com/youtube/v3/determine_quota_cost"""

_PAGE, _COMMENTS, _MOST_WATCHED, _MOST_PAGES, _TALKED = 50, 100, 100, 3, 5
_MOST_RESULTS = 500
"""More than this a search does not give, whatever it says to have found."""
_CLOSED = frozenset({"commentsDisabled", "videoNotFound"})

Step = Literal["search", "videos", "comments"]


class _Watched(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A video whose comments are read: since when it is watched, when it was looked at, its newest known comment."""

    since: int
    looked: int = 0
    newest: int = 0


class _Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The cursor, as JSON; times are epoch seconds.

    All was searched up to `until`. While a look is unfinished, `began` says when it began and `step` what comes next:
    a page of the search behind `token`, the videos `ids`, or the comments of the first of `talked`, of which `top` is
    the newest seen so far. `pages` counts those of the search or of the comments, `before` ends it when looking back.
    """

    until: int = 0
    began: int = 0
    step: Step = "search"
    token: str | None = None
    ids: tuple[str, ...] = ()
    pages: int = 0
    talked: tuple[str, ...] = ()
    top: int = 0
    watched: dict[str, _Watched] = {}
    is_cut: bool = False
    before: int | None = None


class _Channel(msgspec.Struct, frozen=True, kw_only=True):
    id: str


class _Channels(msgspec.Struct, frozen=True, kw_only=True):
    """The channels that have a handle: one, or none, and then no list at all."""

    items: list[_Channel] = []


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; `closed` is why the comments of a video cannot be read."""

    body: bytes = b""
    closed: str = ""


class _Read(NamedTuple):
    """What a step brought, and the place after it."""

    place: _Place
    result: Sorted = Sorted((), (), 0)
    deletions: tuple[PostKey, ...] = ()


class YouTubeSource:
    """Searches videos, and reads what is said about those that were found."""

    name = NAME
    most = _PAGE

    def __init__(self, client: Client, key: str, base: str = _BASE) -> None:
        self._client = client
        self._key = key
        self._base = base.rstrip("/")

    @property
    def missing(self) -> str | None:
        """Return what to do about a key that nobody set; None when there is one."""
        return None if self._key else "set key_file in [sources.youtube] to a file with a key of YouTube's Data API"

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page: of a search nothing but the way to its videos, then the videos, then comments."""
        asked = Fetch(query, cursor, now)
        return self.read(self.ask(asked), asked)

    def ask(self, asked: Fetch) -> bytes:
        """Return the answer to the step that comes next."""
        place = _place_of(asked)
        try:
            body = self._get(*_request(place, asked.query), asked.now)
        except SourceError as e:
            if place.step == "comments" and reason_of(e) in _CLOSED:
                return msgspec.msgpack.encode(_Page(closed=reason_of(e)))
            raise
        return msgspec.msgpack.encode(_Page(body=body))

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what an answer holds, item by item."""
        place, answer = _place_of(asked), msgspec.msgpack.decode(page, type=_Page)
        if answer.closed:
            return _batch(_closed(place, answer.closed), place, asked.now)
        reader = {"search": _searched, "videos": _videos, "comments": _comments}[place.step]
        return _batch(reader(answer.body, place, asked.now, gate), place, asked.now)

    def nameless(self, raw: bytes) -> SetAside:
        """Return an item that is set aside, its author apart."""
        return nameless(raw)

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of an item without its author."""
        return post_of(raw, now)

    def look_up(self, keys: Sequence[PostKey], now: datetime) -> Reread:
        """Return videos and comments as they are now; for a unit each, however many they are."""
        ids = [key.id for key in keys if key.source == NAME][:_PAGE]
        videos = self._listed("videos", "snippet,statistics", [id_ for id_ in ids if not is_comment(id_)], now)
        comments = self._listed("comments", "snippet", [id_ for id_ in ids if is_comment(id_)], now)
        return Reread(posts=videos.posts + comments.posts, gone=videos.gone + comments.gone)

    def _listed(self, path: str, part: str, ids: Sequence[str], now: datetime) -> Reread:
        if not ids:
            return Reread()
        body = self._get(path, {"part": part, "id": ",".join(ids), "maxResults": str(_PAGE)}, now)
        result = _sorted(page_of(body).raws, now, OPEN)
        found = {post.key.id for post in result.posts}
        # What is there but cannot be read is not gone.
        gone = () if result.set_aside else tuple(PostKey(NAME, id_) for id_ in ids if id_ not in found)
        return Reread(posts=result.posts, gone=gone)

    def id_of(self, handle: str, now: datetime) -> str | None:
        """Return the id of a channel, for a unit; None when nobody has that handle."""
        body = self._get("channels", {"part": "id", "forHandle": handle}, now)
        try:
            found = msgspec.json.decode(body, type=_Channels).items
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as e:
            raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e
        return next((each.id for each in found), None)

    def price(self, query: str, window: Window, now: datetime) -> Price:
        """Return what looking back may take: some of the day's hundred searches, and as many requests for videos."""
        del query, window, now
        return Price(requests=2 * _MOST_RESULTS // _PAGE)

    def back(self, query: str, window: Window, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of a window: a search, or its videos."""
        if cursor is None:
            start, end = int(window.start.timestamp()), int(window.end.timestamp())
            cursor = cursor_of(_Place(until=start + int(_OVERLAP.total_seconds()), began=end, before=end))
        return self.fetch(query, cursor, now)

    def _get(self, path: str, asked: Mapping[str, str], now: datetime) -> bytes:
        if not self._key:
            raise AccessDenied(NAME, "no key")
        limit = LIMITS.get(path, UNITS)
        bucket = Bucket(named(limit.name, self._key), limit.size, limit.per)
        headers = {"X-Goog-Api-Key": self._key, "Accept": "application/json"}
        url = f"{self._base}/{path}?{urlencode(asked)}"
        try:
            return self._client.get(NAME, url, now=now, headers=headers, bucket=bucket).body
        except SourceError as e:
            raise meaning(e, now) from e.__cause__


def open_source(client: Client, options: Mapping[str, str]) -> YouTubeSource:
    """Return the source; options: `key`, and `url`, the API's address."""
    return YouTubeSource(client, options.get("key", "").strip(), options.get("url", _BASE))


def parse(payload: bytes, now: datetime) -> Batch:
    """Return the posts of one answer, videos or comments, and how many could not be read. Raise PayloadChanged."""
    result = _sorted(list(comments_of(page_of(payload).raws)), now, OPEN)
    return Batch(posts=result.posts, unreadable=result.unreadable)


def _request(place: _Place, query: str) -> tuple[str, dict[str, str]]:
    """Return the path and the parameters of a step."""
    if place.step == "videos":
        return "videos", {"part": "snippet,statistics", "id": ",".join(place.ids), "maxResults": str(_PAGE)}
    token = {} if place.token is None else {"pageToken": place.token}
    if place.step == "comments":
        asked = {"part": "snippet,replies", "videoId": place.talked[0], "order": "time", "maxResults": str(_COMMENTS)}
        return "commentThreads", asked | token
    if not query.strip():
        raise SourceRejected(NAME, 'YouTube is asked for words; name it "youtube" in a topic that has keywords')
    asked = {"part": "snippet", "type": "video", "order": "date", "maxResults": str(_PAGE), "q": query}
    asked["publishedAfter"] = _zulu(_after(place))
    if place.before is not None:
        asked["publishedBefore"] = _zulu(place.before)
    return "search", asked | token


def _after(place: _Place) -> int:
    """Return the time from which a search begins."""
    if not place.until:
        return place.began - int(_FIRST_LOOK.total_seconds())
    return place.until - int(_OVERLAP.total_seconds())


def _searched(body: bytes, place: _Place, now: datetime, gate: Gate) -> _Read:
    del now, gate
    page = page_of(body)
    hits = hits_of(page.raws)
    pages = place.pages + 1
    is_more = page.nextPageToken is not None and bool(hits) and _is_new(hits, place)
    most = _MOST_PAGES if place.before is None else _MOST_RESULTS // _PAGE
    token = page.nextPageToken if is_more and pages < most else None
    ids = tuple(dict.fromkeys(hit.id for hit in hits))
    after = replace(place, token=token, pages=pages, ids=ids, is_cut=place.is_cut or (is_more and token is None))
    return _Read(replace(after, step="videos") if ids else _talk(after))


def _is_new(hits: Sequence[Hit], place: _Place) -> bool:
    """Tell whether a page of results, newest first, does not reach back to what was searched before."""
    oldest = min((hit.at for hit in hits if hit.at is not None), default=0)
    return oldest > (place.until if place.before is None else _after(place))


def _videos(body: bytes, place: _Place, now: datetime, gate: Gate) -> _Read:
    result = _sorted(page_of(body).raws, now, gate)
    seen = {
        post.key.id: place.watched.get(post.key.id, _Watched(since=place.began))
        for post in result.posts
        if post.engagement.replies
    }
    after = replace(place, ids=(), watched={} if place.before is not None else place.watched | seen)
    return _Read(replace(after, step="search") if after.token else _talk(after), result)


def _talk(place: _Place) -> _Place:
    """Return the place before the comments of this look: of the videos watched, those not looked at for longest."""
    oldest = place.began - int(_WATCH.total_seconds())
    alive = sorted((-each.since, id_) for id_, each in place.watched.items() if each.since > oldest)
    watched = {id_: place.watched[id_] for _, id_ in alive[:_MOST_WATCHED]}
    talked = sorted(watched, key=lambda id_: watched[id_].looked)[:_TALKED]
    return replace(place, step="comments", token=None, watched=watched, talked=tuple(talked), pages=0)


def _comments(body: bytes, place: _Place, now: datetime, gate: Gate) -> _Read:
    page, video = page_of(body), place.talked[0]
    known = place.watched[video].newest
    result = _sorted(list(comments_of(page.raws)), now, gate)
    fresh = tuple(post for post in result.posts if int(post.time.timestamp()) >= known)
    times = [int(post.time.timestamp()) for post in result.posts if is_top(post, video)]
    top = max([place.top, known, *times])
    if page.nextPageToken and times and min(times) > known and place.pages + 1 < _MOST_PAGES:
        after = replace(place, token=page.nextPageToken, pages=place.pages + 1, top=top)
    else:
        looked = replace(place.watched[video], looked=place.began, newest=top)
        after = replace(_next_talk(place), watched=place.watched | {video: looked})
    return _Read(after, result._replace(posts=fresh))


def is_top(post: Post, video: str) -> bool:
    """Tell whether a comment is no answer to another; only those come newest first."""
    return post.in_reply_to == video


def _next_talk(place: _Place) -> _Place:
    return replace(place, token=None, pages=0, top=0, talked=place.talked[1:])


def _closed(place: _Place, why: str) -> _Read:
    """Return the place after a video whose comments are closed, or which is gone."""
    video = place.talked[0]
    watched = {id_: each for id_, each in place.watched.items() if id_ != video}
    gone = (PostKey(NAME, video),) if why == "videoNotFound" else ()
    return _Read(replace(_next_talk(place), watched=watched), deletions=gone)


def _batch(read: _Read, before: _Place, now: datetime) -> Batch:
    place = read.place
    is_over = place.step == "comments" and not place.talked
    searched = before.step != "comments" and place.step == "comments"
    end = _Place(until=place.began, watched=place.watched)
    return Batch(
        posts=read.result.posts,
        deletions=read.deletions,
        cursor=cursor_of(end if is_over else place),
        more=not is_over,
        not_before=now + _EVERY if is_over and place.before is None else None,
        coverage=_coverage(place) if searched else None,
        unreadable=read.result.unreadable,
        set_aside=read.result.set_aside,
    )


def _coverage(place: _Place) -> Coverage:
    start = place.until or _after(place)
    if place.before is not None:
        start = _after(place)
    why = "more videos than its search gives" if place.is_cut else ""
    times = (datetime.fromtimestamp(min(start, place.began), UTC), datetime.fromtimestamp(place.began, UTC))
    return Coverage(start=times[0], end=times[1], truncated=place.is_cut, why=why)


def _sorted(raws: Sequence[bytes], now: datetime, gate: Gate) -> Sorted:
    understood = 0

    def read(raw: bytes) -> Post | None:
        nonlocal understood
        post = post_of(raw, now)
        understood += 1
        return post

    result = sort_out(raws, read, nameless, gate)
    if len(raws) > result.refused and not understood:
        raise PayloadChanged(NAME, "not one item of the answer could be read")
    return result


def _place_of(asked: Fetch) -> _Place:
    """Return the place of a look that goes on, or begins."""
    place = resumed_or_begun(NAME, asked.cursor, _Place())
    return place if place.began else replace(place, began=int(asked.now.timestamp()))


def _zulu(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
