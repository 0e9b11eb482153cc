"""When the next digest of a topic is due, and which window it tells about."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.models import Topic, Window

LENGTH = timedelta(hours=24)


def next_digest(topic: Topic, now: datetime) -> datetime:
    """Return the first time after `now`, in UTC, at which clocks in the topic's zone show `digest_at`.

    A time that a change of clocks leaves out comes as much later as clocks jump; one that comes twice counts once, the
    first time (PEP 495, fold=0).
    """
    zone = ZoneInfo(topic.timezone)
    at = time.fromisoformat(topic.digest_at)
    today = now.astimezone(zone).date()
    # Yesterday, because a time left out at 23:30 comes after midnight; two days on, because islands have skipped a day.
    days = (today + timedelta(days=shift) for shift in (-1, 0, 1, 2))
    return min(moment for day in days if (moment := _moment(day, at, zone)) > now)


def last_digest(topic: Topic, now: datetime) -> datetime:
    """Return the last time, `now` included, at which clocks in the topic's zone showed `digest_at`, in UTC."""
    earlier = now - timedelta(days=3)
    while (following := next_digest(topic, earlier)) <= now:
        earlier = following
    return earlier


def window_ending(at: datetime) -> Window:
    """Return the 24 hours before a time, whatever clocks do: windows of different lengths cannot be compared."""
    return Window(at - LENGTH, at)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
