"""The end of the server's log after a power cut: zeros, where a file had grown and its data was not written yet.

What the log says ends with a line break, so zeros at its end are of nothing that was acknowledged: such a write was on
the disk before it was answered. The server mends a log that ends too early by itself, but does not start on one that
ends in zeros (https://github.com/valkey-io/valkey/issues/1148).
"""

import logging
import os
from pathlib import Path
from typing import IO

log = logging.getLogger(__name__)

BLOCK = 1 << 16


def cut_zeros(folder: Path) -> int:
    """Cut off the zeros that end the logs of a server that is not running; return how many there were."""
    return sum(_cut(path) for path in sorted(folder.glob("appendonlydir/*.incr.aof")))


def _cut(path: Path) -> int:
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        length = _length_without_zeros(file, size)
        if length == size:
            return 0
        file.truncate(length)
        os.fsync(file.fileno())
    log.warning("the store's log ended in zeros, as after a power cut", extra={"file": path.name, "cut": size - length})
    return size - length


def _length_without_zeros(file: IO[bytes], end: int) -> int:
    while end > 0:
        start = max(0, end - BLOCK)
        file.seek(start)
        kept = file.read(end - start).rstrip(b"\0")
        if kept:
            return start + len(kept)
        end = start
    return 0
