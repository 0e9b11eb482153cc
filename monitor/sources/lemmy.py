"""Lemmy by its API (https://join-lemmy.org/docs/contributors/04-api.html), without a key: all that is new somewhere.

    post/list, or comment/list for "lemmy:comments" ─newest first, a page per fetch─► posts, the next page

An instance numbers what it hears of, also from others and late, in the order in which it does: what has a higher number
than the last look knew is new. Each post is known by the address where it was written, whichever instance shows it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec.structs import replace

from monitor.errors import PayloadChanged, RateLimited, SourceError, SourceRejected
from monitor.models import Author, Batch, Coverage, Cursor, Engagement, Post, PostKey, SetAside
from monitor.seams.pace import Bucket
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.seams.rereading import Reread
from monitor.sources.cursors import cursor_of, resumed
from monitor.sources.http import Client, Refused
from monitor.sources.items import Sorted, nameless_item, sort_out
from monitor.sources.surrogates import repair

NAME = "lemmy"
COMMENTS = "comments"
_BASE = "https://lemmy.world"
_PAGE, _MOST_PAGES = 50, 20
"""Things on a page, the most that the API gives, and pages of a look."""

_FIRST_LOOK, _OVERLAP = timedelta(hours=1), timedelta(hours=1)
"""Things of other instances come late, dated as they were written."""

_HOME = re.compile(r"https?://([^/]+)/(post|comment)/(\d+)")
_MOST_AGAIN = 4
"""Each may have another home, which may take its 20 s to say nothing; a round of second looks has two minutes."""

_A_MINUTE = timedelta(minutes=1)
_NO_SUCH = "couldnt_find_"


class _Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A post or a comment; what the one has and the other lacks is absent."""

    id: int
    ap_id: str
    published: str
    name: str = ""
    body: str | None = None
    url: str | None = None
    content: str = ""
    path: str = ""
    deleted: bool = False
    removed: bool = False

    @property
    def at(self) -> datetime:
        """Return when it was written; older instances leave the zone out."""
        time = datetime.fromisoformat(self.published)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


