"""Platforms that tell by themselves: the seam, what a page of theirs is, and what follows a failure. Pure.

    socket ─frames─► Received, packed: a page ─Stream.read─► Batch ─► the pipeline that polled pages go through

What a connection brings is put together to pages and worked on as if it had been asked for, so that a page is read
again after a kill, and an item that breaks its reader is found and set aside, in the same way.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import msgspec

from monitor.errors import AccessDenied, OutOfCredit, RateLimited, SourceError, SourceRejected
from monitor.models import Batch, Cursor, Post, Query, SetAside, Topic
from monitor.seams.quarantine import OPEN, Fetch, Gate
from monitor.topics.polling.planning import UNTIL_MENDED, renewed, spread

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=60)
"""Between two tries to connect: what was said meanwhile is told again, so a stream need not hurry."""


@runtime_checkable
class Stream(Protocol):
    """A platform that tells by itself. It never sleeps and never connects anew: it raises a SourceError."""

    @property
    def name(self) -> str: ...

    def pages(self, query: str, cursor: Cursor | None, clock: Callable[[], datetime]) -> AsyncGenerator[bytes, None]:
        """Connect, begin behind `cursor` (None: with what is said from now on), and yield a page every few seconds.

        A page comes also when nothing was said: it is a sign of life, and moves the window that was read.
        """
        ...

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what a page holds, asking the gate before each item is touched. Pure; raise PayloadChanged."""
        ...

    def nameless(self, raw: bytes) -> SetAside:
        """Return an item that is set aside, its author apart from its bytes."""
        ...

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of an item without its author; None when there is none in it. Raise what it raises."""
        ...


@runtime_checkable
class Ruled(Protocol):
    """A stream to which must be said what to tell: the keywords of topics, as they are now."""

    topics: Callable[[], Sequence[Topic]] | None


class Received(msgspec.Struct, frozen=True, array_like=True):
    """What came of a connection in some seconds, as it came.

    `opened` is when the connection was made. `until`: all that was said before that time has come; None where only the
    frames themselves tell. `is_first`: no frame came before on this connection.
    """

    frames: tuple[bytes, ...]
    opened: datetime
    until: datetime | None = None
    is_first: bool = False


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Received)

pack = _encoder.encode
unpack = _decoder.decode


class ArrivedPage:
    """A page of a stream in the shape of a source that is asked for it: so it is read as all others are."""

    def __init__(self, stream: Stream, page: bytes) -> None:
        self.name = stream.name
        self._stream = stream
        self._page = page

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        """Return what the page holds."""
        return self._stream.read(self._page, Fetch(query, cursor, now))

    def ask(self, asked: Fetch) -> bytes:
        """Return the page."""
        del asked
        return self._page

    def read(self, page: bytes, asked: Fetch, gate: Gate = OPEN) -> Batch:
        """Return what a page holds."""
        return self._stream.read(page, asked, gate)

    def nameless(self, raw: bytes) -> SetAside:
        """Return an item without its author."""
        return self._stream.nameless(raw)

    def reread(self, raw: bytes, now: datetime) -> Post | None:
        """Return the post of an item."""
        return self._stream.reread(raw, now)


def pause(query: Query, error: SourceError, failures: int) -> timedelta:
    """Return how long to wait before connecting again, after so many failures in a row before this one.

    Not at all the first time: a connection may end for many reasons, and another server may be there. Then doubling.
    """
    if isinstance(error, RateLimited | OutOfCredit) and error.retry_after is not None:
        return max(renewed(error), FIRST_PAUSE)
    if isinstance(error, AccessDenied | SourceRejected | OutOfCredit):
        return spread(query, failures, UNTIL_MENDED)
    if failures == 0:
        return timedelta(0)
    return spread(query, failures, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 10)))


def streamed(queries: Mapping[Query, timedelta] | Sequence[Query], names: Mapping[str, object]) -> list[Query]:
    """Return the queries that are streamed, by the names of the streams; all others are polled."""
    return [query for query in queries if query.source in names]


def is_well(deadlines: Mapping[Query, float], now: float) -> bool:
    """Say whether each stream gave a sign of life before its time was over; times are seconds of a steady clock."""
    return all(now < deadline for deadline in deadlines.values())
