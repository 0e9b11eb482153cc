"""Compares two ledgers of a day: what platforms showed, answered and billed, and what the product stored and says."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from monitor.models import QueryStatus
from monitor.signals.silence import FEWEST_HOURS
from monitor.store.fsck import check
from tests.day.clock import at
from tests.day.platforms import SILENT_FROM, Platform, Post
from tests.day.run import Day
from tests.day.x_day import XDay

SLACK = timedelta(minutes=8)
"""A gap is named by when looks were taken; what a post says of its time is wrong by two minutes and shown later."""


class Came(NamedTuple):
    """What came of a day: what was counted, and a sentence for each promise that was broken."""

    reached: Mapping[str, object]
    broken: tuple[str, ...]


def judged(day: Day) -> Came:
    """Compare what platforms showed and answered with what the store holds and says."""
    stored = day.stored()
    statuses = day.statuses()
    shown = {each.key for platform in day.platforms for each in platform.posts()}
    broken = [sentence for platform in day.platforms for sentence in _misread(day, platform, stored, statuses)]
    broken += [f"{key} is stored {times} times" for key, times in Counter(stored).items() if times > 1]
    broken += [f"{key} is stored, and nobody wrote it" for key in set(stored) - shown]
    broken += check(day.connection)
    return Came(_reached(day, stored, statuses), tuple(broken))


def _misread(day: Day, platform: Platform, stored: Sequence[str], statuses: Sequence[QueryStatus]) -> Iterator[str]:
    """Yield what is wrong with what was read of a platform."""
    kept, heard = set(stored), day.before_looking_back & set(stored)
    delivered = {key for each in platform.answers() for key in each.keys}
    for each in platform.posts():
        if each.key not in kept and each.key in delivered:
            yield f"{each.key} was in a good answer and is not stored"
        if each.key not in heard and not is_named(each, platform, statuses):
            yield f"{each.key} was missed, and nobody says so"
        if each.key not in kept and platform.name == "bluesky":
            yield f"{each.key} was missed, and not found by looking back"
    for asked, times in twice(day, platform):
        yield f"{platform.name}: {asked} was paid {times} times"
    if isinstance(platform, XDay):
        ledgers = {spent.day: spent.ledger for spent in day.monitor.spending["x"].days()}
        yield from platform.misjudged(ledgers, day.kills)
        excused = {asked for name, asked in day.excused if name == "x"}
        yield from (f"{key} was paid twice" for key in platform.paid_twice(excused))


def _reached(day: Day, stored: Sequence[str], statuses: Sequence[QueryStatus]) -> dict[str, object]:
    [x] = [each for each in day.platforms if isinstance(each, XDay)]
    missed = sum(each.key not in stored for platform in day.platforms for each in platform.posts())
    return {
        "posts": sum(len(each.posts()) for each in day.platforms),
        "stored": len(stored),
        "missed_and_named": missed,
        "found_by_looking_back": len(set(stored) - day.before_looking_back),
        "gaps": sum(len(each.gaps) for each in statuses),
        "good_answers": sum(len(each.answers()) for each in day.platforms),
        "faults": {each.name: dict(each.faults) for each in day.platforms},
        "kills": day.kills,
        "x_dollars": sum(x.world.spent.values()) / 1e6,
        "silent": sorted(day.silent),
        # Reported, not judged: after many faults too little may be known of what is usual (evaluation/silence.py).
        "silence_unnoticed": "hackernews" not in day.silent and known_hours(day) >= FEWEST_HOURS + 2,
    }


def known_hours(day: Day) -> int:
    """Return in how many hours before its silence the index was read: of few nobody can tell what is usual."""
    begins = at(SILENT_FROM * day.plan.hours)
    return len(
        {each.at.replace(minute=0, second=0, microsecond=0) for each in day.platforms[0].answers() if each.at < begins}
    )


def is_named(post: Post, platform: Platform, statuses: Sequence[QueryStatus]) -> bool:
    """Tell whether a gap of some query of the platform tells that a post may be missing, or that it is not read now."""
    own = [each for each in statuses if each.query.source == platform.name]
    unread = [each.last_read for each in own if each.reason is not None and each.last_read is not None]
    if any(post.shown >= last - SLACK for last in unread):
        return True
    return any(gap.start - SLACK <= post.shown <= gap.end + SLACK for each in own for gap in each.gaps)


def twice(day: Day, platform: Platform) -> Iterator[tuple[str, int]]:
    """Yield pages that were answered more than once to processes that lived to store them."""
    pages = Counter(each.asked for each in platform.answers() if platform.is_page(each))
    for asked, times in pages.items():
        if times - day.excused[platform.name, asked] > 1:
            yield asked, times
