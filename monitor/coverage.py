"""What is asked, what was read of it, and what was not: nouns of models.py in a file of their own, for room."""

from datetime import datetime
from typing import NamedTuple

import msgspec


class Query(NamedTuple):
    """What is polled: a source and the text it is asked (a feed's address; empty for "everything new")."""

    source: str
    text: str

    def __str__(self) -> str:
        return f"{self.source}:{self.text}" if self.text else self.source


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """The window that one fetch really read. Truncated: posts of the window may be missing; `why`, in a few words."""

    start: datetime
    end: datetime
    truncated: bool = False
    why: str = ""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A time that was not read, or only in part: from when to when, why, and how many looks could not close it."""

    start: datetime
    end: datetime
    why: str
    tries: int = 0
    is_partial: bool = False


class QueryStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What the coverage ledger knows of one query in one window.

    `read` is the share of the window that was read, 0 to 1. `begun` is when it was first read at all, `last_read` the
    end of the newest window read, `reason` why the last look failed (None when it did not), `since` when the failures
    began. `gaps` are the holes within the window, `unreadable` counts the items of the last page that could not be
    read, `tried` is when it was last asked for.
    """

    query: Query
    read: float
    truncated: bool = False
    begun: datetime | None = None
    last_read: datetime | None = None
    reason: str | None = None
    since: datetime | None = None
    gaps: tuple[Gap, ...] = ()
    unreadable: int = 0
    tried: datetime | None = None
