"""The usual is taken from what was read, and says how."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Author, Count, Mention, PostKey, Topic, Trend, Window
from monitor.signals.bursts import DAY, HOUR, Known, baseline_window, format_ratio, measure
from tests.build import a_mention, a_topic

WEDNESDAY = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)
DAY_WINDOW = Window(WEDNESDAY - DAY, WEDNESDAY)


def mentions_in(window: Window, count: int) -> list[Mention]:
    step = window.length / max(1, count)
    return [
        a_mention(str(n), post={"observed_at": window.start + n * step, "author": Author(id=f"a{n % 7}")})
        for n in range(count)
    ]


def counts_with(window: Window, by_hour: Mapping[datetime, int], usual: int = 0) -> list[int]:
    first, last = baseline_window(window)
    return [by_hour.get(first + n * HOUR, usual) for n in range((last - first) // HOUR)]


def trend_of(
    count: int,
    sampled: list[Window],
    hourly: list[int],
    window: Window = DAY_WINDOW,
    topic: Topic | None = None,
    now: datetime | None = None,
) -> Trend:
    return measure(topic or a_topic(), window, mentions_in(window, count), Known(sampled, hourly), now or window.end)


def of_usual(trend: Trend) -> tuple[str, ...]:
    """Return the sentences about what is usual."""
    return tuple(sentence for sentence in trend.arithmetic if not sentence.startswith("Each wording once"))


def last_days(days: float) -> list[Window]:
    return [Window(DAY_WINDOW.start - days * DAY, DAY_WINDOW.end)]


def test_four_sampled_weekdays_make_the_usual_and_say_so() -> None:
    tuesdays = {DAY_WINDOW.start - 7 * n * DAY: count for n, count in enumerate((118, 127, 139, 150), 1)}
    hourly = counts_with(DAY_WINDOW, tuesdays, usual=3)
    hourly = [count if count > 9 else 0 for count in hourly]

    trend = trend_of(412, last_days(28), hourly)

    assert trend.expected == 133
    assert trend.ratio == pytest.approx(3.098, abs=0.001)
    assert of_usual(trend) == (
        "412 ÷ 133 = ×3.1.",
        "133 = median of the 24 h to Wed 08:00 in each of 4 earlier weeks (118, 127, 139, 150), same sources.",
    )
    assert (
        trend.arithmetic[2]
        == "Each wording once: 412 of 412 posts. Loudest account: 59 of them. Matched: 砸锅卖铁 412."
    )


def test_other_days_serve_while_weekdays_are_missing() -> None:
    trend = trend_of(48, last_days(5), counts_with(DAY_WINDOW, {}, usual=1))

    assert (trend.expected, trend.ratio) == (24, 2)
    assert of_usual(trend)[1] == (
        "24 = median of the 24 h to 08:00 on each of 5 earlier days (24, 24, 24, 24, 24), same sources."
    )


def test_a_day_with_a_gap_is_left_out() -> None:
    hole = Window(DAY_WINDOW.start - 2 * DAY, DAY_WINDOW.start - 2 * DAY + timedelta(minutes=73))
    sampled = [Window(DAY_WINDOW.start - 4 * DAY, hole.start), Window(hole.end, DAY_WINDOW.end)]
    hourly = counts_with(DAY_WINDOW, {hole.start + 2 * HOUR: 10_000}, usual=1)

    trend = trend_of(30, sampled, hourly)

    assert trend.expected == 24
    assert "3 earlier days" in of_usual(trend)[1]


def test_five_per_cent_of_a_day_may_be_missing() -> None:
    hole = Window(DAY_WINDOW.start - 2 * DAY, DAY_WINDOW.start - 2 * DAY + timedelta(minutes=72))
    sampled = [Window(DAY_WINDOW.start - 3 * DAY, hole.start), Window(hole.end, DAY_WINDOW.end)]

    assert trend_of(30, sampled, counts_with(DAY_WINDOW, {}, 1)).expected is None  # 70.8 h in all
    assert trend_of(30, [*sampled, *last_days(3)], counts_with(DAY_WINDOW, {}, 1)).expected == 24


@pytest.mark.parametrize("hours", [0, 9, 71])
def test_it_is_too_early_before_72_hours(hours: int) -> None:
    sampled = [Window(DAY_WINDOW.start - hours * HOUR, DAY_WINDOW.end)]

    trend = trend_of(118, sampled, counts_with(DAY_WINDOW, {}, usual=5))

    assert (trend.expected, trend.ratio) == (None, None)
    assert (trend.sampled_hours, trend.needed_hours) == (hours, 72)
    assert of_usual(trend) == (f"Too early for 'usual': {hours} of 72 h read before this window.",)


def test_many_hours_with_gaps_are_no_usual() -> None:
    halves = [Window(DAY_WINDOW.start - n * DAY, DAY_WINDOW.start - n * DAY + 12 * HOUR) for n in range(1, 20)]

    trend = trend_of(118, halves, counts_with(DAY_WINDOW, {}, usual=5))

    assert trend.expected is None
    assert trend.sampled_hours == 228
    assert of_usual(trend) == ("No usual: 0 of 3 earlier windows were read whole.",)


def test_less_than_one_usual_post_is_not_divided_by() -> None:
    trend = trend_of(7, last_days(6), counts_with(DAY_WINDOW, {}, usual=0))

    assert (trend.expected, trend.ratio) == (0, None)
    assert of_usual(trend)[0] == "Usual is 0: too small to divide 7 by."


def test_back_filled_posts_are_counted_and_not_compared() -> None:
    mentions = mentions_in(DAY_WINDOW, 48)
    old = [a_mention(f"old{n}", backfilled=True, post={"observed_at": DAY_WINDOW.start}) for n in range(5)]

    hourly = counts_with(DAY_WINDOW, {}, 1)
    trend = measure(a_topic(), DAY_WINDOW, mentions + old, Known(last_days(5), hourly), WEDNESDAY)

    assert (trend.count, trend.expected, trend.ratio) == (53, 24, None)
    assert of_usual(trend)[-1] == "5 back-filled posts are counted but not compared."


def test_a_window_that_is_not_over_is_not_compared() -> None:
    trend = trend_of(10, last_days(5), counts_with(DAY_WINDOW, {}, 1), now=WEDNESDAY - timedelta(minutes=1))

    assert (trend.expected, trend.ratio) == (24, None)
    assert of_usual(trend)[-1] == "The window is not over: no comparison yet."


def test_a_window_off_the_hour_is_compared_with_whole_hours_before() -> None:
    window = Window(DAY_WINDOW.start + timedelta(minutes=30), DAY_WINDOW.end + timedelta(minutes=30))
    full = counts_with(window, {DAY_WINDOW.start - DAY: 76}, usual=1)

    trend = trend_of(40, [Window(window.start - 3 * DAY - HOUR, window.end)], full, window=window)

    assert "(24, 24, 99)" in of_usual(trend)[1]
    assert of_usual(trend)[-1] == "Earlier windows are counted from the full hour before."


def test_a_window_of_ninety_minutes_has_no_usual() -> None:
    window = Window(WEDNESDAY - timedelta(minutes=90), WEDNESDAY)

    trend = trend_of(4, last_days(20), counts_with(window, {}, 1), window=window)

    assert trend.expected is None
    assert of_usual(trend) == ("No usual for a window that is not of whole hours.",)


def test_an_hour_is_compared_with_the_same_hour_of_other_days() -> None:
    window = Window(WEDNESDAY - HOUR, WEDNESDAY)
    hourly = counts_with(window, {window.start - n * DAY: 9 for n in range(1, 29)}, usual=500)

    trend = trend_of(64, [Window(window.start - 28 * DAY, window.end)], hourly, window=window)

    assert trend.expected == 9
    assert "the 60 min to Wed 08:00 in each of 4 earlier weeks" in of_usual(trend)[1]


def test_a_week_is_compared_with_weeks_that_do_not_overlap() -> None:
    window = Window(WEDNESDAY - 7 * DAY, WEDNESDAY)
    trend = trend_of(
        400, [Window(window.start - 28 * DAY, window.end)], counts_with(window, {}, 1), window=window, topic=a_topic()
    )

    assert of_usual(trend)[1] == (
        "168 = median of the 7 d to Wed 08:00 in each of 4 earlier weeks (168, 168, 168, 168), same sources."
    )


def test_the_same_local_time_is_compared_when_clocks_have_changed() -> None:
    """London went to summer time on 29 March 2026: 08:00 local was 08:00 UTC before and is 07:00 UTC after."""
    zone = ZoneInfo("Europe/London")
    end = datetime(2026, 3, 31, 8, 0, tzinfo=zone).astimezone(UTC)
    window = Window(end - HOUR, end)
    local_seven = {datetime(2026, 3, day, 7, 0, tzinfo=zone).astimezone(UTC): 12 for day in range(3, 31)}
    topic = a_topic(timezone="Europe/London")

    trend = trend_of(24, [Window(end - 30 * DAY, end)], counts_with(window, local_seven), window=window, topic=topic)

    assert trend.expected == 12


def test_accounts_platforms_and_hours_are_counted() -> None:
    mentions = [
        *mentions_in(DAY_WINDOW, 24),
        a_mention("m", post={"key": PostKey("mastodon", "m"), "author": Author(id="a1")}, script="Hant"),
        a_mention("n", post={"key": PostKey("rss", "n")}, language="en", script="Latn"),
    ]

    trend = measure(a_topic(), DAY_WINDOW, mentions, Known([], counts_with(DAY_WINDOW, {})), WEDNESDAY)

    assert (trend.count, trend.accounts) == (26, 8)
    assert trend.platforms == (Count("bluesky", 24), Count("mastodon", 1), Count("rss", 1))
    assert trend.languages == (Count("zh-Hans", 24), Count("en", 1), Count("zh-Hant", 1))
    assert len(trend.hourly) == 24
    assert sum(trend.hourly) == 26 - sum(not DAY_WINDOW.start <= m.post.time < DAY_WINDOW.end for m in mentions)


@given(st.lists(st.integers(0, 5000), min_size=3, max_size=28), st.integers(0, 5000))
def test_the_usual_lies_between_the_counts_it_is_made_of(counts: list[int], now_count: int) -> None:
    by_hour = {DAY_WINDOW.start - n * DAY: count for n, count in enumerate(counts, 1)}
    hourly = counts_with(DAY_WINDOW, by_hour)

    trend = measure(a_topic(), DAY_WINDOW, [], Known(last_days(len(counts)), hourly), WEDNESDAY)

    assert trend.expected is not None
    assert min(counts) <= trend.expected <= max(counts)


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        *((3.098, "×3.1"), (3.05, "×3.1"), (9.94, "×9.9"), (9.96, "×10"), (12.5, "×13"), (41.5, "×42")),
        (1240.0, "×1,240"),
        *((0.04, "×0.04"), (0.0996, "×0.1"), (0.424, "×0.42"), (0.5, "×0.5"), (0.994, "×0.99"), (0.996, "×1.0")),
        *((0.00031, "×0.00031"), (1e-7, "×0.0000001"), (0.0, "×0.0")),
    ],
)
def test_ratios_have_two_digits_that_count(ratio: float, words: str) -> None:
    assert format_ratio(ratio) == words
