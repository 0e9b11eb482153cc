"""The stream of Bluesky against servers that behave as Jetstream does, over real websockets."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import RateLimited, SourceUnavailable
from monitor.models import Batch, Cursor
from monitor.seams.quarantine import Fetch
from monitor.seams.streams import Stream
from monitor.sources.bluesky import REWIND, SERVERS, BlueskyStream, address, beginnings, open_stream
from monitor.sources.bluesky_account import Requests
from monitor.sources.bluesky_events import to_us
from monitor.sources.bluesky_search import Search
from monitor.sources.collecting import Sizes
from tests.simulators.jetstream import ALICE, JetstreamServer, Network

NO_SEARCH = Search(Requests(None, None))  # type: ignore[arg-type]
QUICK = Sizes(first=timedelta(seconds=0.1), more=timedelta(seconds=0.05))
PATIENCE = 10.0


def now() -> datetime:
    return datetime.now(UTC)


class Reader:
    """Follows a stream as the product does: page after page, the cursor moved behind each."""

    def __init__(self, stream: BlueskyStream, cursor: Cursor | None = None) -> None:
        self.stream = stream
        self.cursor = cursor
        self.batches: list[Batch] = []

    @property
    def texts(self) -> list[str]:
        return [post.text for batch in self.batches for post in batch.posts]

    def follow(self, is_enough: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
        """Read until there is enough; raise what the stream raises."""
        asyncio.run(asyncio.wait_for(self._follow(is_enough, meanwhile), PATIENCE))

    async def _follow(self, is_enough: Callable[[], bool], meanwhile: Callable[[], None]) -> None:
        async with aclosing(self.stream.pages("", self.cursor, now)) as pages:
            await self._read(pages, is_enough, meanwhile)

    async def _read(
        self, pages: AsyncGenerator[bytes, None], is_enough: Callable[[], bool], meanwhile: Callable[[], None]
    ) -> None:
        async for page in pages:
            batch = self.stream.read(page, Fetch("", self.cursor, now()))
            self.batches.append(batch)
            self.cursor = batch.cursor or self.cursor
            meanwhile()
            if is_enough():
                return


def a_stream(*servers: JetstreamServer, silence: float = 60) -> BlueskyStream:
    return BlueskyStream([each.url for each in servers], NO_SEARCH, timedelta(seconds=silence), QUICK)


def test_it_is_a_stream_and_keeps_its_name() -> None:
    stream = open_stream(None, {})  # type: ignore[arg-type]

    assert isinstance(stream, Stream)
    assert stream.name == "bluesky"
    assert len(SERVERS) == 4


def test_what_is_posted_is_told_and_nothing_of_before() -> None:
    network = Network()
    network.post("before")
    with JetstreamServer(network) as server:
        reader = Reader(a_stream(server))

        reader.follow(lambda: bool(reader.texts), lambda: network.post("砸锅卖铁"))

    assert set(reader.texts) == {"砸锅卖铁"}
    assert server.problems == []


def test_a_restart_begins_a_little_before_the_cursor() -> None:
    network = Network()
    for number in range(5):
        network.post(f"post {number}")
    cursor = network.log[2].time_us
    with JetstreamServer(network) as server:
        reader = Reader(a_stream(server), Cursor(str(cursor)))

        reader.follow(lambda: len(reader.texts) >= 5)

    assert server.asked == [cursor - to_us_of(REWIND)]
    assert reader.texts == [f"post {number}" for number in range(5)]
    assert reader.cursor == Cursor(str(network.log[-1].time_us))


@pytest.mark.parametrize("mid_message", [False, True])
def test_a_connection_that_is_cut_loses_nothing(mid_message: bool) -> None:
    network = Network()
    start = Cursor(str(to_us(now())))
    for number in range(50):
        network.post(f"post {number}")
    with JetstreamServer(network) as server:
        server.drop_after(20, mid_message=mid_message)
        reader = Reader(a_stream(server), start)

        with pytest.raises(SourceUnavailable, match="ended the connection"):
            reader.follow(lambda: len(set(reader.texts)) >= 50)
        read_before = len(reader.texts)
        reader.follow(lambda: len(set(reader.texts)) >= 50)

    assert read_before == 20
    assert set(reader.texts) == {f"post {number}" for number in range(50)}


def test_the_next_server_takes_over_though_its_clock_is_behind() -> None:
    network = Network()
    start = Cursor(str(to_us(now())))
    with JetstreamServer(network) as first, JetstreamServer(network, offset=timedelta(seconds=-4)) as second:
        for number in range(10):
            network.post(f"post {number}")
        reader = Reader(a_stream(first, second), start)
        reader.follow(lambda: len(reader.texts) == 10)
        first.drop_after(0)
        network.post("at the moment of the cut")
        with pytest.raises(SourceUnavailable):
            reader.follow(lambda: False)

        reader.follow(lambda: "at the moment of the cut" in reader.texts)

    assert len(second.asked) == 1


def test_a_server_that_cannot_be_reached_gives_its_turn_to_the_next() -> None:
    network = Network()
    with JetstreamServer(network) as gone:
        pass
    with JetstreamServer(network) as server:
        reader = Reader(a_stream(gone, server))

        with pytest.raises(SourceUnavailable, match="cannot be reached"):
            reader.follow(lambda: False)
        reader.follow(lambda: bool(reader.texts), lambda: network.post("a"))


def test_a_server_that_says_nothing_for_too_long_is_left_though_it_answers_pings() -> None:
    network = Network()
    with JetstreamServer(network) as server:
        server.is_deaf = True
        reader = Reader(a_stream(server, silence=0.3))

        with pytest.raises(SourceUnavailable, match="said nothing for"):
            reader.follow(lambda: False, lambda: network.post("a"))

    assert len(reader.batches) >= 1
    assert reader.texts == []


def test_a_page_comes_also_when_nothing_is_said() -> None:
    with JetstreamServer(Network()) as server:
        reader = Reader(a_stream(server))

        reader.follow(lambda: len(reader.batches) == 3)

    assert reader.texts == []


def test_a_cursor_that_is_too_old_is_given_up_for_what_is_still_kept() -> None:
    network = Network()
    old = to_us(now() - timedelta(days=5))
    network.post("lost", at=to_us(now() - timedelta(hours=30)))
    network.post("kept", at=to_us(now() - timedelta(hours=20)))
    with JetstreamServer(network, retention=timedelta(hours=25), too_old="refuse") as server:
        reader = Reader(a_stream(server), Cursor(str(old)))

        reader.follow(lambda: bool(reader.texts))

    assert reader.texts == ["kept"]
    assert len(server.asked) == 3
    coverage = reader.batches[0].coverage
    assert coverage is not None
    assert coverage.start > now() - timedelta(hours=21), "what is missing before must show as a gap"


def test_a_cursor_that_is_too_old_without_a_word_leaves_a_gap_as_well() -> None:
    network = Network()
    network.post("kept", at=to_us(now() - timedelta(hours=2)))
    with JetstreamServer(network, retention=timedelta(hours=3)) as server:
        reader = Reader(a_stream(server), Cursor(str(to_us(now() - timedelta(days=5)))))

        reader.follow(lambda: bool(reader.texts))

    coverage = reader.batches[0].coverage
    assert coverage is not None
    assert coverage.start > now() - timedelta(hours=3)


def test_a_server_that_asks_for_patience_gets_it() -> None:
    with JetstreamServer(Network()) as server:
        server.refuses = (429, "slow down", {"Retry-After": "7"})

        with pytest.raises(RateLimited) as raised:
            Reader(a_stream(server)).follow(lambda: False)

    assert raised.value.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize("status", [400, 403, 404, 500, 502, 503])
def test_a_refusal_is_one_servers_and_not_the_platforms(status: int) -> None:
    with JetstreamServer(Network()) as server:
        server.refuses = (status, "no", {})

        with pytest.raises(SourceUnavailable, match=f"{server.port}: the server answered {status}"):
            Reader(a_stream(server)).follow(lambda: False)


def test_a_broken_event_between_two_posts_costs_itself_only() -> None:
    network = Network()
    start = Cursor(str(to_us(now())))
    network.post("one")
    network.raw(b'{"did": "did:plc:x", "time_us"')
    network.post("two")
    with JetstreamServer(network) as server:
        reader = Reader(a_stream(server), start)

        reader.follow(lambda: len(reader.texts) == 2)

    assert sum(batch.unreadable for batch in reader.batches) == 1


def test_deletions_and_accounts_that_are_gone_are_told() -> None:
    network = Network()
    start = Cursor(str(to_us(now())))
    uri = network.post("one")
    network.delete(uri)
    network.identity(ALICE)
    network.account(ALICE, active=False, status="deleted")
    with JetstreamServer(network) as server:
        reader = Reader(a_stream(server), start)

        reader.follow(lambda: any(batch.authors_gone for batch in reader.batches))

    assert [key.id for batch in reader.batches for key in batch.deletions] == [uri]


def test_a_frame_larger_than_a_post_can_be_is_left_out_by_the_server() -> None:
    network = Network()
    start = Cursor(str(to_us(now())))
    network.post("x" * 300_000)
    network.post("small")
    with JetstreamServer(network) as server:
        reader = Reader(a_stream(server), start)

        reader.follow(lambda: bool(reader.texts))

    assert reader.texts == ["small"]


def test_beginnings_try_less_and_less_and_at_last_what_is_said_from_now_on() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    recent, old = to_us(at - timedelta(minutes=5)), to_us(at - timedelta(days=2))

    assert beginnings(None, at) == [None]
    assert beginnings(recent, at) == [recent - 10_000_000, None]
    assert beginnings(old, at)[1:] == [to_us(at - timedelta(days=1)), to_us(at - timedelta(hours=1)), None]
    assert address("wss://a", 7).endswith(
        "/subscribe?wantedCollections=app.bsky.feed.post&maxMessageSizeBytes=200000&cursor=7"
    )


def to_us_of(time: timedelta) -> int:
    return time // timedelta(microseconds=1)
