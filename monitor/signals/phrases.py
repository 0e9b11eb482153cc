"""Words that came with a discussion: said in a window by more people than the time before lets expect.

    posts ─first of each wording─► terms ─► accounts that say each ─beside those before─► G² ─► the most surprising

    G² = 2 Σ observed × ln(observed ÷ expected)     over who says a term and who does not, now and before

That is the log-likelihood ratio of Dunning, "Accurate methods for the statistics of surprise and coincidence",
Computational Linguistics 19, 1993. People are counted, not words: one loud account or one copied text makes no phrase.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice
from math import log
from typing import NamedTuple
from zlib import crc32

import msgspec

from monitor.models import Mention
from monitor.nouns.novelty import Phrase
from monitor.signals.accounts import Account
from monitor.signals.names import is_shown_as_word
from monitor.signals.voices import Said, firsts, said
from monitor.text.folding import fold, fold_with_offsets
from monitor.text.terms import is_han, terms_of
from monitor.text.words import is_word_border

MOST = 5
"""Phrases of a window: what comes behind them says the same once more, or little."""

MOST_READ = 500
"""Voices read on each side, evenly over their time: more of them change no order and cost time."""

MOST_LOOKED_THROUGH = 4000
"""Posts, more or less, among which the first of each wording is looked for."""

FEWEST_VOICES = 5
FEWEST_EARLIER = 30
"""Voices of the window that must say a term, and voices of the time before without which nothing can be called new."""

SURPRISING = 10.83
"""G² that chance reaches once in 1,000 terms (χ² with one degree of freedom); five voices share some hundred terms."""

TIMES = 2.0
"""Times the share of before. Of many voices also a small difference is certain, and not worth a line."""

WHOLE = 0.8
"""Share of who says a word that must say it within a longer term, for the term to stand for it: 专班 for 专."""

LONG = 6
"""Characters from which a keyword without its spaces is looked for within words: shorter ones are in many by chance."""

MOST_LOOKED_AT = 60
"""Posts from which is told how a term is written."""


class Told(NamedTuple):
    """Who says what: by term the accounts, each with a post that says it; of how many voices, and whether of all."""

    said: Mapping[str, Mapping[Account, Mention]]
    voices: int
    is_sample: bool


def emerging(
    mentions: Sequence[Mention],
    earlier: Iterable[Mention],
    keywords: Collection[str],
    is_public: Callable[[Mention], bool],
    most: int = MOST,
) -> list[Phrase]:
    """Return the terms of some mentions that the earlier ones lack, most surprising first.

    Never what the topic's keywords matched, nor their words. What may be a person's name is left out unless a post that
    `is_public`, as an outlet's, says it too. Posts of the same wording, or of the same account, count once.
    """
    now, before = heard(mentions), heard(earlier)
    if before.voices < FEWEST_EARLIER:
        return []
    own = [fold(keyword) for keyword in keywords]
    found = [each for each in _scored(now, before) if not _is_own(each.text, own)]
    chosen: list[Phrase] = []
    for phrase in _longest(found, now.said):
        if len(chosen) == most:
            break
        saying = now.said[phrase.text].values()
        written = _as_written(phrase.text, islice(saying, MOST_LOOKED_AT))
        if is_shown_as_word(phrase.text, written) or any(map(is_public, saying)):
            chosen.append(_worded(phrase, written))
    return chosen


def heard(mentions: Iterable[Mention]) -> Told:
    """Return who says what: the first post of each wording, each account once for a term; at most MOST_READ voices."""
    posts = [*mentions]
    # By chance, but the same for the same posts, in whatever order they come.
    every = -(-len({each.post.key for each in posts}) // MOST_LOOKED_THROUGH)
    looked_at = (
        each for each in posts if every < 2 or crc32(each.post.key.id.encode("utf-8", "surrogatepass")) % every == 0
    )
    present = {each.post.key: each for each in looked_at if not each.withdrawn}
    wordings = sorted(firsts(map(said, present.values())).values())
    first = evenly(wordings, MOST_READ)
    saying: defaultdict[str, dict[Account, Mention]] = defaultdict(dict)
    for each in first:
        for term in _terms_in(present[each.key]):
            saying[term].setdefault(each.account, present[each.key])
    is_sample = len(first) < len(wordings) or every > 1
    return Told(saying, len({each.account for each in first}), is_sample)


def evenly(all_said: Sequence[Said], most: int) -> Sequence[Said]:
    """Return at most so many, evenly from first to last."""
    count = len(all_said)
    return all_said if count <= most else [all_said[n * count // most] for n in range(most)]


def surprise_of(now: int, read: int, earlier: int, earlier_read: int) -> float:
    """Return G² of a term that `now` of `read` voices say, and `earlier` of `earlier_read` said before."""
    total = read + earlier_read
    saying = now + earlier
    cells = (
        (now, saying * read / total),
        (earlier, saying * earlier_read / total),
        (read - now, (total - saying) * read / total),
        (earlier_read - earlier, (total - saying) * earlier_read / total),
    )
    return 2 * sum(observed * log(observed / expected) for observed, expected in cells if observed)


def _scored(now: Told, before: Told) -> list[Phrase]:
    """Return the terms that are said more than before, most surprising first."""
    found = []
    for term, accounts in now.said.items():
        voices, earlier = len(accounts), len(before.said.get(term, ()))
        is_more = voices * before.voices >= TIMES * earlier * now.voices
        if voices < FEWEST_VOICES or not is_more:
            continue
        score = surprise_of(voices, now.voices, earlier, before.voices)
        if score >= SURPRISING:
            found.append(
                Phrase(
                    text=term,
                    voices=voices,
                    read=now.voices,
                    earlier=earlier,
                    earlier_read=before.voices,
                    score=score,
                    is_sample=now.is_sample,
                )
            )
    return sorted(found, key=lambda each: (-each.score, each.text))


def _longest(found: Sequence[Phrase], accounts: Mapping[str, Collection[Account]]) -> list[Phrase]:
    """Return each of overlapping terms once: the longer one, where most who say the shorter one say it."""
    kept: list[Phrase] = []
    for phrase in found:
        longer = [each for each in found if _holds(each.text, phrase.text)]
        if any(len(accounts[each.text]) >= WHOLE * phrase.voices for each in longer):
            continue
        if not any(_holds(phrase.text, each.text) or _overlap(phrase.text, each.text) for each in kept):
            kept.append(phrase)
    return kept


def _holds(longer: str, shorter: str) -> bool:
    if longer == shorter:
        return False
    return shorter in longer if is_han(longer) else shorter in longer.split()


def _overlap(one: str, other: str) -> bool:
    """Tell whether two terms share a word, or the characters at their ends: 食堂涨价 and 涨价通知."""
    if is_han(one) and is_han(other):
        return any(one.endswith(other[:n]) or other.endswith(one[:n]) for n in range(2, min(len(one), len(other))))
    return not set(one.split()).isdisjoint(other.split())


def _is_own(term: str, keywords: Sequence[str]) -> bool:
    """Tell whether a term is a keyword, a part of one, or holds one, also as a hashtag without its spaces."""
    bare = term.replace(" ", "")
    for keyword in keywords:
        squeezed = keyword.replace(" ", "")
        if not set(term.split()).isdisjoint(keyword.split()) or (len(squeezed) >= LONG and squeezed in bare):
            return True
        if is_han(term) and (term in squeezed or (len(squeezed) > 1 and squeezed in term)):
            return True
    return False


def _terms_in(mention: Mention) -> frozenset[str]:
    spans = [span for hit in mention.terms for span in hit.spans]
    return terms_of(mention.post.text, spans, mention.language)


def _as_written(term: str, mentions: Iterable[Mention]) -> Counter[str]:
    """Return how a term is written, and by how many posts, each at its first place."""
    written: Counter[str] = Counter()
    for mention in mentions:
        folded = fold_with_offsets(mention.post.text)
        at = _place(term, folded.text)
        if at >= 0:
            written[mention.post.text[slice(*folded.span(at, at + len(term)))]] += 1
    return written


def _place(term: str, text: str) -> int:
    """Return where a term stands as words of their own, -1 where it does not."""
    at = text.find(term)
    while at >= 0 and not (is_word_border(text, at) and is_word_border(text, at + len(term))):
        at = text.find(term, at + 1)
    return at


def _worded(phrase: Phrase, written: Counter[str]) -> Phrase:
    text = min(written, key=lambda each: (-written[each], each), default=phrase.text)
    return msgspec.structs.replace(phrase, text=" ".join(text.split()))
