"""The quarantine: each item once, bounded, honest about what did not fit, forgotten in time."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.models import Author, PostKey, SetAside
from monitor.seams.quarantine import key_of, post_aside
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.outbox import store_now
from monitor.store.quarantine import MOST_RAW, QuarantineStore
from tests.build import a_post

DAY = timedelta(days=1)


def an_item(id_: str = "1", **changes: object) -> SetAside:
    values: dict[str, object] = {"kind": "update", "id": id_, "raw": b"raw " + id_.encode("utf-8", "replace")}
    return SetAside(**(values | {"reason": "ValueError: no"} | changes))  # type: ignore[arg-type]


def test_an_item_lies_there_as_it_was_set_aside(connection: Connection) -> None:
    store = QuarantineStore(connection)
    item = an_item(stage="tag", author=Author(id="ab12"), is_deadly=True)

    new = store.put([item], "hackernews", 2)

    [kept] = store.all()
    assert (new, kept.item, kept.subject, kept.tries, kept.size) == (1, item, "hackernews", 2, 5)
    assert kept.key == key_of("update", "1")
    assert kept.version
    assert abs(kept.at - store_now(connection)) < timedelta(minutes=1)
    assert check(connection) == []


def test_the_same_item_again_changes_nothing(connection: Connection) -> None:
    store = QuarantineStore(connection)
    store.put([an_item()], "bot", 3)
    before = store.all()

    again = store.put([an_item(reason="another")], "bot", 9)

    assert again == 0
    assert store.all() == before
    assert store.keys() == {key_of("update", "1")}


def test_what_is_too_long_or_no_text_is_kept_as_far_as_it_goes(connection: Connection) -> None:
    store = QuarantineStore(connection)

    store.put([an_item("half \ud83d", raw=b"x" * (MOST_RAW + 1), reason="\udc00" * 2000)], "rss:\ud800", 1)

    [kept] = store.all()
    assert (len(kept.item.raw), kept.size) == (MOST_RAW, MOST_RAW + 1)
    assert kept.item.id == "half \\ud83d"
    assert store.keys() == {key_of("update", "half \ud83d")}
    assert check(connection) == []


def test_the_oldest_make_room_and_are_counted(connection: Connection) -> None:
    store = QuarantineStore(connection, most_items=3)
    for n in range(5):
        store.put([an_item(str(n))], "bot", 3)

    tally = store.tally()

    assert [kept.item.id for kept in store.all()] == ["2", "3", "4"]
    assert (tally.items, tally.crowded_out) == (3, 2)
    assert check(connection) == []


def test_bytes_are_bounded_too(connection: Connection) -> None:
    store = QuarantineStore(connection, most_bytes=25_000)
    for n in range(4):
        store.put([an_item(str(n), raw=b"x" * 10_000)], "bot", 3)

    tally = store.tally()

    assert (tally.items, tally.crowded_out) == (2, 2)
    assert 20_000 < tally.bytes <= 25_000
    assert check(connection) == []


def test_what_is_removed_or_too_old_leaves_no_trace(connection: Connection) -> None:
    store = QuarantineStore(connection)
    store.put([an_item(str(n)) for n in range(4)], "bot", 3)

    removed = store.remove([key_of("update", "1"), "nobody"])
    kept_for_now = store.prune(store_now(connection) - 30 * DAY)
    pruned = store.prune(store_now(connection) + DAY)

    assert (removed, kept_for_now, pruned) == (1, 0, 3)
    assert store.tally()[:2] == (0, 0)
    assert check(connection) == []


def test_fsck_sees_what_is_out_of_step(valkey: Connection) -> None:
    QuarantineStore(valkey).put([an_item()], "bot", 3)
    valkey.execute("DEL", valkey.keys.work.quarantine_order)

    assert any("in the items only" in finding for finding in check(valkey))


def test_an_item_whose_size_was_lost_can_be_removed(connection: Connection) -> None:
    """Found by F12: Lua's "-0" is no number to Redis."""
    quarantine = QuarantineStore(connection)
    quarantine.put([an_item()], "bot", 3)
    quarantine.put([an_item("2")], "bot", 3)
    keys = [each.key for each in quarantine.all()]
    connection.execute("HDEL", connection.keys.work.quarantine_sizes, f"item {keys[0]}")

    assert quarantine.remove(keys) == 2


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3, unique=True)),
        st.tuples(st.just("remove"), st.lists(st.sampled_from("abcdefgh"), max_size=2)),
    ),
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, replays=st.integers(1, 3))
def test_any_steps_replayed_leave_what_a_plain_model_says(
    valkey: Connection, steps: list[tuple[str, list[str]]], replays: int
) -> None:
    """A list of at most five; the same call again changes nothing."""
    valkey.erase()
    store = QuarantineStore(valkey, most_items=5)
    model: list[str] = []
    crowded_out = 0
    for step, ids in steps:
        for _ in range(replays):
            if step == "put":
                store.put([an_item(each) for each in ids], "bot", 3)
            else:
                store.remove([key_of("update", each) for each in ids])
        model = [each for each in model if step == "put" or each not in ids]
        model += [each for each in ids if step == "put" and each not in model]
        while len(model) > 5:
            model.remove(next(each for each in model if each not in ids))
            crowded_out += 1

    tally = store.tally()
    assert [kept.item.id for kept in store.all()] == model
    assert (tally.items, tally.crowded_out) == (len(model), crowded_out)
    assert check(valkey) == []


