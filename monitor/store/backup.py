"""A backup: the store's data at one moment, read out of a scratch copy of the server, and checked there.

store ─copy_snapshot─► scratch server ─fsck, read by key─► one file
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from monitor.errors import StoreError
from monitor.store.backup_file import FORMAT, Chunk, Header, Trailer, Writer, written
from monitor.store.codec import to_ms
from monitor.store.connection import Connection, store_now
from monitor.store.embedded import EmbeddedStore
from monitor.store.fsck import check
from monitor.store.keys import LIVE_KEYS, Keyspace
from monitor.store.replica import Progress, copy_snapshot

PAIRS_AT_ONCE = 200
FROM_SNAPSHOT = "appendonly no\nrdb-version-check relaxed\ndatabases 4096\n"
"""A scratch copy writes nothing, and reads also snapshots of Redis 7.4 and later, as long as our types are in them."""

Step = Callable[[str, int], Progress]
"""Told what begins, and of how many bytes or keys it has; returns what is told how many were done since last time."""


class Made(NamedTuple):
    """A backup that was written. `findings` are broken invariants that were in the store already."""

    path: Path
    at: datetime
    size: int
    trailer: Trailer
    findings: list[str]


class Data(NamedTuple):
    """Where in a scratch server our data is, and what its configuration says besides."""

    keys: Keyspace = LIVE_KEYS
    database: int = 0
    options: str = ""


def back_up(connection: Connection, path: Path, author_key: bytes | None, step: Step) -> Made:
    """Write a backup of all keys under the connection's prefix, while everybody goes on working."""
    made_at, server = store_now(connection), connection.server()
    with scratch_folder(path.parent) as folder:
        (folder / "store").mkdir(mode=0o700)
        copy_snapshot(connection, folder / "store" / "dump.rdb", step("copying", connection.size()))
        snapshot = Data(connection.keys, connection.database, FROM_SNAPSHOT)
        with scratch_store(folder, snapshot) as copy, written(path) as writer:
            findings = check(copy)
            header = Header(
                format=FORMAT,
                schema=int(copy.execute("GET", copy.keys.work.schema) or 0),
                made_at=to_ms(made_at),
                server=f"{server.name} {server.version}",
                author_key=author_key,
            )
            writer.write(header)
            trailer = _write_keys(copy, writer, len(findings), step)
    return Made(path, made_at, path.stat().st_size, trailer, findings)


@contextmanager
def scratch_folder(parent: Path | None) -> Iterator[Path]:
    """Make a private folder that goes afterwards, in another one or in the system's place for such."""
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=parent) as folder:
        yield Path(folder)


@contextmanager
def scratch_store(folder: Path, data: Data = Data()) -> Iterator[Connection]:  # noqa: B008 - a tuple of constants
    """Start a server of our own on a folder, and stop it afterwards."""
    store = EmbeddedStore(folder, data.options)
    store.attach()
    try:
        connection = Connection(f"{store.url}?db={data.database}", data.keys)
        try:
            yield connection
        finally:
            connection.close()
    finally:
        store.detach()
        store.tidy()


def chunks(connection: Connection, name: str) -> Iterator[Chunk]:
    """Yield all of a key of data at rest."""
    kind = connection.execute("TYPE", name).decode()
    read = _READERS.get(kind)
    if read is None:
        raise StoreError(f"{name}: a {kind}, which is nothing of this product; run `monitor fsck`")
    life = int(connection.execute("PEXPIRETIME", name))
    for values in read(connection, name):
        ends_at = life if life > 0 else None
        yield Chunk(key=name.removeprefix(connection.keys.prefix), type=kind, ends_at=ends_at, values=values)


def _write_keys(connection: Connection, writer: Writer, findings: int, step: Step) -> Trailer:
    names = sorted(connection.scan(f"{connection.keys.prefix}*"))
    done = step("writing", len(names))
    keys: Counter[str] = Counter()
    members: Counter[str] = Counter()
    for name in names:
        kind = connection.keys.kind_of(name)
        family = "unknown" if kind is None else kind.name
        keys[family] += 1
        for chunk in chunks(connection, name):
            writer.write(chunk)
            members[family] += len(chunk.values) // 2
        done(1)
    return writer.end(
        Trailer(keys=dict(keys), posts=members["posts"], messages=members["outbox"], findings=findings, sha256=b"")
    )


def _string(connection: Connection, name: str) -> Iterator[list[bytes]]:
    value = connection.execute("GET", name)
    if value is not None:
        yield [value]


def _hash(connection: Connection, name: str) -> Iterator[list[bytes]]:
    yield from _in_pages(connection.pairs("HSCAN", name))


def _zset(connection: Connection, name: str) -> Iterator[list[bytes]]:
    yield from _in_pages(connection.pairs("ZSCAN", name))


def _in_pages(found: Iterator[tuple[bytes, Any]]) -> Iterator[list[bytes]]:
    while page := list(islice(found, PAIRS_AT_ONCE)):
        yield [each if isinstance(each, bytes) else repr(each).encode() for each in chain.from_iterable(page)]


_READERS: dict[str, Callable[[Connection, str], Iterator[list[bytes]]]] = {
    "string": _string,
    "hash": _hash,
    "zset": _zset,
}
