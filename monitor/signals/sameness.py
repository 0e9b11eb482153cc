"""Whether two texts are copies of each other: they share half of their pieces, or one was cut off; and state the same.

What is guarded: numbers, dates and amounts, in digits and in Han, and negations. "17 dead" is no copy of "7 dead",
however alike the rest is. What one text has more, in front of what both say or behind it, may hold numbers of its own.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

from monitor.signals.duplicates import Said, said
from monitor.signals.shingles import jaccard, shingles
from monitor.text.folding import fold

ENOUGH = 0.5
"""Jaccard similarity of the pieces from which texts are copies: chosen by `tests.evaluation.copies`."""

SHORTEST_CUT = 24
"""Letters of a text that was cut off from which it says which text that was."""

CUT_LENGTH = 130
"""Characters from which a text may have been cut without a mark: 140 with an address or a name."""

CUT_LETTERS = 4
"""Last letters of a text that was cut that may be the rest of a word or of an address."""

ANCHOR = 3
"""Tokens by which the beginning and the end of what both say are found in the longer text."""

_HAN_NUMBER = "〇零一二三四五六七八九十百千万亿两"
_UNIT = frozenset("人名位死伤亿万元块级岁年月日号天例点时个余多县市省家")
_NOT = frozenset(
    (
        *"不没无非未",
        *("not", "no", "never", "without", "cannot", "can't", "don't", "doesn't", "didn't", "won't", "isn't", "aren't"),
        *("wasn't", "weren't", "nicht", "kein", "keine", "pas", "jamais", "nunca", "não", "non", "не", "нет", "tidak"),
    )
)
_TOKEN = re.compile(rf"\d+(?:[.,:/-]\d+)*|[{_HAN_NUMBER}]+|[^\W\d_⺀-鿿぀-ヿ]+(?:'[a-z]+)?|\w")
_SEPARATOR = "\0"


class Text:
    """A text with what comparisons need of it, each found once."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def said(self) -> Said:
        """Return what it says."""
        return said(fold(self._text))

    @cached_property
    def pieces(self) -> frozenset[str]:
        """Return its shingles."""
        return shingles(self.said)

    @cached_property
    def tokens(self) -> list[str]:
        """Return its words, Han characters and numbers."""
        return _TOKEN.findall(self.said.sentences)

    @cached_property
    def facts(self) -> list[str]:
        """Return its numbers and negations."""
        return facts_of(self.tokens)

    @cached_property
    def is_cut(self) -> bool:
        """Tell whether its end may be missing."""
        is_marked = self.said.sentences.rstrip().endswith("..")
        return (is_marked or len(self._text) >= CUT_LENGTH) and len(self.said.letters) >= SHORTEST_CUT


def is_copy(one: Text, other: Text, enough: float = ENOUGH) -> bool:
    """Tell whether two texts are copies of each other."""
    is_alike = jaccard(one.pieces, other.pieces) >= enough or _is_beginning(one, other) or _is_beginning(other, one)
    return is_alike and state_the_same(one, other)


def state_the_same(one: Text, other: Text) -> bool:
    """Tell whether two texts that are alike have the same numbers and negations in what both say."""
    if one.facts == other.facts:
        return True
    shorter, longer = sorted((one, other), key=lambda each: len(each.tokens))
    common = _common(shorter.tokens, longer.tokens)
    if common is None:
        return False
    theirs = facts_of(common)
    return theirs == shorter.facts or (shorter.is_cut and _are_cut(shorter.facts, theirs))


def facts_of(tokens: Sequence[str]) -> list[str]:
    """Return the numbers and negations among tokens; a Han number counts where a unit follows it."""
    return [each for each, after in pairwise((*tokens, "")) if _is_fact(each, after)]


def _is_fact(token: str, after: str) -> bool:
    return token[0].isdigit() or token in _NOT or (token[0] in _HAN_NUMBER and after in _UNIT)


def _is_beginning(one: Text, other: Text) -> bool:
    """Tell whether a text that may have been cut is the beginning of another."""
    letters = one.said.letters
    return one.is_cut and other.said.letters.startswith(letters[:-CUT_LETTERS])


def _common(shorter: Sequence[str], longer: Sequence[str]) -> list[str] | None:
    """Return the part of the longer text from where the shorter one begins to where it ends, None if there is none."""
    text = _joined(longer)
    begin = text.find(_joined(shorter[:ANCHOR]))
    # The last token may be cut off in its middle, so that those before it are looked for.
    last = shorter[-ANCHOR - 1 : -1]
    end = text.rfind(_joined(last))
    if not last or begin < 0 or end < begin:
        return None
    ending = text[end:].split(_SEPARATOR)[: len(last) + 2]
    return [each for each in (*text[begin:end].split(_SEPARATOR), *ending) if each]


def _are_cut(facts: list[str], whole: list[str]) -> bool:
    """Tell whether numbers are the same but for the last one, of which only the beginning is left."""
    return len(facts) == len(whole) > 0 and facts[:-1] == whole[:-1] and whole[-1].startswith(facts[-1])


def _joined(tokens: Sequence[str]) -> str:
    return _SEPARATOR + _SEPARATOR.join(tokens) + _SEPARATOR
