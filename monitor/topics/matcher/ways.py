"""The ways of writing a Chinese keyword that single characters do not tell: 软件 and 軟體, 出租车, 計程車 and 的士.

OpenCC's phrase tables, asked once for all keywords of a matcher: a call costs more than a conversion.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import opencc

from monitor.text.normal import HAN, words_of

CONVERSIONS = (
    ("s2twp",),
    ("s2hkp",),
    ("tw2sp",),
    ("hk2sp",),
    ("tw2sp", "s2hkp"),
    ("hk2sp", "s2twp"),
    ("t2jp",),
    ("jp2t",),
)
"""Chains of OpenCC configurations: from one region's words to another's there is none but by way of simplified.

Those that convert single characters only are not needed: folding does that.
"""

_HAN = re.compile(f"[{HAN}]")
_UNSAFE = re.compile("[\x00\n\ud800-\udfff]")
"""What OpenCC cannot take, and what parts one keyword from the next."""

_REGIONAL = (
    ("出租车", "計程車", "的士"),
    ("自行车", "腳踏車", "單車"),
    ("奶酪", "起司", "芝士"),
    ("土豆", "馬鈴薯", "薯仔"),
    ("西红柿", "番茄"),
    ("幼儿园", "幼稚園"),
    ("短信", "簡訊", "短訊"),
    ("博客", "部落格", "網誌"),
    ("网络", "網路"),
    ("地铁", "捷運"),
    ("朝鲜", "北韓"),
    ("韩国", "南韓"),
    ("新西兰", "紐西蘭"),
    ("特朗普", "川普"),
    ("布什", "布希", "布殊"),
    ("奥巴马", "歐巴馬"),
    ("里根", "雷根", "列根"),
    ("撒切尔", "柴契爾", "戴卓爾"),
    ("默克尔", "梅克爾"),
    ("普京", "普丁"),
    ("萨达姆", "海珊", "薩達姆"),
)
"""Words of the mainland, Taiwan and Hong Kong for one thing, of those that OpenCC's tables lack in some direction."""

SIMPLIFIED_TOO = frozenset(("网路", "捷运", "北韩", "南韩", "川普", "普丁", "布希"))
"""Those of two characters that mean the same where they are written in simplified characters."""


def written_ways(keywords: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Return, for each keyword with Han characters, how it is written elsewhere, itself left out."""
    chinese = [keyword for keyword in dict.fromkeys(keywords) if _HAN.search(keyword) and not _UNSAFE.search(keyword)]
    ways: dict[str, set[str]] = {keyword: set() for keyword in chinese}
    made: dict[tuple[str, ...], str] = {(): "\n".join(chinese)}
    for conversion in CONVERSIONS if chinese else ():
        *before, last = conversion
        made[conversion] = _converter(last).convert(made[tuple(before)])
        for keyword, way in zip(chinese, made[conversion].split("\n"), strict=True):
            if way != keyword:
                ways[keyword].add(way)
    for keyword in chinese:
        ways[keyword] |= _regional(keyword) - {keyword}
    return {keyword: frozenset(found) for keyword, found in ways.items() if found}


def other_words(words: Sequence[str], ways: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the ways that do not fold to the words of the keyword's own normal form, by their normal forms."""
    own = " ".join(words)
    found: dict[str, set[str]] = {}
    for way in ways:
        normal = " ".join(words_of(way))
        if normal != own:
            found.setdefault(normal, set()).add(way)
    return {normal: frozenset(written) for normal, written in found.items()}


def _regional(keyword: str) -> set[str]:
    """Return a keyword with one word of a region put in place of another's, in both ways of writing."""
    words, any_word = _regional_words()
    held = any_word.search(keyword)
    return set() if held is None else {keyword.replace(held[0], other) for other in words[held[0]]}


@cache
def _regional_words() -> tuple[dict[str, frozenset[str]], re.Pattern[str]]:
    words: dict[str, frozenset[str]] = {}
    for group in _REGIONAL:
        both = {way for word in group for way in (word, _converter("s2t").convert(word))}
        words |= {way: frozenset(both) for way in (*both, *map(_converter("t2s").convert, both))}
    return words, re.compile("|".join(words))


@cache
def _converter(name: str) -> opencc.OpenCC:
    return opencc.OpenCC(name)
