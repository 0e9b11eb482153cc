"""Printing and parsing are each other's way back."""

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.topics.language.parse import parse
from monitor.topics.language.printer import headline_of, printed
from monitor.topics.language.query import Node, Term, from_lists
from monitor.topics.language.signs import typed
from monitor.topics.values import Wrong, keyword_of
from tests.unit.topics.test_parse import SIGNS

words = st.sampled_from(
    ["pots", "砸锅", "PRC", "or", "C++", "one's", "a.b", "ｐｏｔｓ", "996", "हिन्दी", '"WWW.a"', '"我OR"']
)
phrases = st.text(min_size=1, max_size=8).map(lambda text: f'"{text}"')
loose = words.map("~".__add__) | words.map("=".__add__) | words.map(lambda word: f"{word}*")
others = st.sampled_from(
    ["#砸锅", "@a", "lang:zh", "source:x", "domain:rfi.fr", "min_likes:5", "/a.b/", r"/a\/b\\/", "「a b」", "“a\\”b”"]
)
leaves = words | phrases | loose | others
near = st.tuples(words, st.integers(0, 50), words).map(lambda some: f"({some[0]} NEAR/{some[1]} ({some[2]} OR pans))")
queries = st.recursive(
    leaves | near,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda some: f"({' '.join(some)})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: f"({' OR '.join(some)})"),
        inner.map("-".__add__),
    ),
    max_leaves=8,
)


def node_of(text: str) -> Node | None:
    try:
        return parse(text)
    except QueryError:
        return None


@given(queries)
def test_what_is_printed_is_read_as_the_same(text: str) -> None:
    node = node_of(f"anything ({text})")
    if node is not None:
        assert parse(printed(node)) == node
        assert printed(parse(printed(node))) == printed(node)


@given(st.lists(st.sampled_from(SIGNS), max_size=30).map("".join))
def test_any_mixture_of_signs_that_is_a_query_prints_as_itself(text: str) -> None:
    node = node_of(text)
    if node is not None:
        assert parse(printed(node)) == node


@given(st.text(min_size=1))
def test_any_keyword_of_a_list_can_be_said_in_the_language(text: str) -> None:
    """But for marks that nobody sees, which the language leaves out."""
    try:
        word = keyword_of(" ".join(text.split()))
    except Wrong:
        return
    assume(word.isprintable() and typed_without_loss(word))

    assert parse(printed(from_lists([word], [], []))) == Term(word)


def typed_without_loss(word: str) -> bool:
    try:
        return typed(word).written == word
    except QueryError:
        return False


@given(queries)
def test_a_query_survives_storage(text: str) -> None:
    node = node_of(text)
    if node is not None:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(node), type=Node) == node


@pytest.mark.parametrize(
    ("typed", "best"),
    [
        ("砸锅卖铁｜“砸鍋賣鐵”", "砸锅卖铁 OR 砸鍋賣鐵"),
        ("-手游 砸锅卖铁 AND 债", "砸锅卖铁 债 -手游"),
        ("a1 b1 OR c1", "(a1 b1) OR c1"),
        ("a1 OR b1 NOT c1", "(a1 OR b1) -c1"),
        ("(a1 NEAR/3 b1) c1", "(a1 NEAR/3 b1) c1"),
        ("a1 NEAR/03 b1", "a1 NEAR/3 b1"),
        ("c1 (a1 OR (-b1))", "c1 (a1 OR (-b1))"),
        ('"OR" "或" "ＯＲ"', '"OR" "或" "ＯＲ"'),
        ('"www.rfi.fr" "我OR你" "ＷＷＷ.a" 卡拉OK', '"www.rfi.fr" "我OR你" "ＷＷＷ.a" 卡拉OK'),
        ('-"smash pots" “iron”', 'iron -"smash pots"'),
        ('「他说"好"」', r'"他说\"好\""'),
        ("#砸锅# lang：ZH-tw", "#砸锅 lang:zh-Hant"),
    ],
)
def test_a_query_is_printed_as_it_is_written_best(typed: str, best: str) -> None:
    assert printed(parse(typed)) == best


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ('砸锅卖铁 OR "smash pots" -手游', "砸锅卖铁"),
        ("~砸锅卖铁 -手游", "砸锅卖铁"),
        ('"lying flat" OR 躺平', "lying flat"),
        ("pots iron", "pots iron"),
        ("(pots iron) OR 砸锅", "pots iron"),
        ("#砸锅 OR x1", "#砸锅"),
    ],
)
def test_a_topic_is_called_after_what_its_query_looks_for_first(typed: str, title: str) -> None:
    """Was: digests of --query were headed #砸锅卖铁_OR_smash_pots_手游."""
    assert headline_of(parse(typed)) == title
