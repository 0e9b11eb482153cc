"""What the doctor says of the machine: room on the disks, the folder of backups, the port of the page."""

import http.client
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from monitor.settings import Settings
from monitor.store.embedded import is_locked

LEAST_FREE = 200_000_000
"""Bytes: the store's log is rewritten beside the old one, and a backup is written whole before the last one goes."""

PAGE_LIMIT = 2.0
"""Seconds in which the page answers, or is not ours."""


class Finding(NamedTuple):
    """One line of the doctor's report; a remedy only where something is wrong."""

    is_good: bool
    what: str
    remedy: str = ""


def of_machine(settings: Settings) -> Iterator[Finding]:
    """Yield what can be known without the store, which may be what does not start."""
    folders = {"data": settings.home} if settings.redis_url is None else {}
    if settings.backups_kept:
        folders["backups"] = settings.backups
        yield from _unwritable(settings.backups)
    yield from rooms({name: shutil.disk_usage(_existing(folder)).free for name, folder in folders.items()}, folders)
    yield from _page(settings)


def rooms(free: dict[str, int], folders: dict[str, Path]) -> Iterator[Finding]:
    """Yield how many bytes are free for each folder; for two that have the same room once."""
    told: dict[int, str] = {}
    for name, room in free.items():
        told.setdefault(room, name)
    for room, name in told.items():
        said = f"disk: {room / 1e9:,.1f} GB free for {name} ({folders[name]})"
        if room >= LEAST_FREE:
            yield Finding(True, said)
        else:
            said = f"disk: {room / 1e6:,.0f} MB free for {name} ({folders[name]})"
            yield Finding(False, said, "free some space; nothing that was stored is lost, and what waits is read then")


def _unwritable(folder: Path) -> Iterator[Finding]:
    """Yield that backups cannot be written. The folder is made at the first one, so its nearest parent decides."""
    nearest = _existing(folder)
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        yield Finding(
            False, f"backups: {folder} cannot be written", "make it a folder of yours, or set folder in [backup]"
        )


def _existing(path: Path) -> Path:
    """Return the path, or the nearest above it that is there."""
    whole = path.absolute()
    return next(each for each in (whole, *whole.parents) if each.exists())


def _page(settings: Settings) -> Iterator[Finding]:
    """Yield that a page should run, and is not what answers on its port. Which one a free port is nobody knows here."""
    lock = settings.home / "up-page.lock"
    port = settings.preview.port
    if not port or not lock.exists() or not is_locked(lock) or _is_ours(settings.preview.host, port):
        return
    remedy = "set port in [preview] of config/monitor.toml (0 takes a free one), and start again"
    yield Finding(False, f"page: what answers on port {port} is not the page of monitor", remedy)


def _is_ours(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=PAGE_LIMIT)  # noqa: S104
    try:
        connection.request("HEAD", "/", headers={"Host": f"127.0.0.1:{port}"})
        return (connection.getresponse().getheader("Server") or "").startswith("monitor")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
