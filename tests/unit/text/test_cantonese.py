"""Cantonese: what tells it, and what does not."""

import pytest
from hypothesis import given

from monitor.text.cantonese import is_cantonese
from tests.unit.text.strategies import texts


@pytest.mark.parametrize(
    "text",
    ["我哋唔使驚", "佢喺邊度買咗個煲", "你係咪識得煮飯", "今日真係好凍，仲要落雨", "點解啲鑊咁貴", "我买咗只镬"],
)
def test_words_of_cantonese_tell_it(text: str) -> None:
    assert is_cantonese(text)


@pytest.mark.parametrize(
    "text",
    [
        "他們把鍋賣了",
        "關係、聯係、體係、派係",
        "唔……",
        "這是咁大的一個問題，我們不會忘記的",
        "他们说“唔该”是粤语里的谢谢",
        "鍋を買いました",
        "smash pots",
        "",
    ],
)
def test_written_chinese_with_a_word_of_it_is_not(text: str) -> None:
    assert not is_cantonese(text)


@given(texts)
def test_no_text_is_refused(text: str) -> None:
    assert is_cantonese(text) in (True, False)
