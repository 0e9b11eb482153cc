"""Digests come at the local time, also when clocks change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.digests.schedule import STALE, DueDigest, Told, last_digest, next_digest, window_ending, windows_due
from monitor.models import Window
from tests.build import a_topic

ZONES = (
    "UTC",
    "Europe/London",
    "America/New_York",
    "Asia/Taipei",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Scoresbysund",
    "Africa/Casablanca",
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "at", "now", "expected"),
    [
        ("Asia/Taipei", "08:00", "2026-03-10T12:00", "2026-03-11T00:00"),
        ("Asia/Taipei", "08:00", "2026-03-10T23:59", "2026-03-11T00:00"),
        ("Asia/Taipei", "08:00", "2026-03-11T00:00", "2026-03-12T00:00"),
        ("UTC", "00:00", "2026-03-10T00:00", "2026-03-11T00:00"),
        ("Asia/Kolkata", "08:00", "2026-03-10T00:00", "2026-03-10T02:30"),
        pytest.param("Europe/London", "08:00", "2026-03-28T12:00", "2026-03-29T07:00", id="summer time begins"),
        pytest.param("Europe/London", "08:00", "2026-10-24T12:00", "2026-10-25T08:00", id="summer time ends"),
        pytest.param("America/New_York", "02:30", "2026-03-07T12:00", "2026-03-08T07:30", id="left out: an hour later"),
        pytest.param("America/New_York", "01:30", "2026-11-01T04:00", "2026-11-01T05:30", id="twice: the first"),
        pytest.param("America/New_York", "01:30", "2026-11-01T05:30", "2026-11-02T06:30", id="twice: not again"),
        pytest.param("Pacific/Apia", "08:00", "2011-12-30T09:00", "2011-12-30T18:00", id="a day left out"),
    ],
)
def test_the_next_digest_is_at_the_local_time(zone: str, at: str, now: str, expected: str) -> None:
    topic = a_topic(timezone=zone, digest_at=at)

    assert next_digest(topic, utc(now)) == utc(expected)


moments = st.integers(946_684_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


@given(st.sampled_from(ZONES), clocks, moments, st.timedeltas(timedelta(), timedelta(days=3)))
def test_it_is_strictly_later_within_two_days_and_never_goes_back(
    zone: str, at: str, now: datetime, wait: timedelta
) -> None:
    topic = a_topic(timezone=zone, digest_at=at)

    first = next_digest(topic, now)

    assert now < first <= now + timedelta(hours=48)
    assert first <= next_digest(topic, now + wait)
    assert next_digest(topic, first - timedelta(microseconds=1)) == first


@given(moments)
def test_a_window_is_24_hours(end: datetime) -> None:
    assert window_ending(end).end == end
    assert window_ending(end).length == timedelta(hours=24)


DAILY = a_topic(digest_at="08:00")


def daily(end: str) -> DueDigest:
    return DueDigest(window=window_ending(utc(end)))


@pytest.mark.parametrize(
    ("told", "now", "expected"),
    [
        pytest.param("2026-03-10T08:00", "2026-03-11T07:59", [], id="not yet"),
        pytest.param("2026-03-10T08:00", "2026-03-11T08:00", [daily("2026-03-11T08:00")], id="on time"),
        pytest.param("2026-03-10T08:00", "2026-03-11T20:00", [daily("2026-03-11T08:00")], id="one, late"),
        pytest.param(
            "2026-03-10T08:00",
            "2026-03-12T14:00",
            [daily("2026-03-11T08:00"), daily("2026-03-12T08:00")],
            id="one stale, one just not",
        ),
        pytest.param(
            "2026-03-10T08:00",
            "2026-03-14T09:00",
            [
                DueDigest(window=Window(utc("2026-03-10T08:00"), utc("2026-03-13T08:00")), kind="away"),
                daily("2026-03-14T08:00"),
            ],
            id="three stale as one",
        ),
    ],
)
def test_what_was_missed_is_told_in_order(told: str, now: str, expected: list[DueDigest]) -> None:
    assert windows_due(DAILY, Told(end=utc(told)), utc(now)) == expected


def test_what_was_begun_keeps_its_range_however_late_it_ends() -> None:
    begun = DueDigest(window=Window(utc("2026-03-10T08:00"), utc("2026-03-12T08:00")), kind="away")
    told = Told(end=utc("2026-03-10T08:00"), begun=begun)

    due = windows_due(DAILY, told, utc("2026-03-14T20:00"))

    assert due[0] == begun
    assert due[1] == DueDigest(window=Window(utc("2026-03-12T08:00"), utc("2026-03-14T08:00")), kind="away")


def test_nothing_is_told_of_posts_that_are_pruned() -> None:
    topic = a_topic(retention=timedelta(days=3))

    [away, last] = windows_due(topic, Told(end=utc("2025-01-01T08:00")), utc("2026-03-14T09:00"))

    assert away.window.start >= utc("2026-03-14T09:00") - topic.retention - timedelta(days=1)
    assert last == daily("2026-03-14T08:00")


@given(
    zone=st.sampled_from(ZONES),
    at=clocks,
    begin=moments,
    looks=st.lists(st.tuples(st.timedeltas(timedelta(), timedelta(days=4)), st.integers(0, 3)), max_size=12),
)
def test_however_often_it_is_interrupted_every_day_is_told_once_and_in_order(
    zone: str, at: str, begin: datetime, looks: list[tuple[timedelta, int]]
) -> None:
    """Each look tells what is due; a crash may come after the decision and before the end of it."""
    topic = a_topic(timezone=zone, digest_at=at, retention=timedelta(days=400))
    told, now = Told(end=last_digest(topic, begin)), begin
    ends: list[datetime] = []
    for wait, patience in [*looks, (timedelta(), 99)]:
        now += wait
        for _ in range(patience):
            due = windows_due(topic, told, now)
            if not due:
                break
            assert told.begun is None or due[0] == told.begun
            told = Told(end=told.end, begun=due[0])
            if patience % 2:
                ends += _ends_within(topic, due[0])
                told = Told(end=due[0].window.end)

    due_ends = _all_ends(topic, last_digest(topic, begin), now)
    assert ends == due_ends


CHANGES = ("2026-03-07", "2026-03-27", "2026-04-03", "2026-10-02", "2026-10-23", "2026-10-30", "2011-12-28")
"""Two days before clocks change somewhere."""


@settings(max_examples=3)
@pytest.mark.parametrize("zone", ZONES)
@given(at=clocks)
def test_no_hour_is_in_no_digest_when_clocks_change(zone: str, at: str) -> None:
    topic = a_topic(timezone=zone, digest_at=at, retention=timedelta(days=4000))

    for begin in (utc(f"{day}T00:00") for day in CHANGES):
        told = last_digest(topic, begin)
        for end in _all_ends(topic, told, begin + timedelta(days=5)):
            [due] = windows_due(topic, Told(end=told), end)
            assert due.window.start <= told < due.window.end == end
            assert due.window.length % timedelta(hours=1) == timedelta(0), "counts are kept by the hour"
            told = end


def test_where_clocks_go_back_the_digest_tells_of_25_hours() -> None:
    topic = a_topic(timezone="Europe/London", digest_at="08:00")

    [due] = windows_due(topic, Told(end=utc("2026-10-24T07:00")), utc("2026-10-25T08:00"))

    assert due.window == Window(utc("2026-10-24T07:00"), utc("2026-10-25T08:00"))


def _ends_within(topic: object, due: DueDigest) -> list[datetime]:
    start = due.window.start + timedelta(hours=24) - timedelta(microseconds=1)
    return _all_ends(topic, start, due.window.end)


def _all_ends(topic: object, after: datetime, now: datetime) -> list[datetime]:
    ends: list[datetime] = []
    while (end := next_digest(topic, ends[-1] if ends else after)) <= now:  # type: ignore[arg-type]
        ends.append(end)
    return ends


def test_only_what_is_stale_is_merged() -> None:
    """A digest of this morning is worth its own."""
    due = windows_due(DAILY, Told(end=utc("2026-03-10T08:00")), utc("2026-03-13T08:00") + STALE)

    assert [each.kind for each in due] == ["away", "daily"]


def test_what_may_have_been_told_before_a_restore_is_not_told_with_what_came_after_it() -> None:
    """One digest of both was of a time after the restore, and was sent with posts that had been told."""
    told, now = Told(end=utc("2026-03-09T08:00")), utc("2026-03-14T09:00")

    due = windows_due(DAILY, told, now, restored_at=utc("2026-03-11T12:00"))

    assert due == [
        DueDigest(window=Window(utc("2026-03-09T08:00"), utc("2026-03-11T08:00")), kind="away"),
        DueDigest(window=Window(utc("2026-03-11T08:00"), utc("2026-03-13T08:00")), kind="away"),
        daily("2026-03-14T08:00"),
    ]
