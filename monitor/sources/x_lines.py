"""The lines of X's filtered stream as they come: a post each, sometimes a problem, and empty ones as signs of life."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import NamedTuple

import httpx
import msgspec

from monitor.errors import OutOfCredit, PayloadChanged, SourceError, SourceUnavailable
from monitor.sources.surrogates import repair
from monitor.sources.x_errors import Said
from monitor.sources.x_posts import NAME

FIRST, MORE = 5.0, 1.0
"""Seconds until what came is handed on when nothing is said, and after its first post."""

LONGEST_LINE = 1_000_000


class Arrived(NamedTuple):
    """What came: posts as X wrote them, and what ended the connection behind them."""

    posts: list[bytes]
    ended: SourceError | None = None


class _Line(msgspec.Struct, frozen=True):
    data: msgspec.Raw = msgspec.Raw()
    errors: list[Said] = []


Queue = asyncio.Queue[bytes | SourceError]


@asynccontextmanager
async def pumped(answer: httpx.Response, size: int, silence: timedelta) -> AsyncGenerator[Queue, None]:
    """Put what comes of a connection into a queue of at most `size` posts: then X waits, or cuts us off."""
    queue: Queue = asyncio.Queue(size)
    pump = asyncio.create_task(_pump(answer, queue, silence))
    try:
        yield queue
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)  # the connection is ours again before it is closed


async def collected(queue: Queue, most: int) -> Arrived:
    """Return what comes until there are `most` posts or the time is over; then also what came meanwhile."""
    posts: list[bytes] = []
    try:
        async with asyncio.timeout(FIRST) as time:
            while len(posts) < most:
                item = await queue.get()
                if isinstance(item, SourceError):
                    return Arrived(posts, item)
                if not posts:
                    time.reschedule(asyncio.get_running_loop().time() + MORE)
                posts.append(item)
    except TimeoutError:
        return Arrived(posts)
    while not queue.empty():
        item = queue.get_nowait()
        if isinstance(item, SourceError):
            return Arrived(posts, item)
        posts.append(item)
    return Arrived(posts)


def item_of(line: bytes) -> bytes | SourceError:
    """Return the post of a line, or what X says in place of one. A line that is neither is an item that breaks."""
    try:
        found = msgspec.json.decode(repair(line), type=_Line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return line
    if bytes(found.data) not in {b"", b"null"}:
        return bytes(found.data)
    if not found.errors:
        return line
    if b"/usage-capped" in line:
        return OutOfCredit(NAME, "X's monthly cap")
    return SourceUnavailable(NAME, f"X ends the stream: {found.errors[0].words}")


async def _pump(answer: httpx.Response, queue: Queue, silence: timedelta) -> None:
    """Read until the connection ends, and put the reason behind all else."""
    rest = b""
    try:
        async for chunk in answer.aiter_raw():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in filter(None, map(bytes.strip, lines)):
                await queue.put(item_of(line))
            if len(rest) > LONGEST_LINE:
                await queue.put(PayloadChanged(NAME, f"a line of the stream is longer than {LONGEST_LINE:,} bytes"))
                return
    except httpx.ReadTimeout:
        await queue.put(SourceUnavailable(NAME, f"X said nothing for {silence.total_seconds():.0f} s"))
        return
    except httpx.HTTPError as e:
        await queue.put(SourceUnavailable(NAME, f"the stream broke off ({str(e) or type(e).__name__})"))
        return
    await queue.put(SourceUnavailable(NAME, "X ended the stream"))
