"""Every real feed through a real HTTP server into a real store, beside what plain feedparser makes of it."""

from collections import Counter
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest

from monitor.errors import PayloadChanged, SourceRejected
from monitor.models import Mention, Query, Window
from monitor.services.looks import Look, Parts, poll
from monitor.settings import Settings
from monitor.sources import SOURCES
from monitor.sources.http import Client
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.mentions import MentionStore
from monitor.store.progress import ProgressStore
from monitor.store.schedule import LeaseStore
from monitor.topics.polling.planning import poll_job
from monitor.wiring import make_stages
from tests.build import NOW, a_topic
from tests.integration.corpus import Wanted, documents, wanted
from tests.simulators.feed_server import FeedServer, document

EVER = timedelta(days=365 * 100)
ALL_TIME = Window(NOW - EVER, NOW + timedelta(days=1))
XML = "application/xml"


def parts_of(connection: Connection, server: FeedServer) -> Parts:
    client = Client(allow=[server.address])
    sources = {"rss": SOURCES["rss"](client, {})}
    return Parts(sources, LeaseStore(connection), ProgressStore(connection), MentionStore(connection))


def is_found(each: Wanted, stored: list[Mention]) -> bool:
    """Find an entry among the stored posts by its link, or where it has none by its word alone."""
    return any(
        each.word.casefold() in mention.post.text.casefold() and mention.post.url in (each.link or None, None)
        for mention in stored
    )


PARTS = 4
"""Which are tried side by side."""


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", range(PARTS))
def test_every_feed_that_the_guards_admit_is_stored_as_plain_feedparser_gives_it(
    valkey: Connection, short_home: Path, part: int
) -> None:
    settings = Settings(home=short_home)
    outcomes: Counter[str] = Counter()
    with FeedServer() as server:
        parts = parts_of(valkey, server)
        for number, (name, body) in islice(enumerate(documents()), part, None, PARTS):
            url = server.serve(f"/{number}", document(body, content_type=XML))
            entries = wanted(body, url)
            words = tuple(sorted({each.word for each in entries})) or ("nothing",)
            topic = a_topic(name=f"f{number}", any=words, sources=(f"rss:{url}",), retention=EVER)
            query = Query("rss", url)

            polled = poll(
                Look(poll_job(query), query, topic.every, f"{number}"), parts, make_stages([topic], settings), NOW
            )

            assert polled is not None
            if polled.error is not None:
                assert isinstance(polled.error, PayloadChanged | SourceRejected), name
                outcomes[type(polled.error).__name__] += 1
                continue
            outcomes["admitted"] += 1
            stored = parts.mentions.between(topic.name, ALL_TIME)
            missing = [each for each in entries if not is_found(each, stored)]
            assert missing == [], name
            assert len(stored) <= polled.fetched
            outcomes["entries"] += len(stored)

    assert check(valkey) == []
    assert outcomes["admitted"] + outcomes["PayloadChanged"] + outcomes["SourceRejected"] >= 2_150 // PARTS
    assert outcomes["admitted"] >= 2_000 // PARTS, outcomes
