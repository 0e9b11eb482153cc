"""The product's own way from lines to the store, as `monitor replay` goes it, and its stages one by one."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from time import perf_counter

from monitor.models import Mention, Post, Topic, Window
from monitor.pipeline import Stages, ingest, mentions_of
from monitor.processes.undisturbed import undisturbed
from monitor.signals.copies import wording_of
from monitor.sources.archive_line import DEFAULT_MAP, LineReader
from monitor.store.codec import encode_mention
from monitor.store.connection import Connection
from monitor.store.mentions import MentionStore
from monitor.text.authors import make_disguise
from monitor.text.languages import make_tagger
from monitor.text.scripts import script_of
from monitor.topics.matcher.matching import Matcher, facts_of

STAGES = ("decode", "match", "language", "script", "fingerprint", "disguise", "encode", "store")
TOPIC = "bench"
PAGE = 500
EVER = timedelta(days=36_500)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class OurPipeline:
    """The parts that `monitor.wiring` builds, for one topic with all keywords."""

    def __init__(self, connection: Connection, keywords: Sequence[str]) -> None:
        topic = Topic(name=TOPIC, title="bench", any=tuple(keywords), retention=EVER)
        self._connection = connection
        self._reader = LineReader(DEFAULT_MAP, "replay")
        self._store = MentionStore(connection)
        self._stages = Stages(
            topics={topic.name: topic},
            matcher=Matcher([topic]),
            tag=make_tagger(),
            disguise=make_disguise(b"bench", (), keep_names=False),
        )

    def ingest(self, lines: Sequence[bytes]) -> None:
        """Store the posts that hold a keyword, a page at a time."""
        for page in pages_of(lines):
            ingest(self._posts(page), self._stages, self._store, NOW)

    def stored_ids(self) -> set[str]:
        """Return the ids of all stored posts."""
        return {mention.post.key.id for mention in self.stored()}

    def stored(self) -> list[Mention]:
        """Return all stored posts."""
        return self._store.between(TOPIC, Window(datetime(1970, 1, 1, tzinfo=UTC), NOW))

    def seconds_by_stage(self, lines: Sequence[bytes]) -> dict[str, float]:
        """Run each stage by itself over the same posts, page by page, and return the seconds that it took.

        `fingerprint` is with the folding that it does, and with the sketches of near copies.
        """
        seconds = dict.fromkeys(STAGES, 0.0)
        for page in pages_of(lines):
            for stage, spent in self._page_by_stage(page):
                seconds[stage] += spent
        seconds["store"] -= seconds["encode"]
        return seconds

    def _page_by_stage(self, page: Sequence[bytes]) -> Iterator[tuple[str, float]]:
        posts = self._posts(page)
        mentions = mentions_of(posts, self._stages, None).get(TOPIC, [])
        texts = [mention.post.text for mention in mentions]
        yield "decode", _timed(lambda: self._posts(page))
        yield "match", _timed(lambda: self._match(posts))
        yield "language", _timed(lambda: self._stages.tag(texts, [None] * len(texts)))
        yield "script", _timed(lambda: [script_of(text) for text in texts])
        yield "fingerprint", _timed(lambda: [wording_of(text) for text in texts])
        yield "disguise", _timed(lambda: self._disguise(mentions))
        yield "encode", _timed(lambda: [encode_mention(mention) for mention in mentions])
        yield "store", _timed(lambda: self._store.add(TOPIC, mentions, oldest=NOW - EVER))

    def _posts(self, page: Sequence[bytes]) -> list[Post]:
        return [self._reader.post(line, NOW) for line in page]

    @undisturbed
    def _match(self, posts: Sequence[Post]) -> None:
        matcher = self._stages.matcher
        for found in matcher.find_all([post.text for post in posts], [partial(facts_of, post) for post in posts]):
            if found is not None:
                matcher.judge(found)

    def _disguise(self, mentions: Sequence[Mention]) -> None:
        for mention in mentions:
            self._stages.disguise(mention.post.key, mention.post.author)


def pages_of(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Yield lists of PAGE lines."""
    remaining = iter(lines)
    while page := list(islice(remaining, PAGE)):
        yield page


def _timed(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin
