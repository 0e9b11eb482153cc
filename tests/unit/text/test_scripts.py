"""Scripts, and the two ways of writing Chinese."""

import pytest
from hypothesis import given

from monitor.text.scripts import (
    _ISO,
    MAX_CHARACTERS,
    Scripts,
    dominant_script,
    letters_by_script,
    script_of,
    scripts_of,
)
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


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("他說“这个锅”，不要了嗎", "Hant"),
        ("他说「這個鍋」，不要了吗", "Hans"),
        ("这个锅我们不要了，太旧了。轉發：這個鍋還沒壞，為什麼", "Hans"),
        ("這個鍋我們不要了，太舊了。转发：这个锅还没坏，为什么", "Hant"),
        ("“这个锅这个锅”", "Hans"),
        ("我们买了一口锅，招牌写着鐵", "Hans"),
    ],
)
def test_where_both_ways_are_mixed_the_author_s_own_words_decide(text: str, script: str) -> None:
    assert dominant_script(text) == script


def test_a_script_beside_more_latin_letters_is_named() -> None:
    assert scripts_of("Lighthouse Kettle Deluxe 很好") == Scripts("Latn", "Hani")
    assert scripts_of("Lighthouse Kettle 鐵") == Scripts("Latn", "Hant")
    assert scripts_of("Lighthouse Kettle") == Scripts("Latn")
    assert scripts_of("鐵 Kettle 壺壺壺") == Scripts("Hant")


def test_vowels_of_thai_and_hindi_are_letters_and_accents_are_not() -> None:
    assert letters_by_script("ที่ हिन्दी e\u0301") == {"Latn": 1, "Thai": 3, "Deva": 6}


def test_only_the_first_characters_are_looked_at() -> None:
    assert dominant_script("a" * MAX_CHARACTERS + "鐵" * MAX_CHARACTERS) == "Latn"


def test_letters_are_counted_by_script() -> None:
    assert letters_by_script("砸锅 pots 鐵") == {"Hani": 1, "Hans": 1, "Hant": 1, "Latn": 4}


def test_among_scripts_of_equal_weight_the_answer_does_not_change_by_the_run() -> None:
    """Sets of letters have another order in each process, and the script of the first was taken."""
    assert scripts_of("йท") == scripts_of("ทй") == Scripts("Cyrl")
    assert list(letters_by_script("йทաγ")) == sorted(letters_by_script("йทաγ"), key=_ISO.index)


@given(texts)
def test_no_text_is_refused(text: str) -> None:
    assert script_of(text) is None or len(script_of(text) or "") == 4
