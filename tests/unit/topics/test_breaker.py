"""When a source is not asked: opened by failures in a row, one probe at a time, closed by what works."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from monitor.errors import AccessDenied, PayloadChanged, RateLimited, SourceError, SourceRejected, SourceUnavailable
from monitor.models import Query
from monitor.topics.polling.breaker import (
    CLOSED,
    FAILURES,
    FIRST_PAUSE,
    JITTER,
    LONGEST_PAUSE,
    PROBE,
    Breaker,
    ask,
    pause,
    scope_of,
    told,
)

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SCOPE = "hackernews"
QUERIES = [Query("hackernews", text) for text in ("", "a", "b")]
DOWN = SourceUnavailable(SCOPE, "503")
DENIED = AccessDenied(SCOPE, "401")


def after(*errors: SourceError | None, at: datetime = NOW) -> Breaker:
    """Return the breaker after queries asked and heard this."""
    breaker = CLOSED
    for error in errors:
        breaker = told(breaker, SCOPE, error, "key 1", at)
    return breaker


def test_it_opens_after_failures_in_a_row_only() -> None:
    assert after(*[DOWN] * (FAILURES - 1)).state == "closed"
    assert after(*[DOWN] * (FAILURES - 1), None, DOWN).state == "closed"
    assert after(*[DOWN] * FAILURES).state == "open"


def test_while_it_is_open_nobody_asks_and_then_one_does() -> None:
    breaker = after(*[DOWN] * FAILURES)
    soon, later = NOW + timedelta(seconds=10), NOW + 2 * FIRST_PAUSE

    told_to_wait = ask(breaker, QUERIES[0], "", soon)
    probe = ask(breaker, QUERIES[0], "", later)
    other = ask(probe.after, QUERIES[1], "", later)

    assert timedelta(0) < told_to_wait.wait <= FIRST_PAUSE * (1 + JITTER) ** 2
    assert (probe.wait, probe.after.state) == (timedelta(0), "probing")
    assert other.wait > timedelta(0)


def test_the_probe_decides() -> None:
    probing = ask(after(*[DOWN] * FAILURES), QUERIES[0], "", NOW + 2 * FIRST_PAUSE).after

    assert told(probing, SCOPE, None, "", NOW) == CLOSED
    again = told(probing, SCOPE, DOWN, "", NOW)
    assert (again.state, again.opened) == ("open", 2)


def test_a_probe_that_died_is_followed_by_another() -> None:
    probing = ask(after(*[DOWN] * FAILURES), QUERIES[0], "", NOW + 2 * FIRST_PAUSE).after

    assert ask(probing, QUERIES[1], "", NOW + 2 * FIRST_PAUSE + PROBE).wait == timedelta(0)


def test_pauses_double_to_a_quarter_of_an_hour_and_are_the_same_each_time() -> None:
    pauses = [pause(SCOPE, n) for n in range(1, 9)]

    for n, each in enumerate(pauses):
        bare = min(LONGEST_PAUSE, FIRST_PAUSE * 2**n)
        assert bare * (1 - JITTER) <= each <= bare * (1 + JITTER)
    assert pauses == [pause(SCOPE, n) for n in range(1, 9)]
    assert pause("other", 1) != pause(SCOPE, 1)


def test_who_is_denied_waits_for_a_person() -> None:
    denied = after(DENIED)

    assert ask(denied, QUERIES[1], "key 1", NOW + timedelta(days=99)).wait > timedelta(hours=1)
    assert ask(denied, QUERIES[1], "key 2", NOW).wait == timedelta(0)
    assert told(denied, SCOPE, DOWN, "key 1", NOW) == denied


def test_one_broken_query_or_feed_closes_no_other() -> None:
    gone = SourceRejected(SCOPE, "404")

    assert after(*[gone] * 9).state == "closed"
    assert told(CLOSED, "rss:a.example", DENIED, "", NOW) == CLOSED
    assert scope_of(Query("rss", "https://a.example/1")) == scope_of(Query("rss", "https://a.example/2"))
    assert scope_of(Query("rss", "https://a.example/1")) != scope_of(Query("rss", "https://b.example/1"))
    assert scope_of(Query("rss", "https://[broken/")) == "rss:https://[broken/"


def test_too_many_requests_make_all_queries_wait_as_long_as_asked() -> None:
    limited = after(RateLimited(SCOPE, "429", timedelta(minutes=7)))

    assert timedelta(minutes=7) <= ask(limited, QUERIES[2], "", NOW).wait <= timedelta(minutes=8)
    assert ask(limited, QUERIES[2], "", NOW + timedelta(minutes=7)).wait == timedelta(0)


@pytest.mark.parametrize("error", [DOWN, PayloadChanged(SCOPE, "odd")])
def test_late_failures_of_looks_that_began_before_do_not_prolong_it(error: SourceError) -> None:
    opened = after(*[DOWN] * FAILURES)

    assert told(opened, SCOPE, error, "", NOW + timedelta(seconds=5)).until == opened.until


class Machine(RuleBasedStateMachine):
    """Three queries of a source that works or not, on a clock that goes on, with answers that come late or never."""

    @initialize()
    def begin(self) -> None:
        self.breaker = CLOSED
        self.now = NOW
        self.settings = "key 1"
        self.asking: list[tuple[Query, bool]] = []
        self.in_a_row = 0
        self.is_denied = False

    @rule(seconds=st.integers(1, 2000))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(query=st.sampled_from(QUERIES))
    def query_comes_due(self, query: Query) -> None:
        verdict = ask(self.breaker, query, self.settings, self.now)
        before, self.breaker = self.breaker, verdict.after
        if verdict.wait:
            assert before.state in ("open", "probing", "denied")
            assert verdict.after == before
            return
        if before.state == "denied":
            assert self.settings != before.settings
            self.is_denied = False
        if before.state in ("open", "probing"):
            assert before.until is not None
            assert before.until <= self.now
            assert verdict.after.state == "probing"
            # One probe: nobody else may ask at this moment.
            assert all(ask(verdict.after, each, self.settings, self.now).wait for each in QUERIES)
        self.asking.append((query, verdict.after.state == "probing"))

    @rule(error=st.sampled_from([None, DOWN, SourceRejected(SCOPE, "404"), DENIED, RateLimited(SCOPE, "429", PROBE)]))
    def an_answer_comes(self, error: SourceError | None) -> None:
        if not self.asking:
            return
        self.asking.pop(0)
        self.breaker = told(self.breaker, SCOPE, error, self.settings, self.now)
        if error is None:
            assert self.breaker == CLOSED
        if error is DENIED:
            assert self.breaker.state == "denied"

    @rule()
    def an_answer_is_lost(self) -> None:
        if self.asking:
            self.asking.pop(0)

    @rule()
    def a_person_changes_the_key(self) -> None:
        self.settings += "+"

    @invariant()
    def it_is_never_shut_for_longer_than_it_says(self) -> None:
        if getattr(self, "breaker", CLOSED).until is None:
            return
        assert self.breaker.until - self.now <= max(LONGEST_PAUSE, PROBE) * (1 + JITTER)

    @invariant()
    def somebody_may_ask_in_the_end(self) -> None:
        breaker = getattr(self, "breaker", CLOSED)
        if breaker.state != "denied":
            assert ask(breaker, QUERIES[0], "", getattr(self, "now", NOW) + timedelta(hours=1)).wait == timedelta(0)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
