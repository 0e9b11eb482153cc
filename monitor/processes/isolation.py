"""Work on items that may kill whoever touches them, in a child of its own kind (isolation_child.py).

    worker thread ─Work─► socket ─► child ─fork─► one item at a time ─► found: what broke · apart: what is left

A child is started when it is needed first, used again, and replaced after 500 pages or one misdeed. A page waits while
all of them are at work.
"""

import os
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from queue import LifoQueue

import msgspec

from monitor.errors import PayloadChanged, SourceUnavailable
from monitor.models import Mention, Post
from monitor.seams.quarantine import Asked, Care, ReadApart, post_aside, worded
from monitor.sources.apart import Apart, Broken, Found, Refused, Work
from monitor.sources.frames import receive_frame, send_frame

MODULE = "monitor.processes.isolation_child"
PAGES_PER_CHILD = 500
SILENCE_SECONDS = 60.0
"""Longer than a child may say nothing: it tells of every item that took long, and the longest takes ten seconds."""

_ANSWER = msgspec.msgpack.Decoder(Found | Apart | Refused | Broken)
_MENTION = msgspec.msgpack.Decoder(Mention)
_POST = msgspec.msgpack.Decoder(Post)


class ForkIsolation:
    """Implements the Isolation protocol. `options` are those of the sources, `engine` tags languages."""

    def __init__(self, options: Mapping[str, Mapping[str, str]], engine: str, children: int = 2) -> None:
        self._options = options
        self._engine = engine
        self._slots: LifoQueue[_Child | None] = LifoQueue()
        for _ in range(children):
            self._slots.put(None)
        self._living: set[_Child] = set()
        self.close = weakref.finalize(self, _stop, self._living)

    def read(self, source: str, page: bytes, asked: Asked, care: Care) -> ReadApart:
        """Read the items of a page and match them."""
        work = self._work(source, care)
        return self._done(
            msgspec.structs.replace(work, page=page, query=asked.query, cursor=asked.cursor, now=asked.now), care
        )

    def match(self, source: str, posts: Sequence[Post], care: Care) -> ReadApart:
        """Match posts that were read already."""
        packed: list[bytes] = []
        for post in posts:
            try:
                packed.append(_packed(post))
            except Exception as e:  # noqa: BLE001 - a source may put anything into a post
                care.found(post_aside(post, "codec", worded(e)))
        return self._done(msgspec.structs.replace(self._work(source, care), posts=packed), care)

    def reread(self, source: str, item: bytes, care: Care) -> ReadApart:
        """Read and match an item out of quarantine."""
        return self._done(msgspec.structs.replace(self._work(source, care), items=[item]), care)

    def _work(self, source: str, care: Care) -> Work:
        return Work(
            topics=list(care.topics),
            engine=self._engine,
            now=care.now,
            source=source,
            options=dict(self._options.get(source, {})),
            quarantined=sorted(care.quarantined),
        )

    def _done(self, work: Work, care: Care) -> ReadApart:
        child = self._slots.get()
        is_whole = False
        try:
            child = self._ready(child)
            answer = _answer(child, work, care)
            is_whole = True
        except (OSError, msgspec.DecodeError) as e:
            raise SourceUnavailable(work.source, f"its items could not be worked on one by one ({worded(e)})") from e
        finally:
            # What a child still has to say after an error would be taken for its next answer.
            if child is not None and not is_whole:
                self._end(child)
            self._slots.put(child if is_whole else None)
        if isinstance(answer, Refused):
            raise PayloadChanged(work.source, answer.reason)
        if isinstance(answer, Broken):
            raise PayloadChanged(work.source, f"our bug: its answer cannot be read, {answer.reason}")
        mentions = [_MENTION.decode(each) for each in answer.mentions]
        return ReadApart(answer.batch, answer.fetched, mentions, answer.skipped, answer.skipped_posts)

    def _ready(self, child: "_Child | None") -> "_Child":
        if child is not None and child.asked < PAGES_PER_CHILD and child.process.poll() is None:
            return child
        if child is not None:
            self._end(child)
        child = _Child()
        self._living.add(child)
        return child

    def _end(self, child: "_Child") -> None:
        self._living.discard(child)
        child.stop()


def _answer(child: "_Child", work: Work, care: Care) -> Apart | Refused | Broken:
    """Return the last answer of a child; what it finds on the way is told at once."""
    for answer in child.answers(work):
        if not isinstance(answer, Found):
            return answer
        care.found(answer.item)
    raise ConnectionResetError("the child has died")


def _packed(post: Post) -> bytes:
    packed = msgspec.msgpack.encode(post)
    _POST.decode(packed)
    return packed


class _Child:
    """A running child and our end of its socket."""

    def __init__(self) -> None:
        self._connection, theirs = socket.socketpair()
        self._connection.settimeout(SILENCE_SECONDS)
        self.asked = 0
        with theirs:
            # Only what Python needs to find its modules: what it works on may be hostile, and it shall know no secret.
            self.process = subprocess.Popen(
                [sys.executable, "-m", MODULE],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                start_new_session=True,
            )

    def answers(self, work: Work) -> Iterator[Found | Apart | Refused | Broken]:
        """Yield the child's answers; raise OSError when it dies or says nothing for too long."""
        self.asked += 1
        send_frame(self._connection, msgspec.msgpack.encode(work))
        while (frame := receive_frame(self._connection)) is not None:
            yield _ANSWER.decode(frame)

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
