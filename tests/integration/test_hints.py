"""Hints that sweepers send, as workers take them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.models import Incoming, Job
from monitor.settings import Settings
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from monitor.store.inbox import INBOX_JOB
from monitor.wiring import Monitor
from tests.integration.product import PATIENCE
from workers.app import QUEUE, make_app
from workers.sweeper import MOST_AT_ONCE, sweep, waiting


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    home = EmbeddedStore(tmp_path / "home")
    home.attach()
    monitor = Monitor(Settings(home=tmp_path / "home"), Connection(home.url), home)
    yield monitor
    monitor.close()
    home.detach()


def test_what_people_ask_is_answered_before_deliveries_that_were_due_earlier(monitor: Monitor) -> None:
    app = make_app(monitor)
    monitor.schedule.sync({Job("deliver", str(n)): timedelta(0) for n in range(MOST_AT_ONCE)})
    sweep(app, monitor)
    update = Incoming(id=1, kind="message", chat="7", chat_type="private", user="7", text="/help")
    monitor.inbox.take_in("1", [update], 2, None)
    sweep(app, monitor)

    with app.connection_for_read() as connection:
        assert waiting(app.producer_pool.acquire(block=True), QUEUE) == MOST_AT_ONCE + 1
        hints = connection.SimpleQueue(QUEUE)
        first = hints.get(timeout=PATIENCE)
        hints.close()
    assert first.headers["task"] == INBOX_JOB.kind
