"""One group of processes: started together, restarted when they die, stopped in order within ten seconds."""

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

log = logging.getLogger(__name__)

STOP_LIMIT = timedelta(seconds=8)
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)
HEALTHY_AFTER = timedelta(seconds=60)
CANNOT_HEAL = 2
"""The exit code of a process that a person must help: configuration."""

LOOK_EVERY = timedelta(milliseconds=200)


class Role(NamedTuple):
    """A process of the group: its name in the log, and how it is started."""

    name: str
    command: tuple[str, ...]


class Child:
    """A role that runs, or waits for its next start."""

    def __init__(self, role: Role, environment: Mapping[str, str]) -> None:
        self.role = role
        self._environment = environment
        self._pause = FIRST_PAUSE
        self._start_at = 0.0
        self._started_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Return the process's id while it runs."""
        return None if self._process is None else self._process.pid

    def tend(self, now: float) -> None:
        """Start the process when it is time, and notice its death; `now` is a monotonic time in seconds."""
        if self._process is None:
            if now >= self._start_at:
                self._start(now)
            return
        code = self._process.poll()
        if code is None:
            return
        self._process = None
        if code == CANNOT_HEAL:
            self._start_at = float("inf")
            log.error("not started again: what it said must be mended first", extra={"role": self.role.name})
            return
        if now - self._started_at > HEALTHY_AFTER.total_seconds():
            self._pause = FIRST_PAUSE
        self._start_at = now + self._pause.total_seconds()
        log.error(
            "died", extra={"role": self.role.name, "exit": code, "again_in": f"{self._pause.total_seconds():.0f}s"}
        )
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, limit: float) -> None:
        """Wait until the process ended, at most `limit` seconds; then kill it: it is built to be killed."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, limit))
        except subprocess.TimeoutExpired:
            log.warning("killed: it did not stop in time", extra={"role": self.role.name})
            self._process.kill()
            self._process.wait()

    def _start(self, now: float) -> None:
        # Its own session, so that Ctrl-C reaches us alone and the order of stopping is ours. Our end of its standard
        # input closes when we die, however we die: then it stops too (see `follow_parent`).
        self._process = subprocess.Popen(
            self.role.command, stdin=subprocess.PIPE, env=dict(self._environment), start_new_session=True
        )
        self._started_at = now
        log.info("started", extra={"role": self.role.name, "pid": self._process.pid})


def supervise(
    roles: Sequence[Role], environment: Mapping[str, str], stopped: threading.Event, keep_store: Callable[[], None]
) -> None:
    """Keep the store and all roles running until `stopped` is set, then stop the roles in reverse order."""
    children = [Child(role, environment) for role in roles]
    while not stopped.wait(LOOK_EVERY.total_seconds()):
        keep_store()
        for child in children:
            child.tend(time.monotonic())
    log.info("stopping")
    deadline = time.monotonic() + STOP_LIMIT.total_seconds()
    for child in reversed(children):
        child.ask_to_stop()
    for child in reversed(children):
        child.wait(deadline - time.monotonic())


def stop_on_signals(stopped: threading.Event) -> None:
    """Set the event on SIGTERM and SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())


def follow_parent() -> None:
    """In a supervised process: ask ourselves to stop when the supervisor is gone."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()
