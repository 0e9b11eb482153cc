"""Matching: one automaton, the same answers as the plainest reading of the rules."""

import json
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.models import Span, TermHit, Topic
from monitor.text.folding import fold, fold_with_offsets, is_invisible
from monitor.text.graphemes import is_boundary
from monitor.text.words import is_word_character
from monitor.topics.matching import Matcher, TopicMatch
from tests.data import data_path
from tests.unit.text.strategies import TRICKY, texts


def topic(name: str = "t", **lists: tuple[str, ...]) -> Topic:
    return Topic(name=name, title=name, **lists)


POTS = topic("pots", any=("砸锅卖铁", "砸鍋賣鐵", "smash pots", "iron"))


def written(text: str, matches: list[TopicMatch]) -> list[tuple[str, list[str]]]:
    return [(hit.term, [text[a:b] for a, b in hit.spans]) for match in matches for hit in match.terms]


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("他们又要砸锅卖铁了", [("砸锅卖铁", ["砸锅卖铁"])]),
        ("他們又要砸鍋賣鐵了", [("砸鍋賣鐵", ["砸鍋賣鐵"])]),
        ("砸鍋卖鐵", [("砸锅卖铁", ["砸鍋卖鐵"])]),
        ("砸锅卖铁，砸鍋賣鐵", [("砸锅卖铁", ["砸锅卖铁"]), ("砸鍋賣鐵", ["砸鍋賣鐵"])]),
        ("要砸\u200b锅\u00ad卖\u202e铁", [("砸锅卖铁", ["砸\u200b锅\u00ad卖\u202e铁"])]),
        ("砸锅卖铁\u200d吧", [("砸锅卖铁", ["砸锅卖铁\u200d"])]),
        ("Ｓmash  \n POTS!", [("smash pots", ["Ｓmash  \n POTS"])]),
        ("#iron_pots", [("iron", ["iron"])]),
        ("卖iron去", [("iron", ["iron"])]),
        ("iron砸锅卖铁iron", [("砸锅卖铁", ["砸锅卖铁"]), ("iron", ["iron", "iron"])]),
        ("environment irony", []),
        ("iron\u0301", []),
        ("smash potsherds", []),
        ("iron\ud800", [("iron", ["iron"])]),
        ("砸锅 卖铁", []),
        ("", []),
    ],
)
def test_keywords_are_found_where_a_reader_would_find_them(text: str, hits: list[tuple[str, list[str]]]) -> None:
    assert written(text, Matcher([POTS]).match(text)) == hits


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("株式", "㍿"),
        ("ire", "ﬁre"),
        ("e", "e\u0301"),
        ("क", "क\u093f"),
        ("👩", "👩\u200d💻"),
        ("👍", "👍🏽"),
        ("🇹", "🇹🇼"),
        ("가", "가\u11a8"),
    ],
)
def test_no_match_ends_inside_a_character(keyword: str, text: str) -> None:
    assert Matcher([topic(any=(keyword,))]).match(text) == []


def test_a_match_takes_the_variation_selector_along() -> None:
    assert Matcher([topic(any=("☕",))]).match("a☕\ufe0fb") == [
        TopicMatch("t", (TermHit(term="☕", spans=(Span(1, 3),)),))
    ]


def test_an_exclusion_touches_its_own_topic_only() -> None:
    matcher = Matcher([topic("a", any=("iron",), none=("game",)), topic("b", any=("iron",)), topic("c", all=("game",))])

    assert [match.topic for match in matcher.match("an iron game")] == ["b", "c"]
    assert [match.topic for match in matcher.match("an iron pot")] == ["a", "b"]


def test_an_exclusion_counts_as_a_word_as_well() -> None:
    matcher = Matcher([topic(any=("iron",), none=("game",))])

    assert matcher.match("iron gamers")
    assert not matcher.match("iron GAME")


def test_every_required_keyword_must_occur() -> None:
    matcher = Matcher([topic(any=("iron", "铁"), all=("pot", "鍋"))])

    assert not matcher.match("iron pot")
    assert written("iron pot 锅", matcher.match("iron pot 锅")) == [
        ("iron", ["iron"]),
        ("pot", ["pot"]),
        ("鍋", ["锅"]),
    ]


def test_keywords_may_overlap() -> None:
    matcher = Matcher([topic(any=("smash pots", "pots and", "smash pots and sell"))])

    assert [hit.term for hit in matcher.match("smash pots and sell")[0].terms] == [
        "smash pots",
        "pots and",
        "smash pots and sell",
    ]


