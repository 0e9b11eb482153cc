"""A copy of a whole server at one moment: its own snapshot, asked for as a replica asks for it.

The server forks and sends what it held at that moment, while it goes on working. That is one command for the embedded
server and for an outside one, over any address, and needs no folder of the server's. No copy made key by key is of one
moment, and one transaction over all keys would stop the server for as long as it takes.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis

from monitor.errors import StoreError
from monitor.store.connection import Connection, one_sentence

BLOCK = 1 << 16
MARK = 40
"""Bytes of the mark that ends a snapshot of unknown length (https://redis.io/docs/latest/develop/reference/)."""

Progress = Callable[[int], None]
"""Told of the bytes done since the last time."""

REFUSED = (
    "the store does not let itself be copied ({reason}); allow its user +sync and +replconf, or use the backups of "
    "whoever hosts it"
)


def copy_snapshot(connection: Connection, path: Path, progress: Progress) -> None:
    """Write the server's snapshot of this moment into a file; raise StoreError when the server refuses."""
    with one_sentence(), connection.line() as line, path.open("wb") as file:
        _ask(line)
        for block in _payload(_bytes(line)):
            file.write(block)
            progress(len(block))


def rewrite(connection: Connection) -> bool:
    """Let the server write its append-only file anew, in the background; False when it must not be asked."""
    if connection.server().appendonly == "no":
        return True
    try:
        connection.execute("BGREWRITEAOF")
    except StoreError as e:
        return "in progress" in e.reason
    return True


def _ask(line: Any) -> None:
    # "eof": a snapshot may be sent as it is made, without a file on the server's disk.
    for words in (("REPLCONF", "capa", "eof"), ("REPLCONF", "rdb-only", "1")):
        line.send_command(*words)
        try:
            line.read_response()
        except redis.exceptions.ResponseError as e:
            raise StoreError(REFUSED.format(reason=e)) from e
    line.send_command("SYNC")


def _bytes(line: Any) -> Iterator[bytes]:
    # What follows is no answer that the client can parse; its socket is the only way to it.
    socket: Any = line._sock  # noqa: SLF001
    while block := socket.recv(BLOCK):
        yield block
    raise StoreError("the store ended the connection in the middle of its snapshot; is its disk or its memory full?")


def _payload(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the snapshot out of what is received: a first line that says how it ends, then its bytes."""
    received = b""
    while b"\r\n" not in received.lstrip(b"\n"):
        received += next(blocks)  # empty lines keep the connection alive while the server forks
    head, _, rest = received.lstrip(b"\n").partition(b"\r\n")
    if not head.startswith(b"$"):
        raise StoreError(REFUSED.format(reason=head.decode(errors="replace").lstrip("-")))
    if head.startswith(b"$EOF:"):
        yield from _until_mark(rest, blocks, head[5:])
    else:
        yield from _of_length(rest, blocks, int(head[1:]))


def _until_mark(held: bytes, blocks: Iterator[bytes], mark: bytes) -> Iterator[bytes]:
    while not held.endswith(mark):
        yield held[:-MARK]
        held = held[-MARK:] + next(blocks)
    yield held[:-MARK]


def _of_length(held: bytes, blocks: Iterator[bytes], length: int) -> Iterator[bytes]:
    while length > len(held):
        yield held
        length -= len(held)
        held = next(blocks)
    yield held[:length]
