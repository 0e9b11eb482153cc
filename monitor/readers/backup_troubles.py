"""What the owners are told of daily backups: once when they begin to fail, and once when they work again.

    backup A ─► fails ─► "failed", by the name of A ─► fails ─► the same: nothing ─► backup B ─► "work again", by A

What was told is known by the notices themselves, so a kill at any place repeats nothing and loses nothing: the next
backup that is made looks for notices of all that are still there.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from monitor.digests.reasons import told_reason
from monitor.digests.wording import day_and_time, plain, sentences
from monitor.readers.troubles import notice_of, tell_owners
from monitor.saying import say
from monitor.wiring import Monitor

NEVER = "none"
"""Stands for the newest backup where there is none."""

LONGEST_REASON = 200


def tell_of_failing(monitor: Monitor, newest: datetime | None, reason: str, now: datetime) -> None:
    """Tell the owners that no backup can be made; `newest` is when the last one was. The same again is told once."""
    if monitor.telegram is not None:
        id_ = _failing(newest)
        tell_owners(monitor, id_, partial(failing, newest, reason, now, _zone(monitor)))


def tell_of_working(monitor: Monitor, earlier: Sequence[datetime], now: datetime) -> None:
    """Tell the owners that backups work again, where they were told that they did not after one of the `earlier`."""
    if monitor.telegram is None:
        return
    owners = monitor.people.owners()
    for newest in (None, *earlier):
        if any(monitor.outbox.find(owner, _failing(newest)) is not None for owner in owners):
            id_ = notice_of("backup", "works", _name(newest))
            tell_owners(monitor, id_, partial(working, now, _zone(monitor)))


def failing(newest: datetime | None, reason: str, now: datetime, zone: tzinfo) -> str:
    """Word that no backup can be made, and which one there is."""
    failed = say("The daily backup failed: {reason}.", reason=plain(told_reason(reason), LONGEST_REASON))
    known = (
        say("There is none yet.")
        if newest is None
        else say("The newest one is of {time}.", time=day_and_time(newest, now, zone))
    )
    return sentences(failed, known, say("I try again every hour; nothing else stops."))


def working(now: datetime, zone: tzinfo) -> str:
    """Word that backups are made again."""
    return say("Backups work again: one was made {time}.", time=day_and_time(now, now, zone))


def _failing(newest: datetime | None) -> str:
    return notice_of("backup", "fails", _name(newest))


def _name(newest: datetime | None) -> str:
    return NEVER if newest is None else f"{newest.astimezone(UTC):%Y%m%dT%H%M%S}"


def _zone(monitor: Monitor) -> ZoneInfo:
    topics = monitor.topics.all()
    return ZoneInfo(topics[0].timezone if topics else "UTC")
