"""Scripts, and the two ways of writing Chinese."""

import pytest
from hypothesis import given

from monitor.text.scripts import dominant_script, letters_by_script, script_of
from tests.unit.text.strategies import texts


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("要砸锅卖铁，先砸谁的锅？", "Hans"),
        ("要砸鍋賣鐵，先砸誰的鍋？", "Hant"),
        ("金城武", None),
        ("你好", None),
        ("皇后在里面", None),
        ("これは鍋です", "Jpan"),
        ("カタカナ", "Jpan"),
        ("今天又去喝台灣の茶，真的很好喝", "Hant"),
        ("한국어", "Kore"),
        ("ภาษาไทย", "Thai"),
        ("smash pots", "Latn"),
        ("ＩＲＯＮ", "Latn"),
        ("железо", "Cyrl"),
        ("حديد", "Arab"),
        ("ברזל", "Hebr"),
        ("σίδηρος", "Grek"),
        ("ㄅㄆㄇ", "Hant"),
        ("iPhone 15 发布会现场", "Hans"),
        ("He said 砸锅卖铁 which means to sell everything", "Latn"),
        ("𐤀𐤁", None),
        ("123 !? 😀", None),
        ("", None),
        ("\ud800", None),
    ],
)
def test_the_script_of_most_weight_is_named(text: str, script: str | None) -> None:
    assert script_of(text) == script


def test_chinese_without_marks_of_either_kind_is_han() -> None:
    assert dominant_script("你好") == "Hani"


def test_letters_are_counted_by_script() -> None:
    assert letters_by_script("砸锅 pots 鐵") == {"Hani": 1, "Hans": 1, "Hant": 1, "Latn": 4}


@given(texts)
def test_no_text_is_refused(text: str) -> None:
    assert script_of(text) is None or len(script_of(text) or "") == 4
