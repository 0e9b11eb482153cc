"""What a chat asks of its digests."""

from datetime import datetime
from typing import Any, Literal

import msgspec

Mode = Literal["new", "all", "rising"]
"""A digest shows what its chat was not shown yet, or the best of its window in any case; or comes with a rise only."""

People = Literal["default", "names", "links", "counts"]

NEVER_QUIET = ("00:00", "00:00")
"""The quiet hours of a chat that wants none: they end as they begin. Who never chose has None, which alerts fill in."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a chat wants the digests of one topic. What is None is as the topic has it.

    `at` is a local time "HH:MM" in `timezone`, on `days` of the week (Monday is 0, none given are all). Nothing loud
    and no digest comes during `quiet`, from one local time to the other (NEVER_QUIET: none); what was due then comes
    after it. Posts in other `languages` are left out. Nothing comes until `muted_until`, and nothing of that time is
    told later. The schedule holds `since` a time: hours that it would have had before are told with its first digest,
    not at once.
    """

    at: str | None = None
    timezone: str | None = None
    days: tuple[int, ...] = ()
    quiet: tuple[str, str] | None = None
    mode: Mode = "new"
    alerts: bool = True
    languages: tuple[str, ...] = ()
    muted_until: datetime | None = None
    since: datetime | None = None


class Manners(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a chat is spoken to, whatever the topic: in which language, and how much of people is shown.

    `language` was chosen; `heard` is in which the chat's person was last answered, for what they did not ask for.
    `is_channel`: nobody there can be answered, so that no buttons are shown.
    """

    language: str | None = None
    heard: str | None = None
    people: People | None = None
    is_channel: bool = False

    @property
    def tongue(self) -> str | None:
        """Return the language in which the chat is told what nobody asked for just now; None where none is known."""
        return self.language or self.heard


def with_manners(manners: Manners, **changes: Any) -> Manners:
    """Return manners with some changes."""
    return msgspec.structs.replace(manners, **changes)


def with_wishes(wishes: Wishes | None, **changes: Any) -> Wishes:
    """Return wishes with some changes; none is what a chat has that never asked for anything."""
    return msgspec.structs.replace(wishes or Wishes(), **changes)
