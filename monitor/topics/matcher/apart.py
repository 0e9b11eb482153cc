"""Han characters that were pulled apart, 砸·锅·卖·铁: whether they are meant as one word.

A gap can as well be the border of two words (香港人 民主派, 高中/国中), so it counts when the characters are spelled
out one by one, or when the words around fit with the gap and without it.
"""

import re
from itertools import pairwise

from monitor.text.segments import fit_of, is_word
from monitor.topics.matcher.reading import Reading, Stretch

MAX_GAP = 8
"""Code points between two characters of one keyword."""

_LINE_END = re.compile(r"[\n\r\x0b\x0c\x85\u2028\u2029]")
_ENDS_CLAUSE = re.compile(r"[,，、。！？!?;；:：…—()（）\[\]【】《》「」『』\"“”＂]|\.\.|--")
_PARTS_WORDS = re.compile(r"[\s/／|｜・·•,.\-_~+&\u2013]")
_MASK = re.compile(r"[*＊xX×○●〇□■#]{2,}")
_OPENING, _CLOSING = "“‘\"'＂「『【(（[〈《", "”’\"'＂」』】)）]〉》"


def is_meant(reading: Reading, stretch: Stretch) -> bool:
    """Tell whether the Han characters of a stretch are one word in spite of what is between them."""
    characters = reading.han(stretch)
    if len(characters) < 2:
        return True  # what is apart are words of other scripts, which end where they end
    gaps = [reading.between(*pair) for pair in pairwise(characters)]
    filled = [gap for gap in gaps if gap]
    if any(len(gap) > MAX_GAP or _LINE_END.search(gap) or _MASK.search(gap) for gap in filled):
        return False
    if _is_spelled_out(reading, stretch, gaps) or _is_quoted(reading, stretch, gaps):
        return True
    if any(_ENDS_CLAUSE.search(gap) for gap in filled):
        return False
    return _fits(reading, stretch, gaps)


def _is_spelled_out(reading: Reading, stretch: Stretch, gaps: list[str]) -> bool:
    """Tell whether the same sign stands between all characters, and often enough to be no accident."""
    sign = gaps[0].strip() or gaps[0][:1]
    if any((gap.strip() or gap[:1]) != sign or not gap for gap in gaps):
        return False
    before, after = reading.sides(stretch)
    outside = (before.rstrip().endswith(sign), after.lstrip().startswith(sign)) if sign.strip() else (False, False)
    return len(gaps) + any(outside) >= 2


def _is_quoted(reading: Reading, stretch: Stretch, gaps: list[str]) -> bool:
    """Tell whether only the first character stands in quotes of its own: “新”闻."""
    before, _ = reading.sides(stretch)
    is_quoted = len(gaps[0]) == 1 and gaps[0] in _CLOSING and before[-1:] != "" and before[-1:] in _OPENING
    return is_quoted and not any(gaps[1:])


def _fits(reading: Reading, stretch: Stretch, gaps: list[str]) -> bool:
    word = reading.han_text(stretch)
    before, after = reading.around(stretch)
    fit = fit_of(before, word, after)
    if not (fit.begins and fit.ends) or (fit.is_divided and is_word(word)):
        return False
    if not any(_PARTS_WORDS.search(gap) for gap in gaps):
        return True
    first = next(at for at, gap in enumerate(gaps) if gap) + 1
    last = max(at for at, gap in enumerate(gaps) if gap) + 1
    return fit_of(before, word[:first], "").begins and fit_of("", word[last:], after).ends
