"""Puts what a connection brings together to pages: some frames, or what came in a second."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple

Receive = Callable[[], Awaitable[bytes | None]]
"""Waits for the next frame; None when the connection has ended, however often it is asked. Safe to be cancelled."""


class Sizes(NamedTuple):
    """How large a page may become, and how long it may take: until its first frame, and from then on."""

    frames: int = 500
    bytes: int = 4_000_000
    first: timedelta = timedelta(seconds=5)
    more: timedelta = timedelta(seconds=1)


class Collected(NamedTuple):
    """The frames of a page; none when nothing was said. `is_over`: the connection has ended behind them."""

    frames: tuple[bytes, ...]
    is_over: bool = False


async def collect(receive: Receive, sizes: Sizes) -> Collected:
    """Return what comes until a page is full or its time is over. What was received is never lost."""
    frames: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(sizes.first.total_seconds()) as time:
            while len(frames) < sizes.frames and size < sizes.bytes:
                frame = await receive()
                if frame is None:
                    return Collected(tuple(frames), is_over=True)
                if not frames:
                    time.reschedule(asyncio.get_running_loop().time() + sizes.more.total_seconds())
                frames.append(frame)
                size += len(frame)
    except TimeoutError:
        return Collected(tuple(frames))
    return Collected(tuple(frames))
