"""What many pass on: the link that is shared most."""

from datetime import datetime

import msgspec


class SharedLink(msgspec.Struct, frozen=True, kw_only=True):
    """The most shared page of a window: by how many accounts, and in how many posts.

    `title` is its own and `outlet` its publisher, where a source gave them.
    """

    url: str
    count: int
    first_seen: datetime
    title: str | None = None
    outlet: str | None = None
    posts: int = 0
