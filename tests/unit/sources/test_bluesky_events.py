"""What Jetstream's events become, without a network."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import PayloadChanged
from monitor.models import Author, Batch, Cursor, PostKey
from monitor.seams.quarantine import OPEN, Fetch
from monitor.seams.streams import Received
from monitor.sources.bluesky_events import covered, nameless, read_events, read_until, reread, to_us

DID = "did:plc:aliceaaaaaaaaaaaaaaaaaaa"
URI = f"at://{DID}/app.bsky.feed.post/3kabc"
OPENED = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
AT = OPENED + timedelta(seconds=1)
NOW = OPENED + timedelta(seconds=2)
SILENCE = timedelta(seconds=60)


def frame(**changes: object) -> bytes:
    """Return an event of a post."""
    event: dict[str, object] = {"did": DID, "time_us": to_us(AT), "kind": "commit", "commit": commit()}
    return json.dumps(event | changes).encode()


def commit(operation: str = "create", **record: object) -> dict[str, object]:
    said = {"$type": "app.bsky.feed.post", "text": "砸锅卖铁", "createdAt": "2026-11-20T07:59:58.123Z"} | record
    changed: dict[str, object] = {
        "rev": "1",
        "operation": operation,
        "collection": "app.bsky.feed.post",
        "rkey": "3kabc",
    }
    return changed if operation == "delete" else changed | {"record": said, "cid": "bafy"}


def read(*frames: bytes, cursor: int | None = None, is_first: bool = False, until: datetime | None = None) -> Batch:
    page = Received(frames, OPENED, until, is_first)
    asked = Fetch("", None if cursor is None else Cursor(str(cursor)), NOW)
    return read_events(page, asked, OPEN, SILENCE)


def test_a_post_is_read_with_its_address_its_times_and_its_account() -> None:
    [post] = read(frame()).posts

    assert post.key == PostKey("bluesky", URI)
    assert post.url == f"https://bsky.app/profile/{DID}/post/3kabc"
    assert post.text == "砸锅卖铁"
    assert post.author == Author(id=DID)
    assert post.created_at == datetime(2026, 11, 20, 7, 59, 58, 123_000, UTC)
    assert post.observed_at == AT


def test_links_come_from_facets_cards_quotes_and_bridges_each_once() -> None:
    link = {"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://a.example/x"}], "index": {}}
    tag = {"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "iron"}], "index": {}}
    embed = {
        "$type": "app.bsky.embed.recordWithMedia",
        "media": {"external": {"uri": "https://b.example/", "title": "B", "description": ""}},
        "record": {"record": {"uri": f"at://{DID}/app.bsky.feed.post/3kquoted", "cid": "bafy"}},
    }
    said = commit(facets=[link, tag, link], embed=embed, bridgyOriginalUrl="https://social.example/@a/1")

    [post] = read(frame(commit=said)).posts

    quoted = f"https://bsky.app/profile/{DID}/post/3kquoted"
    assert post.links == ("https://a.example/x", "https://b.example/", quoted, "https://social.example/@a/1")


def test_a_reply_names_the_post_that_it_answers_by_that_posts_id() -> None:
    said = commit(reply={"parent": {"uri": URI, "cid": "b"}, "root": {"uri": "at://x", "cid": "c"}})

    assert read(frame(commit=said)).posts[0].in_reply_to == URI


@pytest.mark.parametrize(
    ("langs", "hint"), [(["zh"], "zh"), (["en", "ja"], None), ([], None), (None, None), ("en", None), ([7], None)]
)
def test_one_claimed_language_is_a_hint_and_several_are_none(langs: object, hint: str | None) -> None:
    assert read(frame(commit=commit(langs=langs))).posts[0].language_hint == hint


@pytest.mark.parametrize(
    "record",
    [
        {"facets": "none"},
        {"facets": [1, {"features": [None, {"$type": "app.bsky.richtext.facet#link"}]}]},
        {"embed": []},
        {"embed": {"external": {"uri": 7}}, "reply": "x"},
        {"createdAt": "yesterday", "labels": {"values": "x"}},
        {"createdAt": 5, "langs": {"a": 1}},
        {"embed": {"external": {"uri": "javascript:alert(1)"}}},
    ],
)
def test_what_clients_wrote_wrong_costs_itself_and_not_the_post(record: dict[str, object]) -> None:
    batch = read(frame(commit=commit(**record)))

    assert batch.posts[0].links == ()
    assert batch.unreadable == 0


def test_a_post_without_a_time_that_can_be_read_has_the_time_at_which_the_network_saw_it() -> None:
    [post] = read(frame(commit=commit(createdAt="soon"))).posts

    assert post.created_at is None
    assert post.time == AT


def test_a_deletion_names_the_post_as_its_creation_did() -> None:
    batch = read(frame(), frame(commit=commit("delete")))

    assert batch.deletions == (batch.posts[0].key,)


def test_records_of_other_kinds_and_events_of_identities_are_no_posts() -> None:
    like = commit() | {"collection": "app.bsky.feed.like"}
    identity = {"did": DID, "time_us": to_us(AT), "kind": "identity", "identity": {"handle": "a.example"}}

    batch = read(frame(commit=like), json.dumps(identity).encode())

    assert (batch.posts, batch.deletions, batch.unreadable) == ((), (), 0)


def test_an_update_says_which_post_it_changes() -> None:
    batch = read(frame(commit=commit("update", text="smash pots")))

    [post] = batch.edits
    assert batch.posts == ()
    assert (post.key.id, post.edited_from, post.text) == (URI, URI, "smash pots")


@pytest.mark.parametrize(
    ("account", "is_gone"),
    [
        ({"active": False, "status": "deleted"}, True),
        ({"active": False, "status": "takendown"}, True),
        ({"active": False, "status": "suspended"}, True),
        ({"active": False, "status": "deactivated"}, True),
        ({"active": False}, True),
        ({"active": False, "status": "throttled"}, False),
        ({"active": False, "status": "desynchronized"}, False),
        ({"active": True}, False),
    ],
)
def test_an_account_that_is_gone_takes_all_its_posts_along(account: dict[str, object], is_gone: bool) -> None:
    said = {"did": DID, "time_us": to_us(AT), "kind": "account", "account": account | {"did": DID, "seq": 1}}

    assert read(json.dumps(said).encode()).authors_gone == ((DID,) if is_gone else ())


@pytest.mark.parametrize("labels", [{"values": [{"val": "!no-unauthenticated"}]}, [{"val": "!no-unauthenticated"}]])
def test_a_post_that_strangers_shall_not_see_is_only_counted(labels: object) -> None:
    assert read(frame(commit=commit(labels=labels))).posts[0].is_counted_only


def test_a_label_of_another_kind_hides_nothing() -> None:
    assert not read(frame(commit=commit(labels={"values": [{"val": "spoiler"}]}))).posts[0].is_counted_only


@pytest.mark.parametrize(
    "broken",
    [
        b"{",
        b"[]",
        b'{"did": 1}',
        b"\xff\xfe",
        frame(time_us=10**30),
        frame(commit={"operation": "create", "collection": "app.bsky.feed.post", "rkey": "r"}),
        frame(commit=commit(text=5)),
        b"[" * 100_000,
    ],
)
def test_an_event_that_cannot_be_read_costs_itself_only(broken: bytes) -> None:
    batch = read(broken, frame())

    assert [post.key.id for post in batch.posts] == [URI]
    assert (batch.unreadable, batch.set_aside[0].raw) == (1, broken)
    assert batch.cursor == Cursor(str(to_us(AT)))


def test_a_page_of_which_nothing_can_be_read_moves_nothing() -> None:
    with pytest.raises(PayloadChanged, match="not one of 2 events"):
        read(b"{", b"[]")


def test_half_a_character_costs_itself_only() -> None:
    half = frame(commit=commit(text="铁X")).replace(b"\\u94c1X", rb"\ud83d")

    assert read(half).posts[0].text == "�"


def test_what_is_set_aside_can_be_read_again_and_is_nobodys() -> None:
    item = nameless(frame())

    post = reread(item.raw, NOW)

    assert item.author == Author(id=DID)
    assert post is not None
    assert (post.key.id, post.author) == (URI, Author())


def until(times: list[int], before: int | None, opened: datetime = OPENED) -> int:
    return read_until(Received((), opened), times, before, NOW)


def test_the_cursor_never_goes_back_and_never_into_the_future() -> None:
    assert until([5, 9, 7], 6) == 9
    assert until([5], 6) == 6
    assert until([to_us(NOW) + 10**12], 6) == to_us(NOW)


def test_reading_begins_with_the_first_connection_until_the_server_tells_its_own_time() -> None:
    """Who was killed over the first posts began anew behind what had been said meanwhile."""
    assert until([], None) == to_us(OPENED)
    slow = to_us(OPENED) - 60_000_000
    assert until([slow], to_us(OPENED)) == slow, "a server whose clock is behind ours"
    assert until([slow], slow + 1) == slow + 1


@given(st.lists(st.integers(-(10**18), 10**18)), st.none() | st.integers(0, to_us(NOW)))
def test_the_cursor_keeps_its_bounds_whatever_events_claim(times: list[int], before: int | None) -> None:
    newest = until(times, before)

    assert newest <= to_us(NOW)
    assert before in {None, to_us(OPENED)} or newest >= before


def test_the_first_look_covers_from_the_connection_to_its_newest_event() -> None:
    coverage = read(frame(), is_first=True).coverage

    assert coverage is not None
    assert (coverage.start, coverage.end) == (OPENED, AT)


def test_a_page_goes_on_where_the_last_one_ended() -> None:
    coverage = read(frame(), cursor=to_us(AT - timedelta(seconds=3)), is_first=True).coverage

    assert coverage is not None
    assert (coverage.start, coverage.end) == (AT - timedelta(seconds=3), AT)


def test_a_server_that_kept_less_than_we_asked_for_leaves_a_gap() -> None:
    """It says no word of it: its first event is just later than any silence."""
    coverage = read(frame(), cursor=to_us(AT - timedelta(days=3)), is_first=True).coverage

    assert coverage is not None
    assert (coverage.start, coverage.end) == (AT, AT)


def test_only_the_first_event_after_connecting_shows_a_gap() -> None:
    """Later ones follow each other, however long the pause between them."""
    before = AT - timedelta(hours=1)

    assert read(frame(), cursor=to_us(before)).coverage.start == before  # type: ignore[union-attr]


def test_silence_moves_the_window_once_it_has_lasted() -> None:
    cursor = to_us(AT)

    assert read(cursor=cursor).coverage is None
    assert read(cursor=cursor, until=NOW).coverage.end == NOW  # type: ignore[union-attr]
    assert read(cursor=cursor).cursor == Cursor(str(cursor))


def test_silence_proves_nothing_behind_a_cursor_that_may_be_too_old() -> None:
    long_ago = to_us(AT - timedelta(days=2))

    assert covered(Received((), OPENED, NOW, True), long_ago, [], long_ago, SILENCE) is None
