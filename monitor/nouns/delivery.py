"""How far outbound words are on their way."""

from datetime import datetime
from typing import Literal

import msgspec

DeliveryState = Literal["ready", "sending", "sent", "ambiguous", "dead"]


class Delivery(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """How far a message is on its way to its chat. Message ids are the platform's.

    It is due at `due`. Part `part` of `parts` waits for the part before it. `address` is where the last attempt went,
    `base` the last id that was known there before the first doubtful attempt, None when none was. While `ambiguous`,
    `scanned` is the last id that was probed, `missing` how many in a row up to it are nobody's, `rounds` how many looks
    decided nothing. `is_held`: nobody can tell whether it arrived, and it is not sent again. Of a backup that was
    restored, `is_restored` was not over; `is_retold` was made anew for a window that may have been told since.
    """

    state: DeliveryState
    due: datetime
    part: int
    parts: int
    attempts: int = 0
    address: str = ""
    base: int | None = None
    message_id: int | None = None
    scanned: int | None = None
    missing: int = 0
    rounds: int = 0
    is_plain: bool = False
    is_doubtful: bool = False
    is_held: bool = False
    reason: str = ""
    is_restored: bool = False
    is_retold: bool = False
