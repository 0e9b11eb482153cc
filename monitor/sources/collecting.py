"""Puts what a connection brings together to pages: some items, or what came in a second.

    connection ─► items ─pumped─► queue ─receive─► collect ─► a page
                    └─ what ends them stands behind the last ─┘

A websocket has a queue of its own and needs no pump.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import timedelta
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")

Receive = Callable[[], Awaitable[Item | None]]
"""Waits for the next item; None when the connection has ended, however often it is asked. Safe to be cancelled."""


class Sizes(NamedTuple):
    """How large a page may become, and how long it may take: until its first item, and from then on."""

    items: int = 500
    bytes: int = 4_000_000
    first: timedelta = timedelta(seconds=5)
    more: timedelta = timedelta(seconds=1)


class Collected(NamedTuple, Generic[Item]):
    """The items of a page; none when nothing was said. `is_over`: the connection has ended behind them."""

    items: tuple[Item, ...]
    is_over: bool = False


async def collect(receive: Receive[Item], sizes: Sizes, bytes_of: Callable[[Item], int]) -> Collected[Item]:
    """Return what comes until a page is full or its time is over. What was received is never lost."""
    items: list[Item] = []
    size = 0
    with suppress(TimeoutError):  # the time is over
        async with asyncio.timeout(sizes.first.total_seconds()) as time:
            while len(items) < sizes.items and size < sizes.bytes:
                item = await receive()
                if item is None:
                    return Collected(tuple(items), is_over=True)
                if not items:
                    time.reschedule(asyncio.get_running_loop().time() + sizes.more.total_seconds())
                items.append(item)
                size += bytes_of(item)
    return Collected(tuple(items))


class _End(NamedTuple):
    """Stands in the queue behind the last item: what went wrong, None for nothing."""

    why: Exception | None


class Pump(Generic[Item]):
    """Holds items that were read ahead. `is_over` once all were taken; `why` is what went wrong behind the last."""

    def __init__(self, most: int) -> None:
        self._queue: asyncio.Queue[Item | _End] = asyncio.Queue(most)
        self.is_over = False
        self.why: Exception | None = None

    async def receive(self) -> Item | None:
        """Wait for the next item; None when there is none any more."""
        return None if self.is_over else self._taken(await self._queue.get())

    def at_hand(self) -> list[Item]:
        """Take what came meanwhile, without waiting for more."""
        items = []
        while not self._queue.empty():
            item = self._taken(self._queue.get_nowait())
            items += [] if item is None else [item]
        return items

    async def fill(self, items: AsyncGenerator[Item, None]) -> None:
        """Read items until they end, and put the end behind all else."""
        why: Exception | None = None
        try:
            async with aclosing(items):
                async for item in items:
                    await self._queue.put(item)
        except Exception as e:  # noqa: BLE001 - whatever it is, who takes the items has to hear of it
            why = e
        await self._queue.put(_End(why))

    def _taken(self, item: Item | _End) -> Item | None:
        if isinstance(item, _End):
            self.is_over, self.why = True, item.why
            return None
        return item


@asynccontextmanager
async def pumped(items: AsyncGenerator[Item, None], most: int) -> AsyncGenerator[Pump[Item], None]:
    """Read items ahead, at most so many: then the other side has to wait, or cuts us off."""
    pump: Pump[Item] = Pump(most)
    filling = asyncio.create_task(pump.fill(items))
    try:
        yield pump
    finally:
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)  # the connection is ours again before it is closed
