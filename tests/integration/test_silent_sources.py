"""A source that fails, or falls silent: owners hear of it once, /status and the doctor say it, nothing is wiped."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.cli.check import findings
from monitor.duties import upkeep
from monitor.models import Batch, Coverage, Query, QueryStatus, Window
from monitor.readers.source_troubles import Outage, outages
from monitor.seams.ledger import Brought
from monitor.store.codec import encode
from monitor.store.connection import store_now
from monitor.topics.polling.planning import poll_job
from tests.build import NOW, a_topic
from tests.integration.room import Room, a_room

HN = Query("hackernews", "")
HOUR = timedelta(hours=1)


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path) as made:
        made.now = store_now(made.monitor.connection)
        made.follow(a_topic(name="smash-pots"))
        yield made


def look(room: Room, brought: Brought) -> None:
    lease = room.monitor.leases.acquire(poll_job(HN), f"{brought}", HOUR)
    assert lease is not None
    batch = Batch(coverage=Coverage(start=room.now - 24 * HOUR, end=room.now))
    room.monitor.progress.complete(lease, HN, batch, HOUR, brought)


def silent_for(room: Room, hours: int) -> None:
    """Let 40 posts have come in each hour of five days, but for the last ones."""
    look(room, Brought(fresh=9, fetched=9))
    now = int(room.now.timestamp())
    came = [(now // 3600 - n, 40 if n > hours else 0) for n in range(120, 0, -1)]
    at = (now - hours * 3600) * 1000
    room.monitor.connection.execute("HSET", room.monitor.connection.keys.query(HN), "came", encode(came), "came_at", at)
    look(room, Brought())


def test_a_silence_is_told_once_and_everywhere(room: Room) -> None:
    olga = room.person("Olga", "owner")
    silent_for(room, 3)
    before = room.monitor.mentions.count("smash-pots", Window(NOW - 24 * HOUR, NOW))

    for hours in (0, 1, 2):
        upkeep.tell_of_sources(room.monitor, room.now + hours * HOUR / 60)
    room.deliver(str(olga.id))

    told = [text for text in room.seen(olga) if "Hacker News" in text]
    assert len(told) == 1
    assert "brings nothing" in told[0]
    assert "posts or more were to be expected" in told[0]
    assert "brings nothing" in room.say(olga, "/status")
    [said] = [e for e in findings(room.monitor, room.monitor.settings, room.now) if e.what.startswith("hackernews")]
    assert not said.is_good
    assert "brings nothing" in said.what
    assert room.monitor.mentions.count("smash-pots", Window(NOW - 24 * HOUR, NOW)) == before == 3


def a_status(source: str, text: str = "", **changes: object) -> QueryStatus:
    values = {"query": Query(source, text), "read": 0.5, "reason": "503", "since": NOW - 2 * HOUR}
    return QueryStatus(**(values | changes))  # type: ignore[arg-type]


def test_what_lasts_is_told_once_per_platform_or_host() -> None:
    statuses = [
        a_status("x", "a"),
        a_status("x", "b", since=NOW - 3 * HOUR, reason="429"),
        a_status("mastodon", since=NOW - HOUR / 2),
        a_status("bluesky", reason=None, since=None),
        a_status("reddit", reason="no key"),
        a_status("hackernews", since=NOW - HOUR / 3, is_silent=True),
        a_status("rss", "https://a.example/feed"),
        a_status("rss", "https://b.example/feed", since=NOW - 30 * HOUR),
    ]

    assert list(outages(statuses, NOW)) == [
        Outage("x", NOW - 3 * HOUR, "429", False),
        Outage("hackernews", NOW - HOUR / 3, "503", True),
        Outage("rss:b.example", NOW - 30 * HOUR, "503", False),
    ]
