"""Patterns that people write: RE2's, and no larger than what a long text is searched by in time (rule S7)."""

import time

import pytest

from monitor.topics.matcher.regex import MAX_INSTRUCTIONS, MAX_PATTERN, compiled
from monitor.topics.values import Wrong

EVIL = ("(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*a){20}b", "a{0,30}a{30}b")


@pytest.mark.parametrize("pattern", [".{0,1000}铁", r"\p{L}{40}x", "[^a]{0,900}b", "(砸.{0,50}){9}铁"])
def test_a_pattern_that_compiles_to_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(Wrong, match="busy for seconds"):
        compiled(pattern)


def test_a_pattern_nobody_can_check_by_eye_is_refused() -> None:
    compiled("a" * MAX_PATTERN)
    with pytest.raises(Wrong, match="longer than"):
        compiled("a" * (MAX_PATTERN + 1))


def test_what_is_taken_is_within_the_limit() -> None:
    taken = compiled("砸锅.{0,100}铁")

    assert taken.programsize <= MAX_INSTRUCTIONS  # type: ignore[attr-defined]


@pytest.mark.parametrize("pattern", EVIL)
def test_a_pattern_that_makes_others_try_for_ever_ends(pattern: str) -> None:
    """An engine that goes back tries these for hours or for ever; RE2 takes milliseconds."""
    search, text = compiled(pattern).search, "a" * 30_000
    began = time.process_time()

    assert search(text) is None
    assert time.process_time() - began < 5
