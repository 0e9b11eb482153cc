"""Whether a word may be the name of a person: what nobody published must not become a headline of ours.

A name is told by jieba's dictionary and by surnames in Chinese, by its capital in scripts that have capitals. Nothing
tells it in other scripts, so that all their words count as names. It would rather hide ten words than show one name.
"""

from collections.abc import Mapping

from monitor.text.segments import may_be_person
from monitor.text.terms import is_han

AS_A_WORD = 0.35
"""Share of places at which a word must stand without its capital to be a common one: on X up to a third of the names
of storms and people are written small."""

LONGEST_ACRONYM = 5


def is_shown_as_word(term: str, written: Mapping[str, int]) -> bool:
    """Tell whether a folded term is no name, from how it was written and how often."""
    if is_han(term):
        return not may_be_person(term)
    return all(_is_common(number, written) for number in range(len(term.split())))


def _is_common(number: int, written: Mapping[str, int]) -> bool:
    """Tell whether a word of a term, by its number, is written as common words are, or as an acronym."""
    total = small = acronym = 0
    for text, count in written.items():
        words = text.split()
        if number >= len(words):
            continue
        word = words[number]
        total += count
        small += count * (word[:1].islower() or word.isdecimal())
        acronym += count * (word.isupper() and 1 < len(word) <= LONGEST_ACRONYM)
    return total > 0 and (small >= AS_A_WORD * total or 2 * acronym > total)
