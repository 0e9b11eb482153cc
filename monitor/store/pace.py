"""The buckets of platforms, shared by all workers, on the store's clock."""

from datetime import datetime, timedelta
from uuid import uuid4

from monitor.seams.pace import Bucket
from monitor.store.codec import to_ms
from monitor.store.connection import Connection, store_now
from monitor.store.schedule import ms

KNOWN = timedelta(seconds=150)
"""Longer than a client tries again to take one request whose answer was lost."""

SAME_WINDOW = timedelta(seconds=2)
"""Platforms round the end of a window to seconds, or say it as seconds from now."""


class PaceStore:
    """Implements the Pace protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def admit(self, bucket: Bucket) -> timedelta:
        """Take one request out of a bucket: zero, or how long until one may be taken; then nothing was taken."""
        args = (uuid4().hex, bucket.size, ms(bucket.per), ms(KNOWN))
        return timedelta(milliseconds=int(self._connection.run("draw", (self._key(bucket),), args)))

    def heed(self, bucket: Bucket, remaining: int, reset_at: datetime) -> None:
        """Believe the platform's headers rather than our own count, until the time that they name.

        No window lasts longer than the bucket says, whatever a platform's clock, or ours, may be.
        """
        reset_at = min(reset_at, store_now(self._connection) + bucket.per)
        near = max(SAME_WINDOW, bucket.per / 100)
        args = (max(remaining, 0), to_ms(reset_at), ms(near), ms(bucket.per))
        self._connection.run("heed", (self._key(bucket),), args)

    def _key(self, bucket: Bucket) -> str:
        return self._connection.keys.bucket(bucket.name)
