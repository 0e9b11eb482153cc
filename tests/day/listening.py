"""Follows a stream on the day's clock with the product's own runner, in lumps: what was told since the last one."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from monitor.models import Query
from monitor.processes.streaming import Runner
from monitor.sources.bluesky import BlueskyStream
from monitor.sources.collecting import Sizes
from monitor.store.connection import Connection
from monitor.store.progress import ProgressStore
from monitor.wiring import Monitor
from tests.day.clock import Clock, DayConnection, Killed

AT_ONCE = Sizes(first=timedelta(hours=1), more=timedelta(milliseconds=10))
"""A page ends when nothing more is there. The clock of the day says for how long a server was silent, not ours."""

A_MOMENT = 0.004
LONGEST_LUMP = 8.0
"""Seconds in which a lump is surely read."""


class _Loop(asyncio.SelectorEventLoop):
    """An event loop on which waits can be made to end."""

    ahead = 0.0

    def time(self) -> float:
        """Return seconds that never go back."""
        return super().time() + self.ahead


class Listener:
    """One process that follows a stream, or one after the other. A job of the stream dies like any other."""

    def __init__(self, monitor: Monitor, stream: BlueskyStream, clock: Clock, connection: DayConnection) -> None:
        self._monitor, self._clock, self._connection = monitor, clock, connection
        self._stream = stream
        self._eye = Connection(connection.url, connection.keys)
        self._seen = ProgressStore(self._eye)  # who looks on does not die
        self._query = Query(stream.name, "")
        self._loop = _Loop()
        self._task: asyncio.Task[timedelta] | None = None
        self._again = clock.time()
        self._runners = 0
        self._runner = self._next_runner()

    def listen(self, last_us: Callable[[], int], *, is_deaf: bool) -> bool:
        """Read what is told until all is stored, or there is nothing to connect to; False when the process died."""
        until = self._loop.time() + LONGEST_LUMP
        while self._again <= self._clock.time():
            self._task = self._task or self._loop.create_task(self._runner.hold(self._query))
            self._loop.run_until_complete(asyncio.wait({self._task}, timeout=A_MOMENT))
            if self._task.done() and not self._ended(self._task):
                return False
            if is_deaf and self._task is not None:
                self._end_waits()
                return self._lives()
            if self._cursor() >= min(last_us(), round(self._clock.time().timestamp() * 1_000_000)):
                return self._lives()
            assert self._loop.time() < until, (
                f"neither read nor refused: {last_us()} {self._cursor()} {self._clock.hours()} {self._task}"
            )
        return True

    def has_begun(self) -> bool:
        """Tell whether anything was read yet."""
        return self._cursor() >= 0

    def close(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            self._loop.run_until_complete(asyncio.wait({self._task}))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        self._eye.close()

    def _lives(self) -> bool:
        """Leave the process alone from here on; False when it died over its very last call."""
        if self._task is None or self._connection.is_spared():
            return True
        self._loop.run_until_complete(asyncio.wait({self._task}))
        return self._ended(self._task)

    def _ended(self, task: "asyncio.Task[timedelta]") -> bool:
        """Note when to try again; False when the process died of it."""
        self._task = None
        error = task.exception()
        if isinstance(error, Killed):
            self._runner = self._next_runner()
            self._connection.reborn()
            return False
        assert error is None, f"the runner raised {error!r}"
        self._again = self._clock.time() + task.result()
        return True

    def _end_waits(self) -> None:
        """Let a page end without a frame, as it does after five seconds."""
        self._loop.ahead += 2 * AT_ONCE.first.total_seconds()
        assert self._task is not None, "somebody waits"
        self._loop.run_until_complete(asyncio.wait({self._task}, timeout=20 * A_MOMENT))

    def _cursor(self) -> int:
        cursor = self._seen.resume(self._query).cursor
        return -1 if cursor is None else int(cursor)

    def _next_runner(self) -> Runner:
        self._runners += 1
        owner = f"stream {self._runners}"
        return Runner(self._monitor, {self._stream.name: self._stream}, owner, self._clock.time)


def quick(stream: object) -> BlueskyStream:
    """Return a stream of the same servers whose pages end at once."""
    assert isinstance(stream, BlueskyStream), "Bluesky is followed"
    return BlueskyStream(stream._servers, stream._search, sizes=AT_ONCE)
