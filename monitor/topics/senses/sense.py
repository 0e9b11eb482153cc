"""How likely a post means its keyword in the topic's sense, and which words decided that.

text ─links and accounts blanked─► around the keywords, folded ─► clues that stand there ─► sum ─► 0 … 1

One sense per collocation (Yarowsky 1993, https://aclanthology.org/H93-1052): what stands near a word tells its sense.
A clue counts once, however often it is there and in whatever order.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import ahocorasick_rs

from monitor.models import Mention, Span, Topic
from monitor.nouns.clues import Clue, Sense
from monitor.text.folding import fold
from monitor.text.words import is_word_border

REACH = 300
"""Code points on each side of a keyword that are looked at: all of most posts."""

MOST_PLACES = 20
"""Places of keywords in a post that are looked at, the first ones."""

NEAR = 8
"""Folded characters before or after a keyword in which "被…" and "…掉" count, within its sentence."""

SHOWN = 4
"""Clues that are named on each side, the strongest."""

SIDE = "…"

# Names of accounts are about people: nothing is learned from them, and nobody is judged by them.
_LINKS_AND_ACCOUNTS = re.compile(r"https?://\S+|[@＠][^\s:：,，/]+")
_SENTENCE_END = re.compile(r"[。！？!?；;\n]")


class Context(NamedTuple):
    """What stands around the keywords of a post, folded: all of it, and what is next to them on each side."""

    around: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Score(NamedTuple):
    """How likely the topic's sense is meant, 0 to 1, and the clues that said so, the strongest first."""

    value: float
    clues: tuple[Clue, ...]


class Divided(NamedTuple):
    """The mentions of a topic: those that mean it, and those of another sense."""

    meant: list[Mention]
    others: list[Mention]


class _Known(NamedTuple):
    """The clues of a sense as they are sought: those for anywhere by one automaton, those beside the keyword apart."""

    anywhere: tuple[str, ...]
    automaton: ahocorasick_rs.AhoCorasick
    beside: tuple[str, ...]
    clues: Mapping[str, Clue]


def by_sense(topic: Topic, mentions: Iterable[Mention]) -> Divided:
    """Divide mentions by what their topic requires of the sense; without such a rule all are meant."""
    if topic.sense is None:
        return Divided(list(mentions), [])
    divided = Divided([], [])
    for mention in mentions:
        (divided.meant if is_meant(topic, mention) else divided.others).append(mention)
    return divided


def is_meant(topic: Topic, mention: Mention) -> bool:
    """Tell whether a mention scores what its topic requires. What was withdrawn has no text, and is held."""
    if topic.sense is None or mention.withdrawn:
        return True
    spans = [span for hit in mention.terms for span in hit.spans]
    return score(topic.sense, context_of(mention.post.text, spans)).value >= topic.sense.require


def context_of(text: str, spans: Iterable[Span]) -> Context:
    """Return what stands around the places of keywords in a text; all spans are of this text."""
    blanked = _LINKS_AND_ACCOUNTS.sub(lambda found: " " * len(found[0]), text)
    places = sorted(spans)[:MOST_PLACES]
    return Context(
        around="\n".join(fold(blanked[start:end]) for start, end in _windows(places)),
        before=tuple(_side(blanked[max(0, span.start - 4 * NEAR) : span.start], last=True) for span in places),
        after=tuple(_side(blanked[span.end : span.end + 4 * NEAR], last=False) for span in places),
    )


def score(sense: Sense, context: Context) -> Score:
    """Return the logistic function of the lean and the weights of all clues that stand in the context."""
    known = _known(sense)
    found = [known.clues[each] for each in (*_anywhere(known, context.around), *_beside(known, context))]
    logit = math.fsum([sense.lean, *(clue.weight for clue in found)])
    return Score(logistic(logit), tuple(sorted(found, key=lambda clue: (-abs(clue.weight), clue.word))))


def logistic(logit: float) -> float:
    """Return the probability of log-odds, without overflow."""
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))


def worded(judged: Score) -> str:
    """Word a score: "on topic: 0.82; for: 食堂 +1.2, 专班 +0.9; against: 游戏 −2.1"."""
    sides = {
        "for": [clue for clue in judged.clues if clue.weight > 0],
        "against": [clue for clue in judged.clues if clue.weight < 0],
    }
    words = [f"; {side}: {_worded_clues(clues)}" for side, clues in sides.items() if clues]
    return f"on topic: {judged.value:.2f}" + ("".join(words) or "; no word near the keyword decided")


def as_sought(word: str) -> str:
    """Return a clue's word as it is compared: folded, its side kept. "" when nothing visible is left."""
    written = word.strip().replace("...", SIDE)
    folded = fold(written.strip(SIDE))
    if not folded:
        return ""
    return (SIDE if written.startswith(SIDE) else "") + folded + (SIDE if written.endswith(SIDE) else "")


def stands_in(sought: str, context: Context) -> bool:
    """Tell whether a clue, as sought, stands in a context."""
    if sought.startswith(SIDE):
        return any(_has(after, sought.strip(SIDE)) for after in context.after)
    if sought.endswith(SIDE):
        return any(_has(before, sought.strip(SIDE)) for before in context.before)
    return _has(context.around, sought)


def _anywhere(known: _Known, around: str) -> set[str]:
    hits = known.automaton.find_matches_as_indexes(around, overlapping=True)
    return {known.anywhere[at] for at, start, end in hits if _is_whole(around, start, end)}


def _beside(known: _Known, context: Context) -> list[str]:
    return [each for each in known.beside if stands_in(each, context)]


def _is_whole(text: str, start: int, end: int) -> bool:
    return is_word_border(text, start) and is_word_border(text, end)


def _has(text: str, word: str) -> bool:
    """Look for a word between word borders, where its script has them."""
    at = text.find(word)
    while at >= 0:
        if _is_whole(text, at, at + len(word)):
            return True
        at = text.find(word, at + 1)
    return False


@lru_cache(maxsize=1000)
def _known(sense: Sense) -> _Known:
    clues = {sought: clue for clue in sense.clues if (sought := as_sought(clue.word))}
    anywhere = tuple(each for each in clues if SIDE not in each)
    beside = tuple(each for each in clues if SIDE in each)
    return _Known(anywhere, ahocorasick_rs.AhoCorasick(anywhere), beside, clues)


def _windows(places: Sequence[Span]) -> list[Span]:
    """Return the ranges within REACH of the places, those that overlap as one."""
    windows: list[Span] = []
    for place in places:
        start = max(0, place.start - REACH)
        if windows and start <= windows[-1].end:
            windows[-1] = Span(windows[-1].start, max(windows[-1].end, place.end + REACH))
        else:
            windows.append(Span(start, place.end + REACH))
    return windows


def _side(text: str, *, last: bool) -> str:
    sentences = _SENTENCE_END.split(text)
    return fold(sentences[-1])[-NEAR:] if last else fold(sentences[0])[:NEAR]


def _worded_clues(clues: Sequence[Clue]) -> str:
    named = ", ".join(f"{clue.word} {clue.weight:+.1f}".replace("-", "−") for clue in clues[:SHOWN])
    return named + (f" and {len(clues) - SHOWN} more" if len(clues) > SHOWN else "")
