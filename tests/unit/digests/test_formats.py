"""A message on a page and in a terminal: nothing of a post becomes markup."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.digests.draft import Draft, utf16_length
from monitor.digests.elements import Html, document, element, join, void
from monitor.digests.formats import pieces_of, to_html, to_terminal
from monitor.models import Entity, Message


class Reader(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, "tags must nest"

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    assert reader.open == []
    return reader


def a_message(text: str, *entities: Entity) -> Message:
    return Message(id="1", chat="c", digest_id="d", part=0, text=text, entities=entities)


def a_draft_message(before: str, quoted: str, after: str) -> Message:
    draft = Draft()
    draft.write(before)
    with draft.marked("blockquote"):
        draft.write("\u2068")
        with draft.marked("bold"):
            draft.write(quoted)
        draft.write("\u2069")
    draft.link(after, "https://a.example/?a=1&b=\"'<>")
    return a_message(draft.text, *draft.entities())


visible = st.text(st.characters(exclude_categories=("Cc", "Cs")))


@given(visible, visible, visible)
def test_a_browser_reads_the_text_and_only_our_tags(before: str, quoted: str, after: str) -> None:
    message = a_draft_message(before, quoted, after)

    page = read(to_html(message))

    assert page.text == message.text
    assert set(page.tags) <= {"blockquote", "b", "a"}


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "&lt;b&gt;", "\"'><img src=x onerror=alert(1)>", "]]>", "<!--"]
)
def test_markup_in_a_post_is_text(text: str) -> None:
    page = read(to_html(a_draft_message(text, text, text)))

    assert page.text.count(text) == 3
    assert page.tags == ["blockquote", "b", "a"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "tg://user?id=1", "data:text/html,x", "https://a@b.example/", "//a"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    message = a_message("here", Entity(type="text_link", offset=0, length=4, url=url))

    assert to_html(message) == "here"


def test_links_tell_nobody_where_they_were_found() -> None:
    message = a_message("here", Entity(type="text_link", offset=0, length=4, url="https://a.example/?a&b"))

    assert to_html(message) == (
        '<a href="https://a.example/?a&amp;b" rel="noopener noreferrer" target="_blank">here</a>'
    )


def test_line_breaks_next_to_a_quote_are_left_out() -> None:
    message = a_message("a\n\nq\n\nb\nc", Entity(type="blockquote", offset=3, length=1))

    assert to_html(message) == "a\n<blockquote>q</blockquote>\nb\nc"


@pytest.mark.parametrize(
    ("text", "lang"), [("砸锅卖铁", "zh-Hans"), ("砸鍋賣鐵", "zh-Hant"), ("人口", "zh"), ("鍋をこわす", "ja")]
)
def test_quotes_name_their_language_for_the_right_glyphs(text: str, lang: str) -> None:
    message = a_message(text, Entity(type="blockquote", offset=0, length=len(text)))

    assert to_html(message) == f'<blockquote lang="{lang}">{text}</blockquote>'


def test_overlapping_entities_are_cut_at_the_end_of_the_outer_one() -> None:
    message = a_message(
        "abcdef", Entity(type="blockquote", offset=0, length=4), Entity(type="bold", offset=2, length=4)
    )

    assert to_html(message) == "<blockquote>ab<b>cd</b></blockquote>ef"


@given(visible, visible, visible)
def test_pieces_hold_the_whole_text(before: str, quoted: str, after: str) -> None:
    message = a_draft_message(before, quoted, after)

    assert "".join(piece.text for piece in pieces_of(message)) == message.text


def test_a_terminal_shows_bars_and_each_address_once() -> None:
    text = "T\n\u2068a\nb\u2069\nhere open"
    entities = (
        Entity(type="bold", offset=0, length=1),
        Entity(type="blockquote", offset=2, length=5),
        Entity(type="text_link", offset=8, length=4, url="https://a.example/"),
        Entity(type="text_link", offset=13, length=4, url="https://a.example/"),
    )

    assert to_terminal(a_message(text, *entities), color=False) == "T\n▎a\n▎b\nhere <https://a.example/> open"
    assert to_terminal(a_message(text, *entities), color=True).startswith("\x1b[1mT\x1b[0m\n▎a")


@given(st.text(st.characters()))
def test_a_post_cannot_move_the_cursor(text: str) -> None:
    message = a_message(text, Entity(type="blockquote", offset=0, length=utf16_length(text)))

    shown = to_terminal(message, color=False)

    assert not [char for char in shown if (char < " " and char != "\n") or "\x7f" <= char <= "\x9f"]
    shown.encode("utf-8")


def test_elements_escape_what_is_not_markup() -> None:
    assert element("p", "<b>", Html("<i></i>"), title='"&') == '<p title="&quot;&amp;">&lt;b&gt;<i></i></p>'
    assert element("dl", class_="a", aria_label="x", lang=None) == '<dl class="a" aria-label="x"></dl>'
    assert void("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert join("a\x00\ud800", "<") == "a\ufffd\ufffd&lt;"
    assert document(element("body"), lang="en") == '<!doctype html>\n<html lang="en"><body></body></html>\n'
