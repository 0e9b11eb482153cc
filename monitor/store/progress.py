"""How far each query was read, what was covered, and the end of each job under its fence."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from monitor.models import Batch, Coverage, Cursor, Gap, Lease, Query, QueryStatus, Window
from monitor.seams.ledger import Brought, Resume
from monitor.signals.silence import Came, silence_of
from monitor.store.codec import decode_gaps, decode_hours, decode_windows, from_ms, storable, to_ms
from monitor.store.connection import Argument, Connection
from monitor.store.keys import QUERY_TTL_DAYS
from monitor.store.schedule import ms

COVERAGE_KEPT = timedelta(days=35)
MOST_SEGMENTS = 2000
MOST_GAPS = 200
LONGEST_WHY = 200
MOST_HOURS = 8 * 24
MOST_GARBLED = 3
"""Looks in a row of which most could not be read, from which on that is told."""

UNKNOWN = Brought()
PLACE = ("cursor", "moved", "since", "failures", "tempo")
"""Where a look begins; begin.lua returns the same."""

CAME = ("came", "came_at", "garbled", "garbled_at")
TTL = timedelta(days=QUERY_TTL_DAYS)
GOES_ON = timedelta(milliseconds=-1)
"""In place of the next due time: the job is a stream, which is never over, and keeps its lease."""


class ProgressStore:
    """Implements the Progress protocol and the CoverageLedger."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def resume(self, query: Query) -> Resume:
        """Return where the next look at a query begins."""
        return _resume(self._connection.execute("HMGET", self._connection.keys.query(query), *PLACE))

    def begin(self, lease: Lease, query: Query) -> Resume:
        """Count a look before its work, and return where it begins."""
        name = self._connection.keys.query(query)
        tries, is_wary, place = self._connection.run("begin", (name,), (lease.fence, ms(TTL)))
        return _resume(place)._replace(tries=int(tries), is_wary=bool(is_wary))

    def complete(self, lease: Lease, query: Query, batch: Batch, due_in: timedelta, brought: Brought = UNKNOWN) -> bool:
        """Store cursor, coverage and next due time, and free the lease; False when the lease was lost."""
        return self._end(lease, due_in, query, ("read", *_outcome(batch, brought)))

    def fill(self, lease: Lease, query: Query, seen: Coverage, due_in: timedelta) -> bool:
        """Store that a gap was read, or a part of it, and free the lease; the cursor and what failed last stay."""
        return self._end(lease, due_in, query, ("filled", *_outcome(Batch(coverage=seen), UNKNOWN)))

    def hold(self, lease: Lease, query: Query, reason: str, due_in: timedelta) -> bool:
        """Put a look off that was not taken: an earlier reason stays, and no failure is counted."""
        return self._end(lease, due_in, query, ("held", ms(TTL), reason))

    def fail(self, lease: Lease, query: Query, reason: str, due_in: timedelta) -> bool:
        """Record why a look failed, set the next due time, free the lease; the cursor stays."""
        return self._end(lease, due_in, query, ("failed", ms(TTL), reason))

    def finish(self, lease: Lease, due_in: timedelta) -> bool:
        """End a job that reads no query: next due time, lease freed."""
        return self._end(lease, due_in, Query("", ""), ("done",))

    def statuses(self, queries: Sequence[Query], window: Window) -> list[QueryStatus]:
        """Return what is known of each query in a window."""
        return [self._status(query, window) for query in queries]

    def windows(self, query: Query, window: Window) -> list[Coverage]:
        """Return the windows read within `window`, merged and oldest first."""
        packed = self._connection.execute("HGET", self._connection.keys.query(query), "coverage")
        read = [] if packed is None else decode_windows(packed)
        clipped = (
            Coverage(
                start=max(from_ms(start), window.start),
                end=min(from_ms(end), window.end),
                truncated=bool(truncated),
            )
            for start, end, truncated in read
        )
        return sorted((seen for seen in clipped if seen.start < seen.end), key=lambda seen: seen.start)

    def _end(self, lease: Lease, due_in: timedelta, query: Query, outcome: Sequence[Argument]) -> bool:
        keys = self._connection.keys
        names = (keys.work.due, keys.work.due_since, keys.work.leases, keys.work.committed, keys.query(query))
        return bool(self._connection.run("finish", names, (str(lease.job), lease.fence, ms(due_in), *outcome)))

    def _status(self, query: Query, window: Window) -> QueryStatus:
        seen = self.windows(query, window)
        fields = ("reason", "failing_since", "coverage", "since", "gaps", "unreadable", "tried", *CAME)
        reason, since, packed, begun, gaps, unreadable, tried, *came = self._connection.execute(
            "HMGET", self._connection.keys.query(query), *fields
        )
        newest = max((end for _, end, _ in decode_windows(packed)), default=None) if packed else None
        status = QueryStatus(
            query=query,
            read=_union(seen) / window.length,
            truncated=any(each.truncated for each in seen),
            begun=None if begun is None else from_ms(int(begun)),
            last_read=None if newest is None else from_ms(newest),
            reason=None if reason is None else reason.decode(),
            since=None if since is None else from_ms(int(since)),
            gaps=_gaps(gaps, window),
            unreadable=int(unreadable or 0),
            tried=None if tried is None else from_ms(int(tried)),
        )
        return status if reason is not None or tried is None else _listened(status, came, window.end)


