"""Clues from labelled posts: what is learned, what is not, and that it is the same each time."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.models import Span
from monitor.nouns.clues import Clue, Sense
from monitor.topics.senses import sense_learning
from monitor.topics.senses.sense import context_of, score
from monitor.topics.senses.sense_learning import (
    LARGEST_WEIGHT,
    MOST_CLUES,
    Example,
    accuracy,
    cross_validated,
    judged,
    learn,
    words_of,
)

FRUIT = ("树上的苹果熟了", "一斤苹果三元", "苹果很甜很脆", "吃苹果对身体好", "苹果树开花", "买了两斤苹果")
FIRM = ("苹果发布新手机", "苹果手机降价", "苹果股价大跌", "库克谈苹果", "苹果新款手机 iPhone", "iPhone 是苹果的手机")


def example(text: str, *, is_meant: bool) -> Example:
    at = text.index("苹果")
    return Example(context_of(text, [Span(at, at + 2)]), is_meant)


EXAMPLES = [*(example(text, is_meant=True) for text in FIRM), *(example(text, is_meant=False) for text in FRUIT)]


def weight(sense: Sense, word: str) -> float:
    return sum(clue.weight for clue in sense.clues if clue.word == word)


def test_words_of_one_side_are_learned() -> None:
    sense = learn(EXAMPLES)

    assert weight(sense, "手机") > 0.3
    assert weight(sense, "iphone") > 0
    assert all(judged(sense, each) == each.is_meant for each in EXAMPLES if score(sense, each.context).clues)


def test_nothing_is_learned_from_a_single_post() -> None:
    """What stands in one post only must not end in a configuration."""
    sense = learn(EXAMPLES)

    for clue in sense.clues:
        holders = [each for each in EXAMPLES if clue.word in words_of(each.context)]
        assert len(holders) >= 2, clue


def test_accounts_and_links_teach_nothing() -> None:
    texts = [f"@somebody 苹果{n} https://x.example/somebody" for n in range(6)]
    sense = learn([*EXAMPLES, *(example(text, is_meant=True) for text in texts)])

    assert not [clue for clue in sense.clues if "somebody" in clue.word or "example" in clue.word]


def test_what_a_person_wrote_stays_where_no_example_contradicts() -> None:
    written = Sense(clues=(Clue("果园", -2.0), Clue("手机", -1.0)))
    sense = learn(EXAMPLES, written)

    assert weight(sense, "果园") == -2.0
    assert weight(sense, "手机") > -1.0


def test_both_kinds_are_needed() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        learn(EXAMPLES[:3])


def test_the_first_step_is_newtons() -> None:
    """One candidate, one step from nothing, by hand: slope Σ cᵢ(½ − yᵢ)s, curvature Σ cᵢ ¼ s² + 1/ridge."""
    model = sense_learning._Model([(1.0, 1.0), (1.0, 1.0), (1.0, 0.0)])

    step = model.step((0, 1), 2.0, 0.0, 1 / 0.3)

    assert step == pytest.approx(2 * 0.5 * 2 / (2 * 0.25 * 4 + 1 / 0.3))


def test_the_fit_is_the_minimum() -> None:
    """At the end the gradient of the penalised likelihood, computed anew, is nothing in every direction."""
    candidates = sense_learning._candidates(EXAMPLES)
    weights, lean = sense_learning._fit(EXAMPLES, candidates)
    chance = []
    for at in range(len(EXAMPLES)):
        held = [weight for weight, each in zip(weights, candidates, strict=True) if at in each.holders]
        chance.append(1 / (1 + math.exp(-lean - sum(held))))
    truth = [float(each.is_meant) for each in EXAMPLES]

    for weight, each in zip(weights, candidates, strict=True):
        slope = sum((chance[at] - truth[at]) * each.scale for at in each.holders)
        slope += (weight / each.scale - each.prior) / sense_learning.RIDGE
        assert slope == pytest.approx(0, abs=1e-2)
    assert sum(chance) == pytest.approx(sum(truth), abs=1e-2)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.text("苹果手机树甜ab 。", max_size=12), st.booleans()), min_size=4, max_size=12))
def test_any_examples_give_few_bounded_clues_and_the_same_each_time(rows: list[tuple[str, bool]]) -> None:
    examples = [example(f"苹果{text}", is_meant=is_meant) for text, is_meant in rows] + EXAMPLES
    sense = learn(examples)

    assert sense == learn(list(examples))
    assert len(sense.clues) <= MOST_CLUES
    assert all(0 < abs(clue.weight) <= LARGEST_WEIGHT for clue in sense.clues)


def test_accuracy_by_hand() -> None:
    result = accuracy([(True, True), (True, True), (True, False), (False, True), (False, False)])

    assert result.f1 == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert result.f1_others == pytest.approx(2 * 1 / (2 * 1 + 1 + 1))
    assert result.balanced == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_too_few_examples_are_not_validated() -> None:
    assert cross_validated([EXAMPLES[0], EXAMPLES[-1]]) is None
    assert cross_validated([*EXAMPLES[::2], *EXAMPLES[1::2]]) is not None
