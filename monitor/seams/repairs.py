"""The seams of what must be set right in a chat: the gap that a restored backup left, and words to be taken back."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol

import msgspec

from monitor.models import Lease, PostKey
from monitor.protocols import Pending

Standing = Literal["ours", "missing", "foreign"]
"""What is known of an id in a chat without touching it: a message of ours, nobody's, somebody else's."""


class Survey(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What stands in a chat since a backup, restored `at` a time, was made: messages of ours that it does not know.

    `base` is the last id that the backup knew, None for none. The look at the ids after it came to `scanned`, having
    looked at `extent` of them; `missing` is how many in a row up to it are nobody's, `found` are ours. `is_done` when
    it is over, `is_whole` when it proved that there are no more.
    """

    at: datetime
    base: int | None
    scanned: int | None = None
    missing: int = 0
    extent: int = 0
    found: tuple[int, ...] = ()
    is_done: bool = False
    is_whole: bool = False


class Correction(NamedTuple):
    """A message that says something else since it was handed over, and when that changed last."""

    pending: Pending
    since: datetime


class Scout(Protocol):
    """A platform on which one can look at an id without touching it."""

    def stands(self, address: str, message_id: int) -> Standing:
        """Look at an id; raise DeliveryError when that fails."""
        ...


class Repairs(Protocol):
    """What the sender of a chat sets right: what a restored backup does not know, and what must be read no more."""

    def survey(self, chat: str) -> Survey | None:
        """Return the survey of a chat since a backup was restored, None where none was."""
        ...

    def surveyed(self, lease: Lease, survey: Survey) -> bool:
        """Write how far a survey is; from now on what it found is known to be ours. False when the lease was lost."""
        ...

    def taken(self, chat: str, address: str) -> Mapping[int, str]:
        """Return the ids at an address of the chat that are of messages in its outbox, and of which."""
        ...

    def look_again(self, chat: str, message: str, after: timedelta) -> None:
        """Let copies of a message, and words that it wrote over others, be looked for after a while; needs no lease."""
        ...

    def correction(self, chat: str) -> Correction | None:
        """Return a message that is over and to be edited; one whose fate is open yet waits for it."""
        ...

    def corrected(self, lease: Lease, done: Correction) -> bool:
        """Forget that a message is to be edited, unless it changed again since; False when the lease was lost."""
        ...


class Words(Protocol):
    """The words of messages, kept or sent."""

    def erase(self, posts: Collection[PostKey]) -> object:
        """Take back what messages tell of posts, and have sent ones edited. Again, it does nothing."""
        ...
