"""Borders of words."""

import pytest

from monitor.text.words import is_word_border, is_word_character


@pytest.mark.parametrize("char", list("aZ9éßжעक\u093f\u0301"))
def test_letters_digits_and_marks_of_spaced_scripts_make_words(char: str) -> None:
    assert is_word_character(char)


@pytest.mark.parametrize("char", [*" _-#。铁かカ한ไລខက字ー々\u0e35", "😀", "\U00020000", "\ud800"])
def test_nothing_else_does(char: str) -> None:
    assert not is_word_character(char)


@pytest.mark.parametrize(
    ("text", "borders"),
    [
        ("iron", [0, 4]),
        ("a b", [0, 1, 2, 3]),
        ("iron铁x", [0, 4, 5, 6]),
        ("a_b", [0, 1, 2, 3]),
        ("996工", [0, 3, 4]),
        ("", [0]),
    ],
)
def test_words_end_where_letters_end(text: str, borders: list[int]) -> None:
    assert [index for index in range(len(text) + 1) if is_word_border(text, index)] == borders
