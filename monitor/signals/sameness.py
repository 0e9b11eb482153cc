"""Whether two texts are copies of each other: they say most in the same words, and state the same.

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

ENOUGH = 0.65
"""Jaccard similarity of the pieces from which texts are copies: chosen by `tests.evaluation.copies`."""

SHORTEST = 12
"""Letters and digits that texts must have in common in one stretch, or but for one change."""

SHORTEST_CUT = 24
"""Letters and digits of a text that was cut off from which it says which text that was, however long that one is."""

CUT_LENGTH = 130
"""Characters from which a text may have been cut without a mark: 140 with an address or a name."""

CUT_LETTERS = 4
"""Last letters of a text that was cut that may be the rest of an address."""

SLIP = 2
"""Letters of one word, in scripts that write spaces, that may be written in another way."""

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
    return is_alike(one, other, enough) and state_the_same(one, other)


def is_alike(one: Text, other: Text, enough: float = ENOUGH) -> bool:
    """Tell whether two texts say the same in most of their words, whatever numbers and negations are among them."""
    return is_part_or_slip(one, other) or jaccard(one.pieces, other.pieces) >= enough


def is_part_or_slip(one: Text, other: Text) -> bool:
    """Tell whether one text is all of the other but for its ends, or but for a slip of the finger."""
    shorter, longer = (one, other) if len(one.said.letters) <= len(other.said.letters) else (other, one)
    return _is_part(shorter, longer) or _is_slip(shorter, longer)


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
    """Return the numbers and negations among tokens; a lone Han one counts where a unit follows it."""
    return [each.replace(",", "") for each, after in pairwise((*tokens, "")) if _is_fact(each, after)]


def _is_fact(word: str, after: str) -> bool:
    if word[0] in _HAN_NUMBER:
        return word != "一" or after in _UNIT
    return word[0].isdigit() or word in _NOT


def _is_part(shorter: Text, longer: Text) -> bool:
    """Tell whether a text is all of another but for a smaller part at its ends, or its beginning, cut off."""
    letters, whole = shorter.said.letters, longer.said.letters
    if len(letters) < SHORTEST:
        return False
    is_half = 2 * len(letters) >= len(whole) and letters in whole
    return is_half or (shorter.is_cut and whole.startswith(letters[:-CUT_LETTERS]))


def _is_slip(shorter: Text, longer: Text) -> bool:
    """Tell whether two texts are the same but for a slip of the finger in one word."""
    one, other = shorter.said.letters, longer.said.letters
    if len(other) - len(one) > SLIP:
        return False
    before = _common_start(one, other)
    after = min(_common_start(one[::-1], other[::-1]), len(one) - before)
    changed = one[before : len(one) - after] + other[before : len(other) - after]
    return before + after >= max(SHORTEST, len(other) - SLIP) and changed.isascii()


def _common_start(one: str, other: str) -> int:
    return next((at for at, (this, that) in enumerate(zip(one, other, strict=False)) if this != that), len(one))


def _common(shorter: Sequence[str], longer: Sequence[str]) -> list[str] | None:
    """Return the part of the longer text from where the shorter one begins to where it ends, None if there is none.

    A negation right in front of it belongs to it, for it turns what follows round.
    """
    text = _joined(longer)
    begin = text.find(_joined(shorter[:ANCHOR]))
    # The last token may be cut off in its middle, so that those before it are looked for.
    last = shorter[-ANCHOR - 1 : -1]
    end = text.rfind(_joined(last))
    if not last or begin < 0 or end < begin:
        return None
    before = text[:begin].rsplit(_SEPARATOR, 1)[-1]
    ending = text[end:].split(_SEPARATOR)[: len(last) + 2]
    common = [each for each in (*text[begin:end].split(_SEPARATOR), *ending) if each]
    return [before, *common] if before in _NOT else common


def _are_cut(facts: list[str], whole: list[str]) -> bool:
    """Tell whether numbers are the same but for the last one, of which only the beginning is left."""
    return len(facts) == len(whole) > 0 and facts[:-1] == whole[:-1] and whole[-1].startswith(facts[-1])


def _joined(tokens: Sequence[str]) -> str:
    return _SEPARATOR + _SEPARATOR.join(tokens) + _SEPARATOR
