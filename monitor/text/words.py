"""Where words begin and end, in scripts that write spaces between them."""

import unicodedata
from bisect import bisect_right

# First and last code point of the scripts that write without spaces (or, as Korean, glue endings to words), in order.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x109F),  # Tibetan, Myanmar
    (0x1100, 0x11FF),  # Hangul jamo
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19FF),  # Tai Le, New Tai Lue, Khmer symbols
    (0x2E80, 0xA4CF),  # CJK, kana, bopomofo, Yi
    (0xA960, 0xA97F),  # Hangul jamo
    (0xA9E0, 0xA9FF),  # Myanmar
    (0xAA60, 0xAA7F),  # Myanmar
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),  # CJK
    (0xFF66, 0xFFDC),  # half-width kana and Hangul
    (0x1AFF0, 0x1B16F),  # kana
    (0x20000, 0x3FFFF),  # CJK
)
_FIRSTS = tuple(first for first, _ in _UNSPACED)

UNSPACED = "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSPACED)
"""Characters of scripts without spaces, as the inside of a character class of a regular expression."""


def is_word_character(char: str) -> bool:
    """Tell whether a character is part of a word in a script with spaces. An underscore separates, as in #iron_pots."""
    if char.isascii():
        return char.isalnum()
    return (char.isalnum() or unicodedata.category(char)[0] == "M") and not is_unspaced(char)


def is_word_border(text: str, index: int) -> bool:
    """Tell whether no word of a script with spaces goes on across `index`; the ends of the text are borders."""
    if not 0 < index < len(text):
        return True
    return not (is_word_character(text[index - 1]) and is_word_character(text[index]))


def is_unspaced(char: str) -> bool:
    """Tell whether a character belongs to a script that writes no spaces between words, or glues endings to them."""
    block = bisect_right(_FIRSTS, ord(char)) - 1
    return block >= 0 and ord(char) <= _UNSPACED[block][1]
