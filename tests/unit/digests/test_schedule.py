"""Digests come at the local time, also when clocks change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.digests.schedule import next_digest, window_ending
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
