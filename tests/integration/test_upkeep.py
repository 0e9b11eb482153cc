"""What is due once a day, when it cannot be done."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.duties.jobs import prune
from monitor.duties.upkeep import DUTIES, keep_up
from monitor.errors import StoreError
from monitor.models import Job
from monitor.settings import Settings
from monitor.store.codec import to_ms
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from monitor.topics.polling.planning import prune_job
from monitor.wiring import Monitor
from tests.build import a_mention, a_topic
from tests.integration.couriers import parcels

REWRITING = DUTIES["rewrite"]
BACKUP, REWRITE, TIDY = Job("upkeep", "backup"), Job("upkeep", "rewrite"), Job("upkeep", "tidy")


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


@pytest.mark.parametrize("is_ahead", [True, False])
def test_a_clock_that_leapt_ahead_prunes_nothing(
    monitor: Monitor, caplog: pytest.LogCaptureFixture, *, is_ahead: bool
) -> None:
    topic, old = a_topic(), monitor.now() - timedelta(days=31)
    monitor.topics.replace([topic], "hash")
    monitor.mentions.add(topic.name, [a_mention("a", post={"observed_at": old})], oldest=old)
    monitor.outbox.hand_over("-1001", parcels("-1001", "d"))
    monitor.undelivered.drop_waiting("-1001", ["d-0"])
    keys = monitor.connection.keys
    monitor.connection.execute("ZADD", keys.chat("-1001").handed, to_ms(old), "d-0")
    last = monitor.now() - timedelta(days=30 if is_ahead else 0)
    monitor.connection.execute("SET", keys.work.committed, to_ms(last))
    monitor.schedule.sync({prune_job(topic): timedelta(0), TIDY: timedelta(0)})

    monitor.setbacks.mend()
    prune(monitor, topic.name, "somebody", monitor.now())
    keep_up(monitor, TIDY.subject, "somebody", monitor.now())

    left = monitor.connection.execute("HLEN", keys.topic(topic.name).posts)
    assert (left, monitor.outbox.find("-1001", "d-0") is not None) == ((1, True) if is_ahead else (0, False))
    again_in = {job: due - monitor.now() for job, due in monitor.schedule.due()}
    assert all(timedelta(minutes=20) < each < timedelta(days=2) for each in again_in.values())
    assert (again_in[TIDY] < timedelta(hours=1)) == is_ahead, "a machine that is started each morning is tidied, too"
    assert not [each for each in caplog.records if each.levelname == "WARNING"]
