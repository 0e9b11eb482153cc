"""Nine hundred more keywords for a stream: words of the same archives that stand in none of its posts, in any form."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice

import ahocorasick_rs
import opencc
import rjieba

from tests.benchmarks.corpus import SHARES, Corpus, posts_of, simplified

LOOKED_AT = 4_000
"""Posts of each archive, outside of the stream, whose words are candidates."""

_WORD = re.compile(r"[a-z]{5,12}")
_HAN = re.compile(r"[\u4e00-\u9fff]{2,4}")
_REGIONS = ("s2twp", "s2hkp", "tw2sp", "hk2sp", "t2jp")


def absent_words(corpus: Corpus, count: int) -> list[str]:
    """Return the most frequent words of the archives that the corpus does not hold, half of them Han."""
    inside = [json.loads(line)["text"] for line in corpus.lines]
    told = "\n".join(re.sub(r"[\W_]+", "", simplified(text)).lower() for text in inside)
    latin, han = _candidates(frozenset(inside))
    traces = {word: {word[: max(3, len(word) - 3)]} for word in latin} | {word: _everywhere(word) for word in han}
    present = _present({trace for some in traces.values() for trace in some}, told)
    absent = {word for word, some in traces.items() if not some & present}
    chosen = [word for words in (latin, han) for word in islice((w for w in words if w in absent), count // 2)]
    assert len(chosen) == count, f"the archives give {len(chosen)} such words, {count} are asked for"
    return chosen


def _candidates(inside: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return Latin and Han words of other posts, most frequent first."""
    latin: Counter[str] = Counter()
    han: Counter[str] = Counter()
    for text in _others(inside):
        latin.update(_WORD.findall(text.lower()))
        han.update(word for word in rjieba.cut(simplified(text), False) if _HAN.fullmatch(word))
    return [word for word, _ in latin.most_common()], [word for word, _ in han.most_common()]


def _others(inside: frozenset[str]) -> Iterator[str]:
    for share in SHARES:
        texts = (post["text"] for post in posts_of(share))
        yield from islice((text for text in texts if text not in inside), LOOKED_AT)


def _everywhere(word: str) -> set[str]:
    """Return a Han word and what it is called in other regions, in simplified characters."""
    return {word, *(simplified(converter.convert(word)) for converter in _converters())}


@cache
def _converters() -> list[opencc.OpenCC]:
    return list(map(opencc.OpenCC, _REGIONS))


def _present(traces: set[str], told: str) -> set[str]:
    ordered: Sequence[str] = sorted(traces)
    found = ahocorasick_rs.AhoCorasick(ordered).find_matches_as_indexes(told, overlapping=True)
    return {ordered[number] for number, _, _ in found}
