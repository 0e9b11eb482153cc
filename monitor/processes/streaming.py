"""Follows streams: one task for each streamed query, one holder for each by a lease, in one process with an event loop.

    lease ─► connect behind the cursor ─► page ─thread─► begin, match, add, withdraw ─► cursor and coverage, fenced ─┐
      ▲                                    ▲──────────────────────────────────────────────────────────────────────┘
      └── after a pause ◄── failure, written down ◄── ended, refused, silent; lease lost

The next page is taken from the connection when the last one is stored; until then the platform waits or cuts us off,
and begins behind the cursor again. Signs of life are given as long as each stream makes progress, or waits on purpose.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from datetime import datetime, timedelta

from monitor.errors import SourceBroken, SourceError, StoreError
from monitor.models import Cursor, Job, Lease, Query
from monitor.processes.liveness import is_dead
from monitor.processes.stalls import Beat
from monitor.processes.supervisor import Pulse
from monitor.seams.credentials import keyless, missing_of
from monitor.seams.streams import ArrivedPage, Stream, is_well, pause, streamed
from monitor.services.looks import Look, Polled, take
from monitor.store.keeper import steady
from monitor.store.progress import StreamProgress
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

LONGEST_PAGE = timedelta(seconds=60)
"""For connecting and the first page. A page that is stored prolongs the lease."""

SIGN_LASTS = timedelta(seconds=40)
"""A stream that does nothing for so long is stuck: the longest it may take is to find a server, one after the other."""

LOOK_EVERY = timedelta(seconds=5)
BEAT_EVERY = timedelta(seconds=1)
SOON = timedelta(seconds=2)
"""Until somebody else's lease is asked for again, or a store that is away."""

_NAMES_AND_NUMBERS = re.compile(r"[\w-]+(?:\.[\w-]+)+|[0-9]+")

AFTER_A_BUG = timedelta(seconds=10)
TELL_EVERY = timedelta(minutes=1)


def job_of(query: Query) -> Job:
    """Return the job of following a query. It is never due: whoever is there does it."""
    return Job("stream", str(query))


class LogTally:
    """What a stream brought since the last line of the log."""

    def __init__(self, query: Query, now: float) -> None:
        self._query = query
        self._since = now
        self._counts = [0, 0, 0]

    def add(self, polled: Polled, now: float) -> None:
        """Count a page, and say from time to time how many there were."""
        for place, count in enumerate((polled.fetched, polled.matched, polled.new)):
            self._counts[place] += count
        if now - self._since >= TELL_EVERY.total_seconds():
            posts, matched, new = self._counts
            log.info("told", extra={"query": str(self._query), "posts": posts, "matched": matched, "new": new})
            self._since, self._counts = now, [0, 0, 0]


