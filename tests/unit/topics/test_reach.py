"""Whether a topic can find anything where it looks."""

import pytest

from monitor.topics.reach import notes_of
from tests.build import a_topic


@pytest.mark.parametrize(
    ("query", "sources"),
    [
        ("pots source:weibo", ("hackernews", "rss:https://a.example/f")),
        ("(pots source:weibo) OR (pans source:x)", ("hackernews",)),
        ("pots -source:hackernews", ("hackernews",)),
        ("pots source:x source:bluesky", ("x", "bluesky")),
    ],
)
def test_a_query_that_can_never_find_anything_is_told(query: str, sources: tuple[str, ...]) -> None:
    assert notes_of(a_topic(any=(), query=query, sources=sources))[0].startswith("nothing can be found: it asks for ")


@pytest.mark.parametrize(
    ("query", "sources"),
    [
        ("pots source:x", ("x_stream",)),
        ("pots source:bluesky", ("mastodon",)),
        ("pots OR source:weibo pans", ("hackernews",)),
        ("pots -source:x", ("hackernews", "x")),
        ("pots source:news", ("rss:https://a.example/f",)),
    ],
)
def test_a_query_that_can_find_something_gets_no_such_note(query: str, sources: tuple[str, ...]) -> None:
    assert notes_of(a_topic(any=(), query=query, sources=sources)) == []


def test_it_is_said_where_it_looks() -> None:
    [note] = notes_of(a_topic(any=(), query="pots source:weibo", sources=("hackernews", "rss:https://a.example/f")))

    assert note == "nothing can be found: it asks for Weibo, and looks at Hacker News and News only"
