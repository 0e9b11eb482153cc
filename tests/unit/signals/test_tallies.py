"""What a platform counted and nobody read is part of how much was said, and of what is usual; it says so."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Author, Query, Window
from monitor.nouns.coverage import Counted, Tally
from monitor.seams.scored import Tallied
from monitor.signals.baseline import HOUR
from monitor.signals.bursts import Known, baseline_window, measure
from monitor.signals.tallies import Unread, added, counted_in, posts_in, unread, windows_of
from tests.build import a_mention, a_topic

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
X = Query("x", "(iron)")
OTHER = Query("x", "(pots)")


def tally(hours_ago: int, posts: int, minutes: int = 60) -> Tally:
    start = NOW - hours_ago * HOUR
    return Tally(start=start, until=start + timedelta(minutes=minutes), posts=posts)


def test_what_is_unread_is_what_was_counted_less_what_is_stored() -> None:
    start = NOW - 2 * HOUR
    tallied = Tallied({X: [tally(2, 300)], OTHER: [tally(2, 100, minutes=30)]}, {("x", start): 60})

    (hour,) = unread(tallied)

    assert hour == Unread("x", Window(start, start + timedelta(minutes=30)), 400, 60)
    assert hour.posts == 340
    assert windows_of(X, tallied) == [Window(start, start + HOUR)]
    assert windows_of(Query("rss", ""), tallied) == []


def test_more_stored_than_counted_is_nothing_unread() -> None:
    hours = unread(Tallied({X: [tally(1, 5)]}, {("x", NOW - HOUR): 9}))

    assert posts_in(Window(NOW - HOUR, NOW), hours) == 0
    assert counted_in(Window(NOW - HOUR, NOW), hours) == ()


def test_half_of_an_hour_has_half_of_its_posts() -> None:
    hours = unread(Tallied({X: [tally(2, 100), tally(1, 300)]}, {("x", NOW - 2 * HOUR): 40}))
    window = Window(NOW - 1.5 * HOUR, NOW - HOUR / 2)

    assert posts_in(window, hours) == 30 + 150
    assert counted_in(window, hours) == (Counted("x", 200, 20),)


@given(st.lists(st.tuples(st.integers(0, 47), st.integers(0, 1000)), max_size=30, unique_by=lambda each: each[0]))
def test_hours_that_are_cut_anywhere_add_up_to_all(counted: list[tuple[int, int]]) -> None:
    hours = unread(Tallied({X: [tally(48 - at, posts) for at, posts in counted]}))
    whole = Window(NOW - 48 * HOUR, NOW)
    parts = [
        Window(whole.start + n * timedelta(minutes=45), whole.start + (n + 1) * timedelta(minutes=45))
        for n in range(64)
    ]

    assert posts_in(whole, hours) == sum(posts for _, posts in counted)
    assert abs(sum(posts_in(part, hours) for part in parts) - posts_in(whole, hours)) <= len(parts) / 2
    assert sum(added([0] * 48, whole.start, hours)) == posts_in(whole, hours)


def test_a_topic_that_is_sampled_is_as_loud_as_was_counted_and_its_burst_is_found() -> None:
    window = Window(NOW - 24 * HOUR, NOW)
    earlier = baseline_window(window)
    counts = dict.fromkeys(range(24, 24 + 14 * 24), 100) | dict.fromkeys(range(24), 100) | {4: 900}
    start = min(NOW - n * HOUR for n in counts)
    hours = unread(Tallied({X: [tally(n, posts) for n, posts in counts.items()]}))
    mentions = [
        a_mention(
            str(n),
            post={
                "created_at": NOW - n * HOUR / 2 - timedelta(minutes=1),
                "observed_at": NOW,
                "author": Author(id=str(n)),
            },
        )
        for n in range(48)
    ]
    known = Known(
        [Window(start, NOW)], added([0] * ((earlier.end - earlier.start) // HOUR), earlier.start, hours), hours
    )

    trend = measure(a_topic(), window, mentions, known, NOW)

    # Nothing of the sample is stored as X's here, so all that was counted is unread.
    assert trend.count == 24 * 100 + 800 + 48
    assert trend.counted == (Counted("x", 3200, 0),)
    assert trend.expected == 2400
    assert trend.burst is not None
    assert (trend.burst.start, trend.burst.posts) == (NOW - 4 * HOUR, 902)
    assert any("X counted 3,200 posts and 0 were read" in sentence for sentence in trend.arithmetic)
    assert sum(trend.hourly) == trend.count


def test_without_what_was_counted_the_sample_alone_is_no_burst() -> None:
    window = Window(NOW - 24 * HOUR, NOW)

    trend = measure(a_topic(), window, [], Known([], [0] * (29 * 24)), NOW)

    assert (trend.count, trend.counted, trend.burst) == (0, (), None)
