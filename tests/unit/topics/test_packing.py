"""All topics' keywords in as few queries as fit, and what they must hold so that nothing is missed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Query, Topic
from monitor.topics.polling.planning import plan, queries_of
from monitor.topics.queries.asking import needs_of
from monitor.topics.queries.fitting import Atom, Learned, fitted
from monitor.topics.queries.packing import atoms_in, packed_of
from monitor.topics.queries.x_queries import LONGEST
from monitor.topics.queries.x_queries import atoms_in as x_atoms
from tests.build import a_topic

WORDS = st.text("abcdefgh", min_size=1, max_size=20)


def a_query(text: str, **changes: object) -> Topic:
    return a_topic(**({"name": "asked", "any": (), "query": text, "sources": ("x",)} | changes))


def texts_of(*topics: Topic, learned: Learned | None = None) -> list[str]:
    taught = {} if learned is None else {"x": learned}
    return [pack.text for pack in packed_of("x", topics, taught)]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("=iPhone", "(iPhone)"),
        ("台積電", '("台积电" OR "台積電" OR "臺積電" OR #台积电 OR #台積電 OR #臺積電)'),
        ('="climate change"', '("climate change")'),
        ("=OR1 OR =zebra NOT =tv", "(OR1 OR zebra)"),
        ("=iron AND =zebra", "((zebra iron))"),
        ("=iron AND lang:en", "(iron)"),
        ("(=iron OR =pots) AND (=pans OR =knives)", "((iron (pans OR knives)) OR (pots (pans OR knives)))"),
        ("#smash", "(#smash)"),
        ("domain:example.com", '(url:"example.com")'),
        ('="or"', '("or")'),
        ("(=iron AND source:hackernews) OR =zebra", "(zebra)"),
        ("~iron AND =pots", "(pots)"),
    ],
)
def test_a_query_becomes_what_x_has_to_be_asked(query: str, asked: str) -> None:
    found = texts_of(a_query(query))

    assert [sorted(x_atoms(each)) for each in found] == [sorted(x_atoms(asked))]


def test_what_cannot_be_asked_is_named() -> None:
    assert needs_of(a_query("/ir[o0]n/ OR =zebra"), "x").missing == ("/ir[o0]n/",)
    assert texts_of(a_query("/ir[o0]n/ AND =zebra")) == ["(zebra)"]


def test_a_topic_without_the_source_is_not_asked_for() -> None:
    assert texts_of(a_query("=iron"), a_query("=zebra", name="other", sources=("hackernews",))) == ["(iron)"]


def test_topics_share_queries_and_each_knows_its_own() -> None:
    topics = [a_query(f"={'word' * 19}{number}", name=f"t{number:02}") for number in range(12)]

    packs = packed_of("x", topics)

    assert len(packs) == 2
    for topic in topics:
        assert queries_of(topic, topics) == [Query("x", pack.text) for pack in packs if topic.name in pack.topics]
        assert len(queries_of(topic, topics)) == 1
    assert set(plan(topics)) == {Query("x", pack.text) for pack in packs}


def test_one_keyword_of_two_topics_is_asked_for_once_for_the_more_hurried_one() -> None:
    topics = [a_query("=iron", name="slow"), a_query("=iron", name="quick", every=timedelta(minutes=1))]

    (pack,) = packed_of("x", topics)

    assert pack == ("(iron)", frozenset(("slow", "quick")), timedelta(minutes=1))
    assert plan(topics) == {Query("x", "(iron)"): timedelta(minutes=1)}


def test_the_order_of_topics_changes_no_query() -> None:
    topics = [a_query(f"=word{number} OR =other{number}", name=f"t{number}") for number in range(40)]

    assert texts_of(*topics) == texts_of(*reversed(topics))


def test_a_busy_keyword_has_a_query_of_its_own() -> None:
    assert texts_of(a_query("=iron OR =zebra OR =pots"), learned=Learned(busy=frozenset(("zebra",)))) == [
        "(iron OR pots)",
        "(zebra)",
    ]


def test_a_shorter_limit_that_x_taught_is_kept() -> None:
    topic = a_query(" OR ".join(f"=keyword{number:03}" for number in range(60)))

    found = texts_of(topic, learned=Learned(took=190, refused=210))

    assert max(map(len, found)) <= 200
    assert sorted(atom for text in found for atom in x_atoms(text)) == [f"keyword{number:03}" for number in range(60)]


def test_a_condition_that_leaves_no_room_is_left_out() -> None:
    beside = " OR ".join(f"=besides{number:03}" for number in range(80))

    assert "zebraaaaaaaaaaaaaaa" in atoms_in(Query("x", texts_of(a_query(f"=zebraaaaaaaaaaaaaaa AND ({beside})"))[0]))


def test_a_query_that_a_person_wrote_stays_as_it_is() -> None:
    topic = a_topic(sources=("x:from:nobody iron", "x"), any=("=zebra",))

    assert queries_of(topic, [topic])[0] == Query("x", "from:nobody iron")


@given(st.sets(WORDS, min_size=1, max_size=150), st.integers(60, LONGEST))
def test_every_lot_has_room_and_every_atom_a_place(words: set[str], room: int) -> None:
    atoms = [Atom(word, frozenset(("a",)), timedelta(minutes=1)) for word in words]

    lots = fitted(atoms, room, 4)

    assert sorted(atom for lot in lots for atom in lot) == sorted(atoms)
    lengths = [sum(len(atom.text) for atom in lot) + 4 * (len(lot) - 1) for lot in lots]
    assert max(lengths) <= room
    # Of any two lots one could not have taken the other: first fit leaves at most one less than half full.
    assert sum(2 * (length + 4) <= room for length in lengths) <= 1


@given(st.lists(st.tuples(st.text(max_size=12), st.booleans()), min_size=1, max_size=30))
def test_a_packed_query_comes_apart_as_it_was_put_together(words: list[tuple[str, bool]]) -> None:
    atoms = {f'"{text.replace(chr(34), "")}"' if quoted else f"(({'ab' * 2} OR b) c)" for text, quoted in words}

    assert sorted(x_atoms(f"({' OR '.join(sorted(atoms))})")) == sorted(atoms)
