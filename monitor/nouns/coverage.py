"""What is asked, what was read of it, and what was not."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

_SAMPLE = re.compile(r"sample ([0-9]+) of ([0-9]+)")


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


class Tally(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """How many posts a platform itself counted for a query, read or not: of the hour from `start` on, up to `until`."""

    start: datetime
    until: datetime
    posts: int


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """What a platform counted in a window, and how many of these posts were read."""

    source: str
    posts: int
    read: int


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
    read, `tried` is when it was last asked for. `is_silent`: it was read, and brought nothing where much is usual, or
    hardly anything of it could be read; `reason` and `since` say so.
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
    is_silent: bool = False


def sample_why(read: int, total: int) -> str:
    """Return why a window is truncated of which some posts were read on purpose; `samples_in` understands it."""
    return f"sample {read} of {total}"


def is_sample(gap: Gap) -> bool:
    """Tell whether a gap is one on purpose."""
    return _SAMPLE.fullmatch(gap.why) is not None


def samples_in(gaps: Iterable[Gap]) -> tuple[int, int] | None:
    """Return how many posts were read of how many in all samples among gaps; None when there are none."""
    found = [match for gap in gaps if (match := _SAMPLE.fullmatch(gap.why))]
    return (sum(int(each[1]) for each in found), sum(int(each[2]) for each in found)) if found else None
