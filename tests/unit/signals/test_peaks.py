"""What stands out in a window, and what must never look as if it did."""

import random
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from math import exp, fsum, lgamma, log, log10
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.models import Author, Mention, Trend, Window
from monitor.nouns.burst import Burst
from monitor.signals.baseline import Hours, sampled_hours, usual_at
from monitor.signals.bursts import DAY, HOUR, Known, baseline_window, by_hour, measure
from monitor.signals.coverage import covered, merged
from monitor.signals.peaks import Earlier, Finding, find_burst
from tests.build import a_mention, a_topic

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
WINDOW = Window(NOON - DAY, NOON)
FIRST = baseline_window(WINDOW).start
ALWAYS = (Window(FIRST, NOON),)
USUAL = 2
BURST_HOUR = NOON - 3 * HOUR


def an_earlier(counts: Sequence[int] | None = None, read: Sequence[Window] = ALWAYS) -> Earlier:
    all_counts = [USUAL] * ((WINDOW.start - FIRST) // HOUR) if counts is None else counts
    return Earlier(sampled_hours(FIRST, all_counts, read), read, ZoneInfo("UTC"))


def posts(start: datetime, count: int, **changes: Any) -> list[Mention]:
    """Return posts of as many accounts and wordings, spread over an hour."""
    made = []
    for n in range(count):
        time = start + n * HOUR / count
        post = {
            "author": Author(id=f"a{start:%d%H}-{count}-{n}"),
            "created_at": time,
            "observed_at": time,
        } | changes.get("post", {})
        others = {key: value for key, value in changes.items() if key != "post"}
        made.append(
            a_mention(f"{start:%d%H}-{count}-{n}", **({"group": f"g{start:%d%H}-{count}-{n}"} | others), post=post)
        )
    return made


def quiet_day() -> list[Mention]:
    return [each for n in range(24) for each in posts(WINDOW.start + n * HOUR, USUAL)]


def found(mentions: Sequence[Mention], earlier: Earlier | None = None) -> Burst | None:
    return find_burst(WINDOW, by_hour(WINDOW, mentions), earlier or an_earlier()).burst


def test_an_hour_of_many_people_stands_out() -> None:
    burst = found(quiet_day() + posts(BURST_HOUR, 40))

    assert burst is not None
    assert (burst.start, burst.end) == (BURST_HOUR, BURST_HOUR + HOUR)
    assert (burst.posts, burst.voices, burst.before, burst.phase) == (42, 42, 2, "back")
    assert burst.surprise > 20


def test_a_slow_rise_stands_out_over_hours_of_which_each_alone_is_usual() -> None:
    slow = [each for n in range(6) for each in posts(NOON - (6 - n) * HOUR, 7)]

    burst = found(slow)

    assert burst is not None
    assert burst.end - burst.start == 3 * HOUR


def test_a_quiet_day_has_no_burst_and_no_sentence() -> None:
    found = find_burst(WINDOW, by_hour(WINDOW, quiet_day()), an_earlier())

    assert found == Finding(ordinary=found.ordinary)


def test_one_account_with_a_thousand_posts_makes_no_burst() -> None:
    assert found(quiet_day() + posts(BURST_HOUR, 1000, post={"author": Author(id="loud")})) is None


def test_one_text_copied_a_thousand_times_makes_no_burst() -> None:
    assert found(quiet_day() + posts(BURST_HOUR, 1000, group="same")) is None


def test_a_loud_account_that_copies_and_is_copied_makes_no_burst() -> None:
    loud = posts(BURST_HOUR, 500, post={"author": Author(id="loud")})

    assert found(quiet_day() + loud + posts(BURST_HOUR + timedelta(minutes=1), 500, group="same")) is None


@pytest.mark.parametrize("hours", [1, 2, 5])
def test_what_came_while_nobody_read_makes_no_burst_afterwards(hours: int) -> None:
    """Posts of a feed without times are seen all at once when it can be read again."""
    read = (Window(FIRST, BURST_HOUR - hours * HOUR), Window(BURST_HOUR + timedelta(minutes=10), NOON))

    assert found(quiet_day() + posts(BURST_HOUR, 200), an_earlier(read=read)) is None


def test_posts_that_have_only_the_time_at_which_we_looked_make_no_burst() -> None:
    assert found(quiet_day() + posts(BURST_HOUR, 200, post={"created_at": None})) is None


def test_back_filled_posts_make_no_burst() -> None:
    assert found(quiet_day() + posts(BURST_HOUR, 200, backfilled=True)) is None


def test_hours_that_were_not_read_are_no_hours_of_nothing() -> None:
    """A baseline longer than what was sampled inflates every multiple (23 times in a published post-mortem)."""
    busy, hours = 30, (WINDOW.start - FIRST) // HOUR
    sampled = 5 * 24
    counts = [0] * (hours - sampled) + [busy] * sampled
    read = (Window(WINDOW.start - sampled * HOUR, NOON),)
    day = [each for n in range(24) for each in posts(WINDOW.start + n * HOUR, busy)]

    sampled_usual = usual_at(sampled_hours(FIRST, counts, read), Window(BURST_HOUR, BURST_HOUR + HOUR), ZoneInfo("UTC"))
    claimed_usual = usual_at(Hours(FIRST, counts), Window(BURST_HOUR, BURST_HOUR + HOUR), ZoneInfo("UTC"))

    assert found(day, an_earlier(counts, read)) is None
    assert sampled_usual is not None
    assert claimed_usual is not None
    assert (sampled_usual.counts, claimed_usual.counts) == (3 * 5, 3 * 28)
    assert sampled_usual.mean == pytest.approx(busy, rel=0.01)
    assert claimed_usual.mean < busy / 5


def test_a_daily_rhythm_is_no_burst() -> None:
    rhythm = [60 if 8 <= n % 24 < 12 else 2 for n in range((NOON - FIRST) // HOUR)]
    first = FIRST.hour
    hours = len(rhythm) - 24
    day = [each for n in range(24) for each in posts(WINDOW.start + n * HOUR, rhythm[hours + n])]

    assert first == WINDOW.start.hour
    assert found(day, an_earlier(rhythm[:hours])) is None


def test_a_busy_weekday_is_no_burst() -> None:
    hours = (NOON - FIRST) // HOUR
    counts = [40 if (WINDOW.start - FIRST - n * HOUR) % (7 * DAY) > 6 * DAY else 4 for n in range(hours)]
    weekday = [40 if (FIRST + n * HOUR - WINDOW.start) % (7 * DAY) < DAY else 4 for n in range(hours)]
    day = [each for n in range(24) for each in posts(WINDOW.start + n * HOUR, 40)]

    assert len(counts) == len(weekday)
    assert found(day, an_earlier(weekday[: hours - 24])) is None


def test_an_earlier_burst_does_not_hide_the_next() -> None:
    hours = (WINDOW.start - FIRST) // HOUR
    counts = [USUAL] * hours
    counts[hours - 27] = counts[hours - 28] = 500

    assert found(quiet_day() + posts(BURST_HOUR, 40), an_earlier(counts)) is not None


@settings(max_examples=25)
@given(st.randoms(), st.integers(0, 40))
def test_order_and_repetition_change_nothing(dice: random.Random, more: int) -> None:
    mentions = quiet_day()[::4] + posts(BURST_HOUR, more)
    twice = mentions + mentions
    dice.shuffle(twice)
    unique = list({each.post.key: each for each in twice}.values())

    once = find_burst(WINDOW, by_hour(WINDOW, mentions), an_earlier())

    assert find_burst(WINDOW, by_hour(WINDOW, unique), an_earlier()) == once
    doubled = find_burst(WINDOW, by_hour(WINDOW, twice), an_earlier()).burst
    assert (doubled and doubled.surprise) == (once.burst and once.burst.surprise)


@settings(max_examples=25)
@given(st.integers(0, 23), st.integers(1, 6), st.integers(0, 59))
def test_a_gap_never_makes_a_burst(start: int, length: int, minutes: int) -> None:
    """Whatever is left of a quiet day around a gap, none of it stands out."""
    gap = Window(WINDOW.start + start * HOUR + timedelta(minutes=minutes), WINDOW.start + (start + length) * HOUR)
    read = (Window(FIRST, gap.start), Window(gap.end, max(gap.end, NOON)))
    seen = [each for each in quiet_day() if not gap.start <= each.post.time < gap.end]

    assert found(seen, an_earlier(read=read)) is None


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 695), st.integers(1, 200), st.integers(1, 59)), max_size=12))
def test_gaps_in_the_earlier_weeks_never_make_a_burst(gaps: list[tuple[int, int, int]]) -> None:
    """Nothing is known of what was said in them, so that fewer posts are no smaller usual."""
    steady, hours = 6, (WINDOW.start - FIRST) // HOUR
    holes = merged(
        Window(start, min(WINDOW.start, start + length * HOUR))
        for hour, length, minutes in gaps
        for start in [FIRST + hour * HOUR + timedelta(minutes=minutes)]
    )
    edges = [FIRST, *(edge for hole in holes for edge in hole), NOON]
    read = [Window(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    counts = [
        int(steady * (1 - covered(Window(hour, hour + HOUR), holes) / HOUR))
        for hour in (FIRST + n * HOUR for n in range(hours))
    ]
    day = [each for n in range(24) for each in posts(WINDOW.start + n * HOUR, steady)]

    assert measure(a_topic(), WINDOW, day, Known(read, counts), NOON).burst is None


def test_each_hour_has_its_usual_also_one_that_was_not_read() -> None:
    """The chart drew the usual of a day spread evenly, beside a rise that was compared with another."""
    window = Window(NOON - DAY, NOON)
    counts = [10 if n % 24 == 9 else 1 for n in range((window.start - FIRST) // HOUR)]
    gap = Window(window.start + 3 * HOUR, window.start + 5 * HOUR)
    read = (Window(FIRST, gap.start), Window(gap.end, NOON))

    trend = measure(a_topic(), window, posts(BURST_HOUR, 60), Known(read, counts), NOON)

    assert trend.burst is not None
    hour = (trend.burst.start - window.start) // HOUR
    assert len(trend.ordinary) == 24
    assert all(each is not None and each.high >= 1 for each in trend.ordinary)
    assert trend.ordinary[hour] is not None
    assert trend.ordinary[hour].mean == trend.burst.expected
    assert trend.unread == (gap,)


# /why: whoever reads the sentences can repeat the numbers.


def number(text: str) -> float:
    return float(text.replace(",", ""))


def tail(count: int, mean: float, variance: float) -> float:
    """Return P(X >= count), each term from its own definition, which is not how the product adds them up."""
    size, chance = mean * mean / (variance - mean), mean / variance
    terms = (
        lgamma(n + size) - lgamma(size) - lgamma(n + 1) + size * log(chance) + n * log(1 - chance)
        for n in range(count, count + 2000)
    )
    return fsum(map(exp, terms))


def told_by(sentences: Sequence[str], pattern: str) -> list[float]:
    matches = [match for each in sentences if (match := re.search(pattern, each))]
    assert len(matches) == 1, f"{pattern} is told once"
    return [number(group) for group in matches[0].groups()]


@pytest.mark.parametrize("usual", [lambda n: n % 5, lambda n: 3 + n % 7, lambda n: 9 if n % 168 < 24 else 1])
def test_the_sentences_repeat_the_numbers_of_a_burst(usual: Callable[[int], int]) -> None:
    window = Window(NOON - DAY, NOON)
    counts = [usual(n) for n in range((window.start - FIRST) // HOUR)]
    mentions = posts(BURST_HOUR, 60)

    trend = measure(a_topic(), window, mentions, Known(ALWAYS, counts), NOON)

    assert trend.burst is not None
    told = trend.arithmetic
    voices, more, before = told_by(told, r"; ([\d,]+) voices .*, ([+\-\d,]+) on the ([\d,]+) before")
    mean, total, n = told_by(told, r"^Usual at that time of day ([\d.,e\-]+) = \(([\d,]+) \+ 0\.5\) ÷ ([\d,]+)")
    variance, times, among = told_by(told, r"^Variance ([\d.,e\-]+) = ([\d.,]+) × usual × \(1 \+ 1 ÷ (\d+)\)")
    dispersion, all_total, squares = told_by(told, r"; ([\d.,]+) = max\(1, .* sum ([\d,]+), squares ([\d,]+)")
    surprise, at_least = told_by(told, r"^Surprise ([\d.,]+) = -log10 P\(X ≥ ([\d,]+)\)")
    assert voices == at_least == trend.burst.voices
    assert more == voices - before
    exact_mean = (total + 0.5) / n
    exact_dispersion = max(1, (squares - all_total**2 / among) / (among - 1) / (all_total / among))
    exact_variance = exact_dispersion * exact_mean * (1 + 1 / among)
    assert mean == pytest.approx(exact_mean, abs=0.005)
    assert times == dispersion == pytest.approx(exact_dispersion, abs=0.005)
    assert variance == pytest.approx(exact_variance, abs=0.005)
    assert surprise == pytest.approx(-log10(tail(int(voices), exact_mean, exact_variance)), abs=0.006)
    assert (trend.burst.expected, trend.burst.surprise) == pytest.approx((exact_mean, surprise), abs=0.006)


def test_the_sentences_repeat_the_ratio_and_the_median() -> None:
    counts = [n % 11 for n in range((WINDOW.start - FIRST) // HOUR)]

    trend = measure(a_topic(), WINDOW, quiet_day(), Known(ALWAYS, counts), NOON)

    count, usual, ratio = told_by(trend.arithmetic, r"^([\d,]+) ÷ ([\d.,]+) = ×([\d.]+)\.$")
    (listed,) = [match[1] for each in trend.arithmetic if (match := re.search(r"\(([\d, ]+)\), same sources", each))]
    earlier = sorted(map(number, listed.split(", ")))
    assert usual == (earlier[len(earlier) // 2 - 1] + earlier[len(earlier) // 2]) / 2
    assert (count, trend.expected) == (trend.count, usual)
    assert ratio == pytest.approx(count / usual, abs=0.05)


def test_a_topic_that_was_read_for_less_than_three_days_has_no_burst() -> None:
    read = [Window(WINDOW.start - 71 * HOUR, NOON)]
    counts = [USUAL] * ((WINDOW.start - FIRST) // HOUR)

    assert measure(a_topic(), WINDOW, posts(BURST_HOUR, 40), Known(read, counts), NOON).burst is None


def test_years_of_an_archive_are_one_window_without_a_burst() -> None:
    window = Window(NOON - 2000 * DAY, NOON)
    first, last = baseline_window(window)
    counts = [USUAL] * ((last - first) // HOUR)

    trend = measure(a_topic(), window, posts(BURST_HOUR, 60), Known([Window(first, NOON)], counts), NOON)

    assert (trend.count, trend.burst) == (60, None)


def test_an_hour_counts_as_read_from_57_minutes_on() -> None:
    start = FIRST + timedelta(minutes=3)

    assert sampled_hours(FIRST, [7, 7], [Window(start, FIRST + 2 * HOUR)]) == Hours(FIRST, [7, 7])
    assert sampled_hours(FIRST, [7, 7], [Window(start + timedelta(seconds=1), FIRST + 2 * HOUR)]).counts == [None, 7]


def test_a_trend_that_was_stored_before_there_were_bursts_is_read() -> None:
    counts = [USUAL] * ((WINDOW.start - FIRST) // HOUR)
    trend = measure(a_topic(), WINDOW, posts(BURST_HOUR, 40), Known(ALWAYS, counts), NOON)
    stored = msgspec.to_builtins(trend)
    earlier = {name: value for name, value in stored.items() if name != "burst"}

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(trend), type=Trend) == trend
    assert msgspec.convert(earlier, Trend).burst is None
