"""How a burst goes on, from the voices of its hours: rising, peak, fading, back.

rising ─no new highest hour─► peak ─under half of the highest─► fading ─usual for two hours─► back
"""

from collections.abc import Sequence
from typing import NamedTuple

from monitor.nouns.burst import Phase

BURST = 3.3
"""Surprise from which an hour is a burst: chance alone brings it once in 2,000 hours."""

UNUSUAL = 2.0
"""Surprise down to which a burst goes on: once in 100 hours. Without a second mark it would end and begin by chance."""

HALF = 0.5
"""Share of the highest hour that still counts as the peak: the width of a peak is measured at half of its height."""

QUIET_HOURS = 2
"""Hours without anything unusual after which a burst is over: one can be chance."""


class Scored(NamedTuple):
    """An hour that was read: its voices, their surprise, and the highest surprise of all windows that end with it."""

    voices: int
    surprise: float
    highest: float


def phase_of(hours: Sequence[Scored]) -> Phase | None:
    """Return where a burst stands at the end of some hours, oldest first; None where none of them is one."""
    bursting = [n for n, hour in enumerate(hours) if hour.highest >= BURST]
    if not bursting:
        return None
    top = max(hour.voices for hour in hours[_begin(hours, bursting[-1]) :])
    latest = hours[-1].voices
    if latest >= HALF * top:
        return "rising" if latest == top and _grew(hours) else "peak"
    return "back" if all(hour.surprise < UNUSUAL for hour in hours[-QUIET_HOURS:]) else "fading"


def _begin(hours: Sequence[Scored], bursting: int) -> int:
    """Return the first hour of the burst that holds an hour: before it stand two hours that are usual."""
    begin = quiet = 0
    for n, hour in enumerate(hours[:bursting]):
        quiet = 0 if hour.surprise >= UNUSUAL else quiet + 1
        begin = n + 1 if quiet >= QUIET_HOURS else begin
    return begin


def _grew(hours: Sequence[Scored]) -> bool:
    """Tell whether the last hour has more voices than the one before."""
    return len(hours) < 2 or hours[-1].voices > hours[-2].voices
