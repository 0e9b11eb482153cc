"""What is due once a day, when it cannot be done."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.duties.upkeep import DUTIES, keep_up
from monitor.errors import StoreError
from monitor.models import Job
from monitor.settings import Settings
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from monitor.wiring import Monitor

REWRITING = DUTIES["rewrite"]
BACKUP, REWRITE = Job("upkeep", "backup"), Job("upkeep", "rewrite")


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    home = EmbeddedStore(tmp_path / "home")
    home.attach()
    monitor = Monitor(Settings(home=tmp_path / "home"), Connection(home.url), home)
    yield monitor
    monitor.close()
    home.detach()


def test_a_backup_that_cannot_be_written_is_not_tried_again_every_few_seconds(
    monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    """Each try copies the whole store, and fills a disk that is full already."""
    monitor.settings.backups.write_text("a file, where a folder should be")
    monitor.schedule.sync({BACKUP: timedelta(0)})

    keep_up(monitor, BACKUP.subject, "somebody", monitor.now())

    [(_, due)] = monitor.schedule.due()
    assert due - monitor.now() > timedelta(minutes=50)
    assert "not done" in caplog.text
    assert monitor.leases.acquire(BACKUP, "another", timedelta(seconds=1)) is not None


def test_a_duty_that_the_absence_of_the_store_ended_comes_as_soon_as_that_is_back(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(monitor: Monitor, now: datetime) -> None:
        assert monitor.embedded is not None
        monitor.embedded.kill()
        REWRITING(monitor, now)

    monkeypatch.setitem(DUTIES, "rewrite", interrupted)
    monitor.schedule.sync({REWRITE: timedelta(0)})

    with pytest.raises(StoreError):
        keep_up(monitor, REWRITE.subject, "somebody", monitor.now())

    assert monitor.embedded is not None
    monitor.embedded.revive()
    [(_, due)] = monitor.schedule.due()
    assert due - monitor.now() < timedelta(seconds=10)
