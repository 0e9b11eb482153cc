"""Processes that do dangerous work for a thread: started when needed, used again, ended after a misdeed.

thread ─work─► socket ─► python -m MODULE, which knows no secret ─► answers
"""

import os
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from queue import LifoQueue

from monitor.sources.frames import receive_frame, send_frame


class Child:
    """A running child and our end of its socket; it may say nothing for so many seconds."""

    def __init__(self, module: str, seconds: float) -> None:
        self._connection, theirs = socket.socketpair()
        self._connection.settimeout(seconds)
        self.asked = 0
        with theirs:
            # Only what Python needs to find its modules: what it works on may be hostile, and it shall know no secret.
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                start_new_session=True,
            )

    def ask(self, work: bytes) -> None:
        """Send some work; raise OSError when the child is gone."""
        self.asked += 1
        send_frame(self._connection, work)

    def answer(self) -> bytes:
        """Return the next answer; raise OSError when the child dies or says nothing for too long."""
        frame = receive_frame(self._connection)
        if frame is None:
            raise ConnectionResetError("the child has died")
        return frame

    def stop(self) -> None:
        """End the child: closing the socket asks, and it is killed when it does not listen."""
        self._connection.close()
        try:
            self.process.wait(0.5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Children:
    """At most `most` children of a module, each replaced after `uses` works. Threads share them, and wait for them."""

    def __init__(self, module: str, most: int, uses: int, seconds: float) -> None:
        self._module = module
        self._uses = uses
        self._seconds = seconds
        self._slots: LifoQueue[Child | None] = LifoQueue()
        for _ in range(most):
            self._slots.put(None)
        self.living: set[Child] = set()
        self.close = weakref.finalize(self, _stop, self.living)

    @contextmanager
    def one(self) -> Iterator[Child]:
        """Lend a child, whose answers must be read to the last; after an error it is ended. OSError: none can start."""
        child = self._slots.get()
        try:
            child = self._ready(child)
            yield child
        except BaseException:
            # What a child still has to say after an error would be taken for its next answer.
            if child is not None:
                self._end(child)
            child = None
            raise
        finally:
            self._slots.put(child)

    def _ready(self, child: Child | None) -> Child:
        if child is not None and child.asked < self._uses and child.process.poll() is None:
            return child
        if child is not None:
            self._end(child)
        child = Child(self._module, self._seconds)
        self.living.add(child)
        return child

    def _end(self, child: Child) -> None:
        self.living.discard(child)
        child.stop()


def _stop(children: set[Child]) -> None:
    while children:
        children.pop().stop()
