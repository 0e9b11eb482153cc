"""The words of a text, and pairs of words that stand next to each other, as other texts can share them.

    text ─without addresses, @names and what is asked to be left out─► fold ─► stretches between signs ─► words
                                                        words, two words side by side ─without frame and numbers─► terms

Chinese is divided by jieba, scripts with spaces at these; scripts that write no spaces otherwise are passed over.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from monitor.models import Span
from monitor.text.entities import names_and_addresses
from monitor.text.folding import fold
from monitor.text.frame_words import FRAME_WORDS
from monitor.text.function_words import is_function_word
from monitor.text.segments import words_in
from monitor.text.words import UNSPACED

SHORTEST = 3
"""Letters of a word in a script with spaces, below which it says too little alone."""

SHORTEST_HAN = 2
LONGEST_HAN = 8
LONGEST = 40
"""Characters of a term: none is longer in a dictionary, and a longer one fills a line."""

_BREAK = "|"
_HAN = "\u3400-\u9fff\U00020000-\U0003347f"
_KOREAN = "\u1100-\u11ff\uac00-\ud7ff"
_NUMBER = r"\d+(?:[.,:]\d+)*"
_STRETCH = re.compile(rf"(?:{_NUMBER}|[{_HAN}{_KOREAN}]|[^\W_{UNSPACED}]|(?<=\w)['’-](?=\w)|[ #])+")
"""What stands between two signs: words with single spaces, and the sign of hashtags."""

_EMOTICON = re.compile(r"\[[\u3400-\u9fff]{1,6}\]")
"""A picture of Weibo, which is its name to all others: [偷笑]."""

_TOKEN = re.compile(rf"[{_HAN}]+|[^ #{_HAN}]+")

_MARKS = frozenset(
    (
        *("rt", "via", "amp", "cc", "http", "https", "www", "com", "nbsp", "quot", "pic", "gt", "lt"),
        *("during", "everyone", "everybody", "someone", "anyone", "anything", "everything", "something", "nothing"),
    )
)
"""What platforms put around the words of others, what is left of markup, and English words that frame a sentence."""

_Kind: TypeAlias = Literal["word", "short", "han word", "han", "number", "nothing"]
_JOINED: Mapping[tuple[_Kind, _Kind], str] = {
    **{(one, other): "" for one in ("han word", "han") for other in ("han word", "han")},
    **{(one, other): " " for one in ("word", "short") for other in ("word", "short", "number")},
    **{("number", other): " " for other in ("word", "short")},
}
"""Which words side by side make a term, and what stands between them."""


def terms_of(text: str, left_out: Iterable[Span] = (), language: str = "und") -> frozenset[str]:
    """Return the terms of a text, folded; nothing of the spans that are left out, nor across them."""
    spoken = _EMOTICON.sub(_BREAK, _without(text, (*names_and_addresses(text), *left_out)))
    return frozenset(term for stretch in _stretches(fold(spoken)) for term in _terms(stretch, language))


def is_han(term: str) -> bool:
    """Tell whether a term, which is of one script, is of Han characters."""
    return "\u3400" <= term[0] <= "\u9fff" or "\U00020000" <= term[0] <= "\U0003347f"


def _without(text: str, spans: Iterable[Span]) -> str:
    parts, at = [], 0
    for start, end in sorted(spans):
        if end > at:
            parts += [text[at : max(at, start)], _BREAK]
            at = end
    return "".join((*parts, text[at:]))


def _stretches(folded: str) -> Iterator[list[str]]:
    """Yield the words of each stretch between two signs."""
    for stretch in _STRETCH.findall(folded):
        yield [
            word for token in _TOKEN.findall(stretch) for word in (words_in(token) if is_han(token) else _bare(token))
        ]


def _bare(word: str) -> tuple[str]:
    return (word[:-2],) if word.endswith(("'s", "’s")) and len(word) > SHORTEST else (word,)


def _terms(words: Sequence[str], language: str) -> Iterator[str]:
    """Yield the terms of a stretch: words that say something, and two such side by side in one script."""
    before = _Word("", "nothing")
    for word in words:
        kind = _kind_of(word, language)
        if kind.endswith("word"):
            yield word
        joined = _JOINED.get((before.kind, kind))
        if joined is not None and len(before.text) + len(word) <= (LONGEST_HAN if not joined else LONGEST):
            yield f"{before.text}{joined}{word}"
        before = _Word(word, kind)


class _Word(NamedTuple):
    text: str
    kind: _Kind


@lru_cache(maxsize=100_000)
def _kind_of(word: str, language: str) -> _Kind:
    if word[0].isdecimal() and word[-1].isdecimal():
        return "number"
    if word in FRAME_WORDS or word in _MARKS or len(word) > LONGEST or word.endswith(("n't", "n’t")):
        return "nothing"
    if is_han(word):
        return "han word" if len(word) >= SHORTEST_HAN else "han"
    if is_function_word(word, language):
        return "nothing"
    return "word" if len(word) >= SHORTEST else "short"
