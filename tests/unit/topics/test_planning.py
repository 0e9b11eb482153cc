"""What is polled, how often, and how long to wait."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import OutOfCredit, PayloadChanged, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.models import Batch, Query
from monitor.topics.polling.planning import (
    JITTER,
    LONGEST_BACKOFF,
    LONGEST_PAUSE,
    SOONEST,
    UNTIL_MENDED,
    backoff,
    digest_job,
    next_look,
    paced,
    plan,
    poll_job,
    query_of,
    spread,
    tempo_after,
)
from tests.build import NOW, a_topic

QUERY = Query("rss", "https://feed.example/a:b?c=d")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def test_a_query_is_its_text_and_back() -> None:
    assert query_of(str(QUERY)) == QUERY
    assert query_of("hackernews") == Query("hackernews", "")
    assert str(query_of("hackernews")) == "hackernews"
    assert query_of(poll_job(QUERY).subject) == QUERY


def test_one_query_serves_all_topics_at_the_shortest_interval() -> None:
    topics = [
        a_topic(name="a", sources=("hackernews", str(QUERY)), every=HOUR),
        a_topic(name="b", sources=("hackernews",), every=5 * MINUTE),
    ]

    assert plan(topics) == {Query("hackernews", ""): 5 * MINUTE, QUERY: HOUR}


def test_a_new_schedule_is_a_new_job() -> None:
    jobs = {
        digest_job(a_topic(digest_at=at, timezone=zone)) for at in ("08:00", "09:00") for zone in ("UTC", "Asia/Taipei")
    }

    assert len(jobs) == 4


def test_a_next_page_is_read_at_once() -> None:
    assert next_look(QUERY, Batch(more=True, not_before=NOW + HOUR), HOUR, NOW) == timedelta(0)


def test_a_source_that_asks_for_patience_gets_it() -> None:
    assert next_look(QUERY, Batch(not_before=NOW + 3 * HOUR), MINUTE, NOW) == 3 * HOUR


@given(st.integers(0, 10**6), st.timedeltas(timedelta(0), timedelta(days=2)))
def test_no_wait_is_shorter_than_the_soonest_or_far_from_the_interval(seed: int, every: timedelta) -> None:
    query = Query("rss", str(seed))

    wait = next_look(query, Batch(), every, NOW)

    assert wait >= SOONEST
    assert wait <= max(SOONEST, every * (1 + JITTER))
    assert wait == next_look(query, Batch(), every, NOW)


def test_queries_do_not_move_in_step() -> None:
    waits = {spread(Query("rss", str(n)), 0, HOUR) for n in range(100)}

    assert len(waits) == 100
    assert max(waits) - min(waits) > HOUR * JITTER


def test_failures_double_the_wait_up_to_the_longest() -> None:
    error = SourceUnavailable("rss", "503")

    waits = [backoff(QUERY, error, failures, MINUTE) for failures in range(50)]

    for n in range(6):
        assert waits[n] == pytest.approx(MINUTE * 2**n, rel=JITTER)
    assert all(wait <= LONGEST_BACKOFF * (1 + JITTER) for wait in waits)


def test_a_feed_that_was_down_for_a_day_is_looked_at_within_the_hour_in_which_it_comes_back() -> None:
    """It shows a post for some hours only: with up to six hours between two tries, posts of a long outage were lost."""
    error = SourceUnavailable("rss", "503")

    assert backoff(QUERY, error, 40, 10 * MINUTE) <= HOUR * (1 + JITTER)


def test_a_query_of_a_long_interval_is_not_asked_more_often_because_it_fails() -> None:
    assert backoff(QUERY, SourceUnavailable("rss", "503"), 3, 3 * HOUR) == pytest.approx(3 * HOUR, rel=JITTER)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RateLimited("rss", "429", timedelta(days=1)), timedelta(days=1)),
        (RateLimited("rss", "429", timedelta(seconds=1)), SOONEST),
        (SourceRejected("rss", "gone"), UNTIL_MENDED),
        (OutOfCredit("x", "402"), UNTIL_MENDED),
        (PayloadChanged("rss", "HTML"), MINUTE),
    ],
)
def test_each_failure_waits_as_its_kind_says(error: SourceError, expected: timedelta) -> None:
    assert backoff(QUERY, error, 0, MINUTE) == pytest.approx(expected, rel=JITTER)


def test_a_full_query_is_looked_at_sooner_and_an_empty_one_later() -> None:
    ten = timedelta(minutes=10)
    tempo, waits = 0, []
    for fresh, more in [(9, True), (9, True), (9, False), (1, False), (1, False)] + [(0, False)] * 6 + [(1, False)]:
        before, tempo = tempo, tempo_after(tempo, Batch(more=more), fresh)
        if not more:
            waits.append(paced(ten, before if before < 0 else tempo) / ten)

    assert waits == [0.25, 0.5, 1, 1, 1.5, 2, 2.5, 2.5, 2.5, 1]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans())), st.integers(30, 86_400))
def test_the_tempo_stays_within_bounds(looks: list[tuple[int, bool]], seconds: int) -> None:
    every, tempo = timedelta(seconds=seconds), 0
    for fresh, more in looks:
        tempo = tempo_after(tempo, Batch(more=more), fresh)
        wait = paced(every, tempo)
        assert every / 4 <= wait <= max(every, min(3 * every, LONGEST_PAUSE))
        assert next_look(QUERY, Batch(), wait, NOW) >= timedelta(seconds=30)
