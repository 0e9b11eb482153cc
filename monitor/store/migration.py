"""Stored data of one version becomes data of the next: one function each, run when the store is opened.

Every reader understands the version of its program and the one before, so that programs of both may run while the
last ones are replaced. A step may be killed anywhere and is run again from its beginning: it does nothing twice.
One process runs it, under a lease; the others wait for it.
"""

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta

from monitor.errors import StoreError
from monitor.models import Job
from monitor.store.codec import decode_body, to_ms, withdrawn_body
from monitor.store.connection import SCHEMA, Connection, store_now
from monitor.store.fsck import topic_of
from monitor.store.schedule import LeaseStore

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=7)
MOST_WAITED = timedelta(minutes=10)
PAUSE = timedelta(milliseconds=200)
REPLAY = "replay-"

Alive = Callable[[], None]
"""To be called again and again by a step, at least every few seconds."""

Step = Callable[[Connection, Alive], None]


def forget_engagement_of_withdrawn(connection: Connection, alive: Alive) -> None:
    """1 to 2: erase what a post's engagement was after it was withdrawn, and note replays that nobody erased.

    Version 1 stored engagement again when a withdrawn post was read again, and forgot the keys of killed replays.
    """
    keys = connection.keys
    for name in _topics(connection):
        topic = keys.topic(name)
        for key, body in connection.pairs("HSCAN", topic.posts):
            alive()
            if decode_body(body).withdrawn:
                connection.execute("HDEL", topic.engagement, key)
    now = to_ms(store_now(connection))
    for prefix in sorted({f"{each.split(':', 1)[0]}:" for each in connection.scan(f"{REPLAY}*")}):
        alive()
        connection.execute("ZADD", keys.work.prefixes, "NX", now, prefix)


def forget_wording_of_withdrawn(connection: Connection, alive: Alive) -> None:
    """2 to 3: erase the fingerprints of withdrawn posts, by which a guess of their text could be confirmed.

    Fingerprints and sketches of the other posts are made anew when these are read. The index of copies, which nobody
    asked, goes.
    """
    for name in _topics(connection):
        topic = connection.keys.topic(name)
        connection.execute("UNLINK", topic.copies)
        for key, packed in connection.pairs("HSCAN", topic.posts):
            alive()
            body = decode_body(packed)
            if body.withdrawn and body.group:
                connection.run("withdraw", (topic.posts, topic.engagement), (key, withdrawn_body(packed)))


def forget_index_of_terms(connection: Connection, alive: Alive) -> None:
    """3 to 4: erase the index of terms, which nobody asked: each post's terms stand in its body."""
    for name in _topics(connection):
        alive()
        connection.execute("UNLINK", connection.keys.topic(name).terms)


def _topics(connection: Connection) -> list[str]:
    """Return the topics of which anything is stored."""
    keys = connection.keys
    found = ((each, keys.kind_of(each)) for each in connection.scan(f"{keys.prefix}*"))
    return sorted({topic_of(each) for each, kind in found if kind is not None and kind.slot == "topic"})


STEPS: Mapping[int, Step] = {
    1: forget_engagement_of_withdrawn,
    2: forget_wording_of_withdrawn,
    3: forget_index_of_terms,
}
"""By the version that a step begins with; it ends with the next."""


def migrate(connection: Connection, steps: Mapping[int, Step] = STEPS, target: int = SCHEMA) -> int:
    """Bring stored data to a version and return from which; raise StoreError where there is no way."""
    began = version_of(connection)
    if began > target:
        said = f"the stored data has version {began}, this program knows {target}"
        raise StoreError(f"{said}; install a newer one, nothing was written")
    waited = threading.Event()
    for _ in range(int(MOST_WAITED / PAUSE)):
        if version_of(connection) >= target:
            return began
        if not _step(connection, steps, target):
            waited.wait(PAUSE.total_seconds())
    raise StoreError("another process has been bringing the stored data to this version for too long; see its log")


def version_of(connection: Connection) -> int:
    """Return the version of the stored data."""
    return int(connection.execute("GET", connection.keys.work.schema) or 0)


def _step(connection: Connection, steps: Mapping[int, Step], target: int) -> bool:
    """Run the step that is due, unless another process does; say whether it was run."""
    job = Job("upkeep", "migrate")
    leases = LeaseStore(connection)
    lease = leases.acquire(job, secrets.token_hex(8), LEASE)
    if lease is None:
        return False
    version = version_of(connection)

    def alive() -> None:
        if not leases.renew(lease, LEASE):
            raise StoreError("this process stood still while it brought the stored data to a new version; start again")

    try:
        if version < target:
            log.info("bringing the stored data to a new version", extra={"from": version, "to": version + 1})
            steps[version](connection, alive)
            keys = (connection.keys.work.schema, connection.keys.work.leases)
            connection.run("advance", keys, (str(job), lease.fence, version))
    finally:
        leases.release(lease)
    return True
