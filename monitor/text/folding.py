"""One form for text that reads alike: NFKC, case, 繁→简, no invisible characters; with a way back to the original.

    characters ─(a) table, one by one─► ─(b) NFC, only where needed─► ─(c) white space─► folded text

(a) knows no context, so every folded character has one original one. (b) composes inside a combining sequence only.
(c) makes one space of a run of white space and none at the ends. Folding twice changes nothing.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import NamedTuple

import opencc

from monitor.models import Span
from monitor.text.character_table import CharacterTable

MAX_MARKS = 30
"""Non-starters kept in a row: the Stream-Safe Text Format of UAX #15. Python sorts them in quadratic time."""

_HAN = (range(0x3400, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x33480))
_REPLACEMENT = "\ufffd"

# Default_Ignorable_Code_Point of Unicode (DerivedCoreProperties.txt), except those of category Cf: the combining
# grapheme joiner, Hangul fillers, Khmer inherent vowels, Mongolian and other variation selectors.
_IGNORABLE = frozenset(
    chain(
        (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180F, 0x2065, 0x3164, 0xFFA0),
        range(0x180B, 0x180E),
        range(0xFE00, 0xFE10),
        range(0xE0000, 0xE1000),
    )
)


class Folded(NamedTuple):
    """A folded text and, for each of its characters, the range of the original text that it stands for."""

    text: str
    starts: list[int]
    ends: list[int]

    def span(self, start: int, end: int) -> Span:
        """Return the part of the original that the folded range stands for; a sequence is never divided.

        The range must hold at least one character of the folded text, else IndexError or ValueError is raised.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"no characters {start} to {end} in a folded text of {len(self.text)}")
        return Span(self.starts[start], self.ends[end - 1])

    def is_border(self, index: int) -> bool:
        """Tell whether an index of the folded text falls between original characters, not inside what one became."""
        return index in (0, len(self.text)) or self.ends[index - 1] <= self.starts[index]


def fold(text: str) -> str:
    """Return the folded text. Any str is accepted; lone surrogates become U+FFFD."""
    if text.isascii():
        folded = " ".join(text.lower().split())
        if folded.isprintable():
            return folded
    mapped = _folds().translate(text)
    if not unicodedata.is_normalized("NFC", mapped):
        mapped = compose(mapped)
    return " ".join(mapped.split())


def folded_character(code: int) -> str:
    """Return what a code point becomes by itself."""
    return _folds()[code]


def compose(text: str) -> str:
    """Return folded text with its combining sequences in NFC, each with MAX_MARKS marks at most."""
    return "".join(compose_sequence(text[start:end]) for start, end in sequences(text))


def fold_with_offsets(text: str) -> Folded:
    """Return `fold(text)` with the way back. About ten times slower than fold: meant for texts that matched."""
    return _single_spaces(_composed(_mapped(text)))


def is_invisible(char: str) -> bool:
    """Tell whether a character shows nothing by itself: formats, controls, fillers, variation selectors."""
    category = unicodedata.category(char)
    return category == "Cf" or ord(char) in _IGNORABLE or (category == "Cc" and not char.isspace())


def _mapped(text: str) -> Folded:
    folds = _folds()
    mapped = folds.translate(text)
    if folds.uneven.isdisjoint(text):  # each character became one: most texts, and ten times as fast as the walk
        return Folded(mapped, list(range(len(text))), list(range(1, len(text) + 1)))
    starts: list[int] = []
    for index, char in enumerate(text):
        starts.extend([index] * len(folds[ord(char)]))
    return Folded(mapped, starts, [start + 1 for start in starts])


def _composed(mapped: Folded) -> Folded:
    if unicodedata.is_normalized("NFC", mapped.text):
        return mapped
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sequences(mapped.text):
        piece = compose_sequence(mapped.text[start:end])
        pieces.append(piece)
        if piece == mapped.text[start:end]:
            starts.extend(mapped.starts[start:end])
            ends.extend(mapped.ends[start:end])
        else:
            starts.extend([mapped.starts[start]] * len(piece))
            ends.extend([mapped.ends[end - 1]] * len(piece))
    return Folded("".join(pieces), starts, ends)


def _single_spaces(spaced: Folded) -> Folded:
    words = spaced.text.split()
    single = " ".join(words)
    if single == spaced.text:
        return spaced
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for word in words:
        begin = spaced.text.index(word, position)
        if position:
            starts.append(spaced.starts[position])
            ends.append(spaced.ends[begin - 1])
        position = begin + len(word)
        starts.extend(spaced.starts[begin:position])
        ends.extend(spaced.ends[begin:position])
    return Folded(single, starts, ends)


def sequences(text: str) -> Iterator[tuple[int, int]]:
    """Cut into pieces that can be composed apart: no primary composite begins in one and ends in the next."""
    start = 0
    for index in range(1, len(text)):
        if not joins(text[index - 1], text[index]):
            yield start, index
            start = index
    if text:
        yield start, len(text)


def joins(previous: str, char: str) -> bool:
    """Tell whether a character continues a combining sequence: a mark, or a jamo after one that it can complete."""
    if char < "\u0300":
        return False
    if "\u1161" <= char <= "\u1175":
        return "\u1100" <= previous <= "\u1112"
    if "\u11a8" <= char <= "\u11c2":
        return "\u1161" <= previous <= "\u1175" or "\uac00" <= previous <= "\ud7a3"
    return unicodedata.category(char) in ("Mn", "Mc", "Me")


def compose_sequence(sequence: str) -> str:
    """Return one combining sequence in NFC, with MAX_MARKS marks at most."""
    if len(sequence) == 1:
        return sequence
    return unicodedata.normalize("NFC", "".join(_limited(sequence)))


def _limited(sequence: str) -> Iterator[str]:
    marks = 0
    for char in sequence:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= MAX_MARKS:
            yield char


_PLAIN = {"’": "'", "‘": "'", "ʼ": "'"}
"""Apostrophes as telephones write them, and the one on a keyboard."""


class _Folds(CharacterTable):
    """What each code point becomes. `uneven` holds those met so far that become nothing, or more than one character."""

    def __init__(self, simplified: dict[str, str]) -> None:
        super().__init__(self._folded)
        self._simplified = simplified
        self.uneven: set[str] = set()

    def _folded(self, char: str) -> str:
        folded = self._fold(char)
        if len(folded) != 1:
            self.uneven.add(char)
        return folded

    def _fold(self, char: str) -> str:
        """Fold until nothing changes: the parts of a ligature, or a case pair of a compatibility form."""
        category = unicodedata.category(char)
        if category == "Cs":
            return _REPLACEMENT
        if category in ("Cn", "Co"):
            return "" if ord(char) in _IGNORABLE else char
        folded = self._once(char)
        while (again := "".join(map(self._once, folded))) != folded:
            folded = again
        return folded

    def _once(self, char: str) -> str:
        normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _PLAIN.get(char, char)).casefold())
        return "".join(self._simplified.get(part, part) for part in normal if not is_invisible(part))


@cache
def _folds() -> _Folds:
    return _Folds(simplified_by_traditional())


@cache
def simplified_by_traditional() -> dict[str, str]:
    """Return the simplified form of each Han character that has one (OpenCC's t2s, character by character)."""
    return converted_han("t2s")


@cache
def traditional_by_simplified() -> dict[str, list[str]]:
    """Return the traditional characters that each simplified one stands for."""
    found: dict[str, list[str]] = {}
    for char, simplified in simplified_by_traditional().items():
        found.setdefault(simplified, []).append(char)
    return found


def converted_han(conversion: str) -> dict[str, str]:
    """Return what one OpenCC conversion makes of single Han characters, where that is another single character."""
    characters = [chr(code) for block in _HAN for code in block]
    # Line breaks keep OpenCC from matching phrases; one call for all takes 15 ms, one call each a second.
    converted = opencc.OpenCC(conversion).convert("\n".join(characters)).split("\n")
    pairs = zip(characters, converted, strict=True)
    return {char: other for char, other in pairs if other != char and len(other) == 1}
