"""The judge of detectors counts what it says it counts."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.evaluation.burst_events import is_off_topic, onset_of, stories_of, sudden_days
from tests.evaluation.burst_methods import METHODS, Method, Stream
from tests.evaluation.burst_streams import HOUR, MONDAY, Trial, a_post, chance, inserted, poisson, shuffled
from tests.evaluation.bursts import figures, firings, threshold_for, watch

DAY = timedelta(days=1)
ONSET = MONDAY + 35 * DAY


def a_trial(event_posts: int, kind: str = "crises") -> Trial:
    posts = [a_post(ONSET + n * HOUR / 60, f"e{n}") for n in range(event_posts)]
    stream = inserted(posts, [4.0] * (37 * 24), MONDAY, chance("a trial"))
    return Trial("one", kind, stream, ONSET - 7 * DAY, ONSET + DAY, ONSET)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_finds_sixty_posts_in_an_hour_where_four_are_usual(name: str) -> None:
    got = figures([watch(a_trial(60), METHODS[name])], METHODS[name].threshold)

    assert got.found == {"crises": 1.0}
    assert got.delay["crises"] < 1


def test_an_event_that_is_not_there_is_not_found_and_counts_with_the_whole_time() -> None:
    got = figures([watch(a_trial(0), METHODS["ours"])], METHODS["ours"].threshold)

    assert (got.found, got.delay, got.alarms) == ({"crises": 0.0}, {"crises": 24.0}, {"crises": 0.0})


def always_nine(stream: Stream, now: datetime) -> float:
    del stream, now
    return 9.0


def test_a_method_that_always_fires_finds_all_and_is_wrong_four_times_a_day() -> None:
    always = Method(always_nine, 1.0)

    got = figures([watch(a_trial(0), always)], always.threshold)

    assert got.found == {"crises": 1.0}
    assert got.alarms["crises"] == 28


def test_the_threshold_of_equal_false_alarms_is_the_lowest_that_is_allowed() -> None:
    loud = [now for n in range(100) if (now := timedelta(hours=-24 * n))]
    null = Trial("null", "null", Stream([], MONDAY, []), MONDAY, MONDAY + 100 * DAY)
    watched = watch(null, METHODS["z_score"])._replace(scores=[(now, 5.0) for now in sorted(loud)])

    assert 5.0 < threshold_for([watched]) <= 5.0 * 1.02


def test_a_method_fires_again_after_six_hours() -> None:
    scores = [(n * HOUR, 9.0) for n in range(14)]

    assert firings(scores, 1.0) == [0 * HOUR, 6 * HOUR, 12 * HOUR]


def test_nothing_that_comes_later_changes_a_score() -> None:
    before, after = a_trial(0), a_trial(60)

    for method in METHODS.values():
        assert method.score(before.stream, ONSET) == method.score(after.stream, ONSET)


def test_an_event_begins_with_ten_posts_in_a_day() -> None:
    stray = a_post(ONSET - 10 * DAY, "stray")
    some = [a_post(ONSET + n * HOUR, str(n)) for n in range(10)]

    assert onset_of([stray, *some]) == ONSET
    assert onset_of(some[:9]) is None


def test_what_is_shuffled_keeps_its_time_of_day_and_loses_its_day() -> None:
    posts = [a_post(ONSET + timedelta(hours=9), str(n)) for n in range(500)]

    moved = shuffled("some", posts).stream.posts

    assert {post.time.hour for post in moved} == {9}
    assert len({post.time.date() for post in moved}) > 35


def test_labels_that_say_off_topic_are_known() -> None:
    labels = ("off-topic", "Not related to crisis", "Not Relevant", "Not related or irrelevant", "No", "on-topic")

    assert [is_off_topic({"label": label}) for label in labels] == [True] * 5 + [False]
    assert not is_off_topic({"label": "Not Informative"})


def test_comments_are_what_a_story_gained_between_pages() -> None:
    item = {"title": "A story", "link": "https://hn.example/1"}
    pages = [
        {"ts": f"2020-11-09T0{n}:00:00+00:00", "items": [item | {"comments": comments}]}
        for n, comments in enumerate((5, 7, 7, 6, 8))
    ]

    (story,) = stories_of(pages)

    assert (story.rank, story.seen) == (0, datetime(2020, 11, 9, tzinfo=UTC))
    assert [time.hour for time in story.comments] == [0, 0, 3, 3]


def test_a_sudden_day_has_five_titles_and_thrice_as_many_as_before() -> None:
    lists = {f"2022-09-{day:02}": ["地震一", "地震二"] for day in range(1, 5)}
    lists["2022-09-05"] = [f"地震{n}" for n in range(6)]
    since, until = datetime(2022, 8, 31, tzinfo=UTC), datetime(2022, 9, 9, tzinfo=UTC)

    assert list(sudden_days("地震", lists, since, until)) == [datetime(2022, 9, 4, 16, tzinfo=UTC)]


def test_counts_are_drawn_with_their_mean() -> None:
    dice = chance("counts")

    drawn = [poisson(dice, 70.0) for _ in range(400)]

    assert sum(drawn) / len(drawn) == pytest.approx(70, abs=2)
