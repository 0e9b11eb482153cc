"""The right to send to a chat, which one sender has at a time."""

from collections.abc import Callable
from datetime import timedelta

from monitor.models import Job, Lease
from monitor.store.connection import Connection
from monitor.store.schedule import ms


def _nobody(owner: str) -> bool:
    """Take every owner for alive."""
    del owner
    return False


class SenderLeases:
    """Implements the Leases protocol for the one sender of each chat; the job says which chat.

    The lease of an owner who `is_dead` is free.
    """

    def __init__(self, connection: Connection, is_dead: Callable[[str], bool] = _nobody) -> None:
        self._connection = connection
        self._is_dead = is_dead

    def acquire(self, job: Job, owner: str, ttl: timedelta, *, only_due: bool = False) -> Lease | None:
        """Return the right to send to a chat; None while somebody else has it. Idempotent per owner."""
        assert not only_due, "whether there is something to send is asked of the chat's job"
        keys = self._connection.keys.chat(job.subject)
        args = (str(job), owner, ms(ttl), -1)
        names = keys.sender, keys.sender_fence, keys.queue
        fence = int(self._connection.run("acquire", names, args))
        if not fence and self._bury(job):
            fence = int(self._connection.run("acquire", names, args))
        return Lease(job, owner, fence) if fence else None

    def renew(self, lease: Lease, ttl: timedelta) -> bool:
        """Prolong the right; False when it is no longer ours."""
        keys = self._connection.keys.chat(lease.job.subject)
        args = (str(lease.job), lease.owner, lease.fence, ms(ttl))
        return bool(self._connection.run("renew", (keys.sender,), args))

    def release(self, lease: Lease) -> None:
        """Give the right back; somebody else's is left alone."""
        self.renew(lease, timedelta(0))

    def _bury(self, job: Job) -> bool:
        held = self._connection.execute("HGET", self._connection.keys.chat(job.subject).sender, str(job))
        if held is None:
            return False
        _, fence, owner = held.decode().split(" ", 2)
        return self._is_dead(owner) and self.renew(Lease(job, owner, int(fence)), timedelta(0))
