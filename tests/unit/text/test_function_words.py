"""Function words: the lists, and what is counted."""

import pytest

from monitor.text import function_words
from monitor.text.function_words import ROMANISED_HINDI, known_words, without_stretching, words_of
from monitor.text.languages import LANGUAGES_BY_SCRIPT

EVERY_LANGUAGE = frozenset(function_words._WORDS)


def test_every_list_is_of_a_language_that_is_told() -> None:
    assert {*LANGUAGES_BY_SCRIPT["Latn"], ROMANISED_HINDI} >= EVERY_LANGUAGE


@pytest.mark.parametrize("language", sorted(EVERY_LANGUAGE))
def test_every_word_of_a_list_can_be_found_in_a_text(language: str) -> None:
    words = function_words._WORDS[language].split()

    assert words_of(" ".join(words)) == words
    assert len(set(words)) == len(words)


def test_a_word_of_several_languages_is_shared_between_them() -> None:
    weights = known_words(["la"], frozenset(("es", "fr", "it")))

    assert weights == {"es": pytest.approx(1 / 3), "fr": pytest.approx(1 / 3), "it": pytest.approx(1 / 3)}
    assert known_words(["la"], frozenset(("es", "de"))) == {"es": 1}


def test_a_single_letter_counts_half() -> None:
    assert known_words(["y"], frozenset(("es", "de"))) == {"es": 0.5}


def test_drawn_out_letters_become_one_and_laughter_stays() -> None:
    assert without_stretching("nooooo, que alegriiiia kkkkk 1000 ...") == "no, que alegria kkkkk 1000 ..."
