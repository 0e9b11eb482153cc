"""Pages of what a connection brings: nothing is lost, and whatever ends it is heard of behind the last item."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from monitor.sources.collecting import Collected, Sizes, collect, pumped

AT_ONCE = Sizes(first=timedelta(seconds=0.05), more=timedelta(seconds=0.05))


async def some(count: int) -> AsyncGenerator[bytes, None]:
    for n in range(count):
        yield bytes([n])


async def broken() -> AsyncGenerator[bytes, None]:
    yield b"whole"
    raise ValueError("a bug of ours")


def test_a_page_ends_when_it_is_full_and_loses_nothing() -> None:
    async def run() -> list[Collected[bytes]]:
        async with pumped(some(7), 2) as pump:
            return [await collect(pump.receive, Sizes(items=3), len) for _ in range(3)]

    assert [(len(each.items), each.is_over) for each in asyncio.run(run())] == [(3, False), (3, False), (1, True)]


def test_a_page_ends_when_its_bytes_are_enough() -> None:
    async def run() -> Collected[bytes]:
        async with pumped(some(7), 7) as pump:
            return await collect(pump.receive, Sizes(bytes=2), len)

    assert asyncio.run(run()) == Collected((b"\x00", b"\x01"))


def test_the_end_is_told_however_often_it_is_asked_for() -> None:
    async def run() -> list[bytes | None]:
        async with pumped(some(1), 5) as pump:
            return [await pump.receive() for _ in range(3)]

    assert asyncio.run(asyncio.wait_for(run(), 60)) == [b"\x00", None, None]


def test_what_came_meanwhile_is_taken_up_to_the_end() -> None:
    async def run() -> tuple[list[bytes], bool]:
        async with pumped(some(3), 5) as pump:
            await pump.receive()
            return pump.at_hand(), pump.is_over

    assert asyncio.run(run()) == ([b"\x01", b"\x02"], True)


def test_whatever_breaks_a_reader_is_heard_of_behind_what_it_read() -> None:
    """A bug in what reads the lines of X left a stream that said nothing and never ended."""

    async def run() -> tuple[Collected[bytes], Exception | None]:
        async with pumped(broken(), 5) as pump:
            return await collect(pump.receive, AT_ONCE, len), pump.why

    came, why = asyncio.run(run())

    assert came == Collected((b"whole",), is_over=True)
    with pytest.raises(ValueError, match="a bug of ours"):
        raise why or AssertionError("nothing went wrong")


def test_who_stops_listening_leaves_nothing_behind() -> None:
    """The reader of a connection waited for room in a queue that nobody read, as long as the process lived."""
    closed: list[bool] = []

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"more"
        finally:
            closed.append(True)

    async def stop() -> None:
        async with pumped(endless(), 1) as pump:
            await pump.receive()

    asyncio.run(asyncio.wait_for(stop(), 60))

    assert closed == [True]
