"""Clues learned from labelled posts: few, readable, bounded, and the same each time.

contexts ─► words and short runs of characters ─► log-odds with a Dirichlet prior ─► logistic regression ─► clues

Each candidate gets the log-odds of its two rates, smoothed by a Dirichlet prior that knows nothing (Monroe, Colaresi,
Quinn 2008, "Fightin' Words", https://doi.org/10.1093/pan/mpn018, with flat α). They scale a ridge logistic regression
on which of them occur (Wang, Manning 2012, "Baselines and Bigrams", https://aclanthology.org/P12-2018), which shares
out what neighbours say twice. Words that a person wrote are what is believed before any example is seen.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from monitor.nouns.clues import Clue, Sense
from monitor.text.words import is_word_character
from monitor.topics.senses.sense import SIDE, Context, as_sought, logistic, score, stands_in

LONGEST_RUN = 4
"""Characters of a candidate, in scripts without spaces."""

FEWEST_POSTS, FEWEST_POSTS_SINGLE = 2, 5
"""Posts that must hold a candidate: nothing is learned from a single post, and single characters are common."""

MOST_CLUES = 120
SMALLEST_WEIGHT = 0.05
LARGEST_WEIGHT = 4.0

ALPHA = 0.5
RIDGE = 0.3
"""Variance of the prior of a scaled weight. ALPHA and RIDGE were chosen by cross-validation on training halves only."""

MOST_ROUNDS = 200
CONVERGED = 1e-4
LONGEST_STEP = 1.0


class Example(NamedTuple):
    """What stands around the keywords of a post, and whether they mean the topic."""

    context: Context
    is_meant: bool


class Accuracy(NamedTuple):
    """How well posts are judged: F1 of what is meant, of what is not, and the mean of both recalls."""

    f1: float
    f1_others: float
    balanced: float


class _Candidate(NamedTuple):
    """A possible clue: the examples that hold it, how much a weight of one counts, and the weight believed before."""

    word: str
    holders: tuple[int, ...]
    scale: float
    prior: float = 0.0


def learn(examples: Sequence[Example], written: Sense | None = None, require: float = 0.5) -> Sense:
    """Return the sense that labelled examples teach. Both kinds must be among them, else ValueError.

    `written` clues start with their weights, and stay where no example contradicts.
    """
    if not 0 < sum(example.is_meant for example in examples) < len(examples):
        raise ValueError("examples of both kinds are needed: posts that mean the topic, and posts that do not")
    known = tuple(_written_candidates(examples, written)) if written else ()
    spelled = {each.word for each in known}
    candidates = [*known, *(each for each in _candidates(examples) if each.word not in spelled)]
    weights, _ = _fit(examples, candidates)
    strongest = sorted(range(len(candidates)), key=lambda at: (-abs(weights[at]), candidates[at].word))
    kept = [candidates[at] for at in strongest[:MOST_CLUES] if abs(weights[at]) >= SMALLEST_WEIGHT]
    weights, lean = _fit(examples, kept)
    clues = (Clue(each.word, round(weight, 2)) for each, weight in zip(kept, weights, strict=True))
    return Sense(clues=tuple(clue for clue in clues if clue.weight), lean=round(lean, 2), require=require)


def cross_validated(examples: Sequence[Example], written: Sense | None = None, folds: int = 5) -> Accuracy | None:
    """Judge each fifth of the examples by what the others teach; None where they are too few for that."""
    pairs: list[tuple[bool, bool]] = []
    for fold in range(folds):
        others = [each for at, each in enumerate(examples) if at % folds != fold]
        if not 0 < sum(each.is_meant for each in others) < len(others):
            return None
        sense = learn(others, written)
        pairs += [(judged(sense, each), each.is_meant) for each in examples[fold::folds]]
    return accuracy(pairs)


def judged(sense: Sense, example: Example) -> bool:
    """Tell whether an example would be taken for meant."""
    return score(sense, example.context).value >= sense.require


def accuracy(pairs: Iterable[tuple[bool, bool]]) -> Accuracy:
    """Return how well posts were judged, from pairs of what was said and what is true."""
    said = list(pairs)
    hits = sum(guess and truth for guess, truth in said)
    rejections = sum(not guess and not truth for guess, truth in said)
    meant = sum(truth for _, truth in said)
    wrong = len(said) - hits - rejections
    recalls = [_share(hits, meant)] * (meant > 0) + [_share(rejections, len(said) - meant)] * (meant < len(said))
    balanced = sum(recalls) / len(recalls) if recalls else 0.0
    return Accuracy(_share(2 * hits, 2 * hits + wrong), _share(2 * rejections, 2 * rejections + wrong), balanced)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _written_candidates(examples: Sequence[Example], written: Sense) -> Iterator[_Candidate]:
    for word, weight in {as_sought(clue.word): clue.weight for clue in written.clues}.items():
        if word:
            holders = tuple(at for at, each in enumerate(examples) if stands_in(word, each.context))
            yield _Candidate(word, holders, 1.0, weight)


def _candidates(examples: Sequence[Example]) -> list[_Candidate]:
    """Return candidates in a fixed order; of those that stand in the same posts, the two longest."""
    holders = _holders(examples)
    words_by_holders: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for word, posts in holders.items():
        fewest = FEWEST_POSTS_SINGLE if len(word.strip(SIDE)) == 1 else FEWEST_POSTS
        if len(posts) >= fewest:
            words_by_holders[tuple(posts)].append(word)
    found = []
    meant = sum(example.is_meant for example in examples)
    for held, words in words_by_holders.items():
        scale = _log_odds(examples, held, meant)
        if abs(scale) >= SMALLEST_WEIGHT:
            found += [_Candidate(word, held, scale) for word in _longest(words)]
    return sorted(found, key=lambda each: each.word)


def _holders(examples: Sequence[Example]) -> Mapping[str, list[int]]:
    holders: dict[str, list[int]] = defaultdict(list)
    for at, example in enumerate(examples):
        for word in words_of(example.context):
            holders[word].append(at)
    return holders


def _longest(words: Iterable[str]) -> list[str]:
    """Return the two longest; those of one side only where no word without a side says the same."""
    kept: list[str] = []
    written = list(words)
    anywhere = [word for word in written if SIDE not in word]
    for word in sorted(anywhere or written, key=lambda word: (-len(word), word)):
        if not any(word in longer for longer in kept):
            kept.append(word)
    return kept[:2]


def _log_odds(examples: Sequence[Example], held: Sequence[int], meant: int) -> float:
    """Return log((y₁ + α) / (n₁ + 2α)) − log((y₂ + α) / (n₂ + 2α)), y of n posts of each kind holding the word."""
    of_meant = sum(examples[at].is_meant for at in held)
    of_others = len(held) - of_meant
    rate = (of_meant + ALPHA) / (meant + 2 * ALPHA)
    return math.log(rate) - math.log((of_others + ALPHA) / (len(examples) - meant + 2 * ALPHA))


def words_of(context: Context) -> set[str]:
    """Return every possible clue of a context, as sought."""
    words = {word for line in context.around.split("\n") for word in _words(line, LONGEST_RUN)}
    words |= {f"{word}{SIDE}" for before in context.before for word in _words(before, 2)}
    return words | {f"{SIDE}{word}" for after in context.after for word in _words(after, 2)}


def _words(text: str, longest: int) -> Iterator[str]:
    """Yield whole words of scripts with spaces, and every short run of characters of those without; no bare numbers."""
    for kind, characters in groupby(text, key=_kind):
        run = "".join(characters)
        if kind == "spaced" and not run.isdigit():
            yield run
        elif kind == "unspaced":
            for length in range(1, longest + 1):
                yield from (run[at : at + length] for at in range(len(run) - length + 1))


def _kind(char: str) -> str:
    if is_word_character(char):
        return "spaced"
    return "unspaced" if char.isalpha() else "between"


def _fit(examples: Sequence[Example], candidates: Sequence[_Candidate]) -> tuple[list[float], float]:
    """Return the weight of each candidate, bounded, and the lean: cyclic Newton steps on the penalised likelihood.

    Both kinds of examples weigh the same in sum: how often each occurs in what was labelled says nothing about a post.
    """
    meant = sum(example.is_meant for example in examples)
    shares = (len(examples) / (2 * (len(examples) - meant)), len(examples) / (2 * meant))
    every = range(len(examples))
    model = _Model([(shares[each.is_meant], float(each.is_meant)) for each in examples])
    scaled = [0.0] * len(candidates)
    lean = 0.0
    for at, each in enumerate(candidates):
        scaled[at] = each.prior
        model.move(each.holders, each.prior * each.scale)
    for _ in range(MOST_ROUNDS):
        step = model.step(every, 1.0, 0.0, 1e-3)
        lean += step
        furthest = abs(step)
        for at, each in enumerate(candidates):
            step = model.step(each.holders, each.scale, (scaled[at] - each.prior) / RIDGE, 1 / RIDGE)
            scaled[at] += step
            furthest = max(furthest, abs(step))
        if furthest < CONVERGED:
            break
    weights = (weight * each.scale for weight, each in zip(scaled, candidates, strict=True))
    return [max(-LARGEST_WEIGHT, min(LARGEST_WEIGHT, weight)) for weight in weights], lean


class _Model:
    """The log-odds of each example so far, its importance, and the truth, 0 or 1."""

    def __init__(self, examples: Sequence[tuple[float, float]]) -> None:
        self._examples = examples
        self._odds = [0.0] * len(examples)

    def move(self, holders: Iterable[int], by: float) -> None:
        for at in holders:
            self._odds[at] += by

    def step(self, holders: Sequence[int], scale: float, penalty: float, curvature: float) -> float:
        """Move the odds of the holders by one Newton step of their common weight, and return it."""
        slope = penalty
        for at in holders:
            importance, truth = self._examples[at]
            chance = logistic(self._odds[at])
            slope += importance * (chance - truth) * scale
            curvature += importance * chance * (1 - chance) * scale * scale
        by = max(-LONGEST_STEP, min(LONGEST_STEP, -slope / curvature))
        self.move(holders, by * scale)
        return by