def _listened(status: QueryStatus, came: Sequence[bytes | None], now: datetime) -> QueryStatus:
    """Return a status that says so when its query answers and brings nothing, or nothing that can be read."""
    packed, last, garbled, garbled_at = came
    if int(garbled or 0) >= MOST_GARBLED and garbled_at is not None:
        reason = f"most of what {int(garbled or 0)} looks brought could not be read"
        return replace(status, is_silent=True, reason=reason, since=from_ms(int(garbled_at)))
    if packed is None or last is None or status.tried is None:
        return status
    known = Came(dict(decode_hours(packed)), from_ms(int(last)))
    silence = silence_of(known, min(now, status.tried))
    if silence is None:
        return status
    reason = f"brings nothing; {silence.expected:,.0f} posts or more were to be expected"
    return replace(status, is_silent=True, reason=reason, since=silence.since)


def _outcome(batch: Batch, brought: Brought) -> tuple[Argument, ...]:
    """Return what finish.lua is told of a batch."""
    seen = batch.coverage
    window: tuple[Argument, ...] = (
        ("", "", "") if seen is None else (to_ms(seen.start), to_ms(seen.end), int(seen.truncated))
    )
    why = "" if seen is None else storable(seen.why or "more came than could be read", LONGEST_WHY)
    kept = (ms(TTL), ms(COVERAGE_KEPT), MOST_SEGMENTS)
    place = (batch.cursor or "", batch.moved_to or "")
    is_garbled = batch.unreadable > brought.fetched
    seen_of_it = (brought.tempo, brought.fresh, int(is_garbled), MOST_HOURS)
    return (*kept, *place, *window, batch.unreadable, int(brought.is_wary), why, MOST_GAPS, *seen_of_it)


def _resume(place: Sequence[bytes | None]) -> Resume:
    cursor, moved, since, failures, tempo = place
    return Resume(
        cursor=None if cursor is None else Cursor(cursor.decode()),
        moved_to=None if moved is None else moved.decode(),
        covered_since=None if since is None else from_ms(int(since)),
        failures=int(failures or 0),
        tempo=int(tempo or 0),
    )


def _gaps(packed: bytes | None, window: Window) -> tuple[Gap, ...]:
    """Return the parts of gaps that lie in a window, oldest first."""
    found = [] if packed is None else decode_gaps(packed)
    clipped = (
        Gap(
            start=max(from_ms(start), window.start),
            end=min(from_ms(end), window.end),
            why=why,
            tries=tries,
            is_partial=bool(is_partial),
        )
        for start, end, why, tries, is_partial in found
    )
    return tuple(sorted((gap for gap in clipped if gap.start < gap.end), key=lambda gap: gap.start))


def _union(windows: Sequence[Coverage]) -> timedelta:
    """Return the time covered by windows sorted by start, overlaps counted once."""
    total = timedelta(0)
    reached: datetime | None = None
    for window in windows:
        start = window.start if reached is None else max(window.start, reached)
        total += max(timedelta(0), window.end - start)
        reached = window.end if reached is None else max(window.end, reached)
    return total


class StreamProgress:
    """Implements the Progress protocol for pages of a stream: after each the job goes on under the same lease.

    A failure ends it, so that somebody else may try, from a machine that may have a better way there.
    """

    def __init__(self, progress: ProgressStore) -> None:
        self.resume, self.begin = progress.resume, progress.begin
        self.hold, self.fail, self.finish = progress.hold, progress.fail, progress.finish
        self._progress = progress

    def complete(self, lease: Lease, query: Query, batch: Batch, due_in: timedelta, brought: Brought = UNKNOWN) -> bool:
        """Store cursor and coverage; False when the lease was lost."""
        del due_in
        return self._progress.complete(lease, query, batch, GOES_ON, brought)
