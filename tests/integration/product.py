"""The product as a person starts it: its own processes, in a home and a configuration of their own."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from monitor.settings import load
from monitor.wiring import Monitor, opened
from tests.data import ROOT

PATIENCE = 60.0


class Product:
    """A home and a configuration, and the commands that work on them."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "var"
        self.config = folder / "config"
        self.config.mkdir(parents=True, exist_ok=True)
        self.variables: dict[str, str] = {"MONITOR_PREVIEW__PORT": "0"}

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
        return own | {"MONITOR_HOME": str(self.home), "MONITOR_CONFIG": str(self.config)} | self.variables

    def write_topics(self, text: str) -> None:
        (self.config / "topics.toml").write_text(text, encoding="utf-8")

    def write_settings(self, text: str) -> None:
        (self.config / "monitor.toml").write_text(text, encoding="utf-8")

    def run(self, *arguments: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = [sys.executable, "-m", "monitor", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=timeout, check=False
        )

    @contextlib.contextmanager
    def running(self, *command: str) -> Iterator["Running"]:
        """Run a long command while in the block; stop it as Ctrl-C does, and kill what does not stop.

        What it said is shown when the block fails.
        """
        running = Running(command or (sys.executable, "-m", "monitor", "up"), self.environment)
        try:
            yield running
        except BaseException:
            print(running.log)
            raise
        finally:
            running.stop()

    @contextlib.contextmanager
    def opened(self) -> Iterator[Monitor]:
        """Open the same store as the processes."""
        known = {name: value for name, value in self.environment.items() if name.startswith("MONITOR_")}
        with opened(load_from(known)) as monitor:
            yield monitor


class Running:
    """A process whose lines are collected."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self._said = threading.Condition()
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def says(self, words: str, timeout: float = PATIENCE) -> str:
        """Wait until a line holds the words and return it."""
        with self._said:
            assert self._said.wait_for(lambda: self._line(words) is not None or self._has_ended(), timeout), self.log
            line = self._line(words)
        assert line is not None, self.log
        return line

    def stop(self, timeout: float = PATIENCE) -> int:
        """Stop as Ctrl-C does and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._reader.join(5)
            assert self.process.stdout is not None
            self.process.stdout.close()

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    def _line(self, words: str) -> str | None:
        return next((line for line in self.lines if words in line), None)

    def _has_ended(self) -> bool:
        return self.process.poll() is not None and not self._reader.is_alive()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._said:
                self.lines.append(line.rstrip("\n"))
                self._said.notify_all()
        with self._said:
            self._said.notify_all()


def load_from(variables: Mapping[str, str]):  # type: ignore[no-untyped-def]
    """Return settings read from these variables."""
    with changed_environment(variables):
        return load()


@contextlib.contextmanager
def changed_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Let the process have these variables while in the block."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def wait_until(condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
    """Wait, looking every 50 ms, until a condition holds; fail when it does not in time."""
    pause = threading.Event()
    for _ in range(int(timeout / 0.05)):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError(f"not within {timeout} s")
