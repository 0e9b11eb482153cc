"""The topics in force, since when each is followed, and what becomes of those that left."""

from datetime import timedelta

import msgspec
import pytest

from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.mentions import MentionStore
from monitor.store.topics import TopicStore, rule_hash
from tests.build import NOW, a_mention, a_topic


@pytest.fixture
def store(connection: Connection) -> TopicStore:
    return TopicStore(connection)


def test_the_same_file_again_changes_nothing(store: TopicStore) -> None:
    assert store.replace([a_topic()], "h1") == 1
    assert store.replace([], "h1") == 1

    assert store.all() == [a_topic()]
    assert store.imported() == "h1"


def test_a_new_rule_is_followed_since_now_and_a_new_hour_is_not(store: TopicStore, connection: Connection) -> None:
    store.replace([a_topic()], "h1")
    long_ago = b"%s 1000" % connection.execute("HGET", connection.keys.work.topics_since, "pots").split()[0]
    connection.execute("HSET", connection.keys.work.topics_since, "pots", long_ago)
    followed = store.since("pots")

    store.replace([a_topic(digest_at="09:00", title="Other")], "h2")
    same = store.since("pots")
    store.replace([a_topic(any=("別的",))], "h3")
    other = store.since("pots")

    assert followed is not None
    assert other is not None
    assert same == followed
    assert other > followed
    assert store.since("unknown") is None


def test_an_upgrade_begins_no_topic_anew() -> None:
    """The hash of lists is the one that earlier releases stored."""
    topic = a_topic(any=("砸锅卖铁",), none=("手游",), languages=("zh-Hans",), sources=("hackernews",))

    assert rule_hash(topic) == "696ef119b956814e"


def test_another_query_is_another_rule() -> None:
    hashes = {rule_hash(a_topic(any=(), query=query)) for query in ("", "pots", "pots OR pans")}

    assert len(hashes) == 3


def test_topics_of_earlier_releases_can_be_read(store: TopicStore, connection: Connection) -> None:
    old = {"name": "pots", "title": "砸锅卖铁", "any": ["砸锅卖铁"], "sources": ["hackernews"], "digest_at": "08:00"}

    connection.execute("HSET", connection.keys.work.topics, "pots", msgspec.msgpack.encode(old))

    assert store.all() == [a_topic()]


def test_a_topic_that_left_is_retired_until_its_posts_are_gone(store: TopicStore, connection: Connection) -> None:
    mentions = MentionStore(connection)
    store.replace([a_topic()], "h1")
    mentions.add("pots", [a_mention()], oldest=NOW - timedelta(days=30))

    store.replace([], "h2")
    left = store.retired()
    too_soon = store.end("pots")
    mentions.prune("pots", NOW + timedelta(days=1))
    ended = store.end("pots")

    assert [each.name for each in left] == ["pots"]
    assert (too_soon, ended) == (False, True)
    assert store.retired() == []
    assert not list(connection.scan(f"{connection.keys.prefix}{{t:pots}}*"))
    assert check(connection) == []


def test_a_topic_that_comes_back_is_not_retired(store: TopicStore) -> None:
    store.replace([a_topic()], "h1")
    store.replace([], "h2")

    store.replace([a_topic()], "h3")

    assert store.retired() == []
