"""After an outage: what an index has to be paged back for is read in one go, and no backlog keeps others waiting."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.duties import jobs
from monitor.models import Job
from monitor.settings import load
from monitor.topics.polling.planning import SOONEST
from monitor.wiring import Monitor, opened
from tests.simulators.algolia import PATH, Index
from tests.simulators.feed_server import FeedServer

PAGE = 10
POSTS = 45
JOB = Job("poll", "hackernews")


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        now = int(datetime.now(UTC).timestamp())
        running.serve(PATH, Index((number, now - 60 * number) for number in range(1, POSTS + 1)))
        yield running


@pytest.fixture
def monitor(redis_url: str, tmp_path: Path, server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Open all parts, with a backlog of five pages that is due."""
    (tmp_path / "topics.toml").write_text('[topics.remarks]\nany = ["remark"]\nsources = ["hackernews"]\n')
    (tmp_path / "monitor.toml").write_text(
        f'[fetch]\nallow = ["{server.address}"]\n[sources.hackernews]\nurl = "{server.url}/api/v1"\npage = "{PAGE}"\n'
    )
    variables = {"MONITOR_CONFIG": str(tmp_path), "MONITOR_HOME": str(tmp_path), "MONITOR_REDIS_URL": redis_url}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with opened(load(), prefix=f"{tmp_path.name}:") as monitor:
        monitor.connection.erase()
        jobs.read_topics(monitor, datetime.now(UTC))
        monitor.schedule.sync({JOB: timedelta(0)})
        yield monitor
        monitor.connection.erase()


def poll(monitor: Monitor, clock: Callable[[], datetime]) -> int:
    """Follow one hint; return how many posts are stored then."""
    jobs.poll(monitor, JOB.subject, "me", clock)
    return int(monitor.connection.execute("HLEN", monitor.connection.keys.topic("remarks").posts))


def test_a_backlog_of_many_pages_is_read_after_one_hint(monitor: Monitor) -> None:
    """Each page waited for a sweep and a hint of its own: minutes of a busy index took minutes to catch up with."""
    began = datetime.now(UTC)

    stored = poll(monitor, lambda: datetime.now(UTC))

    assert stored == POSTS
    assert dict(monitor.schedule.due())[JOB] >= began + SOONEST


def test_a_long_backlog_lets_others_have_their_turn(monitor: Monitor) -> None:
    began = datetime.now(UTC)
    times = iter([began, began, began + jobs.CATCH_UP])

    stored = poll(monitor, lambda: next(times))

    assert stored == PAGE
    assert dict(monitor.schedule.due())[JOB] <= datetime.now(UTC)
    assert poll(monitor, lambda: datetime.now(UTC)) == POSTS
