"""The numbers of the first lines: who divides what is shown finds the factor that is shown."""

import re
from datetime import timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from monitor.digests.render import render
from monitor.models import Trend
from monitor.saying import LANGUAGES, speaking
from monitor.signals.bursts import DAY, HOUR, Known, baseline_window, measure
from tests.build import a_mention, a_topic
from tests.unit.digests.cases import WINDOW, a_digest, a_trend

COUNTS = st.lists(st.integers(0, 20_000), min_size=3, max_size=6)

FACTOR = re.compile(r"×([\d,]+(?:\.(\d+))?)")
USUAL = re.compile(r"(?:usual|平时|平時) ?([\d,]+(?:\.\d+)?)")
DIVISION = re.compile(r"([\d,]+) ÷ ([\d,.]+\d) = (×[\d,.]*\d)")


def number(words: str) -> float:
    return float(words.replace(",", ""))


def divides(count: float, usual: float, factor: str) -> bool:
    """Tell whether a factor is the quotient of two numbers, rounded to the digits that it shows."""
    shown = FACTOR.fullmatch(factor)
    assert shown is not None, factor
    half = 0.5 * 10.0 ** -len(shown[2] or "")
    return abs(count / usual - number(shown[1])) <= half * (1 + 1e-9)


def trend_of(posts: int, before: list[int]) -> Trend:
    """Return the trend of a day with so many posts, after some days with theirs."""
    mentions = [a_mention(f"p{n}", post={"observed_at": WINDOW.start + n * timedelta(seconds=9)}) for n in range(posts)]
    first, last = baseline_window(WINDOW)
    hourly = [0] * ((last - first) // HOUR)
    for days, count in enumerate(before):
        hourly[-1 - 24 * days] = count
    sampled = [WINDOW._replace(start=WINDOW.start - len(before) * DAY)]
    return measure(a_topic(timezone="UTC"), WINDOW, mentions, Known(sampled, hourly), WINDOW.end)


@given(st.integers(1, 60), COUNTS)
@example(30, [2, 3, 2, 3])
@example(12, [400, 410, 390, 400])
def test_the_headline_and_why_divide_as_they_are_shown(posts: int, before: list[int]) -> None:
    trend = trend_of(posts, before)

    for language in LANGUAGES:
        with speaking(language):
            top = "\n".join(render(a_digest(trend=trend), "-1").text.splitlines()[:2])
        factor, usual = FACTOR.search(top), USUAL.search(top)
        assert factor is None or usual is not None, top
        assert factor is None or usual is None or divides(posts, number(usual[1]), factor[0]), top
    for count, expected, shown in DIVISION.findall("\n".join(trend.arithmetic)):
        assert divides(number(count), number(expected), shown), trend.arithmetic


@given(st.integers(10, 3_000_000), st.integers(2, 4_000_000).map(lambda halves: halves / 2))
def test_headlines_of_any_size_divide(posts: int, expected: float) -> None:
    trend = a_trend(count=posts, expected=expected, ratio=posts / expected)

    for language in LANGUAGES:
        with speaking(language):
            top = "\n".join(render(a_digest(trend=trend), "-1").text.splitlines()[:2])
        factor, usual = FACTOR.search(top), USUAL.search(top)
        assert factor is not None, top
        assert usual is not None, top
        assert divides(posts, number(usual[1]), factor[0]), top


def test_a_factor_of_few_posts_is_not_made_of_a_rounded_usual() -> None:
    top = render(a_digest(trend=trend_of(30, [2, 3, 2, 3])), "-1").text

    assert "30 posts, ×12" in top
    assert "usual 2.5" in top


def test_a_factor_far_below_one_is_not_nothing() -> None:
    top = render(a_digest(trend=trend_of(12, [400, 410, 390, 400])), "-1").text

    assert "12 posts, ×0.03" in top
    assert "usual 400" in top
