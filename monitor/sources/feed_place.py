"""How far a feed was read: what two looks share tells whether entries came and went between them."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import msgspec

from monitor.models import Cursor, Post
from monitor.sources.cursors import place_in

MOST_MARKS = 512
NEWEST = 3
MOST_TOLD = 80
"""Entries whose text is known, the newest ones: 2.5 kB. Older ones are hardly corrected any more."""

MOST_BROKEN = 50
CORRECTED_AGAIN = timedelta(hours=1)
"""How long after its first correction an entry is corrected again; each time after that it is twice as long."""

_VERSION = version("discussion-monitor").encode()


class Told(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Which text of an entry was told last, as a hash; how often it was corrected, and when last (epoch seconds)."""

    text: str
    corrections: int = 0
    at: int = 0


class FeedPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a feed was read: the cursor, as JSON.

    `undated` maps the ids of entries without a date to when each was first seen (epoch seconds), so that one that stays
    in the feed does not come back as new after the retention. `marks` are short hashes of the ids of the document, the
    512 smallest: a sample that two documents share when they share entries; `newest` those of its newest ones, which
    are gone when others came and went. `broken` are hashes of entries that break the parser. `patience` is the feed's
    own, in seconds. `told` has the texts of the newest entries.
    """

    polled_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    patience: int | None = None
    undated: dict[str, int] = {}
    marks: tuple[str, ...] = ()
    newest: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    told: dict[str, Told] = {}


def is_torn(place: FeedPlace | None, marks: set[str]) -> bool:
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


def told_now(posts: Sequence[Post], before: Mapping[str, Told], now: datetime) -> dict[str, Told]:
    """Return which text of each post is told now: another one than before is a correction, unless it must wait.

    Some feeds show an entry by turns in two forms, or with a number that counts on. So each correction of an entry
    waits twice as long as the one before; what is told then is its newest text.
    """
    return {mark: _told(before.get(mark), text, now) for mark, text in _texts(posts).items()}


def corrected(posts: Sequence[Post], before: Mapping[str, Told], after: Mapping[str, Told]) -> tuple[Post, ...]:
    """Return the posts of which another text is told than before."""
    changed = {each.text for mark, each in after.items() if mark in before and before[mark].text != each.text}
    return tuple(post for post in posts if changed and _hash(post) in changed)


def _texts(posts: Sequence[Post]) -> dict[str, str]:
    """Return hashes of the texts of the newest entries by mark; of two entries with one id, always of the same."""
    newest = sorted(posts, key=lambda post: (post.time, post.key.id, post.text))[-MOST_TOLD:]
    return {mark_of(post.key.id): _hash(post) for post in newest}


def _hash(post: Post) -> str:
    return digest(f"{post.key.id}\n{post.text}")[:12]


def _told(before: Told | None, text: str, now: datetime) -> Told:
    if before is None:
        return Told(text)
    wait = CORRECTED_AGAIN * 2 ** min(before.corrections - 1, 10) if before.corrections else timedelta(0)
    if text == before.text or now.timestamp() < before.at + wait.total_seconds():
        return before
    return Told(text, before.corrections + 1, int(now.timestamp()))


def broken_mark(piece: bytes) -> str:
    """Return a hash of an entry that breaks the parser; another version of the program tries it again."""
    return hashlib.sha256(_VERSION + piece).hexdigest()[:16]


def placed(cursor: Cursor) -> FeedPlace:
    """Return the place that a cursor says, or raise PayloadChanged."""
    return place_in("rss", cursor, FeedPlace)


def digest(text: str) -> str:
    """Return a hash of a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
