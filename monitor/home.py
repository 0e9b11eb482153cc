"""The home of this machine's data: what its file system refuses, and the secret keys in it."""

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from monitor.errors import StoreError
from monitor.logs import hide


@contextmanager
def on_disk(home: Path) -> Iterator[None]:
    """Word what the file system refuses."""
    try:
        yield
    except OSError as e:
        remedy = "free some space" if e.errno == errno.ENOSPC else "set MONITOR_HOME to a folder of yours"
        raise StoreError(f"{home}: cannot be used for data ({e.strerror}); {remedy}") from e


def author_key(home: Path) -> bytes:
    """Return the key under which authors are hashed."""
    return secret_key(home / "author.key")


def secret_key(path: Path) -> bytes:
    """Return a key of 256 bits of chance, made at first use and readable by its owner only. No log says it."""
    with on_disk(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_once(path, secrets.token_hex(32))
        text = path.read_text(encoding="ascii")
    key = bytes.fromhex(text)
    for form in (text.strip(), repr(key)[2:-1]):
        hide(form)
    return key


def adopt_key(home: Path, key: bytes | None, now: datetime) -> None:
    """Let the key of a backup be the key of this home; another one that is there is kept beside it."""
    if key is None or author_key(home) == key:
        return
    path = home / "author.key"
    path.rename(path.with_suffix(f".key.before-{now:%Y%m%d-%H%M%S}"))
    write_once(path, key.hex())


def write_once(path: Path, secret: str) -> None:
    """Write a secret for its owner only, whole or not at all; the first of several processes wins."""
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    try:
        fresh.touch(mode=0o600)
        fresh.write_text(secret, encoding="ascii")
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)
