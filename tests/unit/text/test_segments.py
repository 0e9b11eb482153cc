"""Where Chinese words begin and end."""

import pytest

from monitor.text.segments import is_chance, is_part_of_longer


@pytest.mark.parametrize(
    ("before", "word", "after"),
    [
        ("街", "头发", "生枪击"),
        ("中", "国家", "庭"),
        ("大", "学生", "活"),
        ("微", "博客", "户端"),
        ("昨", "日本", "土病例"),
        ("那个", "人才", "是"),
    ],
)
def test_characters_of_other_words_meet_by_chance(before: str, word: str, after: str) -> None:
    assert is_chance(before, word, after)


@pytest.mark.parametrize(
    ("before", "word", "after"),
    [
        ("大", "学生", ""),
        ("妻子刷", "新闻", "看到"),
        ("发展中", "国家", ""),
        ("小丁是个", "人才", ""),
        ("", "砸锅卖铁", "了"),
        ("我", "头发", "现在"),
    ],
)
def test_a_word_that_is_meant_is_no_chance(before: str, word: str, after: str) -> None:
    assert not is_chance(before, word, after)


def test_a_compound_is_no_longer_word() -> None:
    assert is_part_of_longer("方", "程式", "")
    assert not is_part_of_longer("应用", "程式", "")
    assert is_part_of_longer("", "软体", "动物")
