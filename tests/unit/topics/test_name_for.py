"""A topic that is followed from the bot gets a name that can be read aloud and typed."""

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text import pinyin
from monitor.topics.editing import name_for
from monitor.topics.values import MAX_NAME, name_of

TITLES = st.text(st.one_of(st.characters(), st.sampled_from("躺平内卷重慶銀行の")), min_size=1, max_size=60)


@pytest.fixture(autouse=True, scope="module")
def words_read_once() -> Iterator[None]:
    """Keep the table of words, which a process drops after each name: it takes a fifth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pinyin, "_table", cache(pinyin._table))
        yield


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("躺平", "tang-ping"),
        ("砸鍋賣鐵", "za-guo-mai-tie"),
        ("重慶", "chong-qing"),
        ("銀行", "yin-hang"),
        ("996", "996"),
        ("café", "cafe"),
        ("躺平 lying flat", "tang-ping-lying-flat"),
        ("the quick brown fox jumps over the lazy dog", "the-quick-brown-fox-jumps-over-the"),
    ],
)
def test_a_name_is_the_title_in_plain_letters(title: str, name: str) -> None:
    assert name_for(title, []) == name
    assert name_for(title, [name]) == f"{name}-2"


@pytest.mark.parametrize("title", ["日本の話", "일본", "😀"])
def test_what_nobody_here_can_read_is_named_by_a_hash(title: str) -> None:
    assert name_for(title, []).startswith("topic-")


@settings(max_examples=60)
@given(TITLES, st.integers(0, 3))
def test_every_name_is_one_and_is_free(title: str, twins: int) -> None:
    taken: list[str] = []
    for _ in range(twins):
        taken.append(name_for(title, taken))

    name = name_for(title, taken)

    assert name_of(name) == name
    assert len(name) <= MAX_NAME
    assert name not in taken
