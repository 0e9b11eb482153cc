"""Posts that were shown are looked at again: over real HTTP, against the store, on a clock of the test's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.digests.redaction import GONE
from monitor.digests.render import render
from monitor.duties.jobs import digest_now, read_topics
from monitor.duties.rounds import shown_in
from monitor.duties.second_look import look_again
from monitor.models import Author, Engagement, Parcel, Post, PostKey, Window
from monitor.pipeline import ingest
from monitor.settings import FetchSettings, Settings
from monitor.store.fsck import check
from monitor.topics.polling.planning import reread_job
from monitor.wiring import Monitor, opened
from tests.simulators.algolia import Items
from tests.simulators.feed_server import FeedServer, status

HOUR = timedelta(hours=1)
BEGAN = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
CHAT = "-1001"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def monitor(tmp_path: Path, server: FeedServer) -> Iterator[Monitor]:
    (tmp_path / "topics.toml").write_text('[topics.pots]\nany = ["砸锅卖铁"]\nsources = ["hackernews"]\n')
    settings = Settings(
        home=tmp_path / "var",
        config=tmp_path,
        fetch=FetchSettings(allow=(server.address,)),
        sources={"hackernews": {"url": f"{server.url}/api/v1", "items_url": f"{server.url}/v0"}},
    )
    with opened(settings) as opened_:
        read_topics(opened_, BEGAN)
        yield opened_
        assert check(opened_.connection) == []


def stored(monitor: Monitor, count: int) -> list[Post]:
    """Store posts and hand a digest over that shows some of them."""
    posts = [
        Post(
            key=PostKey("hackernews", str(n)),
            url=f"https://news.ycombinator.com/item?id={n}",
            text=f"砸锅卖铁 number {n}",
            observed_at=BEGAN,
            created_at=BEGAN,
            author=Author(id=f"person{n}"),
            engagement=Engagement(likes=n),
        )
        for n in range(1, count + 1)
    ]
    ingest(posts, monitor.stages(), monitor.mentions, BEGAN)
    made = digest_now(monitor, monitor.topics.all()[0], Window(BEGAN - HOUR, BEGAN + HOUR / 2), BEGAN)
    monitor.outbox.hand_over(CHAT, [Parcel(message=render(made, CHAT), posts=shown_in(made))])
    return posts


def items_of(server: FeedServer, posts: list[Post]) -> Items:
    items = Items()
    for post in posts:
        items.put(int(post.key.id), title=post.text, score=70, time=int(BEGAN.timestamp()), by=post.author.id)
    server.serve_everything(items)
    return items


def look(monitor: Monitor, hours: float) -> None:
    """Take a round at a time after the beginning, due or not."""
    monitor.connection.execute("ZADD", monitor.connection.keys.work.due, 0, str(reread_job("hackernews")))
    look_again(monitor, "hackernews", f"me {hours}", lambda: BEGAN + hours * HOUR)


def texts(monitor: Monitor) -> list[str]:
    return [each.post.text for each in monitor.mentions.between("pots", Window(BEGAN - HOUR, BEGAN + HOUR))]


def message(monitor: Monitor) -> str:
    head = monitor.outbox.outlook(CHAT).head
    assert head is not None
    return head.parcel.message.text


def test_a_source_that_can_has_a_job(monitor: Monitor) -> None:
    assert reread_job("hackernews") in dict(monitor.schedule.due())


def test_what_was_deleted_leaves_the_store_and_the_message(monitor: Monitor, server: FeedServer) -> None:
    items = items_of(server, stored(monitor, 9))
    assert "number 9" in message(monitor)
    items.put(9, deleted=True)

    look(monitor, 1.5)

    assert texts(monitor).count("") == 1
    assert not any("number 9" in each for each in texts(monitor))
    assert "number 9" not in message(monitor)
    assert GONE in message(monitor)
    # Its place in the counts stays, and nobody asks for it any more.
    asked = server.counts["/v0/item/9.json"]
    look(monitor, 9)
    assert server.counts["/v0/item/9.json"] == asked
    assert server.counts["/v0/item/8.json"] > asked


def test_what_was_gained_and_edited_is_taken_over(monitor: Monitor, server: FeedServer) -> None:
    items = items_of(server, stored(monitor, 9))
    items.known[9]["title"] = "砸锅卖铁 corrected"

    look(monitor, 1.5)

    found = {each.post.key.id: each for each in monitor.mentions.between("pots", Window(BEGAN - HOUR, BEGAN + HOUR))}
    assert {each.post.engagement.likes for each in found.values()} == {70}
    assert found["9"].post.text == "砸锅卖铁 corrected"
    assert "corrected" in message(monitor)
    assert "number 9" not in message(monitor)


def test_an_outage_that_says_that_all_is_gone_wipes_nothing(monitor: Monitor, server: FeedServer) -> None:
    posts = stored(monitor, 9)
    monitor.sources["hackernews"].most = 25  # type: ignore[attr-defined] - as a platform that answers for many at once
    items = items_of(server, posts)
    for post in posts:
        items.put(int(post.key.id), deleted=True)

    look(monitor, 1.5)
    after_one = texts(monitor)
    look(monitor, 3)

    assert after_one == [post.text for post in posts]
    # Who insists for an hour is believed.
    assert set(texts(monitor)) == {""}


@pytest.mark.parametrize("body", [b"null", b"[]", b"<html>"])
def test_answers_of_another_shape_wipe_nothing(monitor: Monitor, server: FeedServer, body: bytes) -> None:
    posts = stored(monitor, 5)
    server.serve_everything(status(200, body))

    for hours in (1.5, 3, 9, 30):
        look(monitor, hours)

    assert texts(monitor) == [post.text for post in posts]


def test_a_platform_that_asks_for_patience_gets_it(monitor: Monitor, server: FeedServer) -> None:
    posts = stored(monitor, 5)
    server.serve_everything(status(429, headers={"Retry-After": "900"}))

    look(monitor, 1.5)

    due = dict(monitor.schedule.due())[reread_job("hackernews")]
    assert due - datetime.now(UTC) > timedelta(seconds=880)
    assert sum(server.counts.values()) == 1
    assert texts(monitor) == [post.text for post in posts]


def test_a_kill_between_two_looks_asks_for_nothing_twice(
    monitor: Monitor, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    items_of(server, stored(monitor, 9))
    note, noted = monitor.second_looks.note, []

    def killed(*args: object) -> None:
        if len(noted) == 4:
            raise KeyboardInterrupt
        note(*args)  # type: ignore[arg-type]
        noted.append(args)

    monkeypatch.setattr(monitor.second_looks, "note", killed)
    with pytest.raises(KeyboardInterrupt):
        look(monitor, 1.5)
    monkeypatch.undo()
    look(monitor, 1.6)

    counts = [server.counts[f"/v0/item/{n}.json"] for n in range(1, 10)]
    assert sorted(counts) == [1] * 8 + [2], "but for the one whose answer nobody kept"
