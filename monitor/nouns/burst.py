"""What stood out: an hour, or a few, that are louder than usual."""

from datetime import datetime
from typing import Literal

import msgspec

Phase = Literal["rising", "peak", "fading", "back"]
"""How a burst goes on: still growing, no longer, under half of its peak, back to what is usual."""


class Burst(msgspec.Struct, frozen=True, kw_only=True):
    """The hour, or the few hours, that stood out, and how it went on.

    `voices` counts each wording once, then each account once; it is what was compared with `expected`, the usual posts
    of such a time. `surprise` is -log10 of the chance of as many. `before` counts the voices of as much time before it,
    None where that was not asked for; `latest` those of the newest hour, which makes the `phase`. Spreads say how many
    platforms and scripts there would be, were all as frequent.
    """

    start: datetime
    end: datetime
    posts: int
    accounts: int
    voices: int
    platforms: int
    expected: float
    surprise: float
    before: int | None
    latest: int
    phase: Phase
    sampled_hours: int
    platform_spread: float = 0.0
    script_spread: float = 0.0
