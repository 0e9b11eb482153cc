"""What a chat's wishes mean for a topic's digests: when they come, what is in them, and when nothing does. Pure."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from monitor.digests.coverage import is_blind, readings
from monitor.digests.headline import RISE, is_quiet
from monitor.digests.people import Policy
from monitor.models import Digest, Mention, Topic
from monitor.nouns.wishes import Wishes
from monitor.signals.accounts import in_languages
from monitor.signals.alerts import Gates

QUIET = ("22:00", "07:30")
"""The quiet hours that are offered, and that alerts keep where a chat chose none."""

_STRICTNESS: dict[Policy, int] = {"names": 0, "default": 1, "links": 2, "counts": 3}


def wished(topic: Topic, wishes: Wishes | None) -> Topic:
    """Return a topic with the schedule that a chat wishes."""
    if wishes is None:
        return topic
    return replace(
        topic,
        digest_at=wishes.at or topic.digest_at,
        timezone=wishes.timezone or topic.timezone,
        digest_days=wishes.days or topic.digest_days,
    )


def times_of(topic: Topic) -> str:
    """Name the schedule of a topic without a space: it is part of a job's name, so that a new hour is a new job."""
    days = "".join(map(str, topic.digest_days)) or "daily"
    return f"{topic.digest_at}/{topic.timezone}/{days}"


def quiet_until(quiet: tuple[str, str] | None, timezone: str, now: datetime) -> datetime | None:
    """Return when the quiet hours end in which `now` lies; None when it lies in none.

    Hours from 22:00 to 07:30 cross midnight. An end that clocks leave out comes as much later as they jump (PEP 495).
    """
    if quiet is None or quiet[0] == quiet[1]:
        return None
    begin, end = (time.fromisoformat(each) for each in quiet)
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    for shift in (-1, 0):
        day = local.date() + timedelta(days=shift)
        first = datetime.combine(day, begin, zone)
        last = datetime.combine(day + timedelta(days=int(end <= begin)), end, zone)
        if first.timestamp() <= now.timestamp() < last.timestamp():
            return last.astimezone(now.tzinfo)
    return None


def is_muted(wishes: Wishes | None, now: datetime) -> bool:
    """Tell whether nothing is to come now."""
    return wishes is not None and wishes.muted_until is not None and now < wishes.muted_until


def is_wished(digest: Digest, wishes: Wishes) -> bool:
    """Tell whether a digest is to be sent: with "rising" not without a rise, unless what is blind may hide one."""
    if wishes.mode != "rising":
        return True
    trend = digest.trend
    has_risen = trend.burst is not None or (trend.ratio is not None and trend.ratio >= RISE)
    return (has_risen and not is_quiet(trend)) or is_blind(readings(digest.statuses, trend.window))


def in_wished_languages(mentions: Sequence[Mention], wishes: Wishes | None) -> list[Mention]:
    """Return the mentions in the languages that a chat reads."""
    if wishes is None or not wishes.languages:
        return list(mentions)
    return [each for each in mentions if in_languages(each, wishes.languages)]


def stricter(first: Policy, second: Policy | None) -> Policy:
    """Return the one that shows less: a chat can ask for less of people than whoever runs the product, not for more."""
    return first if second is None else max(first, second, key=lambda each: _STRICTNESS[each])


def gates_of(wishes: Wishes | None) -> Gates:
    """Return what an alert must pass in a chat: the quiet hours are its own."""
    if wishes is None or wishes.quiet is None:
        return Gates()
    begin, end = (time.fromisoformat(each) for each in wishes.quiet)
    return Gates(quiet_from=begin, quiet_to=end)


def takes_alerts(wishes: Wishes | None, now: datetime) -> bool:
    """Tell whether a chat wants to hear of a rise at once."""
    return wishes is None or (wishes.alerts and not is_muted(wishes, now))
