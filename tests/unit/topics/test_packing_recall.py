"""What a topic accepts is found on X by its packed queries: the grammar of the simulated X is the judge.

Left out are variants that no platform could be asked for: characters pulled apart, slips, what sounds alike, prefixes.
"""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Topic
from monitor.topics.matcher.judging import Facts
from monitor.topics.matcher.matching import Matcher
from monitor.topics.queries.packing import packed_of
from tests.build import a_topic
from tests.simulators.x_grammar import compiled

WORDS = (
    "iron",
    "pots",
    "climate change",
    "covid-19",
    "砸锅卖铁",
    "台積電",
    "软件",
    "特朗普",
    "C++",
    "Überfall",
    "iPhone",
)
LEAVES = st.sampled_from(WORDS).map(lambda word: f'"{word}"') | st.sampled_from(("#砸锅卖铁", "#iron", "domain:rfi.fr"))
WRITTEN = (
    *("Iron", "irons", "ironed", "POTS", "pot", "climate changes", "ClimateChange", "covid19", "Covid 19"),
    *("砸鍋賣鐵", "#砸鍋賣鐵", "台积电", "臺積電", "軟體", "川普", "c++", "überfall", "IPHONE", "iphones", "#Iron"),
    *("the", "a dog", "https://www.rfi.fr/cn/iron", "，", "\n", "日本"),
    *WORDS,
)


class Written(NamedTuple):
    """A post as X holds it."""

    text: str
    urls: tuple[str, ...]
    lang: str = "en"
    author: str = "1"
    metrics: dict[str, int] = {"like_count": 5}  # noqa: RUF012 - never changed


def joined(parts: list[str], word: str) -> str:
    return f"({f' {word} '.join(parts)})"


QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: joined(parts, "OR")),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: joined(parts, "AND")),
        st.tuples(inner, LEAVES).map(lambda pair: f"({pair[0]} AND NOT {pair[1]})"),
    ),
    max_leaves=8,
)
POSTS = st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=6).map(" ".join)


def accepted(topic: Topic, text: str, links: tuple[str, ...]) -> bool:
    return bool(Matcher([topic]).match(text, Facts("x", links, 5), "en"))


@given(st.lists(QUERIES, min_size=1, max_size=3), POSTS)
def test_whatever_a_topic_accepts_is_found_by_a_query_that_serves_it(queries: list[str], text: str) -> None:
    topics = [
        a_topic(name=f"t{number}", any=(), query=query, sources=("x",))
        for number, query in enumerate(queries)
        if is_query(query)
    ]
    links = tuple(word for word in text.split() if word.startswith("https:"))
    packs = packed_of("x", topics) if topics else ()

    for topic in topics:
        if accepted(topic, text, links):
            serving = [pack.text for pack in packs if topic.name in pack.topics]
            assert any(compiled(query)(Written(text, links)) for query in serving), (topic.query, text, serving)


@given(st.lists(QUERIES, min_size=1, max_size=6))
def test_every_packed_query_is_one_that_x_takes(queries: list[str]) -> None:
    topics = [
        a_topic(name=f"t{number}", any=(), query=query, sources=("x",))
        for number, query in enumerate(queries)
        if is_query(query)
    ]

    for pack in packed_of("x", topics) if topics else ():
        compiled(f"{pack.text} min_likes:9999999")


def is_query(query: str) -> bool:
    """Tell whether a query can be asked at all: `a NOT a` cannot."""
    try:
        Matcher([a_topic(name="tried", any=(), query=query)])
    except Exception:  # noqa: BLE001 - refused for any reason
        return False
    return True
