"""Keeps leases short and alive: one thread of a process renews what the process holds.

    acquire ─► held ─┬─ renewed at every third of its time to live ─┐
                     └──────────────────────────────────────────────┘
                       ─► let go: released · another's · its holder took longer than it may

A killed or frozen process renews nothing, so another takes its work up within seconds, however long that work may take.
Renewing says only that the process lives, not that the task does: so nothing is renewed beyond its longest time.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from monitor.errors import StoreError
from monitor.models import Job, Lease
from monitor.protocols import Leases

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=7)
"""Of a job: what a kill costs. Renewed after a third of it, so that two renewals may fail."""

SENDER_LEASE = timedelta(seconds=6)
"""Of the sender of a chat: shorter than that of the job that sends, whose next holder then finds it free."""

SURE = 6 / 7
"""The part of a lease that is relied on: what begins in it must reach the other side."""

RETRY = timedelta(seconds=0.5)
"""After a renewal that the store did not answer."""


def steady() -> float:
    """Return seconds that never jump, and go on while the machine sleeps where its system can tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Hold(NamedTuple):
    """A lease that is kept, until when it is relied on, when it is renewed, and until when it may be."""

    leases: Leases
    lease: Lease
    ttl: timedelta
    sure_until: float
    next_at: float
    ends_at: float

    @property
    def key(self) -> tuple[Leases, Lease]:
        """Return what tells it from all others: the same job may have leases of two kinds."""
        return self.leases, self.lease

    def renewed(self, now: float) -> "Hold":
        """Return what is known after a renewal that was asked for at `now`."""
        ttl, left = self.ttl.total_seconds(), self.ends_at - now
        next_at = self.ends_at if left <= ttl else now + ttl / 3
        return self._replace(sure_until=now + SURE * min(ttl, left), next_at=next_at)


class Keeper:
    """The thread, started by the first lease. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = steady) -> None:
        self.clock = clock
        self._holds: dict[tuple[Leases, Lease], Hold] = {}
        self._overran: dict[tuple[Leases, Lease], float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def keep(self, hold: Hold) -> None:
        """Renew a lease from now on."""
        with self._changed:
            self._holds[hold.key] = hold
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def let_go(self, leases: Leases, lease: Lease) -> None:
        """Renew a lease no more; it ends by itself."""
        with self._changed:
            self._holds.pop((leases, lease), None)
            self._overran.pop((leases, lease), None)

    def overrun(self) -> timedelta:
        """Return for how long the slowest job that took longer than it may is still at work; zero when none is."""
        with self._changed:
            return timedelta(seconds=max((self.clock() - at for at in self._overran.values()), default=0.0))

    def is_sure(self, leases: Leases, lease: Lease) -> bool:
        """Say whether a lease is certainly held by this process, and for a while."""
        with self._changed:
            hold = self._holds.get((leases, lease))
            return hold is not None and self.clock() < hold.sure_until

    def count(self, leases: Leases) -> int:
        """Return how many leases are kept through `leases`."""
        with self._changed:
            return sum(kept is leases for kept, _ in self._holds)

    def close(self) -> None:
        """End the thread; what is held ends by itself."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (due := self._wait()) is not None:
            for hold in due:
                self._renew(hold)

    def _wait(self) -> list[Hold] | None:
        """Wait until leases are to be renewed and return them; None at the end."""
        with self._changed:
            while not self._is_closed:
                now = self.clock()
                due = [hold for hold in self._holds.values() if hold.next_at <= now]
                if due:
                    return due
                soonest = min((hold.next_at for hold in self._holds.values()), default=None)
                self._changed.wait(None if soonest is None else soonest - now)
            return None

    def _renew(self, hold: Hold) -> None:
        now = self.clock()
        if now >= hold.ends_at:
            log.warning("took too long: another may do it now", extra={"job": str(hold.lease.job)})
            with self._changed:
                # Unless it was released meanwhile.
                if self._holds.pop(hold.key, None) is not None:
                    self._overran[hold.key] = now
            return
        ttl = min(hold.ttl, timedelta(seconds=hold.ends_at - now))
        try:
            is_ours = hold.leases.renew(hold.lease, ttl)
        except StoreError:
            # Whoever works with the store says what is wrong with it; the lease may still be saved.
            self._note(hold, hold._replace(next_at=now + RETRY.total_seconds()))
            return
        if is_ours:
            self._note(hold, hold.renewed(now))
        else:
            self.let_go(*hold.key)

    def _note(self, before: Hold, after: Hold) -> None:
        with self._changed:
            # Released meanwhile, or renewed by its holder: then that is newer.
            if self._holds.get(before.key) == before:
                self._holds[before.key] = after


class KeptLeases:
    """Implements the Leases protocol: a time to live is how long the holder may take, however short the lease is.

    Renewals go their own way to the store, on which nothing takes long.
    """

    def __init__(self, leases: Leases, renewals: Leases, keeper: Keeper, ttl: timedelta = LEASE) -> None:
        self._leases = leases
        self._renewals = renewals
        self._keeper = keeper
        self._ttl = ttl

    def acquire(self, job: Job, owner: str, ttl: timedelta, *, only_due: bool = False) -> Lease | None:
        """Return a lease that is kept for at most `ttl`; None while somebody else holds it, or it is not due."""
        now = self._keeper.clock()
        lease = self._leases.acquire(job, owner, min(ttl, self._ttl), only_due=only_due)
        if lease is not None:
            self._keep(lease, now, ttl)
        return lease

    def renew(self, lease: Lease, ttl: timedelta) -> bool:
        """Keep the lease for another `ttl` from now on; False when it is no longer ours."""
        now = self._keeper.clock()
        if not self._leases.renew(lease, min(ttl, self._ttl)):
            self._keeper.let_go(self._renewals, lease)
            return False
        self._keep(lease, now, ttl)
        return True

    def release(self, lease: Lease) -> None:
        """Give the lease back; somebody else's is left alone."""
        self._keeper.let_go(self._renewals, lease)
        self._leases.release(lease)

    def is_sure(self, lease: Lease) -> bool:
        """Say whether the lease is certainly ours, and for a while: what can be done once only may begin."""
        return self._keeper.is_sure(self._renewals, lease)

    def count(self) -> int:
        """Return how many leases are kept: jobs at work, whose longest time is not over."""
        return self._keeper.count(self._renewals)

    def _keep(self, lease: Lease, now: float, longest: timedelta) -> None:
        hold = Hold(self._renewals, lease, self._ttl, now, now, now + longest.total_seconds())
        self._keeper.keep(hold.renewed(now))
