"""Which gap of a query is read next. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from monitor.models import Gap

MOST_TRIES = 3
"""A gap that so many looks could not close stays, and is told."""

SHORTEST = timedelta(seconds=1)


def next_gap(gaps: Sequence[Gap]) -> Gap | None:
    """Return the gap to be read next, the newest first: its posts can still be told; None when there is none."""
    open_ = [gap for gap in gaps if gap.tries < MOST_TRIES and gap.end - gap.start >= SHORTEST]
    return max(open_, key=lambda gap: gap.end, default=None)
