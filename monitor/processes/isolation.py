"""Work on items that may kill whoever touches them, in a child of its own kind (isolation_child.py).

    worker thread ─Work─► socket ─► child ─fork─► one item at a time ─► found: what broke · apart: what is left

A child is started when it is needed first, used again, and replaced after 500 pages or one misdeed. A page waits while
all of them are at work.
"""

from collections.abc import Mapping, Sequence

import msgspec

from monitor.errors import PayloadChanged, SourceUnavailable
from monitor.models import Mention, Post
from monitor.seams.quarantine import Care, Fetch, ReadApart, post_aside, worded
from monitor.sources.apart import Apart, Broken, Found, Refused, Work
from monitor.sources.children import Child, Children

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
        self.children = Children(MODULE, children, PAGES_PER_CHILD, SILENCE_SECONDS)
        self.close = self.children.close

    def read(self, source: str, page: bytes, asked: Fetch, care: Care) -> ReadApart:
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
        try:
            with self.children.one() as child:
                answer = _answer(child, work, care)
        except (OSError, msgspec.DecodeError) as e:
            raise SourceUnavailable(work.source, f"its items could not be worked on one by one ({worded(e)})") from e
        if isinstance(answer, Refused):
            raise PayloadChanged(work.source, answer.reason)
        if isinstance(answer, Broken):
            raise PayloadChanged(work.source, f"our bug: its answer cannot be read, {answer.reason}")
        mentions = [_MENTION.decode(each) for each in answer.mentions]
        return ReadApart(answer.batch, answer.fetched, mentions, answer.skipped, answer.skipped_posts)


def _answer(child: Child, work: Work, care: Care) -> Apart | Refused | Broken:
    """Return the last answer of a child; what it finds on the way is told at once."""
    child.ask(msgspec.msgpack.encode(work))
    answer: Found | Apart | Refused | Broken = _ANSWER.decode(child.answer())
    while isinstance(answer, Found):
        care.found(answer.item)
        answer = _ANSWER.decode(child.answer())
    return answer


def _packed(post: Post) -> bytes:
    packed = msgspec.msgpack.encode(post)
    _POST.decode(packed)
    return packed
