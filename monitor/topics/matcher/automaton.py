"""All keywords as one automaton, and what it reads: lemmas, so that a keyword is one pattern in all its forms.

    words of a text ─lemmas─► " smash pot and sell iron " ─automaton─► numbers of patterns ─► forms of keywords

A lemma only gathers words that some keyword takes for one another; whether this keyword does is looked at per hit
(accepting.py), so that two keywords may share a form without sharing the others.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import ahocorasick_rs

from monitor.text.normal import text_of, words_of
from monitor.text.words import is_unspaced
from monitor.topics.language.keyword import forms_in, is_phrase, squeezed
from monitor.topics.language.query import Tag, Term
from monitor.topics.matcher.slips import sounds_of, typos_of
from monitor.topics.matcher.ways import other_words, written_ways

Kind = Literal["words", "joined", "squeezed", "elsewhere", "sound", "tag"]
"""How a pattern stands for its keyword: as its words, as one word, without its spaces, in another region's words, by
its sound, as a hashtag."""


Spelled = tuple[Term | Tag, list[str]]
"""A keyword and the words of its normal form."""


class Form(NamedTuple):
    """A keyword, by its number, and how a pattern stands for it."""

    keyword: int
    kind: Kind


class Patterns:
    """The automaton of some keywords. Immutable."""

    def __init__(self, keywords: Sequence[Term | Tag]) -> None:
        spelled = [(keyword, words_of(keyword.text)) for keyword in keywords]
        self.lemmas = _lemmas(spelled)
        forms_by_pattern = _forms_by_pattern(spelled, self.lemmas)
        self.texts = tuple(forms_by_pattern)
        self.forms = tuple(forms_by_pattern.values())
        self.has_sounds = any(isinstance(each, Term) and each.mode == "loose" for each in keywords)
        self._automaton = ahocorasick_rs.AhoCorasick(forms_by_pattern, store_patterns=False)
        # How many spaces of a pattern are outside of its words, before and after.
        self._before = bytes(pattern[0] == " " for pattern in forms_by_pattern)
        self._after = bytes(pattern[-1] == " " for pattern in forms_by_pattern)

    def lemmas_of(self, words: list[str]) -> list[str]:
        """Return the words as the automaton reads them."""
        return list(map(self.lemmas.get, words, words))

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """Return the patterns in a text: number, start and end with their outer spaces."""
        return self._automaton.find_matches_as_indexes(text, overlapping=True)

    def trimmed(self, found: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return where a pattern's words begin and end."""
        number, start, end = found
        return number, start + self._before[number], end - self._after[number]


def _lemmas(keywords: Iterable[Spelled]) -> dict[str, str]:
    """Return what each form of a word is read as, where that is another word."""
    parents: dict[str, str] = {}
    for forms in set(_word_groups(keywords)):
        if len(forms) > 1:
            _unite(parents, sorted(forms))
    return {word: root for word in parents if (root := _root(parents, word)) != word}


def _unite(parents: dict[str, str], words: Sequence[str]) -> None:
    first = _root(parents, words[0])
    parents.setdefault(first, first)
    for word in words[1:]:
        parents[_root(parents, word)] = first


def _root(parents: Mapping[str, str], word: str) -> str:
    while (parent := parents.get(word, word)) != word:
        word = parent
    return word


def _word_groups(keywords: Iterable[Spelled]) -> Iterator[frozenset[str]]:
    """Yield the words that some keyword takes for one another."""
    for keyword, words in keywords:
        if not isinstance(keyword, Term) or keyword.mode == "exact":
            continue
        open_ended = len(words) - 1 if keyword.is_prefix else len(words)
        groups = [forms_in(keyword.text, word) for word in words[:open_ended]]
        yield from groups
        if keyword.mode == "loose":
            yield from (typos_of(word) | {word} for word in words[:open_ended])
        if is_phrase(words) and not keyword.is_prefix:
            head = "".join(words[:-1])
            yield frozenset(head + form for form in groups[-1])


def _forms_by_pattern(keywords: Sequence[Spelled], lemmas: Mapping[str, str]) -> dict[str, tuple[Form, ...]]:
    ways = written_ways([each.text for each, _ in keywords if isinstance(each, Term) and each.mode != "exact"])
    known = sorted(lemmas)
    forms: dict[str, tuple[Form, ...]] = {}
    for number, (keyword, words) in enumerate(keywords):
        elsewhere = other_words(words, ways[keyword.text]) if keyword.text in ways else ()
        for pattern, kind in _patterns_of(keyword, words, (lemmas, known), elsewhere):
            forms[pattern] = (*forms.get(pattern, ()), Form(number, kind))
    return forms


def _patterns_of(
    keyword: Term | Tag, words: list[str], read: tuple[Mapping[str, str], Sequence[str]], elsewhere: Iterable[str]
) -> Iterator[tuple[str, Kind]]:
    """Yield the patterns of a keyword. `read` holds the lemmas, and their words in order."""
    lemmas, known = read
    if isinstance(keyword, Tag):
        yield pattern_of(words, lemmas), "tag"
        return
    if keyword.is_prefix and not is_unspaced(words[-1][0]):
        yield from ((made, "words") for made in _open_patterns(words, lemmas, known))
        return
    yield pattern_of(words, lemmas), "words"
    if keyword.mode == "exact":
        return
    if is_phrase(words):
        yield pattern_of(["".join(words)], lemmas), "joined"
    if len(words) > 1 and len(made := squeezed(words).split()) < len(words):
        yield pattern_of(made, lemmas), "squeezed"
    yield from ((pattern_of(normal.split(), lemmas), "elsewhere") for normal in elsewhere)
    if keyword.mode == "loose":
        yield from ((text_of(sounds), "sound") for sounds in sounds_of("".join(words)))


def pattern_of(words: Sequence[str], lemmas: Mapping[str, str]) -> str:
    """Return words as lemmas, with a space at an end where a word of a script with spaces ends there."""
    return _bordered([lemmas.get(word, word) for word in words], words)


def _bordered(read: Sequence[str], words: Sequence[str]) -> str:
    before = "" if is_unspaced(words[0][0]) else " "
    after = "" if is_unspaced(words[-1][-1]) else " "
    return f"{before}{' '.join(read)}{after}"


def _open_patterns(words: Sequence[str], lemmas: Mapping[str, str], known: Sequence[str]) -> Iterator[str]:
    """Yield the pattern of a beginning, and one for each lemma that stands for a word with it and begins otherwise."""
    beginning = words[-1]
    head = [lemmas.get(word, word) for word in words[:-1]]
    yield _bordered([*head, beginning], words).removesuffix(" ")
    for place in range(bisect_left(known, beginning), len(known)):
        if not known[place].startswith(beginning):
            return
        if not lemmas[known[place]].startswith(beginning):
            yield _bordered([*head, lemmas[known[place]]], words)
