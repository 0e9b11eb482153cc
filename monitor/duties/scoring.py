"""Looks at the numbers of a topic every few minutes: what rises, what was said in each hour, who was first.

the hour that was read last ─► Trend with its burst ─► kept ─► alerts
whole hours that are over ─► posts, wordings, voices ─► kept; forms of what came since ─► first seen ─► kept
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from monitor.duties.alerting import alert
from monitor.models import Mention, Query, Topic, Window
from monitor.pipeline import gather, oldest_kept
from monitor.processes.undisturbed import undisturbed
from monitor.readers.shelves import shelf_of
from monitor.seams.ledger import CoverageLedger
from monitor.seams.scored import HourCount, Scored
from monitor.signals.bursts import by_hour
from monitor.signals.copies import grouped
from monitor.signals.coverage import read_together
from monitor.signals.firsts import firsts_of
from monitor.signals.voices import count_voices, firsts, said
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

HOUR = timedelta(hours=1)
STEP = timedelta(minutes=5)
"""Alerts tell of hours that end at full five minutes, so that two looks at one of them make one alert."""

FRESH = timedelta(hours=1)
"""An hour that was read to its end longer ago is no news: the digest tells of it."""

LATE = timedelta(hours=3)
"""Posts that come so late are still counted to their hour, and still looked at for who was first."""


@undisturbed
def score(monitor: Monitor, topic: Topic, now: datetime) -> None:
    """Look at the numbers of a topic once, keep them, and tell what rises. Again, it tells nothing twice."""
    before = monitor.scores.of(topic.name)
    recent = _recent(monitor, topic, before, now)
    monitor.scores.count(topic.name, hour_counts(recent, now))
    monitor.firsts.note(topic.name, firsts_of(recent, with_links=True).values())
    backfilled = _note_backfilled(monitor, topic, before, now)
    end = read_to(monitor.progress, monitor.queries_of(topic), now)
    if end is None:
        return
    gathered = gather(topic, Window(end - HOUR, end), shelf_of(monitor, topic), now)
    monitor.scores.keep(topic.name, Scored(trend=gathered.trend, backfilled=backfilled))
    if now - end <= FRESH:
        alert(monitor, topic, gathered, now)


def read_to(ledger: CoverageLedger, queries: Sequence[Query], now: datetime) -> datetime | None:
    """Return up to when most queries were read, at full five minutes; None where nothing was lately."""
    window = Window(now - 2 * FRESH, now)
    windows = [[Window(each.start, each.end) for each in ledger.windows(query, window)] for query in queries]
    read = read_together(windows)
    return _full(min(read[-1].end, now), STEP) if read else None


def hour_counts(mentions: list[Mention], now: datetime) -> Mapping[datetime, HourCount]:
    """Return what was said in each whole hour that is over, from mentions of whole hours; back-fill does not count.

    Near copies are those among all of the mentions.
    """
    live = [each for each in grouped(mentions) if not each.backfilled]
    if not live:
        return {}
    start = _full(min(each.post.time for each in live), HOUR)
    window = Window(start, _full(now, HOUR))
    if window.start >= window.end:
        return {}
    hours = enumerate(by_hour(window, live))
    return {start + n * HOUR: _count(hour) for n, hour in hours if hour}


def _count(mentions: list[Mention]) -> HourCount:
    first_said = firsts(map(said, mentions))
    return HourCount(len(mentions), len(first_said), count_voices(first_said))


def _recent(monitor: Monitor, topic: Topic, before: Scored | None, now: datetime) -> list[Mention]:
    """Return the mentions of whole hours since the last look, and of some before it, for what came late."""
    since = now if before is None else min(before.trend.window.end, now)
    start = max(_full(since - LATE, HOUR), oldest_kept(topic, now))
    return monitor.mentions.between(topic.name, Window(start, now))


def _note_backfilled(monitor: Monitor, topic: Topic, before: Scored | None, now: datetime) -> int:
    """Look for who was first in all that is stored, where posts were found by looking back, or nobody ever looked."""
    backfilled = monitor.mentions.backfilled(topic.name)
    if before is None or backfilled != before.backfilled:
        everything = monitor.mentions.between(topic.name, Window(oldest_kept(topic, now), now))
        monitor.firsts.note(topic.name, firsts_of(everything, with_links=True).values())
    return backfilled


def _full(moment: datetime, step: timedelta) -> datetime:
    """Return the last full step before a time."""
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // step * step
