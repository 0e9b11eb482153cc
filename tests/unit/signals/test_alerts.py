"""What is told at once passes every gate, and not too often."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.models import Author, Mention, PostKey, Window
from monitor.nouns.burst import Burst
from monitor.signals.alerts import Alerted, Gates, Verdict, after_alert, alert_of, is_quiet_time
from monitor.signals.bursts import Known, baseline_window, measure
from tests.build import NOW, a_mention, a_topic

UTC = ZoneInfo("UTC")
HOUR = timedelta(hours=1)


def a_burst(**changes: Any) -> Burst:
    values: dict[str, Any] = {
        "start": NOW - HOUR,
        "end": NOW,
        "posts": 64,
        "accounts": 51,
        "voices": 48,
        "platforms": 3,
        "expected": 9.2,
        "surprise": 12.3,
        "before": 20,
        "latest": 48,
        "phase": "rising",
        "sampled_hours": 600,
    }
    return Burst(**(values | changes))


def told(hours: float, posts: int = 64, topic: str = "pots") -> Alerted:
    return Alerted(topic=topic, at=NOW - hours * HOUR, posts=posts)


def verdict(*alerted: Alerted, now: datetime = NOW, zone: ZoneInfo = UTC, **changes: Any) -> Verdict:
    return alert_of("pots", a_burst(**changes), alerted, now, zone)


def test_a_burst_that_passes_all_gates_is_told_and_says_when_again() -> None:
    assert verdict() == Verdict(
        is_alert=True, is_folded=False, reason="All gates passed; again above 128.", again_above=128
    )


def a_loud_hour(platforms: Sequence[str]) -> list[Mention]:
    times = [NOW - HOUR + n * HOUR / 64 for n in range(64)]
    posts = [
        {"key": PostKey(platform, str(n)), "created_at": time, "observed_at": time, "author": Author(id=str(n))}
        for n, (time, platform) in enumerate(zip(times, cycle(platforms), strict=False))
    ]
    return [a_mention(str(n), post=post) for n, post in enumerate(posts)]


@pytest.mark.parametrize(
    ("platforms", "gap", "is_alert"),
    [(("bluesky", "ptt"), 0, True), (("bluesky",), 0, False), (("bluesky", "ptt"), 4, False), (("x",), 4, False)],
)
def test_the_last_hour_of_two_platforms_is_told_if_it_was_read(
    platforms: Sequence[str], gap: int, is_alert: bool
) -> None:
    window = Window(NOW - HOUR, NOW)
    first, last = baseline_window(window)
    read = [Window(first, NOW - 1.5 * HOUR), Window(NOW - 1.5 * HOUR + gap * timedelta(minutes=1), NOW)]

    burst = measure(a_topic(), window, a_loud_hour(platforms), Known(read, [9] * ((last - first) // HOUR)), NOW).burst

    assert (burst is not None) is (gap == 0)
    assert (burst is not None and alert_of("pots", burst, (), NOW, UTC).is_alert) is is_alert


def test_the_least_that_the_gates_ask_for_is_enough() -> None:
    assert verdict(posts=20, accounts=15, platforms=2, sampled_hours=72).is_alert


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"posts": 19}, "19 of 20 posts in the hour."),
        ({"accounts": 14}, "14 of 15 accounts in the hour."),
        ({"platforms": 1}, "1 of 2 platforms in the hour."),
        ({"sampled_hours": 71}, "Too early: 71 of 72 h read."),
        ({"surprise": 1.2}, "Surprise 1.2 of 3.3."),
    ],
)
def test_a_burst_below_one_gate_is_not_told_and_says_which(changes: dict[str, Any], reason: str) -> None:
    assert verdict(**changes) == Verdict(is_alert=False, is_folded=False, reason=reason)


def test_within_six_hours_only_more_than_double_is_told_again() -> None:
    assert verdict(told(5.9), posts=128).reason == "Told less than 6 h ago: 128 posts are not above 128."
    assert verdict(told(5.9), posts=129).is_alert
    assert verdict(told(6)).is_alert


def test_the_newest_alert_says_what_double_is() -> None:
    assert not verdict(told(5, 10), told(1, 64), posts=100).is_alert
    assert verdict(told(1, 64, topic="pans"), posts=100).is_alert


def test_the_fourth_of_a_topic_in_a_day_is_not_told() -> None:
    three = [told(23), told(15), told(8)]

    assert verdict(*three).reason == "3 alerts of this topic in 24 h, which is the most."
    assert verdict(told(24), *three[1:]).is_alert


def test_the_sixth_of_a_chat_in_a_day_is_not_told() -> None:
    five = [told(n, topic=f"other{n}") for n in range(5)]

    assert verdict(*five).reason == "5 alerts in 24 h, which is the most of a chat."
    assert verdict(*five[:4]).is_alert


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"), [(21, 59, False), (22, 0, True), (3, 0, True), (7, 29, True), (7, 30, False)]
)
def test_at_night_it_waits_for_the_digest(hour: int, minute: int, quiet: bool) -> None:
    taipei = ZoneInfo("Asia/Taipei")
    now = datetime(2026, 3, 10, hour, minute, tzinfo=taipei)

    assert is_quiet_time(now, taipei, Gates()) is quiet
    assert verdict(now=now, zone=taipei).is_folded is quiet
    assert verdict(now=now, zone=taipei).is_alert is not quiet


def test_a_quiet_time_within_one_day_is_known_too() -> None:
    gates = Gates(quiet_from=time(13), quiet_to=time(15))

    assert is_quiet_time(NOW + 2 * HOUR, UTC, gates)
    assert not is_quiet_time(NOW + 3 * HOUR, UTC, gates)


def test_what_was_told_is_kept_for_a_day() -> None:
    kept = after_alert("pots", a_burst(), [told(24), told(23)], NOW)

    assert kept == (told(23), told(0))


def test_a_storm_of_a_day_makes_three_alerts_at_most() -> None:
    alerted: tuple[Alerted, ...] = ()
    sent = 0
    for n in range(24 * 6):
        now = NOW + n * HOUR / 6
        burst = a_burst(posts=64 * (n + 1))
        if alert_of("pots", burst, alerted, now, UTC).is_alert:
            alerted = after_alert("pots", burst, alerted, now)
            sent += 1

    assert sent == 3
