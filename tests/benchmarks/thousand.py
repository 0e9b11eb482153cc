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
_REGIONS = (
    ("s2twp",),
    ("s2hkp",),
    ("tw2sp",),
    ("hk2sp",),
    ("tw2sp", "s2hkp"),
    ("hk2sp", "s2twp"),
    ("t2jp",),
    ("jp2t",),
)
_RENAMED = re.compile(
    "出租|计程|的士|自行车|脚踏车|单车|奶酪|起司|芝士|土豆|马铃薯|薯仔|西红柿|番茄|幼儿园|幼稚园|短信|简讯|短讯|博客|部落格|网志"
    "|网络|网路|地铁|捷运|朝鲜|北韩|韩国|南韩|[新纽]西兰|特朗普|川普|布什|布希|布殊|奥巴马|欧巴马|里根|雷根|列根|撒切尔|柴契尔"
    "|戴卓尔|默克尔|梅克尔|普京|普丁|萨达姆|海珊"
)
"""Things that have another name elsewhere, of which the conversions do not know all: no keywords of this benchmark."""


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
        words = rjieba.cut(simplified(text), False)
        han.update(word for word in words if _HAN.fullmatch(word) and not _RENAMED.search(word))
    return [word for word, _ in latin.most_common()], [word for word, _ in han.most_common()]


def _others(inside: frozenset[str]) -> Iterator[str]:
    for share in SHARES:
        texts = (post["text"] for post in posts_of(share))
        yield from islice((text for text in texts if text not in inside), LOOKED_AT)


def _everywhere(word: str) -> set[str]:
    """Return a Han word and what it is called in other regions, in simplified characters."""
    return {word, *(simplified(_converted(word, chain)) for chain in _REGIONS)}


def _converted(word: str, chain: Sequence[str]) -> str:
    for name in chain:
        word = _converter(name).convert(word)
    return word


@cache
def _converter(name: str) -> opencc.OpenCC:
    return opencc.OpenCC(name)


def _present(traces: set[str], told: str) -> set[str]:
    ordered: Sequence[str] = sorted(traces)
    found = ahocorasick_rs.AhoCorasick(ordered).find_matches_as_indexes(told, overlapping=True)
    return {ordered[number] for number, _, _ in found}
