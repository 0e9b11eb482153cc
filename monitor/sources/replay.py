"""An archive as a source: JSON lines, plain or gzip, one post a line. The query is the path of the file.

    {"id": "1", "text": "…", "created_at": "2024-05-01T08:00:00Z", "author": "someone", "url": "https://…",
     "engagement": {"likes": 3, "reposts": 1, "replies": 0, "views": 250}}

`id` and `text` must be there. More fields are understood: `source` (the name of a platform that we know), `language`
(BCP 47), `links` (a list), `observed_at`, `in_reply_to`, `repost_of`. Times are ISO 8601 (UTC when no zone is given),
epoch seconds or milliseconds, or X's "Wed Oct 10 20:19:24 +0000 2018". The author is a handle, or an object with `id`,
`handle` or `screen_name`, and `name`. A post was observed at its `observed_at`, else when it was written; what was
observed after a digest's window is not told in it.

Other shapes are read with a map of dotted paths: `--map text=content,author=user.screen_name`.
"""

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from monitor.errors import PayloadChanged
from monitor.models import Batch, Coverage, Cursor, Post
from monitor.sources.archive import Archive, read_archive
from monitor.sources.archive_line import DEFAULT_MAP, LineReader, UnreadableLine, parse_map
from monitor.sources.http import Client

NAME = "replay"
_PAGE = 500

__all__ = ["NAME", "Archive", "ReplaySource", "open_source", "parse", "parse_map", "read_archive"]


class _Reading(NamedTuple):
    """An archive that is open, behind the page that was read last."""

    path: str
    archive: Archive
    posts: Iterator[Post]


class ReplaySource:
    """Hands out an archive in pages of 500 posts. The cursor is the number of lines read.

    The file stays open between pages: gzip cannot be entered in the middle, and to skip from the start for every page
    would be quadratic.
    """

    name = NAME

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = mapping
        self._reading: _Reading | None = None
        self._lock = threading.Lock()

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        """Return the next page of the archive at the path `query`; at its end, no posts and no `more`."""
        with self._lock:
            reading, self._reading = self._at(query, _line(cursor), now), None
            known = reading.archive.unreadable
            posts = tuple(islice(reading.posts, _PAGE))
            is_more = len(posts) == _PAGE
            if is_more:
                self._reading = reading
        return Batch(
            posts=posts,
            cursor=Cursor(str(max(reading.archive.line, _line(cursor)))),
            more=is_more,
            coverage=_coverage(posts),
            unreadable=reading.archive.unreadable - known,
        )

    def _at(self, path: str, line: int, now: datetime) -> _Reading:
        reading = self._reading
        if reading is not None and reading.path == path and reading.archive.line == line:
            return reading
        archive = read_archive(Path(path), self._mapping, source=NAME, now=now)
        return _Reading(path, archive, archive.posts_after(line))


def open_source(client: Client, options: Mapping[str, str]) -> ReplaySource:
    """Return the source; option: `map`, as for --map. It asks no server."""
    del client
    return ReplaySource(parse_map(options.get("map", "")))


def parse(payload: bytes, now: datetime) -> Batch:
    """Return the posts of an archive's lines, and how many of them could not be read."""
    reader = LineReader(DEFAULT_MAP, NAME)
    read = [_read(reader, line, now) for line in payload.splitlines() if line.strip()]
    posts = tuple(post for post in read if post is not None)
    return Batch(posts=posts, unreadable=len(read) - len(posts))


def _read(reader: LineReader, line: bytes, now: datetime) -> Post | None:
    try:
        return reader.post(line, now)
    except UnreadableLine:
        return None


def _coverage(posts: tuple[Post, ...]) -> Coverage | None:
    times = [post.time for post in posts]
    return Coverage(start=min(times), end=max(times)) if times else None


def _line(cursor: Cursor | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal():
        raise PayloadChanged(NAME, f"the stored cursor {cursor[:40]!r} is no line number")
    return int(cursor)
