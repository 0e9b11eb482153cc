"""The due list and the leases, on the store's clock.

There is no beat to die or to double: every worker sweeps the same list.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from monitor.models import Job, Lease
from monitor.protocols import Sight
from monitor.store.codec import from_ms, to_ms
from monitor.store.connection import Argument, Connection, store_now
from monitor.store.keys import TAKEN_SECONDS

HINT_AGAIN = timedelta(seconds=4)
"""A hint that was lost (Celery on Redis loses some when a worker is killed) comes again after this time."""

MOST_LOOKED_AT = 100
"""Due jobs that no sweeper took yet; they are sorted by their time, so the first that nobody works on is the oldest."""


class DueList:
    """Implements the Schedule protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sync(self, jobs: Mapping[Job, timedelta]) -> None:
        """Make `jobs` the whole list: new ones are due after the given delay, unknown ones are removed."""
        keys = self._connection.keys.work
        args: list[Argument] = []
        for job, delay in jobs.items():
            args += [str(job), ms(delay)]
        self._connection.run("sync", (keys.due, keys.due_since), args)

    def take(self, limit: int) -> list[Job]:
        """Take jobs that are due, pushing each a few seconds ahead, so that a lost hint comes again."""
        keys = self._connection.keys
        names = (keys.work.due, keys.work.due_since, keys.work.leases, keys.taken(uuid4().hex))
        found = self._connection.run("take", names, (limit, ms(HINT_AGAIN), TAKEN_SECONDS * 1000))
        return [job_of(name) for name in found]

    def hurry(self, jobs: Sequence[Job]) -> None:
        """Let jobs be due now that are due later; one that is not in the list stays out of it."""
        now = to_ms(store_now(self._connection))
        if jobs:
            due = (part for job in jobs for part in (now, str(job)))
            self._connection.execute("ZADD", self._connection.keys.work.due, "XX", "LT", *due)

    def due(self) -> list[tuple[Job, datetime]]:
        """Return every job with its next due time, soonest first."""
        found = self._connection.execute("ZRANGE", self._connection.keys.work.due, 0, -1, "WITHSCORES")
        return [(job_of(name), from_ms(int(float(at)))) for name, at in zip(found[::2], found[1::2], strict=True)]

    def sight(self) -> Sight:
        """Return what waits, and when something was done."""
        keys = self._connection.keys.work
        names = (keys.due, keys.due_since, keys.leases, keys.committed)
        neglected, job, committed = self._connection.run("sight", names, (MOST_LOOKED_AT,))
        return Sight(
            neglected=None if neglected < 0 else timedelta(milliseconds=neglected),
            job=None if neglected < 0 else job_of(job),
            committed=None if committed < 0 else timedelta(milliseconds=committed),
        )


class LeaseStore:
    """Implements the Leases protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def bury(self, is_dead: Callable[[str], bool]) -> int:
        """Free what dead owners hold, and return how many jobs there were.

        They come at once, and so do those whose hints may have died with the owners.
        """
        keys = self._connection.keys.work
        found = self._connection.execute("HGETALL", keys.leases)
        held = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        args: list[Argument] = []
        for job, lease in held:
            _, fence, owner = lease.decode().split(" ", 2)
            args += [job, fence] if is_dead(owner) else []
        return int(self._connection.run("bury", (keys.leases, keys.due, keys.due_since), args)) if args else 0

    def acquire(self, job: Job, owner: str, ttl: timedelta, *, only_due: bool = False) -> Lease | None:
        """Return a lease; None while somebody else holds it, or with `only_due` when the job is done and not due again.

        Idempotent per owner.
        """
        keys = self._connection.keys.work
        args = (str(job), owner, ms(ttl), ms(HINT_AGAIN) if only_due else -1)
        fence = int(self._connection.run("acquire", (keys.leases, keys.fence, keys.due), args))
        return Lease(job, owner, fence) if fence else None

    def renew(self, lease: Lease, ttl: timedelta) -> bool:
        """Prolong the lease; False when it is no longer ours."""
        args = (str(lease.job), lease.owner, lease.fence, ms(ttl))
        return bool(self._connection.run("renew", (self._connection.keys.work.leases,), args))

    def release(self, lease: Lease) -> None:
        """Give the lease back; somebody else's is left alone."""
        self.renew(lease, timedelta(0))


def job_of(name: bytes) -> Job:
    """Return a job by its name in the list."""
    kind, _, subject = name.decode().partition(":")
    return Job(kind, subject)


def ms(time: timedelta) -> int:
    """Return whole milliseconds."""
    return int(time / timedelta(milliseconds=1))
