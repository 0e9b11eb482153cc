"""What was said under hashtags before anybody followed them: page by page back from the end of a window."""

from datetime import UTC, datetime, timedelta
from math import ceil
from urllib.parse import quote

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Batch, Coverage, Cursor, Post, Window
from monitor.seams.looking_back import Price
from monitor.seams.quarantine import OPEN
from monitor.sources.cursors import cursor_of, resumed
from monitor.sources.items import sort_out
from monitor.sources.mastodon_instances import Instances
from monitor.sources.mastodon_place import Wanted, id_at, tags_path
from monitor.sources.mastodon_status import NAME, decoded, is_open, nameless, post_of
from monitor.sources.surrogates import repair

_HISTORY = timedelta(days=7)
"""How far an instance counts the uses of a hashtag: https://docs.joinmastodon.org/entities/Tag/#history."""


class _Day(msgspec.Struct, frozen=True, kw_only=True):
    """How often a hashtag was used on a day; Mastodon writes its numbers as texts."""

    day: str | int
    uses: str | int


class _Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A hashtag and its last days."""

    history: list[_Day] = []


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far a look back came: the cursor, as JSON. `host` numbers the instance, `below` is the oldest id read."""

    host: int = 0
    below: str = ""


class Past:
    """Looks back on instances, one after the other."""

    def __init__(self, instances: Instances) -> None:
        self._instances = instances

    def price(self, want: Wanted, window: Window, now: datetime) -> Price:
        """Return how many posts and requests to expect: counted by the instances for a week, beyond it by nobody."""
        if want.mode != "tags":
            return Price(requests=0, posts=0, reach=now)
        if window.start < now - _HISTORY:
            return Price()
        posts = sum(self._uses(host, tag, window, now) for host in want.hosts for tag in want.tags)
        return Price(requests=ceil(posts / want.page) + len(want.hosts), posts=posts)

    def back(self, want: Wanted, window: Window, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of a window. What is trending, and all that is said, has no past that could be asked for."""
        if want.mode != "tags":
            return Batch(cursor=Cursor("{}"))
        mark = resumed(NAME, cursor, _Mark())
        host = want.hosts[mark.host]
        path = tags_path(want.tags, {"limit": str(want.page), "max_id": mark.below or id_at(window.end)})
        raws = _items(self._instances.get(host, path, now).body)
        result = sort_out(raws, lambda raw: _post(raw, window, now), nameless, OPEN)
        after = _after(mark, raws, window)
        is_more = after.host < len(want.hosts)
        return Batch(
            posts=result.posts,
            cursor=cursor_of(after),
            more=is_more,
            coverage=None if is_more else Coverage(start=window.start, end=window.end),
            unreadable=result.unreadable,
            set_aside=result.set_aside,
        )

    def _uses(self, host: str, tag: str, window: Window, now: datetime) -> int:
        body = self._instances.get(host, f"/api/v1/tags/{quote(tag, safe='')}", now).body
        try:
            days = msgspec.json.decode(body, type=_Tag).history
            return sum(int(each.uses) for each in days if _overlaps(int(each.day), window))
        except (msgspec.DecodeError, ValueError, RecursionError) as e:
            raise PayloadChanged(NAME, f"{host}: the history of a hashtag has another shape than expected: {e}") from e


class _Bare(msgspec.Struct, frozen=True, kw_only=True):
    """What a page needs of each status to go on behind it."""

    id: str | int
    created_at: str


def _after(mark: _Mark, raws: list[bytes], window: Window) -> _Mark:
    """Return where to go on: behind the last status, or at the next instance when that is older than the window."""
    if not raws:
        return _Mark(host=mark.host + 1)
    try:
        last = msgspec.json.decode(raws[-1], type=_Bare)
        at = datetime.fromisoformat(last.created_at).astimezone(UTC)
    except (msgspec.DecodeError, ValueError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the last status of a page cannot be read: {e}") from e
    is_over = at < window.start or str(last.id) == mark.below
    return _Mark(host=mark.host + 1) if is_over else _Mark(host=mark.host, below=str(last.id))


def _post(raw: bytes, window: Window, now: datetime) -> Post | None:
    status = decoded(raw)
    post = post_of(status, now)
    if post is None or not is_open(status, is_search=False):
        return None
    return post if window.start <= post.time < window.end else None


def _items(body: bytes) -> list[bytes]:
    try:
        return list(map(bytes, msgspec.json.decode(repair(body), type=list[msgspec.Raw])))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the answer has another shape than expected: {e}") from e


def _overlaps(day: int, window: Window) -> bool:
    start = datetime.fromtimestamp(day, UTC)
    return start < window.end and start + timedelta(days=1) > window.start
