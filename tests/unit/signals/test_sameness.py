"""Texts are copies when they share most of their pieces and state the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.signals.sameness import Text, is_copy

ZH = "某县成立砸锅卖铁专班,清理欠款17亿元,全县干部没有一个人反对,先砸谁的锅?"
EN = "The county sets up a smash-pots-and-sell-iron office: 1,700 officials, 5.1 billion of debt, nobody is against it"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ZH, "太可怕了," + ZH),
        (ZH, "3个人问我: " + ZH),
        (ZH, ZH + " #热点 2026"),
        (ZH, ZH.replace("全县", "全省")),
        (ZH, ZH[:28] + "…"),
        (ZH * 4, f"RT @someone: {ZH * 4}"[:139] + "…"),
        (EN, "BREAKING " + EN.upper()),
        (EN, EN[:75] + "..."),
        (EN, EN[: EN.index("00 off")] + "…"),
        (EN, EN.replace("county", "conty")),
        (EN, "not again! " + EN),
        (EN, EN.replace("1,700", "1700").replace("smash", "smesh")),
    ],
)
def test_a_changed_copy_is_a_copy(one: str, other: str) -> None:
    assert is_copy(Text(one), Text(other))
    assert is_copy(Text(other), Text(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ZH, ZH.replace("17", "7")),
        (ZH, ZH.replace("17亿", "17.5亿")),
        (ZH, ZH.replace("一个人", "三个人")),
        (ZH, ZH.replace("没有", "有")),
        (ZH, ZH.replace("17", "7")[:30] + "…"),
        (EN, EN.replace("1,700", "1,900")),
        (EN, EN.replace("5.1", "5.3")),
        (EN, EN.replace("is against", "is not against")),
        (ZH, "不" + ZH),
        (EN, "BREAKING " + EN.replace("5.1", "51")),
        (ZH, "砸锅卖铁也要把债还上,这是我们家的老规矩,不用别人来教"),
        (EN, "The county has debts, and an office to smash pots and sell iron is what it sets up now"),
    ],
)
def test_what_states_other_things_is_no_copy(one: str, other: str) -> None:
    assert not is_copy(Text(one), Text(other))
    assert not is_copy(Text(other), Text(one))


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_can_be_compared_either_way(one: str, other: str) -> None:
    assert is_copy(Text(one), Text(other)) == is_copy(Text(other), Text(one))
