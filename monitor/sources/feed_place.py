"""How far a feed was read: what two looks share tells whether entries came and went between them."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import msgspec

from monitor.models import Cursor, Post
from monitor.sources.cursors import cursor_of, place_in

MOST_MARKS = 512
NEWEST = 3
MOST_BROKEN = 50
_VERSION = version("discussion-monitor").encode()


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a feed was read: the cursor, as JSON.

    `undated` maps the ids of entries without a date to when each was first seen (epoch seconds), so that one that stays
    in the feed does not come back as new after the retention. `marks` are short hashes of the ids of the document, the
    512 smallest: a sample that two documents share when they share entries; `newest` those of its newest ones, which
    are gone when others came and went. `broken` are hashes of entries that break the parser. `patience` is the feed's
    own, in seconds.
    """

    polled_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    patience: int | None = None
    undated: dict[str, int] = {}
    marks: tuple[str, ...] = ()
    newest: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


def is_torn(place: Place | None, marks: set[str]) -> bool:
    """Tell whether entries came and went unseen between two looks.

    The newest entries of the last look are gone, as all others are or because what is left is pinned.
    """
    if place is None or not marks:
        return False
    known = place.newest or place.marks
    return bool(known) and marks.isdisjoint(known)


def newest_marks(posts: Sequence[Post]) -> tuple[str, ...]:
    """Return marks of the newest entries of a document, newest first, without those that seem to be pinned.

    A pinned entry stands before newer ones. Where dates tell nothing, both ends of the document are taken, but for its
    first entry: that may be pinned.
    """
    dated = [post for post in posts if post.created_at is not None]
    if not dated or dated[0].time == dated[-1].time:
        rest = posts[1:] if len(posts) > 2 * NEWEST else posts
        return tuple(dict.fromkeys(mark_of(post.key.id) for post in (*rest[:NEWEST], *rest[-NEWEST:])))
    if dated[0].time < dated[-1].time and dated == sorted(dated, key=lambda post: post.time):
        dated.reverse()  # a feed that goes on at its end
    newest: list[str] = []
    latest_below = datetime.min.replace(tzinfo=UTC)
    for post in reversed(dated):
        if post.time >= latest_below:
            latest_below = post.time
            newest.append(mark_of(post.key.id))
    return tuple(reversed(newest[-NEWEST:]))


def mark_of(post_id: str) -> str:
    """Return a short hash of an id."""
    return digest(post_id)[:10]


def broken_mark(piece: bytes) -> str:
    """Return a hash of an entry that breaks the parser; another version of the program tries it again."""
    return hashlib.sha256(_VERSION + piece).hexdigest()[:16]


def placed(cursor: Cursor) -> Place:
    """Return the place that a cursor says, or raise PayloadChanged."""
    return place_in("rss", cursor, Place)


def written(place: Place) -> Cursor:
    """Return the cursor of a place."""
    return cursor_of(place)


def digest(text: str) -> str:
    """Return a hash of a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
