"""What the owners are told when a source cannot be read, or says nothing any more: once per outage, in private.

A platform is told of after an hour of failing, a feed after a day; a silence, which is improbable by then, at once.
Nothing that was stored is touched by any of it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.digests.platforms import platform_label
from monitor.digests.reasons import told_reason
from monitor.digests.wording import day_and_time, plain
from monitor.models import QueryStatus, Window
from monitor.readers.troubles import notice_of, tell_owners
from monitor.saying import say
from monitor.seams.credentials import NOT_SET_UP
from monitor.topics.polling.breaker import scope_of
from monitor.wiring import Monitor

FAILS_FOR = timedelta(hours=1)
FEED_FAILS_FOR = timedelta(days=1)
LONGEST_REASON = 200


class Outage(NamedTuple):
    """What is wrong with a scope: a platform, or the host of feeds."""

    scope: str
    since: datetime
    reason: str
    is_silent: bool


def tell_of_sources(monitor: Monitor, now: datetime) -> None:
    """Tell the owners of sources that cannot be read. The same outage again is told once."""
    if monitor.telegram is None:
        return
    topics = monitor.topics.all()
    zone = ZoneInfo(topics[0].timezone) if topics else ZoneInfo("UTC")
    statuses = monitor.progress.statuses(list(monitor.plan()), Window(now - timedelta(days=1), now))
    for each in outages(statuses, now):
        id_ = notice_of("source", each.scope, each.since.strftime("%Y%m%dT%H%M"))
        tell_owners(monitor, id_, partial(worded, each, now, zone))


def outages(statuses: Sequence[QueryStatus], now: datetime) -> Iterator[Outage]:
    """Yield what is to be told, one outage per scope: the longest. A missing key or budget is none."""
    told: dict[str, Outage] = {}
    for status in statuses:
        if status.reason is None or status.since is None or status.reason in NOT_SET_UP:
            continue
        scope = scope_of(status.query)
        patience = FEED_FAILS_FOR if scope.startswith("rss:") else FAILS_FOR
        if not status.is_silent and now - status.since < patience:
            continue
        if scope not in told or status.since < told[scope].since:
            told[scope] = Outage(scope, status.since, status.reason, status.is_silent)
    yield from told.values()


def worded(outage: Outage, now: datetime, zone: tzinfo) -> str:
    """Word an outage in a line or two."""
    source, _, host = outage.scope.partition(":")
    name = host or platform_label(source)
    since, reason = day_and_time(outage.since, now, zone), plain(told_reason(outage.reason), LONGEST_REASON)
    if outage.is_silent:
        return say(
            "{name} since {since}: {reason}. Nothing that was read before is lost; `monitor doctor` says more.",
            name=name,
            since=since,
            reason=reason,
        )
    return say(
        "{name} has not been read since {since}: {reason}. Digests say so; `monitor doctor` says what to do.",
        name=name,
        since=since,
        reason=reason,
    )
