"""What a worker is made of; how it works is told by the tests of `monitor up`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.settings import load
from monitor.wiring import Monitor, opened
from workers.app import make_app, make_worker


@pytest.fixture
def monitor(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    variables = {"MONITOR_CONFIG": str(tmp_path), "MONITOR_HOME": str(tmp_path), "MONITOR_REDIS_URL": redis_url}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with opened(load(), prefix=f"{tmp_path.name}:") as opened_monitor:
        yield opened_monitor
        opened_monitor.connection.erase()


@pytest.mark.filterwarnings("ignore::celery.exceptions.SecurityWarning")  # tests may be run by root
def test_a_worker_waits_for_no_neighbours_before_it_works(monitor: Monitor) -> None:
    """Each start, and each return of the store, cost a second in which nothing was taken up."""
    worker = make_worker(make_app(monitor), "worker-1@box")

    working = {step.name.rsplit(".")[-1] for step in worker.consumer.steps}
    assert "Tasks" in working
    assert "Control" in working  # without it a worker stays deaf after a restart of the store
    assert not working & {"Mingle", "Gossip", "Heart"}
