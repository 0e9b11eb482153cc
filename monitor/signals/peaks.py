"""The hour of a window that stood out most against the usual of its time of day, and how it went on.

mentions ─by hour─► voices ─beside the usual hour─► surprise ─the highest, if it is a burst─► Burst, its arithmetic
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.burst import Burst
from monitor.models import Mention, Window
from monitor.signals.accounts import count_accounts
from monitor.signals.baseline import DAYS_BACK, HOUR, WHOLE, Hours, UsualHour, usual_hour
from monitor.signals.coverage import covered
from monitor.signals.phases import BURST, Scored, phase_of
from monitor.signals.surprise import surprise
from monitor.signals.voices import Said, count_voices, said, spread

FEWEST_VOICES = 5
"""Voices in an hour below which it is no burst, however quiet it usually is: four people are a conversation."""

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Earlier(NamedTuple):
    """What an hour is compared with: counts of whole hours, the times that were read (merged), and the topic's zone."""

    hours: Hours
    read: Sequence[Window]
    zone: ZoneInfo


class Finding(NamedTuple):
    """The hour that stood out and the sentences that explain its numbers; None and none where no hour did."""

    burst: Burst | None = None
    sentences: tuple[str, ...] = ()


class _Hour(NamedTuple):
    start: datetime
    mentions: Sequence[Mention]
    voices: int
    usual: UsualHour
    surprise: float


def find_burst(window: Window, mentions: Iterable[Mention], earlier: Earlier) -> Finding:
    """Return the hour of a window that stood out most; the window is cut into hours from its begin on.

    Hours that were not read whole, or follow such an hour, are passed over: what was written in a gap and read after it
    may look like one hour's. So are back-filled posts and those without a time of their own, which have the time at
    which we looked.
    """
    hours = [hour for hour in _hours(window, mentions, earlier) if hour is not None]
    phase = phase_of([Scored(hour.voices, hour.surprise) for hour in hours])
    if phase is None:
        return Finding()
    top = max(hours, key=lambda hour: (hour.surprise, hour.voices, hour.start))
    before = next((hour.voices for hour in hours if hour.start + HOUR == top.start), 0)
    burst = Burst(
        start=top.start,
        posts=len(top.mentions),
        accounts=count_accounts(top.mentions),
        voices=top.voices,
        platforms=len({each.post.key.source for each in top.mentions}),
        expected=top.usual.mean,
        surprise=top.surprise,
        before=before,
        latest=hours[-1].voices,
        phase=phase,
        sampled_hours=earlier.hours.read,
        platform_spread=spread(each.post.key.source for each in top.mentions),
        script_spread=spread(_script(each) for each in top.mentions),
    )
    return Finding(burst, _sentences(burst, top, earlier.zone))


def _hours(window: Window, mentions: Iterable[Mention], earlier: Earlier) -> Iterable[_Hour | None]:
    starts = [window.start + n * HOUR for n in range(window.length // HOUR)]
    by_hour: list[list[Mention]] = [[] for _ in starts]
    end = window.start + len(starts) * HOUR
    for mention in mentions:
        time = mention.post.time
        if mention.post.created_at is not None and not mention.backfilled and window.start <= time < end:
            by_hour[(time - window.start) // HOUR].append(mention)
    for start, some in zip(starts, by_hour, strict=True):
        yield _hour(start, some, earlier)


def _hour(start: datetime, mentions: Sequence[Mention], earlier: Earlier) -> _Hour | None:
    """Return an hour with its surprise, None where it cannot be judged."""
    hour = Window(start, start + HOUR)
    if any(covered(each, earlier.read) < WHOLE * HOUR for each in (Window(start - HOUR, start), hour)):
        return None
    usual = usual_hour(earlier.hours, hour, earlier.zone)
    if usual is None:
        return None
    voices = count_voices(said(each) for each in mentions)
    score = surprise(voices, usual.mean, usual.variance) if voices >= FEWEST_VOICES else 0.0
    return _Hour(start, mentions, voices, usual, score)
