"""What a keyword marked with ~ may also be: what sounds alike, for Chinese; one slip of the finger, for Latin words.

Both are guesses, so both are bounded: readings per keyword, letters per word, and how much has to be as it should be.
"""

import itertools

from monitor.text.pinyin import readings_of

MIN_TYPO_LETTERS = 6
"""Shorter words have too many neighbours that are words themselves. Of longer ones 64 of 74 places in 180,000 posts
were slips; the others were mostly the same word in French or Italian."""

MOST_READINGS = 16
"""Ways to read a keyword of characters with several readings."""

MIN_HAN, MAX_HAN = 3, 12
"""Characters of a keyword that may be written by its sound. In 120,000 real posts 8 of 43 places that sounded like a
keyword of two characters were meant so (微愽, but 微波 is another word); of three and more, 3 of 3."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def typos_of(word: str) -> frozenset[str]:
    """Return what a lower-case ASCII word becomes by one letter left out, put in, taken for another or swapped.

    The first letter stays: few slip there, and most other words that are one letter away differ in it.
    """
    if len(word) < MIN_TYPO_LETTERS or not (word.isascii() and word.isalpha()):
        return frozenset()
    cuts = [(word[:at], word[at:]) for at in range(1, len(word) + 1)]
    missing = (head + tail[1:] for head, tail in cuts if tail)
    swapped = (head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1)
    wrong = (head + letter + tail[1:] for head, tail in cuts if tail for letter in _LETTERS)
    added = (head + letter + tail for head, tail in cuts for letter in _LETTERS)
    return frozenset(itertools.chain(missing, swapped, wrong, added)) - {word}


def sounds_of(keyword: str) -> list[list[str]]:
    """Return how a keyword of Han characters may sound, the usual way first; nothing where it cannot be told."""
    readings = [readings_of(char) for char in keyword]
    if not (MIN_HAN <= len(keyword) <= MAX_HAN and all(readings)):
        return []
    return [list(way) for way in itertools.islice(itertools.product(*readings), MOST_READINGS)]


def usual_sound(char: str) -> str | None:
    """Return the usual reading of a character, None for one that has none."""
    return next(iter(readings_of(char)), None)
