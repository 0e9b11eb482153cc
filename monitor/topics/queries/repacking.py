"""A new packing loses no place: what was read by earlier queries is known of a new one by the alternatives in it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from monitor.models import Coverage, Cursor, Gap, Window
from monitor.signals.coverage import merged, read_together

FIRST_LOOK = timedelta(hours=1)
"""How far back a keyword is looked for when it is asked of a source for the first time."""

_BEGIN = "begin "


class EarlierQuery(NamedTuple):
    """What is known of an earlier query: its alternatives, and what was and was not read by it."""

    atoms: frozenset[str]
    windows: Sequence[Coverage]
    gaps: Sequence[Gap] = ()


class Inheritance(NamedTuple):
    """Where the first look at a new query begins, what counts as read of it before, and what is known to be missing."""

    begin: datetime
    windows: tuple[Coverage, ...]
    gaps: tuple[Gap, ...] = ()


def inherited(atoms: Iterable[str], earlier: Sequence[EarlierQuery], now: datetime) -> Inheritance | None:
    """Return what a query has from earlier ones; None when nothing in it was ever asked for.

    It begins at the oldest place of its alternatives; those that are new begin a first look before now. Read before is
    what was read of all that are not new, missing what is missing of any.
    """
    wanted = list(atoms)
    read = [windows for atom in wanted if (windows := _windows_of(atom, earlier))]
    if not read:
        return None
    ends = [max(each.end for each in windows) for windows in read]
    begin = min(ends if len(read) == len(wanted) else [*ends, now - FIRST_LOOK])
    whole = _everywhere([[each for each in windows if not each.truncated] for windows in read])
    partly = _without(_everywhere(read), whole)
    covered = [Coverage(start=each.start, end=each.end) for each in whole]
    sampled = [Coverage(start=each.start, end=each.end, truncated=True) for each in partly]
    known = tuple(sorted((*covered, *sampled), key=lambda each: each.start))
    missing = (gap for query in earlier if query.atoms & frozenset(wanted) for gap in query.gaps)
    return Inheritance(begin, known, tuple(_open(missing, whole)))


def beginning(at: datetime) -> Cursor:
    """Return the cursor of a query that was never asked and begins at a time. Sources that are packed understand it."""
    return Cursor(_BEGIN + at.astimezone(UTC).isoformat())


def begin_of(cursor: Cursor | None, now: datetime) -> datetime | None:
    """Return where a query begins that was never asked; None for one whose cursor is its source's own.

    Raises ValueError for a time that is none.
    """
    if cursor is None:
        return now - FIRST_LOOK
    return datetime.fromisoformat(cursor.removeprefix(_BEGIN)) if cursor.startswith(_BEGIN) else None


def _open(gaps: Iterable[Gap], whole: Sequence[Window]) -> Iterator[Gap]:
    """Yield what of gaps was not read after all, each once, oldest first."""
    for gap in sorted(set(gaps), key=lambda each: (each.start, each.end)):
        for part in _without([Window(gap.start, gap.end)], whole):
            yield msgspec.structs.replace(gap, start=part.start, end=part.end)


def _windows_of(atom: str, earlier: Sequence[EarlierQuery]) -> list[Coverage]:
    return [window for query in earlier if atom in query.atoms for window in query.windows]


def _everywhere(windows: Sequence[Sequence[Coverage]]) -> list[Window]:
    """Return the times that lie in windows of each."""
    return read_together([[Window(each.start, each.end) for each in some] for some in windows], share=1.0)


def _without(windows: Sequence[Window], others: Sequence[Window]) -> list[Window]:
    """Return what of windows lies in none of the others."""
    left = list(windows)
    for hole in others:
        left = _cut(left, hole)
    return merged(left)


def _cut(windows: list[Window], hole: Window) -> list[Window]:
    ends = ((each.start, min(each.end, hole.start)) for each in windows)
    begins = ((max(each.start, hole.end), each.end) for each in windows)
    return [Window(start, end) for start, end in (*ends, *begins) if start < end]
