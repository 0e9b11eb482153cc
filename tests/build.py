"""Invented posts and mentions for tests, each value overridable."""

from datetime import UTC, datetime
from typing import Any

from monitor.models import Mention, Post, PostKey, Span, TermHit, Topic

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TERM = "砸锅卖铁"


def a_post(id_: str = "1", **changes: Any) -> Post:
    """Return a post that contains TERM."""
    values: dict[str, Any] = {
        "key": PostKey("bluesky", id_),
        "url": f"https://bsky.example/post/{id_}",
        "text": f"{TERM},先砸谁的锅? {id_}",
        "observed_at": NOW,
    }
    return Post(**(values | changes))


def a_mention(id_: str = "1", **changes: Any) -> Mention:
    """Return a mention of the topic "pots"; fields of the post go in as post={...}."""
    post = a_post(id_, **changes.pop("post", {}))
    values: dict[str, Any] = {
        "post": post,
        "topic": "pots",
        "terms": (TermHit(term=TERM, spans=(Span(0, 4),)),),
        "language": "zh-Hans",
        "script": "Hans",
        "group": f"g{id_}",
    }
    return Mention(**(values | changes))


def a_topic(**changes: Any) -> Topic:
    """Return the topic "pots"."""
    values: dict[str, Any] = {"name": "pots", "title": TERM, "any": (TERM,), "sources": ("hackernews",)}
    return Topic(**(values | changes))
