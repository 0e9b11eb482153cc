"""Sketches find what was changed, and are the same for ever."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.signals.copies import wording_of
from monitor.signals.sketches import PLACES, ROWS, SHORTEST, SIZE, common_rows, is_current, rows_of, shared_bands

TEXT = "某县成立砸锅卖铁专班,清理欠款17亿元,全县干部没有一个人反对,先砸谁的锅?"


def bands(sketched: bytes) -> list[bytes]:
    return [sketched[ROWS * place : ROWS * (place + 1)] for place in range(PLACES)]


def shared(one: str, other: str) -> int:
    return len(set(bands(wording_of(one).sketch)) & set(bands(wording_of(other).sketch)))


@pytest.mark.parametrize(
    "changed",
    [TEXT[:24] + "…", "看看这个:" + TEXT, TEXT + "!!! #热点", TEXT.replace("全县", "全省"), TEXT.replace("卖", "賣")],
)
def test_a_changed_copy_shares_a_band(changed: str) -> None:
    assert shared(TEXT, changed) >= 1


def test_another_text_shares_none() -> None:
    assert shared(TEXT, "今天天气很好,大家一起去公园散步吧,记得带上水和帽子") == 0


@pytest.mark.parametrize("text", ["", "砸锅卖铁!", "a b c d e f", "砸锅卖铁还债要紧砸锅"])
def test_short_texts_have_none(text: str) -> None:
    assert wording_of(text).sketch == b""


def test_the_algorithm_still_gives_what_it_gave() -> None:
    """A change here makes all stored sketches useless: raise ALGORITHM with it."""
    assert (
        wording_of("Smash pots and sell iron!").sketch.hex()
        == "966a4ce6984e3783f72b90bb0d171f2369b9936950456aaeccc6792ccaa032"
    )
    assert (
        wording_of("某县成立砸锅卖铁专班,先砸谁的锅?").sketch.hex()
        == "5351e6e6d6425d215d5ed67b8b9f7b8b215d5ec0d6665e7d159866937d9f32"
    )


@given(st.text(st.characters(), min_size=SHORTEST, max_size=80))
def test_any_text_has_a_sketch_or_is_short(text: str) -> None:
    sketched = wording_of(text).sketch

    assert sketched == wording_of(text).sketch
    assert not sketched or (is_current(sketched) and len(bands(sketched)) == 10)


SKETCHES = st.lists(st.lists(st.integers(0, 2), min_size=SIZE, max_size=SIZE).map(bytes), max_size=8)


@given(SKETCHES)
def test_shared_bands_are_those_of_two_sketches_in_one_place(sketches: list[bytes]) -> None:
    counted = Counter((place, band) for each in sketches for place, band in enumerate(bands(each)))
    shared = {band for band, count in counted.items() if count > 1 and len(set(band[1])) > 1}
    expected = {
        number: found for number, each in enumerate(sketches) if (found := shared.intersection(enumerate(bands(each))))
    }

    made = shared_bands(dict(enumerate(sketches)))

    assert {name: len(found) for name, found in made.items()} == {name: len(found) for name, found in expected.items()}
    for one, other in ((one, other) for one in made for other in made):
        assert len({*made[one]} & {*made[other]}) == len(expected[one] & expected[other])


@given(SKETCHES.filter(lambda each: len(each) > 1))
def test_common_rows_are_the_equal_bytes_behind_the_edges(sketches: list[bytes]) -> None:
    one, other, *_ = sketches

    assert common_rows(rows_of(one), rows_of(other)) == sum(map(int.__eq__, one[2 * ROWS : -1], other[2 * ROWS : -1]))