class _Person(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    actor_id: str
    display_name: str | None = None


class _Signed(msgspec.Struct, frozen=True):
    creator: _Person


class _Counts(msgspec.Struct, frozen=True, kw_only=True):
    upvotes: int | None = None
    comments: int | None = None
    child_count: int | None = None


class _View(msgspec.Struct, frozen=True, kw_only=True):
    """A thing with who wrote it; of a comment `post` is what it is below."""

    creator: _Person
    post: _Thing
    comment: _Thing | None = None
    counts: _Counts = _Counts()

    @property
    def thing(self) -> _Thing:
        """Return what it is a view of."""
        return self.post if self.comment is None else self.comment

    @property
    def is_gone(self) -> bool:
        """Tell whether its author deleted it, or a moderator took it away."""
        return self.thing.deleted or self.thing.removed


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A list, or one thing."""

    posts: list[msgspec.Raw] | None = None
    comments: list[msgspec.Raw] | None = None
    next_page: str | None = None
    post_view: _View | None = None
    comment_view: _View | None = None


class _Error(msgspec.Struct, frozen=True):
    error: str = ""


class _Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The cursor, as JSON; times are epoch seconds.

    All was read up to `until` and the number `known`. While a look is not over, `began` says when it began, `page` and
    `token` what comes next, `highest` is the highest number seen in it.
    """

    until: int = 0
    known: int = 0
    began: int = 0
    page: int = 0
    token: str | None = None
    highest: int = 0


class LemmySource:
    """Reads all posts, or all comments, that an instance knows; the first look goes back one hour."""

    name = NAME
    most = _MOST_AGAIN

    def __init__(self, client: Client, base: str = _BASE) -> None:
        self._client = client
        self._base = base.rstrip("/")

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of what is new, newest first: posts, or for the query "comments" those."""
        asked = Fetch(query, cursor, now)
        return self.read(self.ask(asked), asked)

    def ask(self, asked: Fetch) -> bytes:
        """Return the answer of the API."""
        place = _placed(asked)
        params = {"type_": "All", "sort": "New", "limit": str(_PAGE)}
        if asked.query == COMMENTS:
            return self._get(self._base, "comment/list", params | {"page": str(place.page + 1)}, asked.now)
        if asked.query:
            raise SourceRejected(NAME, 'name "lemmy" for all posts of the instance, or "lemmy:comments"')
        token = {} if place.token is None else {"page_cursor": place.token}
        return self._get(self._base, "post/list", params | token, asked.now)

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what a page holds, item by item."""
        place, answer = _placed(asked), _decoded(page)
        raws = answer.comments if asked.query == COMMENTS else answer.posts
        if raws is None:
            raise PayloadChanged(NAME, "the answer lists neither posts nor comments")
        views = [view for raw in raws if (view := _view_of(bytes(raw))) is not None]
        if raws and not views:
            raise PayloadChanged(NAME, "not one item of the answer could be read")
        fresh = [bytes(raw) for raw in raws if (view := _view_of(bytes(raw))) is None or _is_new(view, place)]
        result = sort_out(fresh, lambda raw: _post(raw, asked.now), nameless, gate)
        gone = tuple(_key(view) for view in views if view.is_gone)
        batch = _batch(place, views, answer.next_page, is_last=len(raws) < _PAGE)
        return _with_items(batch, result, gone)

    def nameless(self, raw: bytes) -> SetAside:
        """Return an item that is set aside, its author apart."""
        return nameless(raw)

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of an item without its author."""
        return _post(raw, now)

    def look_up(self, keys: Sequence[PostKey], now: datetime) -> Reread:
        """Return posts as they are now where they were written, one request each; a home that fails says nothing."""
        posts: list[Post] = []
        gone: list[PostKey] = []
        for key in keys[: self.most]:
            try:
                view = self._at_home(key, now)
            except SourceError as e:
                if _said(e).startswith(_NO_SUCH):
                    gone.append(key)
                continue
            if view is not None and view.is_gone:
                gone.append(key)
            elif view is not None:
                posts.append(_post_of(view, now))
        return Reread(tuple(posts), tuple(gone))

    def _at_home(self, key: PostKey, now: datetime) -> _View | None:
        home = _HOME.fullmatch(key.id)
        if home is None:
            return None  # another software's, which has another API
        host, kind, number = home.groups()
        base = self._base if host == urlsplit(self._base).netloc else f"https://{host}"
        answer = _decoded(self._get(base, kind, {"id": number}, now))
        return answer.post_view if kind == "post" else answer.comment_view

    def _get(self, base: str, path: str, params: Mapping[str, str], now: datetime) -> bytes:
        bucket = Bucket(f"{NAME}:{urlsplit(base).netloc}", 60, _A_MINUTE)  # instances set their own; none is lower
        try:
            return self._client.get(NAME, f"{base}/api/v3/{path}?{urlencode(params)}", now=now, bucket=bucket).body
        except SourceError as e:
            if _said(e) == "rate_limit_error" and not isinstance(e, RateLimited):
                raise RateLimited(NAME, "the instance asks for patience", _A_MINUTE) from e.__cause__
            raise


def open_source(client: Client, options: Mapping[str, str]) -> LemmySource:
    """Return the source; options: `url`, the address of an instance."""
    return LemmySource(client, options.get("url", _BASE))


def parse(payload: bytes, now: datetime) -> Batch:
    """Return the posts of one answer, and how many of its items could not be read. Raise PayloadChanged."""
    answer = _decoded(payload)
    result = sort_out(
        map(bytes, [*(answer.posts or ()), *(answer.comments or ())]), lambda raw: _post(raw, now), nameless, OPEN
    )
    return Batch(posts=result.posts, unreadable=result.unreadable)


def nameless(raw: bytes) -> SetAside:
    """Return an item that is set aside, its author apart."""
    aside = nameless_item(NAME, raw, {"id": "creator"})
    try:
        author = _author(msgspec.json.decode(raw, type=_Signed).creator)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        author = Author()
    return replace(aside, author=author)


def _batch(place: _Place, views: Sequence[_View], token: str | None, *, is_last: bool) -> Batch:
    """Return a batch without posts: where the look goes on after a page, or the next one begins."""
    oldest = min((int(view.thing.at.timestamp()) for view in views), default=0)
    highest = max([place.highest, place.known, *(view.thing.id for view in views)])
    is_back = is_last or oldest < place.until - int(_OVERLAP.total_seconds())
    is_over = is_back or place.page + 1 == _MOST_PAGES
    if not is_over:
        return Batch(cursor=cursor_of(replace(place, page=place.page + 1, token=token, highest=highest)), more=True)
    start, end = (datetime.fromtimestamp(each, UTC) for each in (min(place.until, place.began), place.began))
    coverage = Coverage(start=start, end=end, truncated=not is_back)
    return Batch(cursor=cursor_of(_Place(until=place.began, known=highest)), coverage=coverage)


def _with_items(batch: Batch, result: Sorted, gone: tuple[PostKey, ...]) -> Batch:
    return replace(batch, posts=result.posts, deletions=gone, unreadable=result.unreadable, set_aside=result.set_aside)


def _placed(asked: Fetch) -> _Place:
    """Return the place of a look that has begun."""
    place = resumed(NAME, asked.cursor, _Place())
    if place.began:
        return place
    return replace(
        place, began=int(asked.now.timestamp()), until=place.until or int((asked.now - _FIRST_LOOK).timestamp())
    )


def _is_new(view: _View, place: _Place) -> bool:
    """Tell whether the last look did not know a thing; the first one knew what is older than it goes back."""
    if view.is_gone or view.thing.id <= place.known:
        return False
    return bool(place.known) or view.thing.at.timestamp() >= place.until


def _decoded(body: bytes) -> _Answer:
    try:
        return msgspec.json.decode(repair(body), type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e


def _view_of(raw: bytes) -> _View | None:
    """Return an item as far as its place is told by it; one that cannot be read is sorted out elsewhere."""
    try:
        view = msgspec.json.decode(raw, type=_View)
        view.thing.at.timestamp()
    except (msgspec.MsgspecError, ValueError, OverflowError):
        return None
    return view


def _post(raw: bytes, now: datetime) -> Post | None:
    view = msgspec.json.decode(raw, type=_View)
    return None if view.is_gone else _post_of(view, now)


def _post_of(view: _View, now: datetime) -> Post:
    thing = view.thing
    said = (thing.name, thing.body or "") if view.comment is None else (thing.content,)
    return Post(
        key=_key(view),
        url=thing.ap_id,
        text="\n\n".join(part.strip() for part in said if part.strip()),
        observed_at=now,
        created_at=thing.at,
        author=_author(view.creator),
        engagement=Engagement(
            likes=view.counts.upvotes,
            replies=view.counts.comments if view.comment is None else view.counts.child_count,
        ),
        links=(thing.url,) if thing.url and thing.url.startswith(("http://", "https://")) else (),
        in_reply_to=view.post.ap_id if view.comment is not None and thing.path.count(".") == 1 else None,
    )


def _author(creator: _Person) -> Author:
    handle = f"{creator.name}@{urlsplit(creator.actor_id).netloc}"
    return Author(id=creator.actor_id, handle=handle, name=creator.display_name or None)


def _key(view: _View) -> PostKey:
    return PostKey(NAME, view.thing.ap_id)


def _said(error: SourceError) -> str:
    """Return Lemmy's one word for why it refused; "" where it gave none."""
    refused = error.__cause__
    if not isinstance(refused, Refused):
        return ""
    try:
        return msgspec.json.decode(refused.body, type=_Error).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
