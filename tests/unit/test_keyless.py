"""A source whose key nobody set: said, and in nobody's way."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.cli.check import findings
from monitor.digests.coverage import coverage_line, read_line, readings, unread_line
from monitor.duties.jobs import ask_again, look_now
from monitor.errors import AccessDenied, ConfigError
from monitor.models import Batch, Coverage, Cursor, Query, Window
from monitor.settings import Settings, load
from monitor.store.connection import store_now
from monitor.topics.polling.planning import poll_job
from monitor.wiring import hash_of, opened
from tests.build import a_topic

REDDIT = Query("reddit", "pots")
DAY = timedelta(days=1)


class Locked:
    """A source with a lock."""

    name = "reddit"
    missing: str | None = "set token_file in [sources.reddit]"

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        assert self.missing is None, "nobody asks without a key"
        return Batch(cursor=Cursor("1"), coverage=Coverage(start=now - 2 * DAY, end=now))


def test_a_source_without_its_key_is_listed_and_read_as_soon_as_it_has_one(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "var", config=tmp_path)
    with opened(settings) as monitor:
        source = Locked()
        monitor.sources["reddit"] = source
        monitor.topics.replace([a_topic(sources=("reddit:pots",))], "hash")
        now = store_now(monitor.connection)
        window = Window(now - DAY, now)

        refused = look_now(monitor, REDDIT, "me", now)
        found = readings(monitor.progress.statuses([REDDIT], window), window)
        said = [each for each in findings(monitor, settings, now) if each.what.startswith("reddit")]
        source.missing = None
        read = look_now(monitor, REDDIT, "me", now)

    assert refused is not None
    assert refused.due_in <= timedelta(minutes=10)
    line = coverage_line(read_line(found, window, UTC), unread_line(found, window, UTC))
    assert line == "Not read: Reddit (no key)."
    assert not said[0].is_good
    assert "Reddit (no key)" in said[0].what
    assert "set token_file in [sources.reddit]" in said[0].remedy
    assert read is not None
    assert read.error is None


class Choosy(Locked):
    """A source that refuses a key."""

    missing = None
    refuses = True

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        if self.refuses:
            raise AccessDenied("reddit", "the server answered 401 (Unauthorized)")
        return super().fetch(query, cursor, now)


def test_a_key_that_was_mended_is_tried_when_a_worker_starts(tmp_path: Path) -> None:
    """It was put off for six hours, and so was whoever had mended it."""
    refused, mended = (Settings(home=tmp_path / "var", config=tmp_path, sources={"reddit": {"id": i}}) for i in "ab")
    source = Choosy()
    with opened(refused) as monitor:
        monitor.sources["reddit"] = source
        monitor.topics.replace([a_topic(sources=("reddit:pots", "hackernews"))], "hash")
        monitor.schedule.sync({poll_job(query): timedelta(0) for query in monitor.plan()})
        look_now(monitor, REDDIT, "me", store_now(monitor.connection))
        source.refuses = False
    with opened(mended) as monitor:
        monitor.sources["reddit"] = source
        before = {job: at - store_now(monitor.connection) for job, at in monitor.schedule.due()}

        hurried = ask_again(monitor)

        after = {job: at - store_now(monitor.connection) for job, at in monitor.schedule.due()}
        read = look_now(monitor, REDDIT, "me", store_now(monitor.connection))

    [job] = hurried
    assert (job.subject, before[job] > timedelta(hours=5), after[job] <= timedelta(0)) == ("reddit:pots", True, True)
    assert read is not None
    assert read.error is None


def test_a_key_can_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path))
    (tmp_path / "x.token").write_text("first-canary\n")
    (tmp_path / "monitor.toml").write_text(f'[sources.x]\ntoken_file = "{tmp_path / "x.token"}"\nbudget = "1"\n')
    first = load()
    (tmp_path / "x.token").write_text("second-canary\n")
    second = load()

    assert first.sources["x"] == {"token": "first-canary", "budget": "1"}
    # Whoever was refused with the first is asked again with the second.
    assert hash_of(first.sources["x"]) != hash_of(second.sources["x"])


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path))
    monkeypatch.setenv("MONITOR_SOURCES__X__TOKEN_FILE", "/nowhere/token")

    with pytest.raises(ConfigError, match=r"x.token_file: /nowhere/token cannot be read"):
        load()
