"""What the doctor says of a query, of the quarantine and of gaps."""

from datetime import timedelta
from pathlib import Path

from monitor.cli.check import findings
from monitor.errors import AccessDenied
from monitor.models import Batch, Coverage, Lease, Query, SetAside
from monitor.processes.streaming import job_of
from monitor.settings import Settings
from monitor.store.connection import store_now
from monitor.topics.polling.planning import poll_job
from monitor.wiring import Monitor, opened
from tests.build import a_topic

QUERY = Query("hackernews", "")
MINUTE = timedelta(minutes=1)


def leased(monitor: Monitor, owner: str) -> Lease:
    lease = monitor.leases.acquire(poll_job(QUERY), owner, MINUTE)
    assert lease is not None
    return lease


def said(monitor: Monitor, settings: Settings) -> dict[str, tuple[bool, str]]:
    """Return each finding and its remedy, by its first word."""
    now = store_now(monitor.connection)
    return {
        each.what.split(":")[0]: (each.is_good, f"{each.what} → {each.remedy}")
        for each in findings(monitor, settings, now)
    }


def test_what_is_missing_and_what_broke_is_said(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "var", config=tmp_path)
    with opened(settings) as monitor:
        monitor.topics.replace([a_topic()], "hash")
        monitor.schedule.sync({poll_job(QUERY): timedelta(0)})
        now = store_now(monitor.connection)
        for n, (start, end) in enumerate([(300, 200), (160, 1)]):
            window = Coverage(start=now - start * MINUTE, end=now - end * MINUTE)
            monitor.progress.complete(leased(monitor, f"{n}"), QUERY, Batch(coverage=window, unreadable=3), MINUTE)
        before = said(monitor, settings)
        monitor.quarantine.put([SetAside(kind="update", id="1", raw=b"{}", reason="no")], "bot", 3)
        denied = AccessDenied("hackernews", "the server answered 401 (Unauthorized)")
        monitor.progress.fail(leased(monitor, "f"), QUERY, denied.reason, MINUTE)
        after = said(monitor, settings)

    assert before["quarantine"][0]
    is_good, words = before["hackernews"]
    assert is_good
    assert "40 min from" in words
    assert "missing (nobody looked)" in words
    assert "3 items of the last page not readable" in words
    assert not after["quarantine"][0]
    assert "monitor quarantine list" in after["quarantine"][1]
    is_good, words = after["hackernews"]
    assert not is_good
    assert "last asked 0 min ago" in words
    assert "and start again" in words


def test_what_was_never_read_is_said_in_one_line_with_its_remedy_once(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "var", config=tmp_path)
    feeds = [Query("rss", f"https://a{n}.example/feed") for n in range(9)]
    with opened(settings) as monitor:
        monitor.topics.replace([a_topic(sources=("hackernews", *map(str, feeds)))], "hash")
        told = [each.what for each in findings(monitor, settings, store_now(monitor.connection))]
        monitor.schedule.sync({poll_job(QUERY): timedelta(0)})
        monitor.progress.fail(leased(monitor, "f"), QUERY, "the server answered 503", MINUTE)
        later = [each.what for each in findings(monitor, settings, store_now(monitor.connection))]

    assert [each for each in told if "not read" in each] == ["hackernews, rss (9): not read yet"]
    assert "rss (9): not read yet" in later
    assert [each for each in later if each.startswith("hackernews: not read since")]


def failing(monitor: Monitor, reasons: dict[Query, str]) -> None:
    """Follow sources, each of which failed for a reason."""
    monitor.topics.replace([a_topic(sources=tuple(map(str, reasons)))], "hash")
    for query, reason in reasons.items():
        job = job_of(query) if query.source == "bluesky" else poll_job(query)
        monitor.schedule.sync({job: timedelta(0)})
        lease = monitor.leases.acquire(job, "f", MINUTE)
        assert lease is not None
        monitor.progress.fail(lease, query, reason, MINUTE)


def test_a_stream_that_failed_is_not_to_be_polled(tmp_path: Path) -> None:
    """Was: `monitor poll bluesky --once`, which refuses streams."""
    settings = Settings(home=tmp_path / "var", config=tmp_path)
    with opened(settings) as monitor:
        failing(monitor, {Query("bluesky", ""): "jetstream.example ended the connection"})
        is_good, words = said(monitor, settings)["bluesky"]

    assert not is_good
    assert words.endswith("while `monitor up` runs it connects again by itself")


def test_a_machine_without_names_is_one_finding(tmp_path: Path) -> None:
    """Was: a line and a wrong remedy for each of thirty sources."""
    settings = Settings(home=tmp_path / "var", config=tmp_path)
    both = {
        QUERY: "no address found for hn.algolia.com",
        Query("bluesky", ""): "no address found for jetstream.example",
    }
    with opened(settings) as monitor:
        failing(monitor, both)
        cut_off = said(monitor, settings)
        failing(monitor, both | {QUERY: "the server answered 500"})
        one_only = said(monitor, settings)

    is_good, words = cut_off["network"]
    assert not is_good
    assert words.startswith("network: no name can be resolved (2 sources) → check this machine's connection and DNS")
    assert not {"bluesky", "hackernews"} & set(cut_off)
    assert {"bluesky", "hackernews"} < set(one_only)
    assert "network" not in one_only


def test_what_was_first_read_just_now_is_not_called_zero_per_cent(tmp_path: Path) -> None:
    """Was: `read 0 min ago, 0% of the last 24 h`."""
    settings = Settings(home=tmp_path / "var", config=tmp_path)
    with opened(settings) as monitor:
        monitor.topics.replace([a_topic()], "hash")
        monitor.schedule.sync({poll_job(QUERY): timedelta(0)})
        now = store_now(monitor.connection)
        window = Coverage(start=now - MINUTE, end=now)
        monitor.progress.complete(leased(monitor, "a"), QUERY, Batch(coverage=window), MINUTE)
        is_good, words = said(monitor, settings)["hackernews"]

    assert is_good
    assert words.startswith("hackernews: first read 1 min ago →")
