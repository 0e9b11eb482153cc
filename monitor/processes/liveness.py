"""Tells whether a process of this machine is dead: then nobody need wait for the end of its leases.

A worker's name, and a poller's, holds its process id and the space in which that id means something:
`worker-123@box.1a2b3c4d`. Of processes elsewhere, and of names of another form, nothing is known; they count as living.
"""

import hashlib
import os
import re
import socket
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
SPACE = Path("/proc/self/ns/pid")
_NAME = re.compile(r"(?:worker|poller|stream)-(?P<pid>\d+)@[^/]*\.(?P<space>[0-9a-f]{8})(?:/|$)")


def space_of_ids() -> str:
    """Return a name of the space of process ids in which this process lives: this boot, this container.

    Empty where the system cannot tell; a host's name cannot, two containers may share one.
    """
    try:
        told = f"{BOOT.read_text()}{SPACE.readlink()}"
    except OSError:
        return ""
    return hashlib.blake2b(told.encode(), digest_size=4).hexdigest()


def worker_name(pid: int) -> str:
    """Return the name of a worker of this machine."""
    return _name("worker", pid)


def poller_name(pid: int) -> str:
    """Return the name of a process of this machine that polls."""
    return _name("poller", pid)


def stream_name(pid: int) -> str:
    """Return the name of a process of this machine that follows streams."""
    return _name("stream", pid)


def _name(kind: str, pid: int) -> str:
    return f"{kind}-{pid}@{'.'.join(part for part in (socket.gethostname(), space_of_ids()) if part)}"


def is_dead(owner: str) -> bool:
    """Say whether the process that an owner's name begins with has surely ended."""
    name = _NAME.match(owner)
    if name is None or name["space"] != space_of_ids():
        return False
    return has_ended(int(name["pid"]))


def has_ended(pid: int) -> bool:
    """Say whether a process of this space has ended; one that its parent has not yet buried has."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # it lives, and is somebody else's
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] == "Z"
        )
    except OSError:
        return False
