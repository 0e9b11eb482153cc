"""Places where a text may be cut."""

import pytest
from hypothesis import given

from monitor.text.graphemes import cluster_end, cluster_start, is_boundary
from tests.unit.text.strategies import texts


@pytest.mark.parametrize(
    "cluster",
    [
        "e\u0301",
        "☕\ufe0f",
        "👍🏽",
        "👩\u200d💻",
        "👩🏽\u200d🚒",
        "❤\ufe0f\u200d🔥",
        "🇹🇼",
        "1\ufe0f\u20e3",
        "\r\n",
        "\u1100\u1161\u11a8",
        "क\u093f",
        "\ud83d\ude00",
        "🏴\U000e0067\U000e0062\U000e007f",
        "นี้"[:1] + "\u0e35\u0e49",
    ],
)
def test_what_looks_like_one_character_is_not_divided(cluster: str) -> None:
    text = f"x{cluster}y"

    assert [index for index in range(len(text) + 1) if is_boundary(text, index)] == [0, 1, len(text) - 1, len(text)]


def test_flags_are_cut_between_pairs() -> None:
    text = "🇹🇼🇭🇰🇨🇳"

    assert [index for index in range(len(text) + 1) if is_boundary(text, index)] == [0, 2, 4, 6]


def test_a_joiner_between_letters_joins_nothing() -> None:
    assert is_boundary("铁\u200d很", 2)


@given(texts)
def test_the_nearest_boundaries_are_boundaries(text: str) -> None:
    for index in range(len(text) + 1):
        start, end = cluster_start(text, index), cluster_end(text, index)
        assert 0 <= start <= index <= end <= len(text)
        assert is_boundary(text, start)
        assert is_boundary(text, end)
