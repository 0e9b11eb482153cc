"""The file of a backup: a gzip stream of frames, written whole or not at all.

    Header     format, schema, when and from which server, the key of author hashes
    Chunk ×n   up to some hundred fields of one key; keys without their prefix
    Trailer    what was written, and the SHA-256 of all frames before it

A frame is its length in four bytes, then msgpack. Nothing in it belongs to one kind of server, so that what an outside
Redis held can go on in the embedded Valkey, and the reverse.
"""

import gzip
import hashlib
import os
import secrets
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

import msgspec

from monitor.errors import StoreError

FORMAT = 1
LONGEST_FRAME = 1 << 29
_LENGTH = struct.Struct(">I")


class Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="frame", tag="header"):
    """What a backup is. `made_at` is ms since 1970 by the server's clock, before the moment that was copied."""

    format: int
    schema: int
    made_at: int
    server: str
    author_key: bytes | None


class Chunk(msgspec.Struct, frozen=True, kw_only=True, tag_field="frame", tag="chunk"):
    """Some of a key: fields and values, or members and scores, in turn; a string is one value. `ends_at` is in ms."""

    key: str
    type: Literal["hash", "zset", "string"]
    ends_at: int | None
    values: list[bytes]


class Trailer(msgspec.Struct, frozen=True, kw_only=True, tag_field="frame", tag="trailer"):
    """What a backup holds: keys by family, posts and messages in all, findings of fsck, and the sum of all frames."""

    keys: dict[str, int]
    posts: int
    messages: int
    findings: int
    sha256: bytes


Frame: TypeAlias = Header | Chunk | Trailer
_frame = msgspec.msgpack.Decoder(Frame)
_encode = msgspec.msgpack.Encoder().encode


class Writer:
    """Writes frames; the last one holds the sum of those before it."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self._sum = hashlib.sha256()

    def write(self, frame: Header | Chunk) -> None:
        """Append a frame."""
        packed = _encode(frame)
        for block in (_LENGTH.pack(len(packed)), packed):
            self._sum.update(block)
            self._file.write(block)

    def end(self, trailer: Trailer) -> Trailer:
        """Append the last frame, with the sum, and return it."""
        whole = msgspec.structs.replace(trailer, sha256=self._sum.digest())
        packed = _encode(whole)
        self._file.write(_LENGTH.pack(len(packed)) + packed)
        return whole


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """Write a backup: it appears under its name, for its owner only, when all of it is on the disk."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed:
                yield Writer(packed)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        settle_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def settle_folder(folder: Path) -> None:
    """Let the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path, progress: Callable[[int], None]) -> Iterator[Frame]:
    """Yield the frames of a backup, the header first and the trailer last; raise StoreError when it is not whole."""
    try:
        with path.open("rb") as file, gzip.GzipFile(fileobj=file) as packed:
            yield from _checked(path, _frames(packed, file, progress))
    except (gzip.BadGzipFile, zlib.error, EOFError, msgspec.MsgspecError) as e:
        raise StoreError(f"{path}: is damaged, or no backup ({e}); nothing was restored from it") from e
    except OSError as e:
        raise StoreError(f"{path}: cannot be read ({e.strerror})") from e


def _frames(packed: gzip.GzipFile, file: IO[bytes], progress: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    while length := packed.read(_LENGTH.size):
        if len(length) < _LENGTH.size or (size := _LENGTH.unpack(length)[0]) > LONGEST_FRAME:
            raise EOFError("a frame is cut")
        body = packed.read(size)
        if len(body) < size:
            raise EOFError("a frame is cut")
        yield body
        progress(file.tell() - done)
        done = file.tell()


def _checked(path: Path, frames: Iterator[bytes]) -> Iterator[Frame]:
    summed = hashlib.sha256()
    last: Frame | None = None
    for body in frames:
        frame: Any = _frame.decode(body)
        _expect(path, frame, last)
        if isinstance(frame, Trailer) and frame.sha256 != summed.digest():
            raise StoreError(f"{path}: its content is not what was written; take another backup")
        summed.update(_LENGTH.pack(len(body)) + body)
        last = frame
        yield frame
    if not isinstance(last, Trailer):
        raise StoreError(f"{path}: ends too early; take another backup")


def _expect(path: Path, frame: Frame, last: Frame | None) -> None:
    if isinstance(frame, Header) != (last is None) or isinstance(last, Trailer):
        raise StoreError(f"{path}: is no backup of this product")
    if isinstance(frame, Header) and frame.format > FORMAT:
        raise StoreError(f"{path}: has format {frame.format}, this version knows {FORMAT}; install a newer one")
