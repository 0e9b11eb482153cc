"""Names of authors whose posts come without them, where each costs money: looked up for the few that are shown."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from monitor.models import Author, PostKey


@runtime_checkable
class Bylines(Protocol):
    """A source that says who wrote its posts, for a price. It never sleeps, never retries, and raises a SourceError."""

    def signatures(self, keys: Sequence[PostKey], now: datetime) -> Mapping[PostKey, Author]:
        """Return who wrote posts, by one request; of those that are gone nothing."""
        ...

    def accounts(self, handles: Sequence[str], now: datetime) -> Sequence[Author]:
        """Return accounts by their handles, by one request; unknown ones are left out."""
        ...


class Names(Protocol):
    """The names that were looked up, by the keyed hash that stored posts have of their authors."""

    def all(self) -> Mapping[str, Author]: ...

    def keep(self, names: Mapping[str, Author], now: datetime) -> None: ...
