"""Forks with limits, which say what they begin: who dies of it is known.

A fork may use so much processor time for what it begins, so much time in all and so much memory, and opens nothing.
"""

import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

CPU_SECONDS = 0.5
WALL_SECONDS = 10.0
MEMORY_BYTES = 256 * 2**20

_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "urllib.", "ctypes.")
_LENGTH = struct.Struct(">cI")

Tell = Callable[[bytes, bytes], None]
"""Tells the process that forked: a kind of one byte, and a body."""


class Begun(NamedTuple):
    """What a fork had begun when it died: the item's bytes or the place of the post, and the stage it was at."""

    raw: bytes = b""
    place: int = -1
    stage: str = "parse"


class Death(NamedTuple):
    """How a fork ended when it did not end well."""

    begun: Begun
    code: int

    @property
    def reason(self) -> str:
        """Word the death."""
        if self.code >= 0:
            return f"it ended the process that worked on it (exit code {self.code})"
        if -self.code in (signal.SIGPROF, signal.SIGXCPU):
            return "it took too much processor time"
        if -self.code == signal.SIGALRM:
            return f"it took more than {WALL_SECONDS:g} s"
        return f"it killed the process that worked on it ({signal.Signals(-self.code).name})"

    @property
    def is_doubtful(self) -> bool:
        """Say whether the item may be innocent."""
        return -self.code in (signal.SIGKILL, signal.SIGALRM)


def forked(task: Callable[[Tell], None]) -> tuple[dict[bytes, list[bytes]], Death | None]:
    """Run a task in a fork; return what it told by kind, and how it died if it did."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _run(task, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told, begun = _collect(pipe)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    is_done = b"D" in told and code == 0
    return told, None if is_done else Death(begun, code)


def _run(task: Callable[[Tell], None], writer: int) -> None:
    """Run a task and end the process, whatever happens."""
    code = 70
    try:
        _confine()
        with os.fdopen(writer, "wb", buffering=0) as pipe:

            def tell(kind: bytes, body: bytes) -> None:
                pipe.write(_LENGTH.pack(kind, len(body)) + body)

            task(tell)
            tell(b"D", b"")
            code = 0
    finally:
        os._exit(code)


def _collect(pipe: Any) -> tuple[dict[bytes, list[bytes]], Begun]:
    """Return all whole frames by kind, and what was begun last."""
    told: dict[bytes, list[bytes]] = {}
    begun = Begun()
    while len(head := pipe.read(_LENGTH.size)) == _LENGTH.size:
        kind, length = _LENGTH.unpack(head)
        body = pipe.read(length)
        if len(body) < length:
            break
        if kind == b"R":
            begun = Begun(raw=body)
        elif kind == b"S":
            place, _, stage = body.decode().partition(" ")
            begun = Begun(place=int(place), stage=stage)
        else:
            told.setdefault(kind, []).append(body)
    return told, begun


def _confine() -> None:
    """Give up what work on an item does not need."""
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    status = Path("/proc/self/statm")
    if status.exists():
        limit = int(status.read_text().split()[0]) * resource.getpagesize() + MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    sys.addaudithook(_refuse)
    grant(0)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is not allowed here")


def grant(size: int) -> None:
    """Begin an item's time anew; when it is over the process ends by SIGPROF or SIGALRM."""
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS * (1 + size / 2**20))
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
