"""The child that parses feeds: `python -m monitor.sources.feed_child`, its socket as standard input.

It may use the processor time of its job (5 s) and 256 MB, and can open no connection, no process and no file for
writing. It ends when its parent does: the socket closes.
"""

import math
import resource
import socket
import sys
from pathlib import Path
from typing import Any

import msgspec

from monitor.sources.feed import Failure, Feed, HasDtd, NotAFeed, ParseJob
from monitor.sources.feed_reader import read_feed
from monitor.sources.frames import receive_frame, send_frame

_MEMORY_BYTES = 256 * 2**20
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.system",
    "urllib.",
    "http.",
    "ftplib.",
    "ctypes.",
)


def main() -> None:
    """Answer jobs until the parent closes the socket."""
    decoder = msgspec.msgpack.Decoder(ParseJob)
    with socket.socket(fileno=sys.stdin.fileno()) as connection:
        _confine()
        while (frame := receive_frame(connection)) is not None:
            job = decoder.decode(frame)
            _grant_cpu(job.cpu_seconds)
            send_frame(connection, msgspec.msgpack.encode(_answer(job)))


def _answer(job: ParseJob) -> Feed | Failure:
    try:
        return read_feed(job.body, job.headers)
    except NotAFeed as e:
        return Failure(reason=str(e))
    except HasDtd as e:
        return Failure(reason=str(e), is_refused=True)
    except MemoryError:
        return Failure(reason=f"the feed needs more than {_MEMORY_BYTES >> 20} MB to be parsed", is_broken=True)
    except Exception as e:  # noqa: BLE001 - the top of a job: feedparser raises what it likes on hostile input
        return Failure(reason=f"the feed cannot be parsed ({type(e).__name__})", is_broken=True)


def _confine() -> None:
    """Give up what parsing does not need; a refusal by the system (macOS knows no address space limit) is no harm."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    status = Path("/proc/self/statm")
    if status.exists():
        used = int(status.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + _MEMORY_BYTES, used + _MEMORY_BYTES))
    sys.addaudithook(_refuse)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is not allowed here")


def _grant_cpu(seconds: int) -> None:
    """Move the soft limit ahead of what was used; passing it ends the process by SIGXCPU."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(usage.ru_utime + usage.ru_stime) + seconds, hard))


if __name__ == "__main__":
    main()
