"""Bytes to entries: which documents are feeds, and which declarations are refused in whatever disguise."""

import codecs
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.feed import HasDtd, NotAFeed
from monitor.sources.feed_reader import MAX_ENTRIES, read_feed

ITEM = '<rss version="2.0"><channel><item><title>&x;title</title><guid>1</guid></item></channel></rss>'
SUBSET = '<!DOCTYPE rss [<!ENTITY x "boom">]>'
ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "cp037",
    "utf-7",
    "gb18030",
    "big5",
]
PROLOGS = {
    "plain": SUBSET,
    "own line": f"\n{SUBSET}\n",
    "after a comment": f"<!-- <a> -->{SUBSET}",
    "after an instruction": f"<?x <a> ?>{SUBSET}",
    "after many": f"<!--1--><?a?>\n\t<!--2-->{SUBSET}",
    "external too": '<!DOCTYPE rss SYSTEM "http://127.0.0.1/x.dtd" [<!ENTITY x "boom">]>',
    "sign in a quote": '<!DOCTYPE rss PUBLIC "a>b" \'c>d\' [<!ENTITY x "boom">]>',
    "external entity": '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "parameter entity": '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1/p"> %p;]>',
    "two steps": '<!DOCTYPE rss\n<!ENTITY y "z">[<!ENTITY x "boom">]>',
    "laughs": '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY x "&b;&b;&b;&b;">]>',
    "lower case": SUBSET.replace("DOCTYPE", "doctype"),
    "unclosed quote": '<!DOCTYPE rss SYSTEM "x [<!ENTITY x "boom">]>',
    "empty subset": "<!DOCTYPE rss []>",
}


@pytest.mark.parametrize("prolog", PROLOGS)
@pytest.mark.parametrize("declaration", ["", "<?xml version='1.0'?>", "<?xml version='1.0'?>\n"])
def test_own_declarations_are_refused_wherever_they_stand(prolog: str, declaration: str) -> None:
    with pytest.raises(HasDtd):
        read_feed((declaration + PROLOGS[prolog] + ITEM).encode(), {})


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_encoding_hides_declarations(encoding: str) -> None:
    body = f"<?xml version='1.0' encoding='{encoding}'?>{SUBSET}{ITEM}".encode(encoding)

    with pytest.raises(HasDtd):
        read_feed(body, {"content-type": f"application/xml; charset={encoding}"})


def test_no_byte_order_mark_hides_declarations() -> None:
    body = codecs.BOM_UTF16_LE + f"<?xml version='1.0' encoding='utf-16'?>{SUBSET}{ITEM}".encode("utf-16-le")

    with pytest.raises(HasDtd):
        read_feed(body, {"content-type": "application/xml"})


@pytest.mark.parametrize(
    "prolog",
    [
        "",
        "<!DOCTYPE rss>",
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">',
        "<!-- [<!ENTITY x 'boom'>] -->",
        "<!-- <!DOCTYPE rss [ -->",
    ],
)
def test_a_document_type_without_declarations_of_its_own_is_read(prolog: str) -> None:
    feed = read_feed(f"<?xml version='1.0'?>{prolog}{ITEM}".replace("&x;", "").encode(), {})

    assert [entry.title for entry in feed.entries] == ["title"]


def test_a_text_about_declarations_is_no_declaration() -> None:
    body = ITEM.replace("&x;title", "<![CDATA[write <!DOCTYPE html [ here]]>")

    assert len(read_feed(body.encode(), {}).entries) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"[]", "no JSON Feed"),
        (b"{}", "no JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1"}', "no list of items"),
        (b'{"version": 1, "items"', "broken"),
        (b"\xef\xbb\xbf [1]", "no JSON Feed|broken"),
        (b"<!doctype html><title>Sign in</title>", "web page"),
        (b"<!-- x --><HTML><body>no</body></HTML>", "web page"),
        (b"just words", "not a feed"),
        (b"<opml version='2.0'><body/></opml>", "not a feed"),
    ],
)
def test_what_is_no_feed_is_said_in_a_sentence(body: bytes, words: str) -> None:
    with pytest.raises(NotAFeed, match=words):
        read_feed(body, {"content-type": "text/html"})


def test_an_empty_feed_is_a_feed() -> None:
    assert read_feed(b"<rss version='2.0'><channel><title>t</title></channel></rss>", {}).entries == ()


@pytest.mark.parametrize(
    ("channel", "seconds"),
    [
        ("", None),
        ("<ttl>30</ttl>", 1_800),
        ("<ttl>soon</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", 3_600),
        ("<sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 21_600),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 86_400),
        ("<sy:updatePeriod>now and then</sy:updatePeriod>", None),
        ("<ttl>90</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", 5_400),
    ],
)
def test_a_feed_says_how_patient_it_wants_us(channel: str, seconds: int | None) -> None:
    namespace = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
    body = f"<rss version='2.0' {namespace}><channel>{channel}<title>t</title></channel></rss>"

    assert read_feed(body.encode(), {}).patience == seconds


def test_a_feed_without_a_content_type_is_utf8() -> None:
    body = "<rss version='2.0'><channel><item><title>砸锅卖铁</title></item></channel></rss>".encode()

    assert read_feed(body, {"content-location": "https://a.example/"}).entries[0].title == "砸锅卖铁"


def test_relative_links_are_resolved_by_the_address_of_the_feed() -> None:
    body = b"<rss version='2.0'><channel><item><title>t</title><link>/a</link></item></channel></rss>"

    assert read_feed(body, {"content-location": "https://a.example/feed/"}).entries[0].link == "https://a.example/a"


def test_entries_beyond_the_limit_are_counted() -> None:
    items = [{"id": str(number)} for number in range(MAX_ENTRIES + 3)]
    feed = read_feed(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode(), {})

    assert (len(feed.entries), feed.count) == (MAX_ENTRIES, MAX_ENTRIES + 3)


def test_json_feed_survives_half_characters() -> None:
    item = rb'{"id": "1", "title": "a\ud83db\ud83d\ude00\\ud83d"}'
    body = b'{"version": "https://jsonfeed.org/version/1", "items": [%s]}' % item

    assert read_feed(body, {}).entries[0].title == "a\ufffdb😀\\ud83d"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_none(body: bytes) -> None:
    with suppress(NotAFeed, HasDtd):
        assert read_feed(body, {}).count >= 0


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_feed_items_of_any_shape_are_read_or_passed_over(item: object) -> None:
    items = [
        item,
        {"id": item, "title": item, "authors": item, "date_published": item, "content_html": item, "url": item},
    ]
    feed = read_feed(json.dumps({"version": "https://jsonfeed.org/version/1", "items": items}).encode(), {})

    assert 1 <= len(feed.entries) <= 2
