"""What is set aside and kept for a person: the noun and the seam of the quarantine."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from monitor.models import SetAside


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """An item that was set aside, as it lies in the store: its author disguised, its bytes cut when there are too many.

    `key` is its short name. `subject` says whose it was (a query), `size` how many bytes there were, `tries` how often
    it was worked on, `version` by which version of the program.
    """

    key: str
    item: SetAside
    subject: str
    tries: int
    at: datetime
    size: int
    version: str


class QuarantineTally(NamedTuple):
    """How many items lie in quarantine, their bytes, and how many had to go early because there was no room."""

    items: int
    bytes: int
    crowded_out: int


class Quarantine(Protocol):
    """Items that broke their readers, kept for a person to look at and to try again."""

    def put(self, items: Sequence[SetAside], subject: str, tries: int) -> int:
        """Keep items that were tried so often, and return how many are new; one that lies there stays as it is."""
        ...

    def all(self) -> list[Quarantined]:
        """Return what lies there, oldest first."""
        ...

    def keys(self) -> frozenset[str]:
        """Return the short names of what lies there (see `key_of`)."""
        ...

    def remove(self, keys: Sequence[str]) -> int:
        """Forget items by their short names; return how many there were."""
        ...

    def tally(self) -> QuarantineTally: ...

    def prune(self, before: datetime) -> int:
        """Forget what was set aside before a time; return how many."""
        ...


def key_of(kind: str, id_: str) -> str:
    """Return the short name of an item: the same whenever it is set aside."""
    return hashlib.sha256(f"{kind}\0{id_}".encode("utf-8", "surrogatepass")).hexdigest()[:10]
