"""Platforms whose posts name authors by ids that a handle does not tell. The seam; a source that can offers it."""

from datetime import datetime
from typing import Protocol, runtime_checkable


@runtime_checkable
class Naming(Protocol):
    """A source that can be asked which account has a handle now, free or within its budget."""

    def id_of(self, handle: str, now: datetime) -> str | None:
        """Return the id of an account, by one request; None when nobody has that handle. Raise SourceError."""
        ...
