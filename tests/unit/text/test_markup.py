"""HTML to what its reader sees."""

import html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.markup import links, plain

SEEN = [
    ("no markup", "no markup"),
    ("white \t\n space", "white space"),
    ("a<br>b<br/>c", "a\nb\nc"),
    ("a<br><br><br><br>b", "a\n\nb"),
    ("<p>a</p><p>b</p>", "a\n\nb"),
    ("one<p>two<p>three", "one\n\ntwo\n\nthree"),
    ("<div>a</div><div>b</div>c", "a\nb\nc"),
    ("<ul><li>1</li><li>2</li></ul>after", "1\n2\n\nafter"),
    ("<b>a</b><i>b</i>", "ab"),
    ("<table><tr><td>a</td><td>b</td></tr></table>", "a  b"),
    ("&lt;b&gt; &amp; &quot;x&quot; &#39;y&#x27; &copy;", "<b> & \"x\" 'y' ©"),
    ("&amp;lt;", "&lt;"),
    ("AT&T &unknown; &", "AT&T &unknown; &"),
    ("a < b and c > d, 1 <2", "a < b and c > d, 1 <2"),
    ("a<script>alert('<p>')</script>b<style>p{}</style>c", "abc"),
    ("a<SCRIPT>x</ScRiPt >b", "ab"),
    ("a<script>never closed", "a"),
    ("a<!-- b -- > c -->d", "ad"),
    ("a<!-- never closed", "a"),
    ("<!doctype html>a<?php echo 1 ?>b", "ab"),
    ("<![CDATA[a & b]]>c", "a & bc"),
    ('<a title="1 > 0">x</a>', "x"),
    ('<p class=x">said "this" <b>and</b> \'that\'', "said \"this\" and 'that'"),
    ("<pre><code>if x:\n    y\n</code></pre>z", "if x:\n    y\n\nz"),
    ("要<b>砸锅</b>卖铁\u3000吗", "要砸锅卖铁\u3000吗"),
    ("👩‍👩‍👧 &#128077;&#x1F3FD;", "👩‍👩‍👧 👍🏽"),
    ("a\x00b\x1dc", "abc"),
    ("&#0; &#xD800; &#1114112;", "� � �"),
    ("&#" + "9" * 5_000 + ";", "�"),
    ("<", "<"),
    ("x</", "x</"),
    ("x<a", "x<a"),
    ("x<a href=", "x<a href="),
    ("", ""),
]
BITS = [
    "<",
    ">",
    "</",
    "<a ",
    "<p>",
    "<!--",
    "-->",
    "<!",
    "<?",
    "<![CDATA[",
    "]]>",
    "'",
    '"',
    "=",
    "&",
    "&#",
    ";",
    "</script>",
]
BITS += ["<script>", "<pre>", "</pre>", "<br>", "\n", " ", "a", "锅", "href='http://x/'", "&lt;", "/"]
HOSTILE = [
    "<",
    "<a ",
    "<!--",
    "<a '",
    '<a ="',
    '<a=">"',
    "<script",
    "<script>",
    "</script",
    "&",
    "&#",
    "&#9",
    "&#x",
    "&am",
]
HOSTILE += [
    "<![CDATA[",
    "<?",
    "<a = ' >",
    "<pre> ",
    " ",
    "\n ",
    "<p> ",
    "<a href='",
    '= "',
    "<x y='\">",
    "<!>",
    "</",
    "<br>",
]


@pytest.mark.parametrize(("markup", "seen"), SEEN)
def test_plain_is_what_the_reader_sees(markup: str, seen: str) -> None:
    assert plain(markup) == seen


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1))
def test_escaped_text_comes_back_character_for_character(text: str) -> None:
    assert plain(html.escape(text)) == text


@given(st.lists(st.sampled_from(BITS), max_size=60).map("".join))
def test_any_markup_becomes_some_tidy_text(markup: str) -> None:
    text = plain(markup)

    assert text == text.strip()
    assert "\n\n\n" not in text or "<pre>" in markup
    assert all(link.startswith("http") for link in links(markup))


@given(st.lists(st.sampled_from(BITS), max_size=60).map("".join))
def test_text_beside_markup_is_kept(markup: str) -> None:
    assert plain("锅卖" + "<p>" + markup).startswith("锅卖")


@pytest.mark.parametrize("bit", HOSTILE)
def test_hostile_markup_takes_linear_time(bit: str) -> None:
    markup = bit * (200_000 // len(bit))
    began = time.process_time()

    plain(markup)
    links(markup)

    # Quadratic scanners take minutes for this; a fifth of a megabyte takes ours some 0.3 s at worst.
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ("no", ()),
        ('<a href="https://a.example/?x=1&amp;y=2">a</a>', ("https://a.example/?x=1&y=2",)),
        ("<A HREF='http://a.example'>a</A><a href=http://b.example/c>", ("http://a.example", "http://b.example/c")),
        ('<a class="x" data-href="http://no.example" href="http://yes.example">', ("http://yes.example",)),
        ('<a href="https://a.example"><a href="https://a.example">', ("https://a.example",)),
        ('<a href="javascript:alert(1)"><a href="/relative"><a href="mailto:a@b"><a href>', ()),
        ("<a title=\"href='http://no.example'\">", ()),
        ('<!-- <a href="http://no.example"> --><script><a href="http://no.example"></script>', ()),
        ('<img src="http://no.example">', ()),
        ('<a href=" https://a.example ">', ("https://a.example",)),
    ],
)
def test_links_are_the_addresses_of_anchors(markup: str, found: tuple[str, ...]) -> None:
    assert links(markup) == found


def test_links_to_people_and_tags_can_be_left_out() -> None:
    markup = (
        '<a href="https://a.example/@bob" class="u-url mention">@bob</a> <a class=hashtag href="https://a.example/t">#t</a>'
        "<a href='https://b.example/' class='mentioned'>b</a> <a href='https://c.example/'>c</a>"
    )

    assert links(markup, besides={"mention", "hashtag"}) == ("https://b.example/", "https://c.example/")
    assert len(links(markup)) == 4
