"""Keywords of all topics in the query languages of Mastodon, YouTube and Reddit."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.models import Topic
from monitor.sources.mastodon_place import placed, wanted
from monitor.topics.polling.planning import plan, queries_of
from monitor.topics.queries import mastodon_queries, reddit_queries, youtube_queries
from monitor.topics.queries.fitting import UNTAUGHT
from monitor.topics.queries.packing import PACKERS, atoms_in, packed_of
from monitor.topics.queries.repacking import beginning
from tests.build import a_topic

SOURCES = ("mastodon", "reddit", "youtube")
LONGEST = {"mastodon": 10_000, "reddit": reddit_queries.LONGEST, "youtube": youtube_queries.LONGEST}
WORDS = st.text("abcdefgh 中砸锅-'#", min_size=1, max_size=25).filter(lambda text: any(c.isalpha() for c in text))


def a_query(text: str, **changes: object) -> Topic:
    return a_topic(**({"name": "asked", "any": (), "query": text, "sources": SOURCES} | changes))


@pytest.mark.parametrize(
    ("source", "query", "asked"),
    [
        ("mastodon", '="smash pots" OR =Iron', ["#iron #smashpots", "trends"]),
        ("mastodon", "砸锅卖铁", ["#砸鍋賣鐵 #砸锅卖铁", "trends"]),
        ("mastodon", "#smash OR domain:rfi.fr", ["#smash", "trends"]),
        ("mastodon", "=2024 OR =iron", ["#iron", "trends"]),
        ("mastodon", "=iron AND =zebra", ["#zebra", "trends"]),
        ("youtube", '="smash pots" OR =iron', ['"smash pots"|iron']),
        ("youtube", "砸锅卖铁", ["砸鍋賣鐵|砸锅卖铁"]),
        ("youtube", "domain:rfi.fr OR =iron", ["iron"]),
        ("reddit", '="smash pots" OR =iron', ['"smash pots" OR iron']),
        ("reddit", "domain:rfi.fr OR #iron", ["iron OR site:rfi.fr"]),
        ("reddit", '="or"', ['"or"']),
    ],
)
def test_a_query_becomes_what_the_platform_has_to_be_asked(source: str, query: str, asked: list[str]) -> None:
    assert [pack.text for pack in packed_of(source, [a_query(query)])] == asked


def test_topics_share_requests_and_each_is_served_by_its_own_only() -> None:
    one = a_query("=iron OR =pots", name="one")
    two = a_query("=pots OR =zebra", name="two", every=timedelta(minutes=30))

    found = {pack.text: pack.topics for pack in packed_of("youtube", [one, two])}

    assert found == {"iron|pots|zebra": {"one", "two"}}
    mastodon = {pack.text: pack.topics for pack in packed_of("mastodon", [one, two])}
    assert mastodon == {"#iron #pots": {"one", "two"}, "#zebra": {"two"}, "trends": {"one", "two"}}
    assert {query.source for query in plan([one, two])} == set(SOURCES)


def test_eleven_hashtags_are_three_requests() -> None:
    topic = a_query(" OR ".join(f"=word{letter}" for letter in "abcdefghijk"))

    packs = [pack.text for pack in packed_of("mastodon", [topic]) if pack.text != "trends"]

    assert [text.count("#") for text in packs] == [5, 5, 1]
    for text in packs:
        assert len(wanted(text, ["home.example"]).tags) == text.count("#")


@settings(max_examples=60)
@given(words=st.lists(WORDS, min_size=1, max_size=30), order=st.randoms())
def test_every_keyword_is_asked_for_whatever_the_order(words: list[str], order: object) -> None:
    topics = [a_topic(name=f"t{n}", any=(word,), sources=SOURCES) for n, word in enumerate(words)]
    shuffled = list(topics)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    for source in SOURCES:
        packs = packed_of(source, topics)

        assert packs == packed_of(source, shuffled)
        assert all(len(pack.text) <= LONGEST[source] for pack in packs)
        alone = {topic.name: PACKERS[source]([topic], UNTAUGHT) for topic in topics}
        for topic in topics:
            mine = {atom for query in queries_of(topic, topics) if query.source == source for atom in atoms_in(query)}
            assert {atom for pack in alone[topic.name] for atom in _apart(source, pack.text)} <= mine


def _apart(source: str, text: str) -> list[str]:
    apart = {"mastodon": mastodon_queries, "reddit": reddit_queries, "youtube": youtube_queries}[source].atoms_in
    return apart(text)


def test_a_query_that_was_packed_anew_begins_where_its_keywords_were_read_up_to() -> None:
    at = datetime(2024, 5, 2, 12, tzinfo=UTC)

    assert placed(beginning(at)).until == int(at.timestamp())
