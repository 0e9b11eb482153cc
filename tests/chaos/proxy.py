"""A network that fails: a proxy between the product and one server, which drops, delays, cuts and swallows by chance.

with Proxy("127.0.0.1:6379", seed=7) as proxy:     or a path, for a server's socket
    proxy.weather = STORM                          for what passes from now on
    connect to proxy.address
"""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from typing import NamedTuple

CHUNK = 65_536


class Weather(NamedTuple):
    """The chance that a connection is refused, and that a piece of an answer meets one of the other fates."""

    refuse: float = 0.0
    """The connection is closed before a byte is answered."""
    reset: float = 0.0
    """It is reset (RST) in place of the answer: the request has arrived."""
    cut: float = 0.0
    """Half of the piece comes, then the connection ends."""
    hole: float = 0.0
    """No answer comes any more, and nobody says so."""
    delay: float = 0.0
    """The piece comes `seconds` late."""
    seconds: float = 0.5


CALM = Weather()


class Proxy:
    """The proxy, in a thread of its own while in its `with` block."""

    def __init__(self, target: str, seed: str) -> None:
        self.weather = CALM
        self.fates: Counter[str] = Counter()
        self._target = target
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    def __enter__(self) -> "Proxy":
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()
        self._loop.close()

    @property
    def address(self) -> str:
        """Return "host:port" of this side."""
        return f"127.0.0.1:{self._port}"

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._handle, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stopped.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._join(reader, writer)
        writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._chance.random() < self.weather.refuse:
            self.fates["refuse"] += 1
            return
        theirs, to_them = await self._connect()
        pumps = [asyncio.create_task(pump(reader, to_them)), asyncio.create_task(self._answer(theirs, writer))]
        # Where one side ends, so does the other; only the fate "hole" leaves a connection half open.
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for each in pumps:
            each.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        to_them.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._target.startswith("/"):
            return await asyncio.open_unix_connection(self._target)
        host, _, port = self._target.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def _answer(self, theirs: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await theirs.read(CHUNK):
            match self._fate():
                case "reset":
                    reset(writer)
                    return
                case "cut":
                    writer.write(piece[: len(piece) // 2])
                    await writer.drain()
                    return
                case "hole":
                    await asyncio.Event().wait()  # until the client gives up
                case "delay":
                    await asyncio.sleep(self._chance.uniform(0, self.weather.seconds))
            writer.write(piece)
            await writer.drain()

    def _fate(self) -> str:
        drawn = self._chance.random()
        for name in ("reset", "cut", "hole", "delay"):
            drawn -= getattr(self.weather, name)
            if drawn < 0:
                self.fates[name] += 1
                return name
        return ""


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, until its end."""
    while piece := await reader.read(CHUNK):
        writer.write(piece)
        await writer.drain()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by a reset: linger of 0 s."""
    found = writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
