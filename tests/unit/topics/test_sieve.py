"""What the sieve does not let through holds no keyword, however it is written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.folding import simplified_by_traditional
from monitor.text.normal import BREAK, JOINT, words_of
from monitor.topics.language.query import Tag, Term
from monitor.topics.matcher.evidence import Keywords
from monitor.topics.matcher.sieve import EVEN, Sieve
from tests.unit.text.strategies import texts

TERMS = (
    *map(
        Term, ("香港", "地震", "iron pots", "earthquake", "C++", "A股", "мир", "ギター", "☕", "食", "über uns", "news")
    ),
    *(Term("smash*"), Term("国际", mode="exact"), Term("donate", mode="loose"), Tag("香港人")),
)
KEYWORDS = Keywords(TERMS, range(len(TERMS)))
SAID = (
    *(
        "香港",
        "香 港",
        "香-港",
        "香★港",
        "香。港",
        "香\u200b港",
        "地震",
        "地，震",
        "iron",
        "pots",
        "pot",
        "Iron",
        "IRON-POTS",
    ),
    *(
        "ironpots",
        "earthquakes",
        "EARTHQUAKE",
        "ear\u200bthquake",
        "ｅａｒｔｈquake",
        "e\u0301arthquake",
        "c++",
        "C＋＋",
        "a股",
    ),
    *(
        "МИР",
        "мир",
        "キ\u3099ター",
        "ｷﾞﾀｰ",
        "ギター",
        "☕",
        "☕\ufe0f",
        "食",
        "飠",
        "uber",
        "ÜBER",
        "uns",
        "smashing",
        "國際",
        "国际",
    ),
    *("donaet", "doante", "#香港人", "𝐧𝐞𝐰𝐬", "ﬁre", "飛", "\u1112\u1161", " ", "\n", ",", "。", "x", "1", "_", "…"),
)
built = st.lists(st.sampled_from(SAID) | texts, max_size=8).map("".join)


def is_read(text: str) -> bool:
    """Tell whether the automaton finds a keyword, with no sieve before it."""
    scan = KEYWORDS.scan(text, is_needed=True)
    return scan is not None and bool(scan.found)


@given(built)
def test_no_text_with_a_keyword_is_held_back(text: str) -> None:
    assert (KEYWORDS.scan(text) is not None) == is_read(text)


def test_most_texts_are_held_back() -> None:
    sieve = Sieve([" earthquak ", "香港", " iron pot "], {"earthquakes": "earthquak", "pots": "pot"})

    assert not any(map(sieve.lets_through, ("Nothing shakes here.", "今天天气很好,我们去吃饭", "Мы едим 😂", "")))
    assert all(map(sieve.lets_through, ("Earthquakes!", "earth-quakes", "香 港", "her iron", "déjà vu")))


def test_other_ways_of_writing_are_let_through() -> None:
    sieve = Sieve(["国际机场"], {})

    assert all(map(sieve.lets_through, ("國際機場", "国際机場", "我在國…际机场")))
    assert not sieve.lets_through("国内机场")


@pytest.mark.parametrize("pattern", [f" {BREAK} ", f" {JOINT} "])
def test_a_keyword_of_signs_only_lets_everything_through(pattern: str) -> None:
    assert Sieve([pattern], {}).lets_through("anything")


def test_what_counts_as_even_becomes_one_letter_or_none() -> None:
    """Lower case, the simplified form, itself or nothing, also beside others: all that the sieve reckons with."""
    even, simplified = re.compile(f"[{EVEN}]"), simplified_by_traditional()
    characters = [chr(code) for code in range(0x110000) if even.fullmatch(chr(code))]
    for char in characters:
        letters = "".join(words_of(char)).replace(BREAK, "").replace(JOINT, "")
        own = char.lower() if char.isalnum() else ""
        assert letters in (own, simplified.get(own)) or (not own and letters == char), ascii(char)
    assert len(characters) > 40_000


@pytest.mark.parametrize("neighbour", ["a", "か", "가", "й", "ا", "香"])
def test_even_characters_do_not_join_what_is_before_them(neighbour: str) -> None:
    even = re.compile(f"[{EVEN}]")
    for char in (chr(code) for code in range(0x20000) if even.fullmatch(chr(code))):
        apart = "".join(words_of(neighbour)) + "".join(words_of(char))
        assert "".join(words_of(neighbour + char)) == apart, ascii(char)
