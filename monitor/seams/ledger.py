"""What is known of each query: where its next look begins, and what was read of it. The seams."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from monitor.errors import SourceError
from monitor.models import Batch, Coverage, Cursor, Lease, Query, QueryStatus, Window


class Resume(NamedTuple):
    """Where the next look at a query begins.

    `moved_to` is the query's new text after a permanent redirect, `covered_since` the start of the first window that
    was ever read, `failures` how many looks in a row failed. `tries` says which look in a row this is that did not come
    to its end, `is_wary` that an item of the page is known to be deadly. `tempo` says how much the last looks brought
    (planning.tempo_after).
    """

    cursor: Cursor | None = None
    moved_to: str | None = None
    covered_since: datetime | None = None
    failures: int = 0
    tries: int = 1
    is_wary: bool = False
    tempo: int = 0


class Brought(NamedTuple):
    """What a look brought besides its batch: how many posts are new, how many were read at all, the tempo from now on.

    Wary: an item of the page is deadly, and the next look must be a careful one.
    """

    fresh: int = 0
    fetched: int = 0
    tempo: int = 0
    is_wary: bool = False


class Progress(Protocol):
    """How far each query was read, and the end of a job: one fenced script each."""

    def resume(self, query: Query) -> Resume: ...

    def begin(self, lease: Lease, query: Query) -> Resume:
        """Count a look before its work, and return where it begins."""
        ...

    def complete(self, lease: Lease, query: Query, batch: Batch, due_in: timedelta, brought: Brought = ...) -> bool:
        """Store cursor, coverage and next due time, and free the lease; False when the lease was lost."""
        ...

    def hold(self, lease: Lease, query: Query, reason: str, due_in: timedelta) -> bool:
        """Put a look off that was not taken: an earlier reason stays, and no failure is counted."""
        ...

    def fail(self, lease: Lease, query: Query, reason: str, due_in: timedelta) -> bool:
        """Record why a look failed, set the next due time, free the lease; the cursor stays."""
        ...

    def finish(self, lease: Lease, due_in: timedelta) -> bool:
        """End a job that reads no query: next due time, lease freed."""
        ...


class Breakers(Protocol):
    """When a source is not asked at all (see topics/polling/breaker.py)."""

    def admit(self, query: Query) -> tuple[timedelta, str]:
        """Return how long a query must wait, zero when it may ask now, and why."""
        ...

    def note(self, query: Query, error: SourceError | None) -> None:
        """Note how it went when a query asked."""
        ...


class CoverageLedger(Protocol):
    """What was read of each query, and when."""

    def statuses(self, queries: Sequence[Query], window: Window) -> list[QueryStatus]: ...

    def windows(self, query: Query, window: Window) -> list[Coverage]:
        """Return the windows read within `window`, merged and oldest first."""
        ...
