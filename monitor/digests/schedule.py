"""When the next digest of a topic is due, and which window it tells about."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from monitor.models import Topic, Window

LENGTH = timedelta(hours=24)
HOUR = timedelta(hours=1)
WEEK = 7

STALE = timedelta(hours=6)
"""Digests that are late by more than this after an outage are told as one."""


class DueDigest(msgspec.Struct, frozen=True, kw_only=True):
    """A digest whose time has come: "daily" of one window, or "away" of several that nobody told while we were away."""

    window: Window
    kind: str = "daily"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where a topic was told, and the digest that is being told, decided before the first word of it left.

    What is decided stays so: its range makes its id, and a later look would draw another range. `tries` counts how
    often it could not be handed to every chat.
    """

    end: datetime
    begun: DueDigest | None = None
    tries: int = 0


def next_digest(topic: Topic, now: datetime) -> datetime:
    """Return the first time after `now`, in UTC, at which clocks in the topic's zone show `digest_at`, on its days.

    A time that a change of clocks leaves out comes as much later as clocks jump; one that comes twice counts once, the
    first time (PEP 495, fold=0).
    """
    zone = ZoneInfo(topic.timezone)
    at = time.fromisoformat(topic.digest_at)
    today = now.astimezone(zone).date()
    # Yesterday, because a time left out at 23:30 comes after midnight; two days on, because islands have skipped a day.
    days = [today + timedelta(days=shift) for shift in range(-1, 3 if not topic.digest_days else WEEK + 2)]
    told_on = [day for day in days if not topic.digest_days or day.weekday() in topic.digest_days]
    return min(moment for day in told_on if (moment := _moment(day, at, zone)) > now)


def last_digest(topic: Topic, now: datetime) -> datetime:
    """Return the last time, `now` included, at which clocks in the topic's zone showed `digest_at`, in UTC."""
    earlier = now - timedelta(days=3 if not topic.digest_days else WEEK + 2)
    while (following := next_digest(topic, earlier)) <= now:
        earlier = following
    return earlier


def windows_due(
    topic: Topic, told: Told, now: datetime, since: datetime | None = None, restored_at: datetime | None = None
) -> list[DueDigest]:
    """Return what is to be told now, oldest first, each window once: those whose time came since the last one told.

    Two or more that are STALE become one digest of their whole range. Nothing is due for posts past their retention.
    The schedule holds `since` a time, if that is known: its first digest begins where the last one told ended. What
    came before a backup was restored may have been told, and does not become one with what came after.
    """
    begun = [] if told.begun is None else [told.begun]
    after = told.begun.window.end if told.begun is not None else told.end
    after = max(after, now - topic.retention)
    ends = _ends(topic, after if since is None else max(after, since), now)
    windows = {end: daily_window(topic, end) for end in ends}
    if ends:
        windows[ends[0]] = reaching_back(windows[ends[0]], after)
    fresh = [end for end in ends if now - end <= STALE]
    stale = [end for end in ends if now - end > STALE]
    doubted = [end for end in stale if restored_at is not None and end <= restored_at]
    together = [*_as_one(windows, doubted), *_as_one(windows, stale[len(doubted) :])]
    return [*begun, *together, *(DueDigest(window=windows[end]) for end in fresh)]


def _as_one(windows: Mapping[datetime, Window], ends: Sequence[datetime]) -> list[DueDigest]:
    if len(ends) < 2:
        return [DueDigest(window=windows[end]) for end in ends]
    return [DueDigest(window=Window(windows[ends[0]].start, ends[-1]), kind="away")]


def daily_window(topic: Topic, end: datetime) -> Window:
    """Return what the digest due at a time tells of: the 24 hours before it, or all since the one before, in hours.

    Where clocks go back a day has 25 hours, and the first of them would be in no digest. Where they go forward two
    digests overlap, and a chat is shown each post once.
    """
    since = end - last_digest(topic, end - timedelta(microseconds=1))
    return Window(end - max(LENGTH, -(-since // HOUR) * HOUR), end)


def reaching_back(window: Window, to: datetime) -> Window:
    """Return a window that begins at a time at the latest; it grows by whole hours."""
    return window if window.start <= to else Window(window.end - -(-(window.end - to) // HOUR) * HOUR, window.end)


def window_ending(at: datetime) -> Window:
    """Return the 24 hours before a time."""
    return Window(at - LENGTH, at)


def _ends(topic: Topic, after: datetime, now: datetime) -> list[datetime]:
    """Return the times after one, up to now, at which digests of a topic are due."""
    ends: list[datetime] = []
    while (following := next_digest(topic, ends[-1] if ends else after)) <= now:
        ends.append(following)
    return ends


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
