"""What Jetstream tells (https://github.com/bluesky-social/jetstream): JSON, an event a frame. Read without a network.

commit   a post was created, updated or deleted     account   somebody's account is gone, or is back
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Author, Batch, Coverage, Cursor, Post, PostKey, SetAside
from monitor.seams.quarantine import Fetch, Gate
from monitor.seams.streams import Received
from monitor.sources.bluesky_record import COLLECTION, NAME, Record, post_id, post_of
from monitor.sources.items import item_id, sort_out
from monitor.sources.surrogates import repair

STILL_THERE = frozenset({"desynchronized", "throttled"})
"""States of an account that say something of its server only; all others of an inactive one hide its posts."""

QUIET = timedelta(seconds=10)
"""Who was told nothing for so long, and still gets answers, has heard all that there is to tell."""


class _Commit(msgspec.Struct, frozen=True):
    operation: str
    collection: str
    rkey: str
    record: msgspec.Raw = msgspec.Raw()


class _Account(msgspec.Struct, frozen=True):
    active: bool
    status: str | None = None


class Event(msgspec.Struct, frozen=True):
    """An event; `time_us` is when this server was told of it, in µs since 1970."""

    did: str
    time_us: int
    kind: str
    commit: _Commit | None = None
    account: _Account | None = None


_event = msgspec.json.Decoder(Event)
_record: msgspec.json.Decoder[Record] = msgspec.json.Decoder(dict[str, object])


class Telling:
    """Reads the events of one page, and keeps what they say beside posts."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.times: list[int] = []
        self.deletions: list[PostKey] = []
        self.authors_gone: list[str] = []

    def post(self, raw: bytes) -> Post | None:
        """Return the post that an event tells of; None where it tells of something else."""
        event = event_of(raw)
        seen_at = min(from_us(event.time_us), self._now)
        self.times.append(event.time_us)
        if event.account is not None and is_gone(event.account):
            self.authors_gone.append(event.did)
        commit = event.commit
        if commit is None or commit.collection != COLLECTION:
            return None
        uri = post_id(event.did, commit.rkey)
        if commit.operation == "delete":
            self.deletions.append(PostKey(NAME, uri))
        if commit.operation not in {"create", "update"}:
            return None
        if not bytes(commit.record):
            raise ValueError("the event brings no record")
        post = post_of(uri, _record.decode(commit.record), Author(id=event.did), seen_at)
        return post if commit.operation == "create" else msgspec.structs.replace(post, edited_from=uri)


def event_of(raw: bytes) -> Event:
    """Return the event of a frame. Raise a MsgspecError or a ValueError."""
    return _event.decode(repair(raw))


def is_gone(account: _Account) -> bool:
    """Say whether an account's posts must not be shown any more."""
    return not account.active and account.status not in STILL_THERE


def read_events(page: Received, asked: Fetch, gate: Gate, longest_silence: timedelta) -> Batch:
    """Return what the events of a page tell. Raise PayloadChanged when not one of them can be read."""
    telling = Telling(asked.now)
    result = sort_out(page.frames, telling.post, nameless, gate)
    if page.frames and not telling.times and not result.refused:
        raise PayloadChanged(NAME, f"not one of {len(page.frames)} events could be read: {result.set_aside[0].reason}")
    before = None if asked.cursor is None else int(asked.cursor)
    newest = read_until(page, telling.times, before, asked.now)
    return Batch(
        posts=tuple(post for post in result.posts if post.edited_from is None),
        edits=tuple(post for post in result.posts if post.edited_from is not None),
        deletions=tuple(dict.fromkeys(telling.deletions)),
        authors_gone=tuple(dict.fromkeys(telling.authors_gone)),
        cursor=Cursor(str(newest)),
        coverage=covered(page, before, telling.times, newest, longest_silence),
        unreadable=result.unreadable,
        set_aside=result.set_aside,
    )


def read_until(page: Received, times: Sequence[int], before: int | None, now: datetime) -> int:
    """Return up to where the stream was read: never back, and never into our future, whatever an event claims.

    Where nothing was read before that is when the connection was made: by our clock, until an event tells the server's.
    """
    limit, opened = to_us(now), to_us(page.opened)
    known = [] if before is None or before == opened else [before]
    return max([min(time, limit) for time in times] + known, default=opened)


def covered(
    page: Received, before: int | None, times: Sequence[int], newest: int, longest_silence: timedelta
) -> Coverage | None:
    """Return the window that a page read; None when it proves nothing.

    It goes on where the last one ended. Only the first event after connecting can show that something is missing: the
    server keeps a day or so, and begins with its oldest event without a word. Events come every second, so one that
    comes later than the longest silence is not the next one.
    """
    end = from_us(newest) if page.frames else page.until
    if end is None:
        return None
    start = page.opened if before is None else from_us(before)
    if before is not None and page.is_first:
        first = page.until if not times else from_us(min(times))
        if first is not None and first - start > longest_silence:
            if not times:
                return None
            start = first
    return Coverage(start=min(start, end), end=end)


def nameless(raw: bytes) -> SetAside:
    """Return an event that is set aside. Its bytes keep the author's id, without which a post has none."""
    try:
        author = Author(id=event_of(raw).did)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        author = Author()
    return SetAside(kind="item", id=item_id(NAME, raw), raw=raw, reason="", author=author)


def reread(raw: bytes, now: datetime) -> Post | None:
    """Return the post of an event without its author."""
    post = Telling(now).post(raw)
    return None if post is None else msgspec.structs.replace(post, author=Author())


def from_us(us: int) -> datetime:
    """Return an aware UTC time. Raise what a number raises that is no time."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def to_us(time: datetime) -> int:
    """Return µs since 1970."""
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
