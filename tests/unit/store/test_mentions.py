"""The posts of a topic in a real Valkey and a real Redis."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.models import Author, Engagement, Window
from monitor.protocols import Added
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.mentions import MentionStore
from tests.build import NOW, a_mention

MONTH = NOW - timedelta(days=30)
WEEK = Window(NOW - timedelta(days=7), NOW + timedelta(hours=1))
DAY = Window(NOW - timedelta(days=1), NOW + timedelta(hours=1))


@pytest.fixture
def store(connection: Connection) -> MentionStore:
    return MentionStore(connection)


def dump(connection: Connection) -> dict[str, object]:
    """Return everything under the prefix, comparable."""
    dumped: dict[str, object] = {}
    for key in connection.scan(f"{connection.keys.prefix}*"):
        kind = connection.execute("TYPE", key)
        if kind == b"hash":
            flat = connection.execute("HGETALL", key)
            dumped[key] = flat if isinstance(flat, dict) else dict(zip(flat[::2], flat[1::2], strict=True))
        elif kind == b"zset":
            dumped[key] = connection.execute("ZRANGE", key, 0, -1, "WITHSCORES")
        else:
            dumped[key] = connection.execute("GET", key)
    return dumped


def test_what_was_added_comes_back_equal(store: MentionStore) -> None:
    mention = a_mention(
        post={
            "created_at": NOW - timedelta(minutes=5),
            "author": Author(id="a1", handle="h", name="n"),
            "engagement": Engagement(likes=3, views=0),
            "links": ("https://a.example/x",),
            "language_hint": "zh",
            "in_reply_to": "9",
        },
        backfilled=True,
    )

    added = store.add("pots", [mention], oldest=MONTH)

    assert added == Added(1, 0, 0)
    assert store.between("pots", DAY) == [mention]


def test_adding_again_changes_nothing(store: MentionStore, connection: Connection) -> None:
    mentions = [a_mention(str(n), post={"engagement": Engagement(likes=n)}) for n in range(20)]
    store.add("pots", mentions, oldest=MONTH)
    before = dump(connection)

    again = store.add("pots", mentions + mentions[:3], oldest=MONTH)

    assert again == Added(0, 23, 0)
    assert dump(connection) == before


def test_posts_before_the_retention_are_refused(store: MentionStore) -> None:
    old = a_mention("old", post={"created_at": MONTH - timedelta(seconds=1)})

    assert store.add("pots", [old, a_mention("new")], oldest=MONTH) == Added(1, 0, 1)


def test_racing_workers_store_each_post_once(store: MentionStore, connection: Connection) -> None:
    mentions = [a_mention(str(n)) for n in range(300)]

    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: store.add("pots", mentions, oldest=MONTH), range(8)))

    assert sum(each.new for each in added) == 300
    assert len(store.between("pots", DAY)) == 300
    assert check(connection) == []


def test_only_newer_engagement_counts(store: MentionStore) -> None:
    seen = [(0, 5), (2, 9), (1, 7), (2, 99), (3, 8)]
    for hours, likes in seen:
        post = {"observed_at": NOW + timedelta(hours=hours), "created_at": NOW, "engagement": Engagement(likes=likes)}
        store.add("pots", [a_mention(post=post)], oldest=MONTH)

    history = store.history("pots", [a_mention().post.key])[0]

    assert [(each.at - NOW, each.engagement.likes) for each in history] == [
        (timedelta(0), 5),
        (timedelta(hours=2), 9),
        (timedelta(hours=3), 8),
    ]
    newest = store.between("pots", Window(NOW, NOW + timedelta(hours=5)))[0]
    assert newest.post.engagement.likes == 8


def test_observations_keep_the_first_the_newest_and_about_one_an_hour(store: MentionStore) -> None:
    for minutes in range(0, 60 * 60, 20):
        post = {
            "observed_at": NOW + timedelta(minutes=minutes),
            "created_at": NOW,
            "engagement": Engagement(likes=minutes),
        }
        store.add("pots", [a_mention(post=post)], oldest=MONTH)

    history = store.history("pots", [a_mention().post.key])[0]

    assert len(history) == 30
    assert history[0].at == NOW
    assert history[-1].at == NOW + timedelta(minutes=60 * 60 - 20)
    middle = [later.at - earlier.at for earlier, later in itertools.pairwise(history[1:-1])]
    assert min(middle) >= timedelta(hours=1)


def test_absent_engagement_is_not_zero(store: MentionStore) -> None:
    store.add("pots", [a_mention("none"), a_mention("zero", post={"engagement": Engagement(likes=0)})], oldest=MONTH)

    none, zero = sorted(store.between("pots", DAY), key=lambda each: each.post.key.id)

    assert none.post.engagement == Engagement()
    assert zero.post.engagement == Engagement(likes=0)


def test_pruning_folds_hours_into_roll_ups_and_keeps_the_counts(store: MentionStore, connection: Connection) -> None:
    times = [NOW - timedelta(hours=h, minutes=m) for h in range(48) for m in (1, 20, 40)]
    mentions = [a_mention(str(n), post={"created_at": at}) for n, at in enumerate(times)]
    mentions.append(a_mention("backfilled", post={"created_at": times[-1]}, backfilled=True))
    store.add("pots", mentions, oldest=MONTH)
    window = Window(NOW - timedelta(hours=60), NOW)
    before = store.hourly("pots", window)

    pruned = store.prune("pots", NOW - timedelta(hours=24))

    assert sum(before) == len(times)
    assert pruned.posts == 24 * 3 + 1
    assert store.hourly("pots", window) == before
    assert len(store.between("pots", window)) == 24 * 3
    assert check(connection) == []
    assert store.prune("pots", NOW - timedelta(hours=24)).posts == 0


def test_roll_ups_too_old_to_serve_are_dropped(store: MentionStore) -> None:
    store.add("pots", [a_mention(post={"created_at": NOW - timedelta(days=401)})], oldest=NOW - timedelta(days=500))
    store.prune("pots", NOW - timedelta(days=30))
    hour = Window(NOW - timedelta(days=401), NOW - timedelta(days=401) + timedelta(hours=1))
    previous = Window(hour.start - timedelta(hours=1), hour.end)

    kept = store.hourly("pots", previous)
    dropped = store.prune("pots", NOW)

    assert sum(kept) == 1
    assert dropped.hours == 1
    assert sum(store.hourly("pots", previous)) == 0


def test_withdrawing_erases_text_and_author_and_keeps_the_counts(store: MentionStore, connection: Connection) -> None:
    secret = {"text": "砸锅卖铁 geheimwort", "author": Author(id="aid", handle="ahandle"), "url": "https://u.example/q"}
    store.add("pots", [a_mention(post=secret | {"engagement": Engagement(likes=1)}), a_mention("2")], oldest=MONTH)

    found = store.withdraw("pots", [a_mention().post.key, a_mention("unknown").post.key])

    first = next(each for each in store.between("pots", DAY) if each.post.key.id == "1")
    assert found == 1
    assert first.withdrawn
    assert first.post.text == ""
    assert store.add("pots", [a_mention(post=secret)], oldest=MONTH) == Added(0, 1, 0)
    assert not any(word in repr(dump(connection)) for word in ("geheimwort", "ahandle", "aid", "u.example"))
    assert check(connection) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["add", "prune", "withdraw"]), st.integers(0, 30), st.integers(0, 60)), max_size=25
    )
)
def test_any_order_of_writes_leaves_nothing_broken(valkey: Connection, steps: list[tuple[str, int, int]]) -> None:
    """The invariants of fsck hold after every sequence of adds, prunes and withdrawals, each done twice."""
    valkey.erase()
    store = MentionStore(valkey)
    for action, id_, hours in steps:
        mention = a_mention(
            str(id_),
            post={"created_at": NOW - timedelta(hours=hours), "engagement": Engagement(likes=hours)},
            backfilled=hours % 7 == 0,
        )
        for _ in range(2):
            if action == "add":
                store.add("pots", [mention], oldest=MONTH)
            elif action == "prune":
                store.prune("pots", NOW - timedelta(hours=hours))
            else:
                store.withdraw("pots", [mention.post.key])

    assert check(valkey) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    looks=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 40), st.sampled_from([None, 0, 7]), st.booleans()), max_size=12
    )
)
def test_a_page_does_what_its_posts_do_one_by_one(
    valkey: Connection, looks: list[tuple[int, int, int | None, bool]]
) -> None:
    """Also where a page has a post twice, as it was seen at two times, or as one of which only the count is kept."""
    valkey.erase()
    store, oldest = MentionStore(valkey), NOW - timedelta(hours=30)
    mentions = [
        a_mention(
            str(id_),
            post={"observed_at": NOW - timedelta(hours=hours), "engagement": Engagement(likes=likes)},
            topic="pots",
            backfilled=hours % 7 == 0,
            withdrawn=is_bare,
        )
        for id_, hours, likes, is_bare in looks
    ]

    added = store.add("pots", mentions, oldest=oldest)
    each = [store.add("pans", [mention], oldest=oldest) for mention in mentions]

    assert added == Added(*(sum(column) for column in zip(Added(0, 0, 0), *each, strict=True)))
    found, expected = store.between("pots", WEEK), store.between("pans", WEEK)
    assert [msgspec.structs.replace(mention, topic="pans") for mention in found] == expected
    keys = [mention.post.key for mention in found]
    assert store.history("pots", keys) == store.history("pans", keys)
    assert store.backfilled("pots") == store.backfilled("pans")


def test_topics_do_not_meet(store: MentionStore) -> None:
    store.add("pots", [a_mention()], oldest=MONTH)
    store.add("pans", [a_mention(topic="pans")], oldest=MONTH)

    store.prune("pots", NOW + timedelta(hours=2))

    assert store.between("pots", DAY) == []
    assert len(store.between("pans", DAY)) == 1


@pytest.mark.parametrize("likes", [2**53, 10**30, -1, -(10**30)])
def test_a_count_that_no_platform_can_have_breaks_no_reader(store: MentionStore, likes: int) -> None:
    store.add("pots", [a_mention(post={"engagement": Engagement(likes=likes, reposts=3)})], oldest=MONTH)

    [mention] = store.between("pots", DAY)

    assert mention.post.engagement == Engagement(likes=2**53 - 1 if likes > 0 else None, reposts=3)


def test_an_index_entry_without_its_post_does_not_keep_pruning_for_ever(
    store: MentionStore, connection: Connection
) -> None:
    """Found by F12: a worker went round in the page that it could not remove."""
    keys = connection.keys.topic("pots")
    store.add("pots", [a_mention("1"), a_mention("2")], oldest=MONTH)
    connection.execute("HDEL", keys.posts, "bluesky:1")

    pruned = store.prune("pots", NOW + timedelta(hours=2))

    assert pruned.posts == 1
    assert connection.execute("ZCARD", keys.times) == 0
