"""What is kept of a topic between two looks at its numbers, and what chats were told of them at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from monitor.models import First, Mention, Query, Trend, Window
from monitor.nouns.coverage import Tally


class HourCount(NamedTuple):
    """What was said in an hour: its posts, its wordings, and its voices (each wording once, then each account once)."""

    posts: int
    wordings: int
    voices: int


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """The newest look at the numbers of a topic: what it found, and how many back-filled posts it knew."""

    trend: Trend
    backfilled: int = 0


class Samples(Protocol):
    """Some of many posts."""

    def sample(self, topic: str, window: Window, most: int) -> list[Mention]:
        """Return at most so many mentions of a window, evenly over them, oldest first."""
        ...


class Remembered(Protocol):
    """When each form of a topic was first seen, ever."""

    def note(self, topic: str, firsts: Iterable[First]) -> int:
        """Remember firsts where nothing earlier is; return how many were new or earlier."""
        ...


class HourCounts(Protocol):
    """What was said in each hour, kept when its posts are pruned."""

    def counted(self, topic: str, window: Window) -> Mapping[datetime, HourCount]:
        """Return what is kept of the hours that begin in a window."""
        ...


class Tallied(NamedTuple):
    """Hours that platforms counted for the queries of a topic; `read`: its stored posts by source and hour."""

    by_query: Mapping[Query, Sequence[Tally]] = {}
    read: Mapping[tuple[str, datetime], int] = {}


NO_TALLIES = Tallied()


class Tallies(Protocol):
    """What platforms counted, by the hour, kept when its posts are pruned."""

    def of(self, topic: str, queries: Sequence[Query], window: Window) -> Tallied:
        """Return the counted hours of a topic's queries that begin in a window."""
        ...
