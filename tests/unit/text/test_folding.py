"""Folding: one form for what reads alike, and the way back."""

import itertools
import json
import sys
import time
import unicodedata

import pytest
from hypothesis import example, given

from monitor.models import Span
from monitor.text.folding import fold, fold_with_offsets, joins
from tests.data import data_path
from tests.unit.text.strategies import texts

ALL_CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1)]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("砸鍋賣鐵", "砸锅卖铁"),
        ("砸\u200b锅\u00ad卖\u2060铁", "砸锅卖铁"),
        ("\ufeffＩＲＯＮ\u202e", "iron"),
        ("IRON", "iron"),
        ("Straße", "strasse"),
        ("cafe\u0301", "café"),
        ("a \t\n\u3000 b", "a b"),
        (" a ", "a"),
        ("a\x00b", "ab"),
        ("ｶﾞ", "ガ"),
        ("\u1100\u1161\u11a8", "각"),
        ("☕\ufe0f", "☕"),
        ("\u3164\u115f", ""),
        ("\ud83d", "\ufffd"),
        ("", ""),
    ],
)
def test_what_reads_alike_folds_alike(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(texts)
@example("a\u0316\u0300\u0316")
@example("x \u0301")
@example("\u1100\u200b\u1161")
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(texts)
@example("a" + "\u0300\u0316" * 40)
def test_offsets_belong_to_the_same_folded_text(text: str) -> None:
    folded = fold_with_offsets(text)

    assert folded.text == fold(text)
    assert len(folded.starts) == len(folded.ends) == len(folded.text)


@given(texts)
def test_offsets_go_forward_and_stay_inside(text: str) -> None:
    folded = fold_with_offsets(text)

    ranges = list(zip(folded.starts, folded.ends, strict=True))
    assert all(0 <= start < end <= len(text) for start, end in ranges)
    assert ranges == sorted(ranges)


@given(texts)
@example("x\r\n¯")
def test_a_span_folds_to_what_it_stands_for(text: str) -> None:
    """Between borders, the original range folds to the folded range: nothing is lost, nothing is borrowed."""
    folded = fold_with_offsets(text)
    borders = [index for index in range(len(folded.text) + 1) if folded.is_border(index)]

    for start, end in itertools.pairwise(borders):
        span = folded.span(start, end)
        piece = folded.text[start:end]
        assert fold(text[span.start : span.end]) == piece.strip() or _is_limited(text)


def _is_limited(text: str) -> bool:
    return any("\u0300" <= char <= "\u036f" for char in text) and len(text) > 30


def test_every_character_folds_to_a_fixed_point() -> None:
    assert [char for char in ALL_CHARACTERS if fold(fold(char)) != fold(char)] == []


def test_sequences_can_be_composed_apart() -> None:
    """Every second half of a primary composite joins what is before it, and no composite folds any further."""
    composites = [char for char in ALL_CHARACTERS if _is_primary_composite(char)]
    halves = [(char, *unicodedata.normalize("NFD", char)) for char in composites]

    assert len(composites) > 900
    assert [char for char, *parts in halves if not all(map(joins, parts, parts[1:]))] == []
    assert [char for char, *parts in halves if fold("".join(parts)) == "".join(parts) != char] == []


def _is_primary_composite(char: str) -> bool:
    decomposed = unicodedata.normalize("NFD", char)
    return decomposed != char and len(decomposed) > 1 and unicodedata.normalize("NFC", decomposed) == char


@pytest.mark.parametrize(
    ("text", "start", "end", "span"),
    [
        ("x砸\u200b鍋賣鐵y", 1, 5, Span(1, 6)),
        ("cafe\u0301 noir", 3, 4, Span(3, 5)),
        ("a   b", 1, 2, Span(1, 4)),
        ("ﬁre", 0, 2, Span(0, 1)),
        ("\u1100\u1161\u11a8", 0, 1, Span(0, 3)),
    ],
)
def test_a_span_leads_back_to_whole_characters(text: str, start: int, end: int, span: Span) -> None:
    assert fold_with_offsets(text).span(start, end) == span


def test_the_inside_of_a_ligature_is_no_border() -> None:
    folded = fold_with_offsets("ﬁre")

    assert [folded.is_border(index) for index in range(5)] == [True, False, True, True, True]


@pytest.mark.parametrize(("start", "end"), [(0, 0), (2, 1), (-1, 1), (0, 9)])
def test_a_span_of_no_characters_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="no characters"):
        fold_with_offsets("abc").span(start, end)


@pytest.mark.parametrize(
    "unit", ["a\u0300\u0316", "\u0300\u0316", "ㅠ", "砸", " \u200b", "é\u0323", "\u1161", "👩\u200d", "\ud800", "\x00a"]
)
def test_a_long_run_of_anything_folds_in_linear_time(unit: str) -> None:
    text = "a" + unit * (300_000 // len(unit))

    begin = time.process_time()
    folded = fold(text)
    offsets = fold_with_offsets(text)
    elapsed = time.process_time() - begin

    assert offsets.text == folded
    assert elapsed < 5


def test_naughty_strings_fold_to_a_fixed_point() -> None:
    for text in json.loads(data_path("suites/naughty_strings.json").read_text(encoding="utf-8")):
        assert fold(fold(text)) == fold(text) == fold_with_offsets(text).text


@given(texts)
def test_offsets_are_the_same_by_the_short_way_and_the_long(text: str) -> None:
    """A character that becomes nothing forces the walk, character by character."""
    short, walked = fold_with_offsets(text), fold_with_offsets("\u200b" + text)

    assert walked.text == short.text
    assert walked.starts == [start + 1 for start in short.starts]
    assert walked.ends == [end + 1 for end in short.ends]
