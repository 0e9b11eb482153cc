"""Feeds are parsed in limited children, so that no document can hang or bloat the worker.

    worker thread ─job─► socket ─► child (feed_child.py: 5 s of processor time, 256 MB, no network) ─► Feed or Failure

Children are started when needed, used again, and replaced after 500 feeds or one misdeed.
"""

from signal import SIGXCPU

import msgspec

from monitor.errors import PayloadChanged, SourceRejected
from monitor.sources.children import Child, Children
from monitor.sources.feed import Failure, Feed, ParseJob

_WALL_SECONDS = 10.0
_ANSWER = msgspec.msgpack.Decoder(Feed | Failure)


class FeedBroken(PayloadChanged):
    """The document broke its parser, which says nothing against most of its entries."""


class FeedParser:
    """Parses feeds in at most `children` processes; threads may share it and wait for each other."""

    def __init__(self, children: int = 2, feeds_per_child: int = 500, seconds: float = _WALL_SECONDS) -> None:
        self._seconds = seconds
        self.children = Children("monitor.sources.feed_child", children, feeds_per_child, seconds)
        self.close = self.children.close

    def parse(self, source: str, job: ParseJob) -> Feed:
        """Return the feed; raise PayloadChanged when there is none in it, SourceRejected when it is dangerous.

        FeedBroken: an entry of it broke the parser.
        """
        child = None
        try:
            with self.children.one() as child:
                child.ask(msgspec.msgpack.encode(job))
                answer: Feed | Failure = _ANSWER.decode(child.answer())
        except (OSError, msgspec.DecodeError) as e:
            raise FeedBroken(source, self._reason(child, e)) from e
        if isinstance(answer, Failure) and answer.is_broken:
            raise FeedBroken(source, answer.reason)
        if isinstance(answer, Failure):
            raise (SourceRejected if answer.is_refused else PayloadChanged)(source, answer.reason)
        return answer

    def _reason(self, child: Child | None, error: Exception) -> str:
        if child is None:
            return f"the parser could not be started: {error}"
        if isinstance(error, TimeoutError):
            return f"parsing the feed took more than {self._seconds:g} s"
        if child.process.returncode == -SIGXCPU:
            return "parsing the feed took too much processor time"
        return "the feed broke its parser"
