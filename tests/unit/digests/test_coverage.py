"""What was read and what was not, in words."""

from datetime import UTC, timedelta

import msgspec
import pytest

from monitor.bot.status import Health, word
from monitor.cli.check import _query
from monitor.digests.coverage import coverage_line, is_blind, read_line, readings, unread_line
from monitor.models import Gap, Query, QueryStatus, Window
from monitor.store.outbox import Load
from tests.build import NOW, a_topic

HOUR = timedelta(hours=1)
DAY = Window(NOW - 24 * HOUR, NOW)
LONG_AGO = NOW - 1000 * HOUR


def a_status(name: str, read: float, begun_hours_ago: float | None = 1000, reason: str | None = None) -> QueryStatus:
    begun = None if begun_hours_ago is None else NOW - begun_hours_ago * HOUR
    source, _, text = name.partition(":")
    return QueryStatus(
        query=Query(source, text),
        read=read,
        begun=begun,
        last_read=None if begun is None else NOW,
        reason=reason,
        since=NOW - HOUR if reason else None,
    )


@pytest.mark.parametrize(
    ("statuses", "read", "unread", "blind"),
    [
        ([a_status("hackernews", 1.0)], "Hacker News", "", False),
        ([a_status("hackernews", 0.0, 0.01)], "Hacker News (since 11:59)", "", False),
        ([a_status("hackernews", 0.25, 6)], "Hacker News (since 06:00)", "", False),
        ([a_status("hackernews", 0.1, 6)], "Hacker News (10 % of the window)", "", False),
        ([a_status("hackernews", 0.0, None)], "", "Hacker News (not read yet)", True),
        (
            [a_status("hackernews", 0.17)],
            "",
            "Hacker News (only 17 % of the window)",
            True,
        ),
        (
            [a_status("hackernews", 0.9, reason="503")],
            "",
            "Hacker News since 11:00 (503; until then 90 % of the window was read)",
            False,
        ),
        (
            [a_status("rss:https://a.example/f", 0.0, 0.1), a_status("rss:https://b.example/f", 0.0, None, "503")],
            "1 of 2 feeds (since 11:54)",
            "1 of 2 feeds since 11:00 (503)",
            False,
        ),
        (
            [a_status("hackernews", 1.0), a_status("rss:https://b.example/f", 0.0, None, "503")],
            "Hacker News",
            "b.example since 11:00 (503)",
            False,
        ),
    ],
)
def test_what_was_read_and_not_is_said(statuses: list[QueryStatus], read: str, unread: str, blind: bool) -> None:
    sources = readings(statuses, DAY)

    assert read_line(sources, DAY, UTC) == read
    assert unread_line(sources, DAY, UTC) == unread
    assert is_blind(sources) is blind


@pytest.mark.parametrize(
    ("minutes", "is_partial", "read"),
    [
        (40, False, "Hacker News (about 40 min missing)"),
        (9, False, "Hacker News"),
        (40, True, "Hacker News"),
    ],
)
def test_a_hole_too_small_for_a_share_is_told_when_it_matters(minutes: int, is_partial: bool, read: str) -> None:
    """Forty minutes are 3 % of a day, and were called nothing."""
    gap = Gap(start=NOW - 5 * HOUR, end=NOW - 5 * HOUR + timedelta(minutes=minutes), why="503", is_partial=is_partial)
    status = msgspec.structs.replace(a_status("hackernews", 0.97), gaps=(gap,))

    assert read_line(readings([status], DAY), DAY, UTC) == read


def test_a_hole_in_one_of_many_feeds_is_no_hole_of_the_news() -> None:
    gap = Gap(start=NOW - 5 * HOUR, end=NOW - 4 * HOUR, why="503")
    statuses = [a_status(f"rss:https://{n}.example/f", 1.0) for n in range(40)]
    statuses[0] = msgspec.structs.replace(statuses[0], gaps=(gap,))

    assert read_line(readings(statuses, DAY), DAY, UTC) == "40 feeds"


def a_gap(why: str, *, is_partial: bool = True, hours: float = 2) -> Gap:
    return Gap(start=NOW - 5 * HOUR, end=NOW - (5 - hours) * HOUR, why=why, is_partial=is_partial)


AWAY = "two.example: the server answered 403 (Forbidden)"


