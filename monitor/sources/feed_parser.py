"""Feeds are parsed in limited children, so that no document can hang or bloat the worker.

    worker thread ─job─► socket ─► child (feed_child.py: 5 s of processor time, 256 MB, no network) ─► Feed or Failure

Children are started when needed, used again, and replaced after 500 feeds or one misdeed.
"""

import os
import socket
import subprocess
import sys
import weakref
from queue import LifoQueue
from signal import SIGXCPU

import msgspec

from monitor.errors import PayloadChanged, SourceRejected
from monitor.sources.feed import Failure, Feed, Job
from monitor.sources.frames import receive_frame, send_frame

_WALL_SECONDS = 10.0
_ANSWER = msgspec.msgpack.Decoder(Feed | Failure)


class FeedBroken(PayloadChanged):
    """The document broke its parser, which says nothing against most of its entries."""


class FeedParser:
    """Parses feeds in at most `children` processes; threads may share it and wait for each other."""

    def __init__(self, children: int = 2, feeds_per_child: int = 500, seconds: float = _WALL_SECONDS) -> None:
        self._feeds_per_child = feeds_per_child
        self._seconds = seconds
        self._slots: LifoQueue[_Child | None] = LifoQueue()
        for _ in range(children):
            self._slots.put(None)
        self._living: set[_Child] = set()
        self.close = weakref.finalize(self, _stop, self._living)

    def parse(self, source: str, job: Job) -> Feed:
        """Return the feed; raise PayloadChanged when there is none in it, SourceRejected when it is dangerous.

        FeedBroken: an entry of it broke the parser.
        """
        child = self._slots.get()
        try:
            child = self._ready(child)
            answer = child.ask(job)
        except (OSError, msgspec.DecodeError) as e:
            reason = self._reason(child, e)
            child = None
            raise FeedBroken(source, reason) from e
        finally:
            self._slots.put(child)
        if isinstance(answer, Failure) and answer.is_broken:
            raise FeedBroken(source, answer.reason)
        if isinstance(answer, Failure):
            raise (SourceRejected if answer.is_refused else PayloadChanged)(source, answer.reason)
        return answer

    def _ready(self, child: "_Child | None") -> "_Child":
        """Return this child when it can go on, else a new one."""
        if child is not None and child.asked < self._feeds_per_child and child.process.poll() is None:
            return child
        if child is not None:
            self._end(child)
        child = _Child(self._seconds)
        self._living.add(child)
        return child

    def _end(self, child: "_Child") -> None:
        self._living.discard(child)
        child.stop()

    def _reason(self, child: "_Child | None", error: Exception) -> str:
        if child is None:
            return f"the parser could not be started: {error}"
        self._end(child)
        if isinstance(error, TimeoutError):
            return f"parsing the feed took more than {self._seconds:g} s"
        if child.process.returncode == -SIGXCPU:
            return "parsing the feed took too much processor time"
        return "the feed broke its parser"


class _Child:
    """A running child and our end of its socket."""

    def __init__(self, seconds: float) -> None:
        self._connection, theirs = socket.socketpair()
        self._connection.settimeout(seconds)
        self.asked = 0
        with theirs:
            # Only what Python needs to find its modules: the child reads strangers' bytes and shall know no secret.
            self.process = subprocess.Popen(
                [sys.executable, "-m", "monitor.sources.feed_child"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )

    def ask(self, job: Job) -> Feed | Failure:
        """Return the child's answer; raise OSError when it dies or takes too long."""
        self.asked += 1
        send_frame(self._connection, msgspec.msgpack.encode(job))
        frame = receive_frame(self._connection)
        if frame is None:
            raise ConnectionResetError("the child has died")
        answer: Feed | Failure = _ANSWER.decode(frame)
        return answer

    def stop(self) -> None:
        """End the child: closing the socket asks, and it is killed when it does not listen."""
        self._connection.close()
        try:
            self.process.wait(0.5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _stop(children: "set[_Child]") -> None:
    while children:
        children.pop().stop()
