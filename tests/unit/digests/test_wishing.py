"""What a chat's wishes mean: quiet hours, languages, how much of people, and what is not sent at all."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.digests.schedule import Told, next_digest, windows_due
from monitor.digests.wishing import gates_of, is_muted, is_wished, quiet_until, stricter, takes_alerts, wished
from monitor.nouns.wishes import NEVER_QUIET, Wishes
from monitor.signals.alerts import is_quiet_time
from tests.build import NOW, a_topic
from tests.unit.digests.cases import FAILED, a_digest, a_trend, read


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-10T21:59", None),
        ("2026-03-10T22:00", "2026-03-11T07:30"),
        ("2026-03-11T03:00", "2026-03-11T07:30"),
        ("2026-03-11T07:29", "2026-03-11T07:30"),
        ("2026-03-11T07:30", None),
    ],
)
def test_quiet_hours_cross_midnight_and_end(now: str, until: str | None) -> None:
    assert quiet_until(("22:00", "07:30"), "UTC", utc(now)) == (None if until is None else utc(until))


def test_quiet_hours_are_the_chats_own_and_hold_when_clocks_change() -> None:
    assert quiet_until(("22:00", "07:30"), "Asia/Taipei", utc("2026-03-10T15:00")) == utc("2026-03-10T23:30")
    # In New York clocks go forward at 02:00 on the 8th: half past two is not there, and half past three ends the quiet.
    assert quiet_until(("22:00", "02:30"), "America/New_York", utc("2026-03-08T06:59")) == utc("2026-03-08T07:30")
    assert quiet_until(None, "UTC", NOW) is None


def test_digests_come_on_the_days_that_were_chosen() -> None:
    topic = wished(a_topic(), Wishes(days=(0, 3), at="09:00", timezone="Asia/Taipei"))
    friday = utc("2026-03-13T12:00")

    assert next_digest(topic, friday) == utc("2026-03-16T01:00")
    [due] = windows_due(topic, Told(end=utc("2026-03-12T01:00")), utc("2026-03-16T01:00"))
    assert (due.window.start, due.window.end) == (utc("2026-03-12T01:00"), utc("2026-03-16T01:00"))


def test_hours_of_before_a_change_are_told_with_its_first_digest() -> None:
    """Who moves the digest to an hour that is over today gets no digest at once, and misses nothing."""
    topic = wished(a_topic(), Wishes(at="07:00"))
    told, changed = Told(end=utc("2026-03-10T20:00")), utc("2026-03-11T12:00")

    assert windows_due(topic, told, utc("2026-03-11T12:01"), changed) == []
    [due] = windows_due(topic, told, utc("2026-03-12T07:00"), changed)
    assert due.window.start == utc("2026-03-10T20:00")


def test_only_a_rise_is_told_or_what_may_hide_one() -> None:
    rising = Wishes(mode="rising")
    calm, risen = a_digest(trend=a_trend(count=140, ratio=1.1)), a_digest(trend=a_trend(count=412, ratio=3.1))
    blind = a_digest(trend=a_trend(count=0, ratio=None, expected=None), statuses=read("hackernews:", **FAILED))

    assert [is_wished(each, rising) for each in (calm, risen, blind)] == [False, True, True]
    assert all(is_wished(each, Wishes()) for each in (calm, risen, blind))


def test_a_chat_can_ask_for_less_of_people_and_never_for_more() -> None:
    assert [stricter("default", each) for each in (None, "links", "names")] == ["default", "links", "default"]
    assert stricter("counts", "links") == "counts"


def test_quiet_hours_that_were_switched_off_hold_back_no_alert_and_those_never_chosen_do() -> None:
    never, off = gates_of(Wishes()), gates_of(Wishes(quiet=NEVER_QUIET))
    night = NOW.replace(hour=23)

    assert is_quiet_time(night, ZoneInfo("UTC"), never)
    assert not any(is_quiet_time(night.replace(hour=hour), ZoneInfo("UTC"), off) for hour in range(24))
    assert quiet_until(NEVER_QUIET, "UTC", night) is None


def test_alerts_keep_the_quiet_hours_and_the_switch_of_their_chat() -> None:
    muted = Wishes(muted_until=NOW + timedelta(hours=1))

    assert f"{gates_of(Wishes(quiet=('23:00', '06:00'))).quiet_from:%H:%M}" == "23:00"
    assert all(takes_alerts(each, NOW) for each in (None, Wishes()))
    assert not any(takes_alerts(each, NOW) for each in (Wishes(alerts=False), muted))
    assert is_muted(muted, NOW)
    assert not is_muted(muted, NOW + timedelta(hours=1))
