"""What one keyword accepts: the words as written, and which others count in their place."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from monitor.text.folding import fold, is_invisible, traditional_by_simplified
from monitor.text.normal import BREAK, HAN, JOINT, places_of, unaccented, words_of
from monitor.text.words import is_unspaced
from monitor.topics.language.query import Tag, Term
from monitor.topics.matcher.inflections import forms_of, is_verb
from monitor.topics.matcher.slips import typos_of
from monitor.topics.matcher.ways import other_words, written_ways

SURE_LENGTH = 10
"""Letters from which a phrase written as one word is no other word by chance."""

_PUNCTUATED = re.compile(rf"[{BREAK}{JOINT}]|[^\w\s]")
_HAN_RUN = re.compile(f"[{HAN}]{{2,}}")
_LITERAL_HAN = re.compile("[\u3400-\u9fff]")
_LITERAL = re.compile("[\u3400-\u9fff]{2,}|[A-Za-z]{2,}(?: [A-Za-z]{2,})*")
_SPACING = dict.fromkeys(map(ord, " -_'\u2010\u2011\u2012\u2013"))


class Keyword:
    """A keyword and, found when first asked for, all that can stand for it in a text."""

    def __init__(self, leaf: Term | Tag) -> None:
        self.text = leaf.text
        self.is_exact = isinstance(leaf, Tag) or leaf.mode == "exact"
        self.is_loose = isinstance(leaf, Term) and leaf.mode == "loose"
        self.is_prefix = isinstance(leaf, Term) and leaf.is_prefix
        self.words = words_of(leaf.text)

    @cached_property
    def plain(self) -> str:
        """Return the keyword as a reader sees it, but for case and width."""
        return plain(self.text)

    @cached_property
    def folded(self) -> str:
        """Return the keyword in one way of writing, with its accents and its punctuation."""
        return fold(self.text)

    @cached_property
    def folded_words(self) -> list[str]:
        """Return the words with the accents that they were written with."""
        places, ends = places_of(self.text), list(accumulate(map(len, self.words)))
        spans = (places.span(end - len(word), end - 1) for word, end in zip(self.words, ends, strict=True))
        return [
            word if span is None else fold(self.text[span.start : span.end])
            for word, span in zip(self.words, spans, strict=True)
        ]

    @cached_property
    def is_punctuated(self) -> bool:
        """Tell whether the keyword holds signs, which then have to be the same: C++, 24/7, ☕."""
        return any(_PUNCTUATED.fullmatch(word) for word in self.words)

    @cached_property
    def signs(self) -> str:
        """Return the keyword folded, with its signs."""
        return signs_of(self.text)

    @cached_property
    def accepted(self) -> list[frozenset[str]]:
        """Return for each word the forms that count."""
        return [self._forms(number, word) for number, word in enumerate(self.words)]

    @cached_property
    def is_han(self) -> bool:
        """Tell whether the keyword is one run of two Han characters or more."""
        return len(self.words) == 1 and _HAN_RUN.fullmatch(self.words[0]) is not None

    @cached_property
    def literal(self) -> str | None:
        """Return what is the same in a text and in what the automaton reads of it, in lower case; None for all else."""
        return self.text.lower() if not self.is_prefix and _LITERAL.fullmatch(self.text) else None

    @cached_property
    def in_any_script(self) -> re.Pattern[str]:
        """Return what finds a keyword of Han in simplified characters, in traditional ones and in both mixed."""
        others = traditional_by_simplified()
        ways = ([char, *filter(_LITERAL_HAN.match, others.get(char, ()))] for char in self.words[0])
        return re.compile("".join(f"[{''.join(each)}]" for each in ways))

    @cached_property
    def edge_is_latin(self) -> bool:
        """Tell whether the keyword begins or ends with an ASCII letter or digit."""
        return any(char.isascii() and char.isalnum() for char in (self.words[0][0], self.words[-1][-1]))

    @cached_property
    def is_numbered(self) -> bool:
        """Tell whether a digit follows a letter in the keyword: A4, covid19."""
        return re.search(r"[A-Za-z][0-9]", self.text) is not None

    @cached_property
    def joined(self) -> frozenset[str]:
        """Return the phrase written as one word, its last word in any form; empty for what is no phrase."""
        if self.is_exact or self.is_prefix or not is_phrase(self.words):
            return frozenset()
        head = "".join(self.words[:-1])
        return frozenset(head + form for form in self.accepted[-1])

    @cached_property
    def is_compound(self) -> bool:
        """Tell whether the phrase may be one word anywhere, for its length or because it was written with hyphens."""
        return sum(map(len, self.words)) >= SURE_LENGTH or not re.search(r"\s", self.text.strip())

    @cached_property
    def elsewhere(self) -> dict[str, frozenset[str]]:
        """Return the words of other regions by their normal forms, as they are written there."""
        if self.is_exact:
            return {}
        return other_words(self.words, written_ways([self.text]).get(self.text, ()))

    def typos(self, number: int) -> frozenset[str]:
        """Return the slips that count for a word."""
        return typos_of(self.words[number]) if self.is_loose else frozenset()

    def _forms(self, number: int, word: str) -> frozenset[str]:
        is_open = self.is_prefix and number == len(self.words) - 1
        return frozenset((word,)) if self.is_exact or is_open else forms_in(self.text, word)


def forms_in(keyword: str, word: str) -> frozenset[str]:
    """Return the forms of a word of a keyword; of one with a capital, a name, the plural alone (Windows, no window)."""
    if not keyword.isascii() and unaccented(folded := keyword.casefold()) != folded:
        return frozenset((word,))
    if word[0].upper() + word[1:] in keyword or (len(word) > 1 and word.upper() in keyword):
        return frozenset((word, *(form for form in forms_of(word) if form in (f"{word}s", f"{word}es"))))
    return forms_of(word)


def told_forms(term: Term) -> list[str]:
    """Return forms of a keyword to name to people, its own first: ways of writing it, inflections word by word."""
    keyword = Keyword(term)
    if keyword.is_exact or keyword.is_prefix:
        return [term.text]
    ways = sorted(written_ways([term.text]).get(term.text, ()))
    inflected = [
        _written([*keyword.words[:number], form, *keyword.words[number + 1 :]], term.text)
        for number, forms in enumerate(keyword.accepted)
        for form in sorted(forms - {keyword.words[number]})
        if _is_likely(keyword.words, number, form)
    ]
    return [term.text, *ways, *inflected]


def _is_likely(words: Sequence[str], number: int, form: str) -> bool:
    """Tell whether people write a form: within a phrase what is no verb has a plural, and no past (sell ironed)."""
    return number == 0 or is_verb(words[number]) or not is_verb(form)


def _written(words: Sequence[str], text: str) -> str:
    """Return words of a keyword with spaces, and the apostrophe that one was written with (one's)."""
    said = " ".join(words)
    return re.sub(r"\b s\b", "'s", said) if re.search(r"\w['’]s\b", text) else said


def is_phrase(words: Sequence[str]) -> bool:
    """Tell whether words could be written as one: Latin letters and digits, two words or more."""
    return 1 < len(words) <= 8 and all(word.isascii() and word.isalnum() for word in words)


def squeezed(words: Sequence[str]) -> str:
    """Return words of scripts without spaces put together, other words apart."""
    made = ""
    for word in words:
        joins = made and is_unspaced(made[-1]) and is_unspaced(word[0])
        made += word if joins or not made else f" {word}"
    return made


def signs_of(text: str) -> str:
    """Return folded text without spaces, and without what parts words as a space does."""
    return fold(text).translate(_SPACING)


def plain(text: str) -> str:
    """Return text as a reader sees it, but for case, width, white space and what is invisible."""
    if not (text.isascii() and text.isprintable()):
        visible = "".join(char for char in text if char.isspace() or not is_invisible(char))
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())
    return " ".join(text.lower().split())