@pytest.mark.parametrize("lists", [{}, {"none": ("x y",)}, {"any": ("\u200b",)}, {"any": (" ",)}])
def test_a_topic_that_looks_for_nothing_is_refused(lists: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(QueryError):
        Matcher([topic(**lists)])


def test_without_topics_nothing_matches() -> None:
    assert Matcher([]).match("砸锅卖铁") == []


def reference(topics: list[Topic], text: str) -> list[TopicMatch]:
    """Match as the rules are written: every keyword at every place of the folded text."""
    folded = fold_with_offsets(text)
    matches = []
    for one in topics:
        spans = {word: naive_spans(text, folded, fold(word)) for word in (*one.any, *one.all, *one.none)}
        is_wanted = not one.any or any(spans[word] for word in one.any)
        if is_wanted and all(spans[word] for word in one.all) and not any(spans[word] for word in one.none):
            sought = list(dict.fromkeys((*one.any, *one.all)))
            hits = [TermHit(term=word, spans=own_spans(text, word, spans, one)) for word in sought]
            matches.append(TopicMatch(one.name, tuple(hit for hit in hits if hit.spans)))
    return matches


def naive_spans(text: str, folded, word: str) -> list[Span]:
    places = [at for at in range(len(folded.text)) if folded.text.startswith(word, at)]
    return [span for at in places if (span := naive_span(text, folded, at, at + len(word))) is not None]


def naive_span(text: str, folded, start: int, end: int) -> Span | None:
    before, after = folded.text[start - 1 : start] if start else "", folded.text[end : end + 1]
    if is_word_character(folded.text[start]) and before and is_word_character(before):
        return None
    if is_word_character(folded.text[end - 1]) and after and is_word_character(after):
        return None
    if not (folded.is_border(start) and folded.is_border(end)):
        return None
    first, last = folded.starts[start], folded.ends[end - 1]
    while last < len(text) and is_invisible(text[last]) and not is_boundary(text, last):
        last += 1
    return Span(first, last) if is_boundary(text, first) and is_boundary(text, last) else None


def own_spans(text: str, word: str, spans: dict[str, list[Span]], one: Topic) -> tuple[Span, ...]:
    alike = [other for other in dict.fromkeys((*one.any, *one.all, *one.none)) if fold(other) == fold(word)]
    return tuple(
        span
        for span in spans[word]
        if (written := text[span.start : span.end]) == word or (written not in alike and word == alike[0])
    )


WORDS = (
    "砸锅卖铁",
    "砸鍋賣鐵",
    "锅卖",
    "iron",
    "Iron",
    "iron pot",
    "on po",
    "é",
    "e",
    "ß",
    "ss",
    "가",
    "☕",
    "fi",
    "996",
)
keywords = st.sampled_from(WORDS) | texts.filter(fold)
keyword_lists = st.lists(keywords, max_size=3, unique=True).map(tuple)
topic_lists = st.lists(st.tuples(keyword_lists, keyword_lists, keyword_lists), max_size=3).map(
    lambda topics: [
        Topic(name=f"t{number}", title="", any=lists[0], all=lists[1][:1], none=lists[2][:1])
        for number, lists in enumerate(topics)
        if lists[0] or lists[1]
    ]
)
posts = st.lists(st.sampled_from((*WORDS, *TRICKY, " ", "x", "ﬁ", "\u0301")) | st.characters(), max_size=25).map(
    "".join
)


@given(topic_lists, posts)
@settings(max_examples=300, deadline=None)
def test_matching_agrees_with_the_plainest_reading(topics: list[Topic], text: str) -> None:
    assert Matcher(topics).match(text) == reference(topics, text)


@given(keywords, posts, posts)
def test_a_keyword_between_spaces_is_always_found(keyword: str, before: str, after: str) -> None:
    """Unless it begins with a mark or the like, which belongs to what is before it."""
    text = f"{before} 。{keyword}。 {after}"
    assume(fold(f"。{keyword}。") == f"。{fold(keyword)}。")
    assume(is_boundary(f"。{fold(keyword)}", 1) and is_boundary(text, len(before) + 2))

    matches = Matcher([topic(any=(keyword,))]).match(text)

    spans = [span for match in matches for hit in match.terms for span in hit.spans]
    assert any(fold(text[start:end]) == fold(keyword) for start, end in spans)


def test_naughty_strings_match_themselves_or_nothing() -> None:
    naughty = json.loads(data_path("suites/naughty_strings.json").read_text(encoding="utf-8"))
    matcher = Matcher([topic(f"t{n}", any=(text,)) for n, text in enumerate(naughty) if fold(text)])

    found = [text for text in naughty if fold(text) and matcher.match(text)]

    assert len(found) > 0.95 * len([text for text in naughty if fold(text)])


@pytest.mark.parametrize("unit", ["砸锅卖铁", "smash pots and ", "砸", "a\u0300\u0316", "🇹🇼", "iron ", "砸\u200d"])
def test_a_long_post_takes_linear_time(unit: str) -> None:
    text = unit * (250_000 // len(unit))
    matcher = Matcher([POTS, topic("flag", any=("🇹🇼",))])
    begin = time.perf_counter()

    matcher.match(text)

    assert time.perf_counter() - begin < 5
