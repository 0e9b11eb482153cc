"""Words are taken back, and nothing else changes."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from monitor.digests.draft import Draft, utf16_length
from monitor.digests.redaction import ALL_GONE, GONE, redacted, renamed, tells_of
from monitor.models import Message, Parcel, PostKey, Quoted

POSTS = [PostKey("bluesky", str(n)) for n in range(4)]
WORDS = st.text(st.sampled_from("a锅🔥 \n"), min_size=1, max_size=12)
PIECES = st.lists(st.tuples(st.none() | st.sampled_from(POSTS), WORDS, st.booleans()), max_size=8)


def written(pieces: list[tuple[PostKey | None, str, bool]]) -> Parcel:
    """Write a message in pieces, some of which tell of a post, some of them marked."""
    draft = Draft()
    with draft.marked("expandable_blockquote"):
        for post, words, is_bold in pieces:
            if post is None:
                draft.write(words)
                continue
            with draft.about(post, "hash"):
                if is_bold:
                    with draft.marked("bold"):
                        draft.write(words)
                else:
                    draft.link(words, f"https://bsky.example/{post.id}")
    shown = tuple(dict.fromkeys(post for post, _, _ in pieces if post is not None))
    message = Message(
        id="d-0",
        chat="1",
        digest_id="d",
        part=0,
        text=draft.text,
        entities=draft.entities(),
        quotes=draft.quotes(),
    )
    return Parcel(message=message, posts=shown)


@given(PIECES, st.sets(st.sampled_from(POSTS)))
def test_only_what_tells_of_the_posts_is_replaced(
    pieces: list[tuple[PostKey | None, str, bool]], gone: set[PostKey]
) -> None:
    message = redacted(written(pieces), gone).message

    assert message.text == "".join(GONE if post in gone else words for post, words, _ in pieces)
    assert not any(each.url == f"https://bsky.example/{post.id}" for each in message.entities for post in gone)


@given(PIECES, st.sets(st.sampled_from(POSTS)))
def test_what_stays_keeps_its_marks_and_ranges(
    pieces: list[tuple[PostKey | None, str, bool]], gone: set[PostKey]
) -> None:
    expected = written(
        [(None if post in gone else post, GONE if post in gone else words, b) for post, words, b in pieces]
    )

    message = redacted(written(pieces), gone).message

    own = [each for each in message.entities if each.type != "expandable_blockquote"]
    assert own == [each for each in expected.message.entities if each.type != "expandable_blockquote"]
    assert [each for each in message.quotes if each.key not in gone] == list(expected.message.quotes)
    assert all(each.offset + each.length <= utf16_length(message.text) for each in message.entities)


@given(PIECES, st.sets(st.sampled_from(POSTS)))
def test_twice_is_once(pieces: list[tuple[PostKey | None, str, bool]], gone: set[PostKey]) -> None:
    once = redacted(written(pieces), gone)
    named = renamed(once, lambda post: PostKey("forgotten", "x") if post in gone else post)

    assert redacted(once, gone) == once
    assert not tells_of(named, gone)


def test_a_message_of_which_nobody_knows_the_ranges_says_nothing_more() -> None:
    parcel = Parcel(message=Message(id="d-0", chat="1", digest_id="d", part=0, text="old words"), posts=(POSTS[0],))

    assert redacted(parcel, {POSTS[0]}).message.text == ALL_GONE


def test_a_new_name_takes_the_authors_hash_along() -> None:
    parcel = renamed(written([(POSTS[0], "a", False), (POSTS[1], "b", False)]), replace_first)

    assert [(each.key.source, each.author) for each in parcel.message.quotes] == [("gone", ""), ("bluesky", "hash")]


def replace_first(post: PostKey) -> PostKey:
    return PostKey("gone", "1") if post == POSTS[0] else post


def test_what_an_earlier_release_quoted_is_read_without_an_author() -> None:
    """A stored range was an array of three."""
    packed = msgspec.msgpack.encode([["bluesky", "1"], 4, 2])

    assert msgspec.msgpack.decode(packed, type=Quoted) == Quoted(PostKey("bluesky", "1"), 4, 2, "")
