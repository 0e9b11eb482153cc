"""What tests of deliveries share: a simulated Telegram, and a desk that sends to it."""

from collections.abc import Iterator

import pytest

from monitor.services.desk import Desk
from monitor.store.connection import Connection
from tests.data import data_path
from tests.integration.couriers import a_desk, a_sink
from tests.simulators.telegram_api import TOKEN, Simulator


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Yield a simulator; a request that no correct product makes fails the test."""
    # The library warns of a change of type; the sink's own filter lasts for one phase of a test.
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    with Simulator(data_path("specs/telegram_bot_api_10.1.json.gz"), seed=7) as simulator:
        yield simulator
    assert simulator.breaches == []


@pytest.fixture
def desk(connection: Connection, telegram: Simulator) -> Iterator[Desk]:
    """Yield a desk with short times and hardly any pace."""
    sink = a_sink(telegram.url, TOKEN)
    yield a_desk(connection, sink)
    sink.close()
