"""What crosses between the worker and the child that works on dangerous items: plain records."""

from datetime import datetime

import msgspec

from monitor.models import Batch, Cursor, SetAside, Topic


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A page that its source asked for, or items out of quarantine, or posts that were read, each packed.

    `quarantined` holds the short names of what must not be touched again.
    """

    topics: list[Topic]
    engine: str
    now: datetime
    source: str = ""
    options: dict[str, str] = {}
    query: str = ""
    cursor: Cursor | None = None
    page: bytes | None = None
    items: list[bytes] = []
    posts: list[bytes] = []
    quarantined: list[str] = []


class Found(msgspec.Struct, frozen=True, tag="found"):
    """An item that broke its reader, told at once."""

    item: SetAside


class Apart(msgspec.Struct, frozen=True, kw_only=True, tag="apart"):
    """What is left of a page without them: the batch without posts, how many were read, the mentions, each packed.

    `skipped` counts what lies in quarantine already, `skipped_posts` the posts among that.
    """

    batch: Batch
    fetched: int
    mentions: list[bytes]
    skipped: int
    skipped_posts: int


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The source says that the page has another shape."""

    reason: str


class Broken(msgspec.Struct, frozen=True, tag="broken"):
    """The page breaks its reader, and no single item is to blame."""

    reason: str
