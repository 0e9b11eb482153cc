"""Reading a response's body within limits: never more memory than the cap, whatever was compressed into it."""

import zlib
from collections.abc import Iterable, Iterator, Mapping

import msgspec

_STEP = 65_536
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's wbits for each wrapping


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer may cost. Bytes are counted after decompression, seconds from the first lookup to the last byte.

    The ratio of decompressed to sent bytes is judged from `ratio_from` bytes on: a short feed of alike entries
    compresses better than 20 : 1, and one below a megabyte harms nobody.
    """

    max_bytes: int = 5_000_000
    max_ratio: int = 20
    ratio_from: int = 1_000_000
    deadline: float = 20.0
    max_redirects: int = 5


class TooLarge(Exception):
    """The body passes a limit; the message says which."""


class Garbled(Exception):
    """The body is not what its headers promise; the message says how."""


def read_body(chunks: Iterable[bytes], headers: Mapping[str, str], limits: Limits) -> bytes:
    """Return the decompressed body; stop reading as soon as a limit is passed.

    Raise TooLarge or Garbled. Whatever `chunks` raises passes through.
    """
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limits.max_bytes:
        raise TooLarge(f"the answer announces {int(announced[:20]):,} bytes, more than {limits.max_bytes:,}")
    meter = _Meter(limits)
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return b"".join(meter.count(chunk, len(chunk)) for chunk in chunks)
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise Garbled(f"the answer is encoded as {encoding[:40]!r}, which was not asked for")
    return b"".join(_decompressed(meter.sent(chunks), encoding == "deflate", meter))


class _Meter:
    """Counts what was sent and what came of it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sent = 0
        self._decoded = 0

    def sent(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass compressed chunks on, counted: an endless run of empty gzip members decodes to nothing."""
        for chunk in chunks:
            self.count(b"", len(chunk))
            yield chunk

    def count(self, decoded: bytes, sent: int = 0) -> bytes:
        """Return `decoded` unless a limit is passed with it."""
        limits = self._limits
        self._sent += sent
        self._decoded += len(decoded)
        if max(self._sent, self._decoded) > limits.max_bytes:
            raise TooLarge(f"the answer is larger than {limits.max_bytes:,} bytes")
        if self._decoded > limits.ratio_from and self._decoded > limits.max_ratio * self._sent:
            raise TooLarge(f"the answer unpacks to more than {limits.max_ratio} times its size")
        return decoded


def _decompressed(chunks: Iterable[bytes], is_deflate: bool, meter: _Meter) -> Iterator[bytes]:
    """Yield decompressed pieces of at most 64 KB; several gzip members in a row are one body (RFC 1952, 2.2)."""
    decoder = None
    for chunk in chunks:
        rest = chunk
        while rest:
            decoder = decoder or zlib.decompressobj(_wrapping(rest, is_deflate))
            yield meter.count(_step(decoder, rest))
            rest = decoder.unconsumed_tail or decoder.unused_data
            decoder = None if decoder.eof else decoder
    if decoder is not None:
        yield meter.count(_last(decoder))


def _wrapping(start: bytes, is_deflate: bool) -> int:
    # Servers disagree on what "deflate" means: RFC 9110 says zlib's wrapping, some send it bare.
    if not is_deflate:
        return _GZIP
    return _ZLIB if start[0] & 0x0F == zlib.DEFLATED else _RAW


def _step(decoder: "zlib._Decompress", data: bytes) -> bytes:
    try:
        return decoder.decompress(data, _STEP)
    except zlib.error as e:
        raise Garbled(f"the answer cannot be unpacked: {e}") from e


def _last(decoder: "zlib._Decompress") -> bytes:
    """Return what is left once all input is in; a stream that has not ended by then was cut."""
    piece = _step(decoder, b"")
    if not decoder.eof:
        raise Garbled("the compressed answer ends in the middle")
    return piece
