"""What a chat must find out after an old backup was restored, before anything is sent to it again.

    backup ──── sent meanwhile, and forgotten by the restore ────► restored ──► survey ──► recall, message by message

The survey looks which ids after the last known one are messages of ours, by a request that changes none of them. Where
there is none, nothing was sent meanwhile. Else a message that waited in the backup is looked for among them, in their
order; a digest that was made anew for a window of that time would read differently, so it is never sent, but held.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec.structs import replace

from monitor.digests.delivery import MISSING_IN_A_ROW, Absent, Undecided, is_over
from monitor.models import Delivery
from monitor.seams.repairs import Standing, Survey

MOST_SURVEYED = 1000
"""Ids looked at in a chat that counts its own messages; a busy group may have more between ours, and is then held."""
MOST_SURVEYED_ELSEWHERE = 200


def doubted(
    delivery: Delivery, address: str, last_id: int | None, now: datetime, *, was_restored: bool = False
) -> Delivery:
    """Return what a message of a backup is after its restore: what was not over may have arrived since.

    Where the backup was itself made soon after another restore, messages that it does not know may stand before this
    one. To look for it among them would write over theirs, so it is taken for one that was made anew.
    """
    if is_over(delivery):
        return delivery
    return replace(
        delivery,
        state="ambiguous",
        due=now,
        address=delivery.address or address,
        base=last_id if delivery.base is None else delivery.base,
        scanned=None,
        missing=0,
        rounds=0,
        is_doubtful=True,
        is_restored=True,
        is_retold=was_restored or delivery.is_retold,
        reason="a backup was restored",
    )


def retold(delivery: Delivery, address: str, base: int | None) -> Delivery:
    """Return what a message is that was made anew for a window before the restore."""
    reason = "made anew after a restore"
    return replace(
        delivery, state="ambiguous", address=address, base=base, is_doubtful=True, is_retold=True, reason=reason
    )


def begun(at: datetime, base: int | None, before: Survey | None = None) -> Survey:
    """Return the survey of a chat; where no id is known there is nowhere to begin, and nothing can be proved.

    Where the backup was itself made after a restore, what was sent `before` that one is unknown still: what its survey
    found counts on, and what it had not looked at is looked at now.
    """
    if before is not None and not before.is_whole:
        base = None if base is None or before.base is None else min(base, before.base)
    found = () if before is None else before.found
    return Survey(at=at, base=base, scanned=base, found=found, is_done=base is None)


def seen(survey: Survey, message_id: int, what: Standing, *, is_dense: bool) -> Survey:
    """Return how far a survey is after one more id."""
    missing = survey.missing + 1 if what == "missing" else 0
    extent = survey.extent + 1
    is_whole = is_dense and missing >= MISSING_IN_A_ROW
    return replace(
        survey,
        scanned=message_id,
        missing=missing,
        extent=extent,
        found=(*survey.found, message_id) if what == "ours" and message_id not in survey.found else survey.found,
        is_done=is_whole or extent >= (MOST_SURVEYED if is_dense else MOST_SURVEYED_ELSEWHERE),
        is_whole=is_whole,
    )


def candidates(survey: Survey, taken: Collection[int]) -> Sequence[int]:
    """Return the ids that may be of a message in doubt: found, and of no message that is known by now."""
    return [each for each in survey.found if each not in taken]


def not_among(survey: Survey, left: Sequence[int]) -> Absent | Undecided:
    """Return what follows for a message that is none of the candidates, but those `left`, which cannot be looked at."""
    if survey.is_whole and not left:
        return Absent()
    return Undecided(survey.scanned or 0, survey.missing, is_hopeless=True)
