"""Streams in the product: what is told is stored once, whatever dies; what was not told has a name."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.digests.coverage import read_line, readings
from monitor.duties import jobs
from monitor.models import Author, Lease, Query, QueryStatus, Window
from monitor.processes.stalls import Beat
from monitor.processes.streaming import Runner, job_of, take_page
from monitor.seams.streams import ArrivedPage, Received, pack
from monitor.settings import load
from monitor.sources.bluesky import BlueskyStream
from monitor.sources.bluesky_account import Requests
from monitor.sources.bluesky_search import Search
from monitor.sources.collecting import Sizes
from monitor.store.fsck import check
from monitor.wiring import Monitor, opened
from tests.integration.product import Product, wait_until
from tests.simulators.jetstream import ALICE, BOB, JetstreamServer, Network

QUERY = Query("bluesky", "")
NO_SEARCH = Search(Requests(None, None))  # type: ignore[arg-type]
QUICK = Sizes(first=timedelta(seconds=0.2), more=timedelta(seconds=0.05))
TOPICS = '[topics.pots]\nany = ["砸锅卖铁"]\nsources = ["bluesky"]\n'


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def server(network: Network) -> Iterator[JetstreamServer]:
    with JetstreamServer(network) as running:
        yield running
        assert running.problems == []


@pytest.fixture
def monitor(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    (tmp_path / "topics.toml").write_text(TOPICS)
    variables = {"MONITOR_CONFIG": str(tmp_path), "MONITOR_HOME": str(tmp_path), "MONITOR_REDIS_URL": redis_url}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with opened(load(), prefix=f"{tmp_path.name}:") as monitor:
        monitor.connection.erase()
        monitor.connection.check()
        jobs.read_topics(monitor, datetime.now(UTC))
        yield monitor
        assert check(monitor.connection) == []
        monitor.connection.erase()


class Following:
    """A runner in a thread of its own."""

    def __init__(self, monitor: Monitor, servers: list[str], owner: str) -> None:
        self.beats: list[Beat] = []
        stream = BlueskyStream(servers, NO_SEARCH, sizes=QUICK)
        self._runner = Runner(monitor, {"bluesky": stream}, owner, lambda: datetime.now(UTC))
        self._stopped = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._runner.run(self._stopped, self.beats.append)

    def stop(self) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(60)
        assert not self._thread.is_alive()


@contextlib.contextmanager
def following(monitor: Monitor, *servers: JetstreamServer, owner: str = "me") -> Iterator[Following]:
    running = Following(monitor, [each.url for each in servers], owner)
    try:
        yield running
    finally:
        running.stop()


def stored(monitor: Monitor) -> dict[str, str]:
    """Return the texts of the stored posts by their ids."""
    long_ago, soon = datetime(2020, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    return {each.post.key.id: each.post.text for each in monitor.mentions.between("pots", Window(long_ago, soon))}


def status(monitor: Monitor) -> QueryStatus:
    now = datetime.now(UTC)
    return monitor.progress.statuses([QUERY], Window(now - timedelta(minutes=10), now))[0]


def test_a_streamed_source_is_not_polled(monitor: Monitor) -> None:
    assert [job for job, _ in monitor.schedule.due() if job.kind == "poll"] == []


def test_what_is_told_is_matched_and_stored_and_the_rest_forgotten(
    monitor: Monitor, network: Network, server: JetstreamServer
) -> None:
    with following(monitor, server):
        wait_until(lambda: server.begun == 1)
        network.post("the weather")
        uri = network.post("要砸鍋賣鐵了")
        wait_until(lambda: uri in stored(monitor))

    known = status(monitor)
    assert stored(monitor) == {uri: "要砸鍋賣鐵了"}
    assert known.reason is None
    assert monitor.progress.resume(QUERY).cursor == str(network.log[-1].time_us)
    assert known.last_read is not None
    assert known.gaps == ()


def test_where_a_stream_begins_is_kept_before_anything_is_told(
    monitor: Monitor, network: Network, server: JetstreamServer
) -> None:
    """Who was killed over the very first posts began anew behind what had been said meanwhile."""
    with following(monitor, server):
        wait_until(lambda: monitor.progress.resume(QUERY).cursor is not None)
    missed = network.post("砸锅卖铁")

    with following(monitor, server):
        wait_until(lambda: missed in stored(monitor))


def test_a_deletion_takes_the_text_back(monitor: Monitor, network: Network, server: JetstreamServer) -> None:
    with following(monitor, server):
        wait_until(lambda: server.begun == 1)
        uri = network.post("砸锅卖铁")
        wait_until(lambda: uri in stored(monitor))
        network.delete(uri)
        wait_until(lambda: stored(monitor) == {uri: ""})


def test_an_edit_changes_the_text_that_is_kept(monitor: Monitor, network: Network, server: JetstreamServer) -> None:
    with following(monitor, server):
        wait_until(lambda: server.begun == 1)
        uri = network.post("砸锅卖铁")
        wait_until(lambda: uri in stored(monitor))
        network.update(uri, "砸锅卖铁,改了")
        wait_until(lambda: stored(monitor) == {uri: "砸锅卖铁,改了"})


def test_an_account_that_is_gone_is_noted_with_all_that_it_wrote(
    monitor: Monitor, network: Network, server: JetstreamServer
) -> None:
    with following(monitor, server):
        wait_until(lambda: server.begun == 1)
        network.account(BOB, active=True)
        network.account(ALICE, active=False, status="takendown")
        keys = monitor.connection.keys.work
        wait_until(lambda: monitor.connection.execute("ZCARD", keys.departed) == 1)


def test_a_post_that_strangers_shall_not_see_is_counted_and_nothing_of_it_kept(
    monitor: Monitor, network: Network, server: JetstreamServer
) -> None:
    with following(monitor, server):
        wait_until(lambda: server.begun == 1)
        uri = network.post("砸锅卖铁", labels={"values": [{"val": "!no-unauthenticated"}]})
        wait_until(lambda: uri in stored(monitor))

    [mention] = monitor.mentions.latest("pots", 0, 1)
    assert (mention.post.key.id, mention.post.text, mention.post.url, mention.group) == (uri, "", None, "")
    assert (mention.post.author, mention.withdrawn, mention.backfilled) == (Author(), True, False)


def test_a_cut_connection_costs_nothing_and_is_told_while_it_lasts(monitor: Monitor, network: Network) -> None:
    with JetstreamServer(network) as first, JetstreamServer(network, offset=timedelta(seconds=-3)) as second:
        with following(monitor, first, second):
            wait_until(lambda: first.begun == 1)
            uris = [network.post(f"砸锅卖铁 {number}") for number in range(20)]
            wait_until(lambda: len(stored(monitor)) > 0)
            first.close()
            uris += [network.post(f"砸锅卖铁 {number}") for number in range(20, 40)]
            wait_until(lambda: len(stored(monitor)) == 40)
            wait_until(lambda: status(monitor).reason is None)

        assert set(stored(monitor)) == set(uris)
        assert status(monitor).gaps == ()
        assert second.asked


def test_nobody_to_talk_to_is_written_down_with_its_reason(monitor: Monitor, network: Network) -> None:
    with JetstreamServer(network) as gone:
        pass
    with following(monitor, gone) as running:
        wait_until(lambda: status(monitor).reason is not None)
        wait_until(lambda: len(running.beats) > 1)

    assert "cannot be reached" in (status(monitor).reason or "")


def test_of_two_runners_one_follows_and_the_other_takes_over(
    monitor: Monitor, network: Network, server: JetstreamServer
) -> None:
    with following(monitor, server, owner="first"):
        wait_until(lambda: server.begun == 1)
        other = Following(monitor, [server.url], "second")
        try:
            uris = [network.post("砸锅卖铁 1")]
            wait_until(lambda: len(stored(monitor)) == 1)
            assert server.begun == 1
        except BaseException:
            other.stop()
            raise
    try:
        wait_until(lambda: server.begun == 2)
        uris.append(network.post("砸锅卖铁 2"))
        wait_until(lambda: len(stored(monitor)) == 2)
    finally:
        other.stop()

    assert list(stored(monitor)) == uris


def a_page(network: Network, server: JetstreamServer) -> bytes:
    return pack(Received(tuple(server._frame(each) for each in network.log), datetime.now(UTC), None, True))


def test_who_lost_the_lease_while_frozen_stores_nothing_and_moves_nothing(
    monitor: Monitor, network: Network, server: JetstreamServer
) -> None:
    network.post("砸锅卖铁")
    stream = BlueskyStream([server.url], NO_SEARCH)
    lost = monitor.leases.acquire(job_of(QUERY), "frozen", timedelta(seconds=60))
    assert lost is not None
    monitor.leases.release(lost)
    assert monitor.leases.acquire(job_of(QUERY), "successor", timedelta(seconds=60)) is not None

    taken = take_page(monitor, lost, QUERY, ArrivedPage(stream, a_page(network, server)), datetime.now(UTC))

    assert taken is None
    assert stored(monitor) == {}
    assert monitor.progress.resume(QUERY).cursor is None


def test_a_page_keeps_its_lease_and_says_nothing_of_other_jobs(
    monitor: Monitor, network: Network, server: JetstreamServer
) -> None:
    """A stream that works must not hide that polled work waits."""
    network.post("砸锅卖铁")
    lease = monitor.leases.acquire(job_of(QUERY), "me", timedelta(seconds=60))
    assert lease is not None

    for _ in range(2):
        page = ArrivedPage(BlueskyStream([server.url], NO_SEARCH), a_page(network, server))
        assert take_page(monitor, lease, QUERY, page, datetime.now(UTC)) is not None

    assert monitor.leases.renew(lease, timedelta(seconds=60))
    assert monitor.schedule.sight().committed is None
    assert len(stored(monitor)) == 1


def test_after_a_kill_the_page_is_read_apart_item_by_item(
    monitor: Monitor, network: Network, server: JetstreamServer
) -> None:
    network.post("砸锅卖铁")
    network.raw(b'{"did": "did:plc:x", "time_us"')
    killed = monitor.leases.acquire(job_of(QUERY), "killed", timedelta(seconds=60))
    assert killed is not None
    monitor.progress.begin(killed, QUERY)
    monitor.leases.release(killed)
    lease = monitor.leases.acquire(job_of(QUERY), "me", timedelta(seconds=60))
    assert isinstance(lease, Lease)

    page = ArrivedPage(BlueskyStream([server.url], NO_SEARCH), a_page(network, server))
    taken = take_page(monitor, lease, QUERY, page, datetime.now(UTC))

    assert taken is not None
    assert (taken.error, len(stored(monitor))) == (None, 1)
    assert [each.item.kind for each in monitor.quarantine.all()] == ["item"]
    assert monitor.isolation.children.living, "the page was read where it can kill nobody"


def test_a_digest_says_that_bluesky_was_read(monitor: Monitor, network: Network, server: JetstreamServer) -> None:
    with following(monitor, server):
        wait_until(lambda: server.begun == 1)
        network.post("the weather")
        wait_until(lambda: status(monitor).last_read is not None)

    known = status(monitor)
    window = Window(known.begun or datetime.now(UTC), known.last_read or datetime.now(UTC))
    [again] = monitor.progress.statuses([QUERY], window)
    assert read_line(readings([again], window), window, UTC) == "Bluesky"


@pytest.mark.parametrize("times", [1, pytest.param(6, marks=pytest.mark.chaos)])
def test_kills_lose_nothing_and_double_nothing(tmp_path: Path, times: int) -> None:
    """The process that follows is killed while people post; its supervisor starts it anew."""
    product, network = Product(tmp_path), Network()
    product.write_topics(TOPICS)
    uris: list[str] = []

    def posted(count: int) -> None:
        uris.extend(network.post(f"砸锅卖铁 {len(uris) + number}") for number in range(count))

    with JetstreamServer(network) as server:
        product.write_settings(f'[sources.bluesky]\nservers = "{server.url}"\n')
        command = (sys.executable, "-m", "monitor", "up", "--only", "stream")
        with product.running(*command) as running, product.opened() as monitor:
            for kills in range(times):
                wait_until(lambda: server.begun > kills)  # noqa: B023 - asked within the loop
                before = len(stored(monitor))
                posted(30)
                wait_until(lambda: len(stored(monitor)) > before)  # noqa: B023 - as above
                posted(30)
                os.kill(newest_pid(running.log), signal.SIGKILL)
                posted(30)
            wait_until(lambda: len(stored(monitor)) >= len(uris))
            found, gaps, broken = stored(monitor), status(monitor).gaps, check(monitor.connection)

    assert set(found) == set(uris)
    assert (gaps, broken) == ((), [])


def newest_pid(log: str) -> int:
    return int(re.findall(r"started.*role=stream.*pid=(\d+)", log)[-1])


def test_the_same_trouble_of_a_stream_is_said_once(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    """Was: six warnings in fifteen seconds, each with a number of the system, [Errno -2]."""
    caplog.set_level("DEBUG")
    running = Following(monitor, ["ws://127.0.0.1:1", "ws://127.0.0.1:2"], "a")
    try:
        wait_until(lambda: caplog.text.count("stream ended") >= 3)
    finally:
        running.stop()

    ended = [record for record in caplog.records if record.getMessage() == "stream ended"]
    assert [record.levelname for record in ended[:3]] == ["WARNING", "DEBUG", "DEBUG"]
    assert {str(vars(record)["reason"]) for record in ended} <= {
        "127.0.0.1:1 cannot be reached: Connection refused",
        "127.0.0.1:2 cannot be reached: Connection refused",
    }
