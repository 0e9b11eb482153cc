"""Quotes are slices: exact, short, whole where it counts, and shown as they are."""

import json
import re
import time
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.models import Span
from monitor.text.graphemes import is_boundary
from monitor.text.quotes import LIMIT, Excerpt, excerpt
from tests.data import data_path
from tests.unit.text.strategies import texts

WORD = "砸锅卖铁"
ALTERED = re.compile(r"[\u2028-\u202e\u2066-\u2069\ufeff\u030a\u0333\u033f\ud800-\udfff\x00-\x09\x0b-\x1f\x7f-\x9f]")


def find(text: str, word: str = WORD, limit: int = LIMIT) -> Excerpt | None:
    spans = [Span(found.start(), found.end()) for found in re.finditer(re.escape(word), text)]
    return excerpt(text, spans, limit)


def shown(text: str, word: str = WORD, limit: int = LIMIT) -> str | None:
    found = find(text, word, limit)
    return None if found is None else text[found.quote.start : found.quote.end]


def test_a_text_that_fits_is_quoted_whole() -> None:
    text = "要砸锅卖铁，先砸谁的锅？"

    assert find(text) == Excerpt(quote=Span(0, 12), match=Span(1, 5), cut=False)


def test_white_space_around_is_left_out_and_is_no_cut() -> None:
    text = " \n砸锅卖铁！\u3000\n"

    assert find(text) == Excerpt(quote=Span(2, 7), match=Span(2, 6), cut=False)


def test_a_text_of_the_limit_fits_although_spaces_follow() -> None:
    text = "铁" * (LIMIT - 4) + WORD + " " * 30

    assert find(text) == Excerpt(Span(0, LIMIT), Span(LIMIT - 4, LIMIT), cut=False)


def test_a_long_text_is_cut_between_sentences() -> None:
    text = "前面有一句话。" * 30 + "他们要砸锅卖铁还债。" + "后面还有很多话要说。" * 30

    quote = shown(text)

    assert quote is not None
    assert quote.startswith("他们要砸锅卖铁还债。")
    assert quote.endswith("。")
    assert len(quote) <= LIMIT


def test_a_match_at_the_end_is_quoted_with_what_comes_before() -> None:
    text = "前面有一句话。" * 30 + "他们要砸锅卖铁还债。"

    quote = shown(text)

    assert quote is not None
    assert quote.endswith("他们要砸锅卖铁还债。")
    assert quote.startswith("前面有一句话。")
    assert len(quote) > LIMIT - len("前面有一句话。")


def test_a_long_sentence_is_cut_between_words() -> None:
    text = "several words " * 20 + "smash pots and sell iron " + "many more words " * 20

    quote = shown(text, "smash pots")

    assert quote is not None
    assert set(quote.split()) <= {"several", "words", "smash", "pots", "and", "sell", "iron", "many", "more"}
    assert LIMIT // 2 < len(quote) <= LIMIT


def test_a_word_without_end_is_cut_anyway() -> None:
    found = find("x" * 500 + WORD + "y" * 500)

    assert found is not None
    assert found.cut
    assert found.quote.end - found.quote.start <= LIMIT


@pytest.mark.parametrize(
    "altered", ["\u202e", "\u2066", "\u2069", "\r", "\t", "\x00", "\x85", "\ufeff", "\ud83d", "\u2028"]
)
def test_the_quote_stops_before_what_is_not_shown_as_it_is(altered: str) -> None:
    assert shown(f"前面{altered}要砸锅卖铁了{altered}后面") == "要砸锅卖铁了"
    assert shown(f"砸锅{altered}卖铁", f"砸锅{altered}卖铁") is None


def test_marks_piled_up_are_not_quoted() -> None:
    pile = "o" + "\u0301\u0302\u0303\u0304"

    assert shown(f"before {pile} 砸锅卖铁 {pile} after") == "砸锅卖铁"
    assert shown(f"砸锅卖铁{pile[1:]}") is None


def test_one_direction_mark_is_quoted_and_a_run_is_not() -> None:
    assert shown("\u200fa砸锅卖铁") == "\u200fa砸锅卖铁"
    assert shown("x\u200f\u200ea砸锅卖铁") == "a砸锅卖铁"


def test_the_next_match_is_quoted_when_the_first_cannot_be() -> None:
    text = "\u202e砸锅\u202c卖铁。砸锅卖铁"

    found = excerpt(text, [Span(1, 6), Span(7, 11)])

    assert found is not None
    assert found.match == Span(7, 11)


@pytest.mark.parametrize(
    ("text", "spans"),
    [("", []), ("砸锅卖铁", []), ("   ", [Span(0, 2)]), ("x" * 200, [Span(0, 200)])],
)
def test_without_a_match_that_can_be_shown_there_is_no_quote(text: str, spans: list[Span]) -> None:
    assert excerpt(text, spans) is None


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(st.lists(texts, max_size=8).map("".join))
    places = st.integers(min_value=0, max_value=len(text))
    pairs = draw(st.lists(st.tuples(places, places), min_size=1, max_size=3))
    return text, [Span(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]


@given(marked_texts(), st.integers(min_value=4, max_value=LIMIT))
def test_a_quote_keeps_every_promise(marked: tuple[str, list[Span]], limit: int) -> None:
    text, spans = marked
    found = excerpt(text, spans, limit)
    assume(found is not None)
    assert found is not None
    quote, match, _ = found
    shown_text = text[quote.start : quote.end]

    assert 0 <= quote.start <= match.start < match.end <= quote.end <= len(text)
    assert len(shown_text) <= limit
    assert shown_text == shown_text.strip()
    assert ALTERED.search(shown_text) is None
    assert re.search("[\u200e\u200f]{2}", shown_text) is None
    assert all(is_boundary(text, index) for index in (*quote, *match))
    assert _highest_pile(shown_text) <= 3
    outside = text[: quote.start] + text[quote.end :]
    assert outside.strip("\u200b\u2060 \n") if found.cut else not any(map(str.isalnum, outside))


def _highest_pile(text: str) -> int:
    highest = height = 0
    for char in text:
        height = height + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        highest = max(highest, height)
    return highest


@given(texts)
def test_clean_short_texts_are_always_quoted(text: str) -> None:
    assume(not ALTERED.search(text) and _highest_pile(text) <= 3 and not re.search("[\u200e\u200f]{2}", text))

    whole = f"a {text} {WORD}"[:LIMIT]
    assume(WORD in whole)

    assert shown(whole) is not None


@pytest.mark.parametrize("unit", ["a", "砸", "\u0301", "👩\u200d", "🇹", "\u202e", " ", "。", "\u1100"])
def test_a_megabyte_around_the_match_costs_little(unit: str) -> None:
    text = unit * (500_000 // len(unit)) + WORD + unit * (500_000 // len(unit))
    begin = time.process_time()

    find(text)

    assert time.process_time() - begin < 5


def test_naughty_strings_are_quoted_exactly_or_not_at_all() -> None:
    for naughty in json.loads(data_path("suites/naughty_strings.json").read_text(encoding="utf-8")):
        text = f"{naughty} {WORD} {naughty}"
        found = find(text)
        if found is not None:
            assert ALTERED.search(text[found.quote.start : found.quote.end]) is None
            assert text[found.match.start : found.match.end].startswith(WORD)
