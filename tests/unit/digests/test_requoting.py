"""A quote that was edited is exchanged and marked as such, once; all else stays, and every entity keeps its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.digests.render import render
from monitor.digests.requoting import Quote, requoted
from monitor.models import Entity, Message, Parcel, PostKey, Span
from monitor.saying import LANGUAGES, say, speaking
from monitor.text.quotes import excerpt
from tests.unit.digests.cases import ZONE, loud

DIGEST = loud()
MESSAGE = render(DIGEST, "5", ZONE)
QUOTED = next(each.key for each in MESSAGE.quotes)


def edited(message: Message, text: str, key: PostKey = QUOTED) -> Message:
    cut = excerpt(text, [Span(0, 1)])
    assert cut is not None
    return requoted(Parcel(message=message), {key: Quote(text, cut)}).message


def words_of(message: Message, entity: Entity) -> str:
    units = message.text.encode("utf-16-le")
    return units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_edited_quote_says_that_it_is_one(language: str) -> None:
    """The words changed under a reader's eyes, and nothing said so."""
    with speaking(language):
        message = edited(render(DIGEST, "5", ZONE), "另外一句话,完全不同")
        mark = say("edited")

    assert "另外一句话,完全不同" in message.text
    assert message.text.count(f" · {mark}") == 1
    line = next(each for each in message.text.split("\n") if each.endswith(f" · {mark}"))
    assert "Bluesky" in line


def test_the_same_edit_again_changes_nothing_and_another_one_is_not_marked_twice() -> None:
    first = edited(MESSAGE, "另外一句话")
    again = edited(first, "另外一句话")
    other = edited(first, "第三句话")

    assert again == first
    assert "第三句话" in other.text
    assert other.text.count(" · edited") == 1


def test_a_quote_that_an_edit_left_alone_is_not_marked() -> None:
    block = next(each for each in MESSAGE.entities if each.type == "blockquote")
    same = words_of(MESSAGE, block).strip("\u2068\u2069…")

    assert " · edited" not in edited(MESSAGE, same).text


@given(st.lists(st.text("字ab𝕏👩‍👩‍👧 \n", max_size=60).map("字{}".format), min_size=1, max_size=3))
def test_every_other_entity_keeps_its_words(texts: list[str]) -> None:
    message = MESSAGE
    for text in texts:
        message = edited(message, text)

    def kept(one: Message) -> list[tuple[str, str]]:
        first = next(each for each in one.entities if each.type == "blockquote")
        inside = range(first.offset, first.offset + first.length + 1)
        return [(each.type, words_of(one, each)) for each in one.entities if each.offset not in inside]

    assert kept(message) == kept(MESSAGE)
    assert [each.key for each in message.quotes] == [each.key for each in MESSAGE.quotes]
