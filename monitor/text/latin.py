"""The language of text in Latin letters: the engine's word where it is sure, else what the small words say.

An engine counts pieces of words, and names and drawn-out letters mislead it. Function words do not: they decide ties,
find Hindi that is typed in Latin letters, and where nothing speaks for a doubtful guess it is not made.
"""

from collections.abc import Mapping, Sequence

from monitor.text.engines import UNDETERMINED, Guess
from monitor.text.function_words import ROMANISED_HINDI, function_words, known_words, words_of

CLOSE = 0.02
"""Difference of an engine's scores that is a tie, for function words to decide."""

CLEAR = 0.6
"""Words by which a language must lead to win such a tie; a word that three languages share is a third for each."""

WEAK = 0.45
"""Score below which an unsure guess that no function word supports is not made."""

FRAME = 2
"""Different function words that make a sentence of what stands in Latin letters beside another script."""

HINT_REACH = 0.06
"""Difference of scores that a platform's hint makes up for."""


def language_in_doubt(guess: Guess, languages: Sequence[str], text: str, hint: str | None) -> str:
    """Return the language of text in Latin letters, without stretching, of which the engine is not sure.

    It is one of the languages, which may hold hi-Latn; the hint, which may be another one; or "und".
    """
    words = words_of(text)
    weights = known_words(words, frozenset(languages))
    if _is_hindi(words, weights, guess.language):
        return ROMANISED_HINDI
    if hint is not None and _is_tipped(guess, len(words), weights, hint):
        return hint
    language = _by_words(guess, weights)
    return hint or UNDETERMINED if language == UNDETERMINED else language


def has_frame(text: str, languages: Sequence[str]) -> bool:
    """Tell whether the Latin words beside another script are sentences, not names, titles and loans."""
    # Not in lower case: a title's words are capital, and a title is a loan.
    return len(function_words(text.split(), frozenset(languages))) >= FRAME


def is_close(guess: Guess, hint: str) -> bool:
    """Tell whether a hint is enough to tip an engine's guess."""
    return not guess.is_sure and guess.scores.get(guess.language, 0) - guess.scores.get(hint, 0) <= HINT_REACH


def _is_hindi(words: Sequence[str], weights: Mapping[str, float], rival: str) -> bool:
    hindi = weights.get(ROMANISED_HINDI, 0)
    return hindi >= 1 and hindi > weights.get(rival, 0) and all(word.isascii() for word in words)


def _is_tipped(guess: Guess, words: int, weights: Mapping[str, float], hint: str) -> bool:
    """Tell whether the hint wins: near the top, or against a guess from a single word. Function words may object."""
    if weights.get(hint, 0) < weights.get(guess.language, 0):
        return False
    return words <= 1 or is_close(guess, hint)


def _by_words(guess: Guess, words: Mapping[str, float]) -> str:
    top = guess.scores.get(guess.language, 0)
    heard = words.get(guess.language, 0)
    for language in sorted(guess.scores, key=lambda each: -words.get(each, 0)):
        if words.get(language, 0) - heard < CLEAR:
            break
        if top - guess.scores[language] <= CLOSE:
            return language
    return guess.language if heard or top >= WEAK else UNDETERMINED
