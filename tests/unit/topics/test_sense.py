"""In which sense a keyword is meant: what a score is made of, and what never changes it."""

import math
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Span
from monitor.nouns.clues import Clue, Sense
from monitor.text.folding import fold
from monitor.topics.senses.sense import REACH, Context, by_sense, context_of, is_meant, logistic, score, worded
from tests.build import TERM, a_mention, a_topic
from tests.unit.text.strategies import texts

SENSE = Sense(
    clues=(
        Clue("食堂", 1.2),
        Clue("专班", 0.9),
        Clue("游戏", -2.1),
        Clue("iron", 0.5),
        Clue("被…", 1.0),
        Clue("…吧", -1.0),
    )
)


def context(text: str, keyword: str = TERM) -> Context:
    """Return what stands around every place of a keyword."""
    places = []
    at = text.find(keyword)
    while at >= 0:
        places.append(Span(at, at + len(keyword)))
        at = text.find(keyword, at + len(keyword))
    return context_of(text, places)


def logit(text: str, sense: Sense = SENSE) -> float:
    value = score(sense, context(text)).value
    return math.log(value / (1 - value))


def words(text: str) -> list[str]:
    return [clue.word for clue in score(SENSE, context(text)).clues]


def test_a_score_names_the_words_that_decided() -> None:
    judged = score(SENSE, context("县里成立专班,食堂也砸锅卖铁,不是游戏"))

    assert judged.value == pytest.approx(0.5)
    assert worded(judged) == "on topic: 0.50; for: 食堂 +1.2, 专班 +0.9; against: 游戏 −2.1"


def test_a_score_without_a_word_says_so() -> None:
    assert worded(score(SENSE, context("砸锅卖铁"))) == "on topic: 0.50; no word near the keyword decided"


def test_more_words_than_can_be_read_are_counted() -> None:
    clues = tuple(Clue(char, 1 + number / 10) for number, char in enumerate("甲乙丙丁戊己"))
    judged = score(Sense(clues=clues), context("甲乙丙丁戊己砸锅卖铁"))

    assert worded(judged) == "on topic: 1.00; for: 己 +1.5, 戊 +1.4, 丁 +1.3, 丙 +1.2 and 2 more"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("被砸锅卖铁", ["被…"]),
        ("砸锅卖铁被", []),
        ("被。砸锅卖铁", []),
        ("砸锅卖铁吧", ["…吧"]),
        ("吧砸锅卖铁", []),
        ("砸锅卖铁的日子过去了很久很久吧", []),
        ("食堂、食堂,砸锅卖铁", ["食堂"]),
        ("砸锅卖铁 environment", []),
        ("砸锅卖铁 IRON!", ["iron"]),
        ("遊戲 砸锅卖铁", ["游戏"]),
        ("砸锅卖铁 https://食堂.example/食堂", []),
        ("@游戏日报 砸锅卖铁", []),
        ("砸锅卖铁" + "。" * (REACH + 1) + "食堂", []),
        ("砸锅卖铁" + "。" * (REACH - 5) + "食堂", ["食堂"]),
    ],
)
def test_where_a_word_counts(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.lists(st.sampled_from([clue.word.strip("…") for clue in SENSE.clues] + ["别的", "word"]), max_size=12))
def test_the_arithmetic_is_what_it_says(parts: list[str]) -> None:
    """Counted again by hand: each word once, whatever its number; words far from the keyword have no side."""
    text = "砸锅卖铁" + "。" * 20 + " ".join(parts)

    expected = sum(clue.weight for clue in SENSE.clues if "…" not in clue.word and clue.word in parts)
    assert logit(text) == pytest.approx(expected)


@given(st.permutations(["食堂", "专班", "游戏", "iron", "别的"]), st.permutations(range(len(SENSE.clues))))
def test_neither_order_of_words_nor_of_clues_matters(parts: list[str], order: list[int]) -> None:
    shuffled = Sense(clues=tuple(SENSE.clues[at] for at in order))
    there = context("。".join(["砸锅卖铁。", *parts]))

    assert score(shuffled, there) == score(SENSE, context("砸锅卖铁。。食堂。专班。游戏。iron。别的"))


@given(texts, st.data())
def test_any_text_has_a_score_and_its_words_stand_in_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    clue = Clue(data.draw(st.sampled_from([*text, "x"]) if text else st.just("x")), 2.0)
    there = context_of(text, [Span(start, end)])
    judged = score(Sense(clues=(clue, *SENSE.clues), lean=-1.0), there)

    assert 0 < judged.value < 1
    for each in judged.clues:
        assert fold(each.word.strip("…")) in "\n".join([there.around, *there.before, *there.after])


@given(st.floats(-800, 800))
def test_the_logistic_function_never_overflows_and_is_symmetric(value: float) -> None:
    assert 0 <= logistic(value) <= 1
    assert logistic(value) + logistic(-value) == pytest.approx(1)


def test_a_megabyte_is_judged_in_a_moment() -> None:
    text = ("砸锅卖铁 被 食堂 " * 100_000)[:1_000_000]
    there = [Span(at, at + 4) for at in range(0, 900_000, 10)]
    sense = Sense(clues=tuple(Clue(f"词{number}", 1.0) for number in range(500)))

    begin = time.process_time()
    score(sense, context_of(text, there))

    assert time.process_time() - begin < 2


def test_a_topic_without_a_sense_means_everything() -> None:
    mentions = [a_mention("1"), a_mention("2")]

    assert by_sense(a_topic(), mentions).meant == mentions


def test_mentions_are_divided_by_what_is_required() -> None:
    meant = a_mention("1", post={"text": "砸锅卖铁,食堂"})
    other = a_mention("2", post={"text": "砸锅卖铁,游戏"})
    doubtful = a_mention("3", post={"text": "砸锅卖铁"})
    topic = a_topic(sense=SENSE)

    assert by_sense(topic, [meant, other, doubtful]) == ([meant, doubtful], [other])


def test_what_was_withdrawn_keeps_its_place() -> None:
    gone = a_mention(post={"text": ""}, withdrawn=True)

    assert is_meant(a_topic(sense=Sense(lean=-1.0)), gone)


def test_the_same_answer_each_time() -> None:
    clues = [Clue(f"词{number}", random.Random(number).uniform(-5, 5)) for number in range(200)]
    there = context("砸锅卖铁" + "".join(clue.word for clue in clues[:50]))
    random.Random(1).shuffle(clues)

    first = score(Sense(clues=tuple(clues)), there)

    assert first == score(Sense(clues=tuple(reversed(clues))), there)
