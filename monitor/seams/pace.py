"""Limits that all workers share: a bucket per credential, kept in the store. The seam."""

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol


class Bucket(NamedTuple):
    """A limit of a platform: at most `size` requests in any `per`. `name` says of what: "x:search", "mastodon:host".

    Two credentials have two limits: see `named`.
    """

    name: str
    size: int
    per: timedelta


class Pace(Protocol):
    """What a request asks before it is made, and tells after it was answered."""

    def admit(self, bucket: Bucket) -> timedelta:
        """Take one request out of a bucket: zero, or how long until one may be taken; then nothing was taken."""
        ...

    def heed(self, bucket: Bucket, remaining: int, reset_at: datetime) -> None:
        """Believe the platform's headers rather than our own count."""
        ...


def named(limit: str, credential: str) -> str:
    """Return the name of the bucket that a limit has for one credential, which cannot be read from it."""
    return f"{limit}:{hashlib.sha256(credential.encode()).hexdigest()[:12]}"
