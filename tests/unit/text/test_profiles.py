"""Whose post it is, by its address; and what is nobody's name in it."""

import pytest

from monitor.models import PostKey
from monitor.text.profiles import authors_in

DID = "did:plc:alice"


@pytest.mark.parametrize(
    ("source", "url", "names"),
    [
        ("bluesky", f"https://bsky.app/profile/{DID}/post/3k", {DID}),
        ("bluesky", "https://bsky.app/profile/alice.example/post/3k", {"alice.example"}),
        ("bluesky", "https://bsky.app/search?q=/profile/alice", set()),
        ("mastodon", "https://m.example/@alice/1", {"alice@m.example"}),
        ("mastodon", "https://m.example/@alice@far.example/1", {"alice@far.example"}),
        ("mastodon", "https://m.example/users/alice/statuses/1", {"alice@m.example"}),
        ("mastodon", "https://m.example/tags/alice", set()),
        ("reddit", "https://www.reddit.com/r/china/comments/1/alice/", set()),
        ("reddit", "https://www.reddit.com/user/alice/comments/1/x/", {"alice"}),
        ("reddit", "https://www.reddit.com/r/u_alice/comments/1/x/", {"alice"}),
        ("x", "https://x.com/alice/status/1", {"alice"}),
        ("x", "https://x.com/i/web/status/1", set()),
        ("youtube", "https://www.youtube.com/watch?v=alice", set()),
        ("youtube", "https://www.youtube.com/@alice/community", {"alice"}),
        ("youtube", "https://www.youtube.com/channel/UCalice", {"UCalice"}),
        ("hackernews", "https://news.ycombinator.com/item?id=1", set()),
        ("rss", "https://blog.example/alice/china", set()),
        ("x", None, set()),
    ],
)
def test_only_the_authors_place_in_an_address_names_somebody(source: str, url: str | None, names: set[str]) -> None:
    assert authors_in(PostKey(source, "1"), url) == names


def test_the_id_of_a_bluesky_post_names_its_author_beside_the_address() -> None:
    key = PostKey("bluesky", f"at://{DID}/app.bsky.feed.post/3k")

    assert authors_in(key, "https://bsky.app/profile/alice.example/post/3k") == {DID, "alice.example"}
