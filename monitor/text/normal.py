"""The form in which keywords are sought: words apart, one case and one way of writing, no accents, and the way back.

    characters ─table─► ─NFC where needed─► ─a space between Han and Latin─► words, single spaces between them

Only spaces come and go after the table, so the nth visible character of the form leads back to the original by count.
Two signs stand for punctuation: BREAK where a sentence or a clause ends, JOINT for what else is no letter of a word.
"""

import re
import unicodedata
from functools import cache
from itertools import compress
from typing import NamedTuple

from monitor.models import Span
from monitor.text.character_table import CharacterTable
from monitor.text.folding import compose, compose_sequence, folded_character, joins, sequences
from monitor.text.words import UNSPACED, is_unspaced, is_word_character

BREAK, JOINT = "\x01", "\x02"

HAN = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
"""Han and kana, as the inside of a character class: what people pull apart to hide it."""

_BREAKS = frozenset(',!?;:()[]{}"。、〈〉《》「」『』【】〔〕〖〗〝〞〟“”‘„‚«»‹›¡¿。「」、؟،؛।॥')
_SPACES = frozenset("-_'\u2010\u2011\u2012\u2013\u2019")
"""What joins the parts of a compound or a form with an apostrophe: there words are apart, and nothing else is there."""

_BARE = {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i"}
_RUN = re.compile(rf"[{UNSPACED}]+|[^{UNSPACED} ]+")
_NUMBERED = re.compile(r"[0-9](?<=[a-z][0-9])")
"""The first digit of the number behind a name: iPhone6, covid19. Digits are sought first, because there are few."""


class Places(NamedTuple):
    """For each visible character of a normal form, the range of the original that it stands for.

    `ends` is None where each stands for one character.
    """

    starts: list[int]
    ends: list[int] | None

    def end(self, number: int) -> int:
        """Return where the original of a visible character ends."""
        return self.starts[number] + 1 if self.ends is None else self.ends[number]

    def span(self, first: int, last: int) -> Span | None:
        """Return what the visible characters `first` to `last` stand for; None where an end divides a character."""
        starts = self.starts
        start, end = starts[first], self.end(last)
        if first and self.end(first - 1) > start:
            return None
        if last + 1 < len(starts) and starts[last + 1] < end:
            return None
        return Span(start, end)


def words_of(text: str) -> list[str]:
    """Return the words of the normal form of any str: runs of letters, runs of Han and the like, single signs."""
    if text.isascii():
        mapped = text.lower().translate(_ascii()).replace(JOINT, f" {JOINT} ").replace(BREAK, f" {BREAK} ")
        return _NUMBERED.sub(r" \g<0>", mapped).split()
    mapped = _table().translate(text)
    if not unicodedata.is_normalized("NFC", mapped):
        mapped = unaccented(compose(mapped))
    if _NUMBERED.search(mapped):
        mapped = _NUMBERED.sub(r" \g<0>", mapped)
    return _RUN.findall(mapped)


def text_of(words: list[str]) -> str:
    """Return words as one text, a space before and after each."""
    return f" {' '.join(words)} "


def places_of(text: str) -> Places:
    """Return the way back from the visible characters of `words_of(text)`."""
    kinds = _kinds().translate(text)
    if _SEVERAL in kinds:
        widths = map(_width, text)
        starts = [index for index, width in enumerate(widths) for _ in range(width)]
    else:
        starts = list(compress(range(len(text)), kinds.encode("latin-1").translate(_SHOWN)))
    if _JOINING not in kinds or unicodedata.is_normalized("NFC", mapped := _table().translate(text)):
        return Places(starts, None)
    return _composed(mapped, starts)


def unaccented(text: str) -> str:
    """Return folded text whose Latin letters are bare."""
    return text if text.isascii() else _bare_letters().translate(text)


def _composed(mapped: str, single: list[int]) -> Places:
    """Return the places of what composing the mapped text leaves, `single` being those of the mapped text."""
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for begin, end in sequences(mapped):
        piece = mapped[begin:end]
        width = sum(char != " " for char in piece)
        made = compose_sequence(piece)
        originals = single[position : position + width]
        position += width
        if made == piece:
            starts.extend(originals)
            ends.extend(original + 1 for original in originals)
        else:
            count = sum(char != " " for char in made)
            starts.extend([originals[0]] * count)
            ends.extend([originals[-1] + 1] * count)
    return Places(starts, ends)


_NONE, _ONE, _SEVERAL, _JOINING = "\x00", "\x01", "\x02", "\x03"
_SHOWN = bytes((0, 1, 1, 1, *range(4, 256)))


def _kind(char: str) -> str:
    """Tell whether a character becomes nothing, one visible character or several; or may join the one before it."""
    made = _signs(char).replace(" ", "")
    if len(made) != 1:
        return _SEVERAL if made else _NONE
    return _JOINING if any(joins(previous, made) for previous in ("a", "\u1100", "\u1161", "\uac00")) else _ONE


def _width(char: str) -> int:
    return len(_table()[ord(char)].replace(" ", ""))


def _signs(char: str) -> str:
    """Return what a character becomes, with spaces around what is a word of its own."""
    return "".join(map(_sign_of, folded_character(ord(char))))


def _sign_of(char: str) -> str:
    if char.isspace() or char in _SPACES:
        return " "
    if is_word_character(char):
        return _bare(char)
    category = unicodedata.category(char)
    if is_unspaced(char) and category[0] in "LMN":
        return char
    if char in _BREAKS:
        return f" {BREAK} "
    return f" {JOINT} " if category[0] == "P" or char.isascii() else f" {char} "


def _bare(char: str) -> str:
    """Return a Latin letter without its accents, any other character as it is."""
    base = unicodedata.normalize("NFD", char)[0] if char > "\x7f" else char
    return base if "a" <= base <= "z" else _BARE.get(char, char)


@cache
def _table() -> CharacterTable:
    return CharacterTable(_signs)


@cache
def _kinds() -> CharacterTable:
    return CharacterTable(_kind)


@cache
def _bare_letters() -> CharacterTable:
    return CharacterTable(_bare)


@cache
def _ascii() -> dict[int, str | None]:
    return {code: (made.strip() or " ") if made else None for code in range(128) for made in (_table()[code],)}
