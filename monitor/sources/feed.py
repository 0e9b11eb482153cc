"""What is read from a feed, before it becomes posts: plain records that cross from the child to its parent."""

import msgspec


class NotAFeed(Exception):
    """The bytes hold no feed; the message says what they are."""


class HasDtd(Exception):
    """The document declares its own entities or elements."""


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One entry. `title` and `content` are HTML; times are seconds since 1970, UTC."""

    id: str | None = None
    link: str | None = None
    title: str = ""
    content: str = ""
    author: str | None = None
    published: int | None = None
    updated: int | None = None
    language: str | None = None


class Feed(msgspec.Struct, frozen=True, kw_only=True, tag="feed"):
    """A document's entries in its order; `count` is how many it has, which may be more than were kept.

    `patience` is how many seconds the feed wants between two looks.
    """

    entries: tuple[FeedEntry, ...] = ()
    count: int = 0
    patience: int | None = None


class ParseJob(msgspec.Struct, frozen=True, kw_only=True):
    """What the child is asked: a body and its lower-cased headers, to be parsed within some processor time."""

    body: bytes
    headers: dict[str, str]
    cpu_seconds: int = 5


class Failure(msgspec.Struct, frozen=True, kw_only=True, tag="failure"):
    """Why the child gives no feed, in words. Refused: it is dangerous rather than broken. Broken: the parser failed."""

    reason: str
    is_refused: bool = False
    is_broken: bool = False
