"""One group of processes: started together, restarted when they die or do nothing, stopped in order in ten seconds.

supervisor ──── a socket as the standard input of each role ──── role
   ends with us, however we end: then the role stops ─────────►
   ◄──────────────────────────── signs of life, a line of JSON each
"""

import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple, TypeAlias

import msgspec

from monitor.processes.stalls import Beat, Rules, stall, watched, watched_from
from monitor.protocols import Sight

log = logging.getLogger(__name__)

STOP_LIMIT = timedelta(seconds=8)
KILL_AFTER = timedelta(seconds=2)
"""A role that is restarted may end in order for so long; one that is stalled rarely can."""

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=5)
"""Between two starts of a role that dies at once: a start costs some two seconds of a processor."""

HEALTHY_AFTER = timedelta(seconds=20)
"""A role that lived for so long begins anew at once."""

CANNOT_HEAL = 2
"""The exit code of a process that a person must help: configuration."""

TEND_EVERY = timedelta(milliseconds=200)
JUDGE_EVERY = timedelta(seconds=1)
MOST_READ = 65_536

Pulse: TypeAlias = Callable[[Beat], None]
"""How a role gives a sign of life."""


class ProcessRole(NamedTuple):
    """A process of the group: its name in the log, how it is started, and when it is no longer well."""

    name: str
    command: tuple[str, ...]
    rules: Rules = Rules()


class Child:
    """A role that runs, or waits for its next start. Every `now` is a monotonic time in seconds."""

    def __init__(self, role: ProcessRole, environment: Mapping[str, str]) -> None:
        self.role = role
        self.is_hopeless = False
        self.is_needed = True
        self._environment = environment
        self._pause = FIRST_PAUSE
        self._start_at = 0.0
        self._started_at = 0.0
        self._kill_at: float | None = None
        self._known = watched_from(0.0)
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._heard = b""

    def tend(self, now: float) -> None:
        """Start the process when it is time, notice its death, and kill it when it was asked to stop and does not."""
        if self._process is None:
            if now >= self._start_at and self.is_needed and not self.is_hopeless:
                self._start(now)
            return
        code = self._process.poll()
        if code is not None:
            self._bury(code, now)
        elif self._kill_at is not None and now >= self._kill_at:
            self._process.kill()

    def judge(self, sight: Sight | None, now: float) -> None:
        """Restart the process when it does nothing, or gives no sign of life; see monitor/processes/stalls.py."""
        if self._process is None or self._kill_at is not None:
            return
        self._known = watched(self._known, self._hear(), sight, now)
        reason = stall(self._known, self.role.rules, now)
        if reason is None:
            return
        log.error("restarted", extra={"role": self.role.name, "reason": reason})
        self._kill_at = now + KILL_AFTER.total_seconds()
        self._process.terminate()

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
        self._hang_up()

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _start(self, now: float) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        # Its own session, so that Ctrl-C reaches us alone and the order of stopping is ours.
        with theirs:
            self._process = subprocess.Popen(
                self.role.command, stdin=theirs.fileno(), env=dict(self._environment), start_new_session=True
            )
        self._line, self._heard, self._kill_at = ours, b"", None
        self._started_at, self._known = now, watched_from(now)
        log.info("started", extra={"role": self.role.name, "pid": self._process.pid})

    def _bury(self, code: int, now: float) -> None:
        self._process = None
        self._hang_up()
        if code == CANNOT_HEAL:
            self.is_hopeless = True
            log.error("not started again: what it said must be mended first", extra={"role": self.role.name})
            return
        pause = self._pause
        if now - self._started_at > HEALTHY_AFTER.total_seconds():
            pause = timedelta(0)
        again = f"{pause.total_seconds():.0f}s"
        log.error("died", extra={"role": self.role.name, "exit": code, "again_in": again})
        self._start_at = now + pause.total_seconds()
        self._pause = min(max(FIRST_PAUSE, pause * 2), LONGEST_PAUSE)

    def _hear(self) -> Beat | None:
        """Return the newest sign of life that came since the last look."""
        assert self._line is not None, "a process that runs has a line"
        try:
            self._heard += self._line.recv(MOST_READ)
        except (BlockingIOError, ConnectionError):
            return None  # nothing came, or nothing comes any more: the process is ending
        lines, _, self._heard = self._heard.rpartition(b"\n")
        newest = lines.rpartition(b"\n")[2]
        return msgspec.json.decode(newest, type=Beat) if newest else None


def supervise(
    roles: Sequence[ProcessRole],
    environment: Mapping[str, str],
    stopped: threading.Event,
    look: Callable[[], Sight | None],
    is_needed: Callable[[ProcessRole], bool] = lambda _: True,
) -> int:
    """Keep all roles running until `stopped` is set, then stop them in reverse order; return the exit code.

    `look` is called every second, and returns None while the store does not answer. A role that is not needed yet is
    not started; one that is not needed any more goes on. CANNOT_HEAL is returned when a
    person must help every single role.
    """
    children = [Child(role, environment) for role in roles]
    for child in children:
        child.is_needed = is_needed(child.role)
    judged_at = 0.0
    while not stopped.wait(TEND_EVERY.total_seconds()) and not all(child.is_hopeless for child in children):
        for child in children:
            child.tend(time.monotonic())
        if time.monotonic() - judged_at >= JUDGE_EVERY.total_seconds():
            sight = look()
            judged_at = time.monotonic()
            for child in children:
                child.is_needed = is_needed(child.role)
                child.judge(sight, judged_at)
    log.info("stopping")
    deadline = time.monotonic() + STOP_LIMIT.total_seconds()
    for child in reversed(children):
        child.ask_to_stop()
    for child in reversed(children):
        child.wait(deadline - time.monotonic())
    return CANNOT_HEAL if all(child.is_hopeless for child in children) else 0


def stop_on_signals(stopped: threading.Event) -> None:
    """Set the event on SIGTERM and SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())


def join_group(*, is_supervised: bool) -> Pulse:
    """In a process of the group: stop when the supervisor is gone, and return how to give signs of life.

    A process that nobody supervises gives them to nobody.
    """
    if not is_supervised:
        return lambda _: None
    line = socket.socket(fileno=os.dup(0))

    def watch() -> None:
        # Who is killed with a sign of ours unread resets the line instead of closing it.
        with suppress(ConnectionError):
            while line.recv(1):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    def beat(sign: Beat) -> None:
        try:
            line.send(msgspec.json.encode(sign) + b"\n", socket.MSG_DONTWAIT)
        except (BlockingIOError, ConnectionError):
            # A supervisor that is frozen reads nothing, and one that is gone ends us by the other thread.
            log.debug("no sign of life was taken")

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()
    return beat
