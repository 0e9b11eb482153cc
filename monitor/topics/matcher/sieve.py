"""Which texts need not be read, because nothing in them can be a keyword: most posts of a stream.

    text ─only characters of _EVEN?─► letters and digits, lower case ─automaton of fragments─► none: not read
                └─ no: read                                                     └─ some: read

Sound, not exact: what is not let through holds no keyword in any form, way of writing or gap; what is let through is
read as if there were no sieve. A fragment is a word of a keyword, in all forms in which the automaton of keywords takes
it, or the first characters of a Han word with the other ways of writing each. A keyword's letters follow each other in
a text without spaces and signs, whatever was put between them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod

import ahocorasick_rs

from monitor.text.folding import traditional_by_simplified
from monitor.text.normal import BREAK, JOINT
from monitor.text.words import is_unspaced

EVEN = (
    "\x00-\x7f\xa0-\xa7\xa9\xab-\xae\xb0\xb1\xb6\xb7\xbb\xbf\u0400-\u045f\u05d0-\u05ea\u060c-\u060f\u061b-\u064a"
    "\u2000-\u2016\u2018-\u203d\u203f-\u206f\u2190-\u222b\u2231-\u245f\u3000-\u3029\u3030-\u3035\u3041-\u3096\u309d\u309e"
    "\u30a0-\u30fe\u3400-\u4dbf\u4e00-\u85b3\u85b5-\u9fff\uac00-\ud7a3\ufe00-\ufe0f\ufe10-\ufe19\ufe30-\ufe48"
    "\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\U0001f300-\U0001faff"
)
"""Characters that become their own lower case, their simplified form, or no letter, by themselves and beside any other.
Texts with others (accents, full-width letters, ligatures, marks) are read."""

MOST_WAYS = 64
"""Ways of writing one fragment."""

LONGEST = 4
"""Characters of a fragment of Han: few texts share so many by chance."""

HAN_WEIGHT = 3
"""Latin letters that say as much as a Han character, for the choice of the word that is looked for."""

_UNSAID = re.compile(r"[\W_]+")
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum())
_LOWER = bytes(range(128)).lower() + bytes(range(128, 256))


class Sieve:
    """Tells which texts may hold one of some patterns, as the automaton of keywords has them. Immutable."""

    def __init__(self, patterns: Iterable[str], lemmas: Mapping[str, str]) -> None:
        """Choose a word of each pattern; one that has signs only is looked for among the characters."""
        fragments: set[str] = set()
        signs: set[str] = set()
        words_by_lemma: dict[str, list[str]] = {}
        for word, lemma in lemmas.items():
            words_by_lemma.setdefault(lemma, []).append(word)
        self._is_open = False
        for pattern in patterns:
            word = max(pattern.split(), key=_weight)
            if _weight(word):
                fragments.update(_fragments(pattern, word, words_by_lemma))
            elif word in (BREAK, JOINT):
                self._is_open = True
            else:
                signs.add(word)
        self._odd = re.compile(f"[^{EVEN}]|[{re.escape(''.join(signs))}]" if signs else f"[^{EVEN}]")
        self._automaton = ahocorasick_rs.BytesAhoCorasick([each.encode("utf-8", "surrogatepass") for each in fragments])

    def lets_through(self, text: str) -> bool:
        """Tell whether a text has to be read."""
        if self._is_open:
            return True
        if text.isascii():
            said = text.encode("ascii").translate(_LOWER, _NO_LETTERS)
        elif self._odd.search(text) is not None:
            return True
        else:
            said = _UNSAID.sub("", text).lower().encode()
        return bool(self._automaton.find_matches_as_indexes(said))


def _weight(word: str) -> int:
    """Return how much a word says: letters and digits, those of scripts without spaces for more."""
    return sum(HAN_WEIGHT if is_unspaced(char) else 1 for char in word if char.isalnum())


def _fragments(pattern: str, word: str, words_by_lemma: Mapping[str, Sequence[str]]) -> set[str]:
    """Return what stands in a text for a word of a pattern; one at an open end may be part of a longer one."""
    is_whole = f" {word} " in pattern
    lemmas = [word] if is_whole else [each for each in words_by_lemma if word in each]
    written = {word, *(form for lemma in lemmas for form in words_by_lemma.get(lemma, ()))}
    return {made for each in written for made in _ways(_UNSAID.sub("", each))}


def _ways(letters: str) -> Iterator[str]:
    """Yield the ways in which letters are written, their first ones where they are Han: 国际, 國际, 国際, 國際."""
    others = traditional_by_simplified()
    characters = [(char, *others.get(char, ())) for char in letters]
    if not any(map(is_unspaced, letters)):
        yield letters
        return
    count = next(n for n in range(min(LONGEST, len(letters)), 0, -1) if prod(map(len, characters[:n])) <= MOST_WAYS)
    yield from map("".join, product(*characters[:count]))