class Runner:
    """Follows all streamed queries until told to stop. `streams` are by source, `owner` is this process's name."""

    def __init__(
        self, monitor: Monitor, streams: Mapping[str, Stream], owner: str, clock: Callable[[], datetime]
    ) -> None:
        self._monitor = monitor
        self._streams = streams
        self._owner = owner
        self._clock = clock
        self._deadlines: dict[Query, float] = {}
        self._tasks: dict[Query, asyncio.Task[None]] = {}
        self._troubles: dict[Query, str] = {}
        self._moves = 0

    async def run(self, stopped: asyncio.Event, pulse: Pulse) -> None:
        """Start and end tasks as the topics change, and give signs of life, until stopped."""
        looked = float("-inf")
        while not stopped.is_set():
            now = steady()
            if now - looked >= LOOK_EVERY.total_seconds():
                looked = now
                await self._reconcile()
            if is_well(self._deadlines, steady()):
                pulse(Beat(moves=self._moves))
            await _wait(stopped, BEAT_EVERY)
        await self._end(list(self._tasks))

    async def _reconcile(self) -> None:
        """Follow what the topics ask for now, and nothing else; while the store is away all stays as it is."""
        try:
            wanted = await asyncio.to_thread(lambda: streamed(self._monitor.plan(), self._streams))
        except StoreError as e:
            log.warning("topics not read", extra={"reason": e.reason})
            return
        await self._end([query for query in self._tasks if query not in wanted])
        for query in wanted:
            if query not in self._tasks:
                self._sign(query)
                self._tasks[query] = asyncio.create_task(self._follow(query))

    async def _end(self, queries: list[Query]) -> None:
        ended = [self._tasks.pop(query) for query in queries]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)
        for query in queries:
            self._deadlines.pop(query, None)

    async def _follow(self, query: Query) -> None:
        """Follow a query for ever, one connection after the other."""
        never = asyncio.Event()
        while True:
            wait = await self.hold(query)
            self._sign(query, wait)
            await _wait(never, wait)

    async def hold(self, query: Query) -> timedelta:
        """Follow a query while its lease is ours; return how long to wait before it is tried again."""
        lease = None
        try:
            lease = await asyncio.to_thread(self._monitor.leases.acquire, job_of(query), self._owner, LONGEST_PAGE)
            if lease is not None:
                return await self._connect(query, lease)
            # Perhaps a killed predecessor's, which no worker of this machine is there to free.
            return timedelta(0) if await asyncio.to_thread(self._monitor.job_leases.bury, is_dead) else SOON
        except StoreError as e:
            log.warning("not stored", extra={"query": str(query), "reason": e.reason})
            return SOON
        except Exception:
            # The top of this stream: the others go on, and what it was at is worked on carefully the next time.
            log.exception("stream broken", extra={"query": str(query)})
            return AFTER_A_BUG
        finally:
            if lease is not None:
                with suppress(StoreError):  # it ends by itself
                    await asyncio.to_thread(self._monitor.leases.release, lease)

    async def _connect(self, query: Query, lease: Lease) -> timedelta:
        resume = await asyncio.to_thread(self._monitor.progress.resume, query)
        self._sign(query)
        try:
            if missing_of(self._streams[query.source]) is not None:
                raise keyless(query.source)
            return await self._read(query, lease, resume.cursor)
        except SourceError as e:
            wait = pause(query, e, resume.failures)
            fields = {"query": str(query), "reason": e.reason, "next_in": f"{wait.total_seconds():.0f}s"}
            is_known = self._troubles.get(query) == kind_of(e.reason)
            self._troubles[query] = kind_of(e.reason)
            trouble = e if isinstance(e, SourceBroken) else None
            log.log(logging.DEBUG if is_known else logging.WARNING, "stream ended", extra=fields, exc_info=trouble)
            await asyncio.to_thread(self._monitor.progress.fail, lease, query, e.reason, wait)
            return wait

    async def _read(self, query: Query, lease: Lease, cursor: Cursor | None) -> timedelta:
        """Read and store page after page; return how long to wait when one could not be read or the lease was lost."""
        stream, tally = self._streams[query.source], LogTally(query, steady())
        async with aclosing(stream.pages(query.text, cursor, self._clock)) as pages:
            async for page in pages:
                self._sign(query)
                arrived = ArrivedPage(stream, page)
                polled = await asyncio.to_thread(take_page, self._monitor, lease, query, arrived, self._clock())
                if polled is None:
                    return SOON
                if polled.error is not None:
                    log.warning("not read", extra={"query": str(query), "reason": polled.error.reason})
                    return polled.due_in
                if self._troubles.pop(query, None) is not None:
                    log.info("stream goes on", extra={"query": str(query)})
                self._moves += 1
                self._sign(query)
                tally.add(polled, steady())
        raise SourceBroken(query.source, "our bug: the stream ended without a reason")

    def _sign(self, query: Query, wait: timedelta = timedelta(0)) -> None:
        self._deadlines[query] = steady() + (wait + SIGN_LASTS).total_seconds()


def kind_of(reason: str) -> str:
    """Return what went wrong, whichever server and number it names: the same trouble is said once."""
    return _NAMES_AND_NUMBERS.sub("", reason)


def take_page(monitor: Monitor, lease: Lease, query: Query, page: ArrivedPage, now: datetime) -> Polled | None:
    """Store what a page of a stream tells, as a page that was asked for; None when the lease was lost meanwhile."""
    look = Look(lease.job, query, TELL_EVERY, lease.owner)
    parts = monitor.parts._replace(sources={query.source: page}, progress=StreamProgress(monitor.progress))
    return take(look, lease, parts, monitor.stages(), now)


async def _wait(event: asyncio.Event, time: timedelta) -> None:
    """Wait for an event, at most so long."""
    with suppress(TimeoutError):  # the time is over, which is what was waited for
        async with asyncio.timeout(time.total_seconds()):
            await event.wait()
