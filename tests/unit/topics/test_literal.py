"""Places to the letter are those that the long way through `accepting` tells, word for word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Span
from monitor.topics.language.query import Tag, Term
from monitor.topics.matcher.accepting import Found, Place, place_of
from monitor.topics.matcher.evidence import Keywords, Scan
from monitor.topics.matcher.literal import literal_places
from tests.benchmarks.corpus import SHARES, posts_of
from tests.benchmarks.hundred import KEYWORDS as HUNDRED
from tests.unit.text.strategies import texts

TERMS = (
    *map(Term, ("香港", "学校", "學校", "头发", "人才", "哈哈", "fire", "sell iron", "IBM", "苧麻")),
    *(
        Term("国际", mode="exact"),
        Term("news", mode="exact"),
        Term("donate", mode="loose"),
        Term("天气台", mode="loose"),
    ),
)
KEYWORDS = Keywords(TERMS, range(len(TERMS)))
SAID = (
    *(
        "香港",
        "香 港",
        "學校",
        "学校",
        "學",
        "校",
        "街头发狂",
        "头发",
        "那个人才",
        "人才",
        "哈",
        "國際",
        "国际",
        "薴麻",
        "天气台",
    ),
    *(
        "fire",
        "Fire",
        "fires",
        "firefighter",
        "sell iron",
        "sell-iron",
        "sold iron",
        "IBM",
        "ibm",
        "news",
        "NEWS",
        "donate",
    ),
    *(
        "的",
        "家",
        "は",
        "가",
        "é",
        "\u0301",
        "\u200b",
        "ｶﾞ",
        "ﾞ",
        "İ",
        "\u212a",
        "\x00",
        "\u200d",
        "\r",
        "\n",
        " ",
        "\t",
        "_",
    ),
    *(
        ".",
        ",",
        "，",
        "。",
        "…",
        "’",
        "-",
        "#",
        "@",
        "@ann:",
        ".com",
        "http://t.co/",
        "9",
        "A",
        "火",
        "\U0001f525",
        "車",
        "а",
    ),
)
built = st.lists(st.sampled_from(SAID) | texts, max_size=12).map("".join)


def by_the_long_way(scan: Scan, number: int, keywords: Keywords) -> list[Place]:
    """Return where the automaton's findings of a keyword's words stand, each judged by `accepting`."""
    found = (
        place_of(scan.reading, keywords[number], Found(scan.reading.stretch(start, end), kind))
        for start, end, kind, _ in scan.found[number]
    )
    return sorted(place for place in found if place is not None)


def compared(text: str, keywords: Keywords) -> int:
    """Check each keyword of which the short way speaks; return of how many it does."""
    scan = keywords.scan(text, is_needed=True)
    assert scan is not None, "asked for"
    told = 0
    for number, findings in scan.found.items():
        if any(kind != "words" or layer is not None for _, _, kind, layer in findings):
            continue
        places = literal_places(scan.reading, keywords[number], [(start, end) for start, end, _, _ in findings])
        if places is not None:
            assert places == by_the_long_way(scan, number, keywords), text
            told += 1
    return told


@given(built)
def test_the_short_way_says_what_the_long_one_says(text: str) -> None:
    compared(text, KEYWORDS)


@pytest.mark.parametrize("share", SHARES, ids=lambda share: share.label)
def test_real_posts_are_judged_alike_and_mostly_by_the_short_way(share: object) -> None:
    keywords = Keywords(list(map(Term, HUNDRED)), range(len(HUNDRED)))
    found = told = 0
    for _, post in zip(range(4_000), posts_of(share), strict=False):
        scan = keywords.scan(post["text"])
        found += 0 if scan is None else len(scan.found)
        told += compared(post["text"], keywords)
    assert told > 0.7 * found > 0


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("香港人在香港", [Place(Span(0, 2), ""), Place(Span(4, 6), "")]),
        ("很多學校都關了", [Place(Span(2, 4), "script")]),
        ("Fire, fire!", [Place(Span(0, 4), ""), Place(Span(6, 10), "")]),
        ("街头发狂", []),
        ("see fire.com", []),
        ("firefighters at the fires", None),
        ("one fire of many fires", None),
        ("İstanbul on fire", None),
        ("香\u200b港", None),
    ],
)
def test_it_tells_places_or_that_it_cannot(text: str, places: list[Place] | None) -> None:
    terms = [Term("香港"), Term("学校"), Term("fire"), Term("头发"), Tag("no tag")]
    keywords = Keywords(terms, range(len(terms)))
    scan = keywords.scan(text, is_needed=True)
    assert scan is not None

    ((number, findings),) = scan.found.items()

    assert literal_places(scan.reading, keywords[number], [each[:2] for each in findings]) == places