DID = "did:plc:alice"
ITEMS = {
    PostKey("bluesky", f"at://{DID}/app.bsky.feed.post/3kabc"): {
        "did": DID,
        "commit": {"collection": "app.bsky.feed.post", "rkey": "3kabc", "record": {"reply": {"parent": "3kxyz"}}},
    },
    PostKey("mastodon", "https://m.example/users/alice/statuses/1"): {
        "id": "77",
        "uri": "https://m.example/users/alice/statuses/1",
        "in_reply_to_id": "76",
    },
    PostKey("reddit", "t3_abc"): {"kind": "t3", "data": {"name": "t3_abc", "parent_id": "t3_xyz"}},
    PostKey("hackernews", "101"): {"objectID": "101", "parent_id": 100, "story_id": 99},
    PostKey("youtube", "video000001"): {"id": "video000001", "snippet": {"title": "video000002"}},
    PostKey("x", "900"): {"id": "900", "referenced_tweets": [{"type": "replied_to", "id": "899"}]},
}
OTHERS = {
    "bluesky": f"at://{DID}/app.bsky.feed.post/3kxyz",
    "mastodon": "https://m.example/users/alice/statuses/76",
    "reddit": "t3_xyz",
    "hackernews": "100",
    "youtube": "video000002",
    "x": "899",
}


@pytest.mark.parametrize("post", ITEMS, ids=lambda each: each.source)
def test_what_its_author_deleted_leaves_and_what_answers_it_stays(valkey: Connection, post: PostKey) -> None:
    store = QuarantineStore(valkey)
    raw = msgspec.json.encode(ITEMS[post])
    source = post.source
    item = SetAside(kind="item", id=f"{source}:hash", raw=raw, reason="ValueError: no")
    whole = post_aside(a_post(key=post), "match", "no")
    other = post_aside(a_post(key=PostKey(source, OTHERS[source])), "match", "no")
    store.put([item, whole, other], source, 1)

    assert store.withdraw([PostKey(source, "9"), PostKey("replay", post.id)]) == 0
    assert store.withdraw([post]) == 2
    assert [each.item for each in store.all()] == [other]
    assert store.withdraw([PostKey(source, OTHERS[source])]) == 1
    assert check(valkey) == []


def test_an_item_set_aside_later_is_seen_by_the_same_process(valkey: Connection) -> None:
    store, beside = QuarantineStore(valkey), QuarantineStore(valkey)
    [(post, record), *_] = ITEMS.items()
    store.put([an_item()], "bot", 1)
    assert store.withdraw([post]) == 0

    beside.put([SetAside(kind="item", id="bluesky:x", raw=msgspec.json.encode(record), reason="no")], "bluesky", 1)

    assert store.withdraw([post]) == 1


def test_an_item_that_is_no_json_goes_where_it_names_the_post_anywhere(valkey: Connection) -> None:
    store = QuarantineStore(valkey)
    store.put([SetAside(kind="item", id="reddit:x", raw=b'{"name": "t3_abc", ', reason="no")], "reddit", 1)

    assert store.withdraw([PostKey("reddit", "t3_abc")]) == 1
