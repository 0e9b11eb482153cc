"""Prefixes beside the living data, for a while: replays and restores. They are noted, so that none outlives a kill."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from monitor.store.codec import to_ms
from monitor.store.connection import Connection
from monitor.store.keys import Keyspace

LONGEST = timedelta(days=1)
"""No replay and no restore takes longer."""


@contextmanager
def staging(connection: Connection, now: datetime) -> Iterator[Connection]:
    """Yield a connection to the same server under a prefix of its own, which is erased afterwards."""
    with noted(connection, f"dm-restore-{secrets.token_hex(4)}:", now) as prefix:
        staged = connection.under(Keyspace(prefix))
        try:
            yield staged
        finally:
            staged.erase()
            staged.close()


@contextmanager
def noted(connection: Connection, prefix: str, now: datetime) -> Iterator[str]:
    """Note a prefix while it is in use."""
    connection.execute("ZADD", connection.keys.work.prefixes, to_ms(now), prefix)
    yield prefix
    connection.execute("ZREM", connection.keys.work.prefixes, prefix)


def erase_forgotten(connection: Connection, now: datetime) -> list[str]:
    """Erase the data under every prefix whose process must have been killed; return the prefixes."""
    name = connection.keys.work.prefixes
    old = connection.execute("ZRANGE", name, "-inf", to_ms(now - LONGEST), "BYSCORE")
    prefixes = [each.decode() for each in old]
    for prefix in prefixes:
        beside = connection.under(Keyspace(prefix))
        beside.erase()
        beside.close()
        connection.execute("ZREM", name, prefix)
    return prefixes
