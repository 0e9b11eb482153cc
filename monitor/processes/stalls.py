"""Judges whether a role makes progress, by its signs of life and by what the store shows. Being alive is not enough.

    sign of life ─┐
    sight of the store ─► watched ─► why it is stalled, or None
    now ──────────┘

A role is silent when the thread that drives it gives no sign: frozen, or that thread is dead or stuck. It is stalled
when it gives signs, but took up and ended nothing while a job waited that nobody works on: deaf, or its tasks hang.

Nothing is held against a role while the store does not answer, while nothing waits, while all its hands are busy within
the longest time of what they do, or for a time in which nobody looked: the machine slept. Times are seconds of the
looker's own clock, which does not jump; the store's clock is used for differences of its own times alone.
"""

from datetime import timedelta
from typing import NamedTuple

import msgspec

from monitor.protocols import Sight


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """A sign of life. `moves` counts what was taken up and ended so far, `free` hands that wait for work.

    `kept` counts jobs at work whose longest time is not over. A role without such things leaves all as it is.
    """

    moves: int = 0
    free: int = 1
    kept: int = 0

    @property
    def is_busy(self) -> bool:
        """Say whether nothing more can be taken up, for a good reason."""
        return self.free == 0 and self.kept > 0


class Rules(NamedTuple):
    """How long a role may be silent, how long when it has just been started, and how long work may wait for it.

    No time for work: it has none, and signs of life are all that is known of it.
    """

    silence: timedelta = timedelta(seconds=20)
    start: timedelta = timedelta(seconds=60)
    idleness: timedelta | None = None


class Watched(NamedTuple):
    """What was seen of a role: the last look, the last sign of life, and since when work waits for it in vain."""

    looked_at: float
    alive_at: float
    well_at: float
    beat: Beat | None = None
    waiting: str = ""


LOOK_GAP = timedelta(seconds=10)
"""Who looks so seldom was frozen or asleep itself, and what it did not see was perhaps asleep as well."""

NEGLECT = timedelta(seconds=30)
"""A job that waits for longer, while nothing else is done either, has nobody who works on it."""


def watched_from(now: float) -> Watched:
    """Return what is known of a role that was started at `now`."""
    return Watched(now, now, now)


def watched(before: Watched, beat: Beat | None, sight: Sight | None, now: float) -> Watched:
    """Return what is known after another look. No beat: none came since; no sight: the store does not answer."""
    seen = beat or before.beat
    if sight is None or now - before.looked_at > LOOK_GAP.total_seconds():
        return Watched(now, now, now, seen)
    has_moved = beat is not None and (before.beat is None or beat.moves != before.beat.moves)
    is_well = has_moved or sight.neglected is None
    return Watched(
        looked_at=now,
        alive_at=before.alive_at if beat is None else now,
        well_at=now if is_well else before.well_at,
        beat=seen,
        waiting="" if sight.job is None else str(sight.job),
    )


def stall(known: Watched, rules: Rules, now: float) -> str | None:
    """Return in a sentence why a role must be restarted, None while it is well."""
    silent = timedelta(seconds=now - known.alive_at)
    if silent > (rules.start if known.beat is None else rules.silence):
        return f"it gave no sign of life for {silent.total_seconds():.0f} s"
    idle = timedelta(seconds=now - known.well_at)
    if known.beat is None or rules.idleness is None or idle <= rules.idleness or known.beat.is_busy:
        return None
    return f"it did nothing for {idle.total_seconds():.0f} s while {known.waiting} waits"


def neglect(sight: Sight) -> str | None:
    """Return in a sentence what a single look at the store says against all workers together, None when nothing."""
    if sight.neglected is None or sight.neglected <= NEGLECT:
        return None
    if sight.committed is not None and sight.committed <= NEGLECT:
        return None
    last = "nothing was done yet" if sight.committed is None else f"nothing was done for {_seconds(sight.committed)}"
    return f"{sight.job} waits for {_seconds(sight.neglected)} and nobody works on it; {last}"


def _seconds(time: timedelta) -> str:
    return f"{time.total_seconds():.0f} s"
