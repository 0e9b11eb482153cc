"""The pieces that texts can share: pairs of characters where no spaces are written, else words and pairs of words."""

import re
from itertools import pairwise

from monitor.signals.duplicates import Said

# Scripts that write no spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer, kana, Han.
SPACELESS = "\u0e00-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003347f"
_SPACED = re.compile(f"[^{SPACELESS}]+")
_UNSPACED = re.compile(f"[{SPACELESS}]+")


def unspaced(meant: Said) -> str:
    """Return the letters of a text in scripts that write no spaces, as one string."""
    return "" if meant.letters.isascii() else _SPACED.sub("", meant.letters)


def spaced(meant: Said) -> list[str]:
    """Return the words of a text in scripts that write spaces, numbers included."""
    return (meant.words if meant.words.isascii() else _UNSPACED.sub(" ", meant.words)).split()


def shingles(meant: Said) -> frozenset[str]:
    """Return the pieces of a text."""
    letters, words = unspaced(meant), spaced(meant)
    return frozenset((*map(str.__add__, letters, letters[1:]), *words, *map(" ".join, pairwise(words))))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of pieces that two texts have in common, 0 to 1; 0 where there are none."""
    common = len(one & other)
    return common / (len(one) + len(other) - common) if common else 0.0
