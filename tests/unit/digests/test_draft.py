"""Entities hold what was written inside them, in the units that Telegram counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.digests.draft import Draft, utf16_length
from monitor.models import Entity

pieces = st.lists(
    st.tuples(st.text(st.characters()), st.sampled_from(["", "bold", "text_link", "blockquote"])), max_size=12
)


@given(pieces)
def test_cutting_the_text_by_its_entities_gives_what_was_written(written: list[tuple[str, str]]) -> None:
    draft = Draft()
    for text, kind in written:
        if not kind:
            draft.write(text)
            continue
        with draft.marked(kind):
            draft.write(text)

    units = draft.text.encode("utf-16-le", "surrogatepass")
    found = [
        (units[2 * each.offset : 2 * (each.offset + each.length)].decode("utf-16-le", "surrogatepass"), each.type)
        for each in draft.entities()
    ]
    assert found == [(text.strip(), kind) for text, kind in written if kind and text.strip()]
    assert draft.length == len(units) // 2


def test_outer_entities_come_before_inner_ones() -> None:
    draft = Draft()
    with draft.marked("blockquote"), draft.marked("bold"):
        draft.write("😀a")

    assert draft.entities() == (
        Entity(type="blockquote", offset=0, length=3),
        Entity(type="bold", offset=0, length=3),
    )


def test_a_quote_in_a_quote_is_impossible() -> None:
    draft = Draft()
    with (
        draft.marked("blockquote"),
        pytest.raises(AssertionError, match="nested"),
        draft.marked("expandable_blockquote"),
    ):
        pass


def test_a_link_without_an_address_is_text() -> None:
    draft = Draft()
    draft.link("here", None)
    draft.link("there", "https://a.example/")

    assert draft.text == "herethere"
    assert draft.entities() == (Entity(type="text_link", offset=4, length=5, url="https://a.example/"),)


@given(st.text())
def test_length_is_that_of_utf16(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2
