"""The query tree: what it holds for, names and says."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.topics.language.query import (
    And,
    Node,
    Not,
    Or,
    Term,
    from_lists,
    holds,
    is_any_enough,
    leaves,
    sought_leaves,
)

WORDS = "abcdef"
word_lists = st.lists(st.sampled_from(WORDS), max_size=4)
word_sets = st.sets(st.sampled_from(WORDS))


def among(present: set[str]) -> Callable[[object], bool]:
    """Return what holds of a post in which exactly these keywords occur."""
    return lambda leaf: isinstance(leaf, Term) and leaf.text in present


@given(word_lists, word_lists, word_lists, word_sets)
def test_lists_mean_one_of_each_of_and_none_of(
    any_of: list[str], all_of: list[str], none_of: list[str], present: set[str]
) -> None:
    if not any_of and not all_of:
        with pytest.raises(QueryError):
            from_lists(any_of, all_of, none_of)
        return

    node = from_lists(any_of, all_of, none_of)

    wanted = (not any_of or bool(present & set(any_of))) and present >= set(all_of) and not present & set(none_of)
    assert holds(node, among(present)) == wanted
    assert set(leaves(node)) == set(map(Term, {*any_of, *all_of, *none_of}))
    assert set(sought_leaves(node)) == set(map(Term, {*any_of, *all_of}))


nodes = st.recursive(
    st.sampled_from(WORDS).map(Term),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=8,
)


def test_a_term_under_two_exclusions_is_sought() -> None:
    assert sought_leaves(And((Term("a"), Not(Not(Term("b"))), Not(Term("c"))))) == (Term("a"), Term("b"))


@given(nodes)
def test_a_tree_survives_storage(node: Node) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(node), type=Node) == node


@given(nodes)
def test_where_any_keyword_is_enough_each_one_is(node: Node) -> None:
    if is_any_enough(node):
        assert all(holds(node, {leaf}.__contains__) for leaf in leaves(node))


def test_a_list_of_alternatives_needs_no_judging() -> None:
    assert is_any_enough(from_lists(["a", "b"], [], []))
    assert not is_any_enough(from_lists(["a", "b"], ["c"], []))
    assert not is_any_enough(from_lists(["a", "b"], [], ["c"]))
