"""How Han characters are read: words decide where characters alone do not, and all else stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.pinyin import readings_of, spelled


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("躺平", "tang ping"),
        ("银行", "yin hang"),
        ("行走", "xing zou"),
        ("长安", "chang an"),
        ("女性", "nv xing"),
        ("躺平 OR lying", "tang ping or lying"),
        ("卖", "mai"),
    ],
)
def test_a_text_is_read_as_its_words_are(text: str, said: str) -> None:
    assert " ".join(spelled(text.lower()).split()) == said


def test_what_is_no_han_character_has_no_reading() -> None:
    assert readings_of("a") == ()
    assert readings_of("行")[0] == "XING"


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_ascii_stays_as_it_is(text: str) -> None:
    assert spelled(text) == text
