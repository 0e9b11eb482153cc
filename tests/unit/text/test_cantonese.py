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


LIKELY = """
啱 嘥 睇 俾 係 點解 點樣 邊個 邊度 呢個 呢D 依家 而家 宜家 鍾意 仲未 得閒 搞掂 識得 聽日 尋日 琴日
返工 食飯 傾偈 靚 我地 人地 講緊 聽緊 打左 既 好D 咩
"""


@pytest.mark.parametrize("word", LIKELY.split())
def test_two_likely_words_are_enough(word: str) -> None:
    assert is_cantonese(f"{word}，{word}")
    assert not is_cantonese(word)
