"""Items of Hacker News as its own API gives them: what they have gained, and which are gone.

The search index is stale in both: it keeps the points of the hour in which it saw a story, and deleted texts.
https://github.com/HackerNews/API
"""

from datetime import UTC, datetime

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Author, Engagement, Post, PostKey
from monitor.sources.surrogates import repair
from monitor.text.markup import links, plain

NAME = "hackernews"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A story, comment or poll; one that was deleted has nothing but its id and time."""

    id: int
    type: str = ""
    time: int = 0
    by: str | None = None
    title: str | None = None
    url: str | None = None
    text: str | None = None
    score: int | None = None
    descendants: int | None = None
    parent: int | None = None
    deleted: bool = False
    dead: bool = False


def parse_item(payload: bytes) -> Item | None:
    """Return an item; None for "null", which says that nobody knows it. Raise PayloadChanged."""
    try:
        return msgspec.json.decode(repair(payload), type=Item | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the item has another shape than expected: {e}") from e


def post_of(item: Item, now: datetime) -> Post:
    """Return the post of an item, as the search index would give it, with its points of now."""
    # Titles are plain text with entities: a "<" in them is a "<".
    title = plain((item.title or "").replace("<", "&lt;"))
    body = item.text or ""
    targets = ((item.url,) if item.url else ()) + links(body)
    return Post(
        key=PostKey(NAME, str(item.id)),
        url=f"https://news.ycombinator.com/item?id={item.id}",
        text="\n\n".join(part for part in (title, plain(body)) if part),
        observed_at=now,
        created_at=datetime.fromtimestamp(item.time, UTC),
        author=Author(id=item.by, handle=item.by),
        # Comments have no points that anybody but their authors can see.
        engagement=Engagement(likes=item.score, replies=item.descendants),
        links=tuple(dict.fromkeys(targets)),
        in_reply_to=None if item.parent is None else str(item.parent),
    )