@pytest.mark.parametrize(
    ("status", "line", "partial", "doctor"),
    [
        (a_status("x", 0.0, None, "no budget"), "Not read: X (no budget).", "", "not read: no budget"),
        (a_status("reddit", 0.0, None, "no key"), "Not read: Reddit (no key).", "", "not read: no key"),
        (
            msgspec.structs.replace(a_status("mastodon", 1.0), truncated=True, gaps=(a_gap(AWAY),)),
            "Read: Mastodon (in part: two.example: it does not let us in).",
            "Mastodon (in part: two.example: it does not let us in)",
            f"120 min from 10 Mar 07:00 UTC in part ({AWAY})",
        ),
        (
            msgspec.structs.replace(a_status("x", 1.0), truncated=True, gaps=(a_gap("sample 60 of 380"),)),
            "Read: X (sample 60 of 380).",
            "X (sample 60 of 380)",
            "in part (sample 60 of 380)",
        ),
        (
            msgspec.structs.replace(a_status("youtube", 0.6, reason="quota"), gaps=()),
            "Not read: YouTube since 11:00 (quota; until then 60 % of the window was read).",
            "",
            "not read since 2026-03-10 11:00 UTC: quota",
        ),
        (
            msgspec.structs.replace(
                a_status("bluesky", 0.96), gaps=(a_gap("nobody looked", is_partial=False, hours=1),)
            ),
            "Read: Bluesky (about 60 min missing).",
            "Bluesky (about 60 min missing)",
            "60 min from 10 Mar 07:00 UTC missing (nobody looked)",
        ),
    ],
)
def test_digest_status_and_doctor_say_the_same(status: QueryStatus, line: str, partial: str, doctor: str) -> None:
    sources = readings([status], DAY)
    health = Health(NOW, None, [], [status], Load(0, 0), True)

    said = coverage_line(read_line(sources, DAY, UTC), unread_line(sources, DAY, UTC))

    assert said == line
    answer = word(health, UTC)
    assert ("Read in part: " in answer, partial in answer) == (bool(partial), True)
    assert line.partition("Not read: ")[2] in answer
    assert doctor in _query(status, NOW).what


@pytest.mark.parametrize(
    ("statuses", "headline"),
    [
        ([a_status("hackernews", 1.0)], "Working."),
        ([a_status("hackernews", 1.0), a_status("reddit:a", 0.0, None, "no key")], "Working."),
        ([a_status("hackernews", 0.8, reason="503")], "Working, but not everything is read."),
        ([a_status("hackernews", 0.0, None)], "Working, but not everything is read."),
    ],
)
def test_status_does_not_call_it_working_while_a_platform_is_down(statuses: list[QueryStatus], headline: str) -> None:
    health = Health(NOW, None, [a_topic()], statuses, Load(0, 0), True)

    assert word(health, UTC).split("\n")[0] == headline


def test_owners_are_told_in_private_what_the_server_said_and_readers_what_it_means() -> None:
    status = a_status("hackernews", 0.8, reason="the server answered 503 (Service Unavailable)")

    owner, reader = (word(Health(NOW, None, [], [status], Load(0, 0), is_all), UTC) for is_all in (True, False))

    assert "Hacker News since 11:00 (the server answered 503 (Service Unavailable); " in owner
    assert "Hacker News since 11:00 (its server is down; " in reader


def test_a_platform_is_not_called_read_and_not_read_in_one_breath() -> None:
    """It was "Read: Bluesky (92 %) … Not read: Bluesky since 12:00"."""
    failing = a_status("bluesky", 0.92, reason="budget")
    sample = msgspec.structs.replace(failing, truncated=True, gaps=(a_gap("sample 60 of 380"),))
    feeds = [a_status(f"rss:https://{n}.example/f", 1.0) for n in range(3)]
    feeds[0] = a_status("rss:https://0.example/f", 0.8, reason="503")

    def told(*statuses: QueryStatus) -> str:
        sources = readings(statuses, DAY)
        return coverage_line(read_line(sources, DAY, UTC), unread_line(sources, DAY, UTC))

    assert told(failing) == "Not read: Bluesky since 11:00 (budget; until then 92 % of the window was read)."
    assert "(budget; until then 92 % of the window was read; sample 60 of 380)" in told(sample)
    begun = a_status("bluesky", 0.2, 6, "budget")
    assert told(begun) == "Not read: Bluesky since 11:00 (budget; read from 06:00 until then)."
    assert told(*feeds) == "Read: 2 of 3 feeds. Not read: 1 of 3 feeds since 11:00 (503)."
