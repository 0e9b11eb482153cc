"""The past of a topic and the gaps of a query, read by pages over real HTTP into a real store."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.duties.jobs import look_now, read_topics
from monitor.duties.look_back import look_back, offers, refill
from monitor.errors import PayloadChanged, RateLimited
from monitor.models import Author, Batch, Coverage, Cursor, Post, PostKey, Query, SetAside, Window
from monitor.seams.looking_back import Price
from monitor.settings import FetchSettings, Settings
from monitor.store.fsck import check
from monitor.topics.polling.planning import poll_job, refill_job
from monitor.topics.polling.refilling import MOST_TRIES
from monitor.wiring import Monitor, opened
from tests.simulators.algolia import PATH, Index
from tests.simulators.feed_server import FeedServer, in_turn, status

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = Window(NOW - 24 * HOUR, NOW)
HN = Query("hackernews", "")
TOPICS = """
feeds = ["https://feed.example/"]
[topics.pots]
any = ["砸锅卖铁"]
[topics.iron]
any = ["卖铁"]
sources = ["hackernews"]
"""


def item(number: int, minutes: int) -> tuple[int, int, str]:
    """Return an item so many minutes ago; every third is about both topics."""
    return number, int((NOW - timedelta(minutes=minutes)).timestamp()), "砸锅卖铁" if number % 3 == 0 else "nothing"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def index(server: FeedServer) -> Index:
    found = Index()
    server.serve(PATH, found)
    return found


@pytest.fixture
def monitor(tmp_path: Path, server: FeedServer) -> Iterator[Monitor]:
    (tmp_path / "topics.toml").write_text(TOPICS)
    settings = Settings(
        home=tmp_path / "var",
        config=tmp_path,
        fetch=FetchSettings(allow=(server.address,)),
        sources={"hackernews": {"url": f"{server.url}/api/v1", "page": "10"}},
    )
    with opened(settings) as opened_:
        read_topics(opened_, NOW)
        yield opened_
        assert check(opened_.connection) == []


def filled(index: Index, count: int) -> None:
    for number in range(1, count + 1):
        index.add_text(*item(number, 20 * number))


def ids(monitor: Monitor, topic: str = "pots", *, backfilled: bool | None = None) -> list[int]:
    found = monitor.mentions.between(topic, Window(DAY.start - HOUR, DAY.end + HOUR))
    return sorted(int(each.post.key.id) for each in found if backfilled in (None, each.backfilled))


def test_the_price_of_each_query_is_told_first(monitor: Monitor, index: Index) -> None:
    filled(index, 45)

    [pots] = [each for each in monitor.topics.all() if each.name == "pots"]

    first, second = offers(monitor, pots, DAY, None, NOW)
    if first.query.source != "hackernews":
        first, second = second, first

    assert first.price is not None
    assert (first.price.requests, first.price.posts, first.price.dollars) == (5, 45, 0.0)
    assert (second.price, second.reason) == (None, "cannot be looked back at")
    assert ids(monitor) == []


def test_a_look_back_is_for_one_topic_and_marked(monitor: Monitor, index: Index) -> None:
    filled(index, 45)
    [pots] = [each for each in monitor.topics.all() if each.name == "pots"]

    steps = list(look_back(monitor, pots, HN, DAY, lambda: NOW))

    assert ids(monitor, backfilled=True) == ids(monitor) == list(range(3, 46, 3))
    assert ids(monitor, "iron") == []
    assert (steps[-1].pages, steps[-1].new) == (5, 15)
    assert abs(steps[-1].covered - DAY.length) < timedelta(seconds=10)
    hours = Window(DAY.start.replace(minute=0, second=0), DAY.end.replace(minute=0, second=0))
    assert sum(monitor.mentions.hourly("pots", hours)) == 0, "what is usual does not change"
    assert monitor.look_backs.find("pots", HN) is None


def test_a_look_back_that_was_killed_goes_on_and_pays_no_page_twice(
    monitor: Monitor, index: Index, server: FeedServer
) -> None:
    filled(index, 45)
    [pots] = [each for each in monitor.topics.all() if each.name == "pots"]
    begun = look_back(monitor, pots, HN, DAY, lambda: NOW)
    next(begun)
    next(begun)
    begun.close()
    # Whoever comes back asks for a window of a later time; the one that was begun is read to its end.
    later = Window(DAY.start + HOUR, DAY.end + HOUR)
    [offer] = offers(monitor, pots, later, "hackernews", NOW + HOUR)
    server.asked.clear()

    steps = list(look_back(monitor, pots, HN, later, lambda: NOW + HOUR))

    assert offer.begun is not None
    assert (offer.begun.pages, offer.begun.window) == (2, DAY)
    assert len(server.asked) == len(set(server.asked)) == 3
    assert steps[-1].pages == 5
    assert ids(monitor) == list(range(3, 46, 3))


def test_a_source_that_fails_in_the_middle_keeps_what_was_read(
    monitor: Monitor, index: Index, server: FeedServer
) -> None:
    filled(index, 45)
    [pots] = [each for each in monitor.topics.all() if each.name == "pots"]
    server.serve(PATH, in_turn(index, status(429, headers={"Retry-After": "5"}), index, status(200, b"[]"), index))
    raised = []
    for _ in range(3):
        try:
            list(look_back(monitor, pots, HN, DAY, lambda: NOW))
        except (RateLimited, PayloadChanged) as e:
            raised.append(type(e))

    assert raised == [RateLimited, PayloadChanged]
    assert len(server.asked) == 7, "five pages, and two that failed"
    assert ids(monitor) == list(range(3, 46, 3))


class Past:
    """A source that shows a page with a post that cannot be stored, and an item that cannot be read."""

    name = "hackernews"

    def price(self, query: str, window: Window, now: datetime) -> Price:
        return Price()

    def back(self, query: str, window: Window, cursor: Cursor | None, now: datetime) -> Batch:
        texts = ("砸锅卖铁", "砸锅卖铁 \ud800")
        posts = [
            Post(key=PostKey(self.name, str(n)), url=None, text=text, observed_at=NOW) for n, text in enumerate(texts)
        ]
        item = SetAside(kind="item", id="7", raw=b"{}", reason="broken", author=Author(id="alice", handle="alice"))
        return Batch(posts=tuple(posts), unreadable=1, set_aside=(item,), coverage=Coverage(start=DAY.start, end=NOW))


def test_a_broken_post_costs_a_look_back_itself_only_and_nobody_is_named(monitor: Monitor) -> None:
    """The page failed with it, each time anew; and who wrote what could not be read lay there by name."""
    [pots] = [each for each in monitor.topics.all() if each.name == "pots"]
    monitor.platforms["hackernews"] = monitor.sources["hackernews"] = Past()  # type: ignore[assignment]

    steps = list(look_back(monitor, pots, HN, DAY, lambda: NOW))

    assert steps[-1].new == 1
    assert ids(monitor) == [0]
    kept = {each.item.kind: each.item for each in monitor.quarantine.all()}
    assert set(kept) == {"item", "post"}
    assert "alice" not in f"{kept['item'].author}"


def a_gap(monitor: Monitor, index: Index) -> Window:
    """Let a query have been read but for two hours, in which something was said."""
    filled(index, 45)
    gap = Window(NOW - 6 * HOUR, NOW - 4 * HOUR)
    for number, (start, end) in enumerate([(DAY.start, gap.start), (gap.end, NOW)]):
        lease = monitor.leases.acquire(poll_job(HN), f"before {number}", HOUR)
        assert lease is not None
        monitor.progress.complete(lease, HN, Batch(coverage=Coverage(start=start, end=end)), HOUR)
    return gap


def fill(monitor: Monitor, times: int) -> None:
    for number in range(times):
        monitor.connection.execute("ZADD", monitor.connection.keys.work.due, 0, str(refill_job(HN)))
        refill(monitor, str(HN), f"me {number}", NOW)


def test_a_gap_is_read_for_all_topics_and_counts_as_read(monitor: Monitor, index: Index) -> None:
    gap = a_gap(monitor, index)
    [before] = monitor.progress.statuses([HN], DAY)

    fill(monitor, 3)

    [after] = monitor.progress.statuses([HN], DAY)
    assert [(each.start, each.end) for each in before.gaps] == [(gap.start, gap.end)]
    assert after.gaps == ()
    assert (round(before.read, 3), round(after.read, 3)) == (round(22 / 24, 3), 1.0)
    wanted = [n for n in range(3, 46, 3) if gap.start <= NOW - timedelta(minutes=20 * n) < gap.end]
    assert ids(monitor, backfilled=False) == ids(monitor, "iron", backfilled=False) == wanted
    assert wanted


def test_a_gap_that_cannot_be_read_stays_and_is_asked_for_no_more(
    monitor: Monitor, index: Index, server: FeedServer
) -> None:
    """More items in a second than a page holds: that is told, and no further question changes it."""
    gap = a_gap(monitor, index)
    second = int((gap.start + HOUR).timestamp())
    for number in range(100, 130):
        index.add_text(number, second, "砸锅卖铁")

    fill(monitor, 12)
    asked = len(server.asked)
    fill(monitor, 3)

    [status_] = monitor.progress.statuses([HN], DAY)
    assert len(status_.gaps) == 1
    assert (status_.gaps[0].tries, status_.gaps[0].is_partial) == (MOST_TRIES, True)
    assert status_.gaps[0].end - status_.gaps[0].start <= timedelta(seconds=2)
    assert len(server.asked) == asked


def test_an_outage_while_a_gap_is_read_loses_nothing(monitor: Monitor, index: Index, server: FeedServer) -> None:
    gap = a_gap(monitor, index)
    server.serve(PATH, status(503))
    fill(monitor, 1)
    [status_] = monitor.progress.statuses([HN], DAY)

    assert [(each.start, each.end) for each in status_.gaps] == [(gap.start, gap.end)]
    assert dict(monitor.schedule.due())[refill_job(HN)] > NOW + timedelta(minutes=20)
    assert look_now(monitor, HN, "me", NOW) is not None, "what is read now does not wait for it"
