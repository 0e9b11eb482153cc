"""Which known posts are looked at again, and what is believed."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Engagement, PostKey
from monitor.topics.polling.second_looks import (
    CONFIRM,
    MOST_FRESH,
    MOST_KNOWN,
    SHOWN_EVERY,
    SHOWN_FOR,
    Candidate,
    believed,
    due,
    is_due,
    weighty,
)
from tests.build import a_mention

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def key(number: int, source: str = "x") -> PostKey:
    return PostKey(source, str(number))


def looks_at(*, is_shown: bool, step: timedelta, life: timedelta) -> list[timedelta]:
    """Return the ages at which a post is looked at by somebody who asks once a step."""
    looked, ages, age = None, [], timedelta(0)
    while age <= life:
        if is_due(Candidate(key(1), NOW, is_shown, looked), NOW + age):
            looked = NOW + age
            ages.append(age)
        age += step
    return ages


def test_what_readers_see_is_looked_at_soon_and_never_more_than_half_a_day_apart() -> None:
    ages = looks_at(is_shown=True, step=HOUR / 2, life=8 * SHOWN_FOR / 7)

    assert [age / HOUR for age in ages[:6]] == [1, 2, 4, 8, 16, 28]
    assert max(later - earlier for earlier, later in itertools.pairwise(ages)) <= SHOWN_EVERY
    assert SHOWN_FOR - SHOWN_EVERY < ages[-1] <= SHOWN_FOR


def test_what_weighs_is_looked_at_for_a_day() -> None:
    assert [age / HOUR for age in looks_at(is_shown=False, step=HOUR / 2, life=50 * HOUR)] == [0.5, 1, 2, 4, 8, 14, 20]


def test_shown_posts_come_first_and_each_post_once() -> None:
    old = NOW - 5 * HOUR
    candidates = [Candidate(key(n), old, is_shown, None) for n in range(4) for is_shown in (False, n == 3)]

    assert due(candidates, NOW, 3) == [key(3), key(0), key(1)]


def test_of_a_busy_topic_only_what_weighs_is_looked_at() -> None:
    strong = [a_mention(f"s{n}", post={"engagement": Engagement(likes=n + 1)}) for n in range(90)]
    silent = [a_mention(f"q{n}", post={"observed_at": NOW - n * HOUR / 60}) for n in range(90)]
    gone = a_mention("w", withdrawn=True, post={"engagement": Engagement(likes=999)})

    found = [each.post.key.id for each in weighty([*silent, *strong, gone])]

    assert found[:2] == ["s89", "s88"]
    assert found[MOST_KNOWN:] == [f"q{n}" for n in range(MOST_FRESH)]


@given(st.integers(1, 60), st.integers(0, 60))
def test_not_all_of_a_look_is_believed_at_once(asked: int, gone: int) -> None:
    keys = [key(n) for n in range(asked)]
    missing = keys[:gone]

    at_once = believed(keys, missing, {}, NOW)
    later = believed(keys, missing, dict.fromkeys(missing, NOW - CONFIRM), NOW)

    assert at_once == (missing if len(missing) <= 3 or len(missing) <= asked / 2 else [])
    assert later == missing


@pytest.mark.parametrize("minutes", [0, 59])
def test_an_outage_that_goes_on_for_less_than_an_hour_takes_nothing(minutes: int) -> None:
    keys = [key(n) for n in range(20)]

    assert believed(keys, keys, dict.fromkeys(keys, NOW - timedelta(minutes=minutes)), NOW) == []
