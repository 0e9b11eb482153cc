"""Reading a topic on X twice from the same past: everything, and as planned for a budget; what each costs and tells."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import cos, exp, pi
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.errors import OutOfCredit
from monitor.models import Batch, Cursor, Window
from monitor.seams.budget import dollars, micro
from monitor.signals.baseline import HOUR, Hours, usual_at
from monitor.signals.phases import BURST
from monitor.signals.surprise import surprise
from monitor.sources.x import XSource
from monitor.sources.x_rehearsal import Happened, Rehearsal

EVERY = timedelta(minutes=10)
DAY = timedelta(days=1)
NO_END = "900000"
"""Dollars a day that no topic needs."""

TOP = 10
"""Posts of a day that a digest would show at most."""

CLOSE = 0.05
UTC_ZONE = ZoneInfo("UTC")


class Rehearsed(NamedTuple):
    """How reading went: what it cost, and the posts that were found of each hour, counted or read."""

    spent: int
    requests: int
    read: frozenset[int]
    hourly: Mapping[datetime, float]
    stopped: int


class Accuracy(NamedTuple):
    """What of the truth was told: hours that were counted within 5 %, bursts, the posts liked most on each day."""

    hours: int
    close: int
    bursts: int
    found: int
    false: int
    top: int
    shown: int


def rehearsed(posts: Sequence[Happened], budget: str, progress: Callable[[timedelta], None]) -> Rehearsed:
    """Read posts as if each were new, by the very source that reads X; `progress` hears how far its clock went."""
    past = Rehearsal(posts)
    source = XSource(None, {"token": "none is needed", "budget": budget, "pages": "200"}, past)
    now, end = _begin(posts), posts[-1].at + HOUR
    cursor: Cursor | None = None
    read: dict[int, datetime] = {}
    counted: dict[datetime, int] = {}
    spent = stopped = 0
    while now < end:
        due = now + EVERY
        try:
            batch = source.fetch("(rehearsed)", cursor, now)
            cursor, spent = batch.cursor, spent + micro(batch.cost)
            _take(batch, read, counted)
            due = now if batch.more else max(due, batch.not_before or due)
        except OutOfCredit as e:
            stopped += 1
            due = now + (e.retry_after or DAY)
        progress(due - now)
        now = due
    return Rehearsed(spent, past.requests, frozenset(read), _hourly(read, counted), stopped)


def accuracy(posts: Sequence[Happened], told: Rehearsed) -> Accuracy:
    """Return how much of what happened was told."""
    past, truth, top = Rehearsal(posts), _by_hour(posts), _top(posts)
    known = {hour: told.hourly.get(hour, 0.0) for hour in truth}
    bursts, found = _bursts(truth), _bursts(known)
    read = sum(past.id_of(number) in told.read for number in top)
    close = sum(abs(known[hour] - count) <= max(1.0, CLOSE * count) for hour, count in truth.items())
    return Accuracy(len(truth), close, len(bursts), len(bursts & found), len(found - bursts), len(top), read)


def a_busy_topic(seed: int, a_day: int, days: int) -> list[Happened]:
    """Return invented posts: a daily rhythm, three bursts, and likes by a power law (few have very many)."""
    draw = random.Random(seed)  # noqa: S311 - the same topic each time, no secret
    first = datetime(2026, 1, 5, tzinfo=UTC)
    peaks = [(draw.uniform(0.6, 0.95) * days * 24, draw.uniform(2, 5)) for _ in range(3)]
    posts: list[Happened] = []
    for hour in range(days * 24):
        rhythm = 1 - 0.6 * cos(2 * pi * (hour - 4) / 24)
        burst = sum(height * exp(-(hour - at) / 3) for at, height in peaks if hour >= at)
        count = round(draw.gauss(1, 0.05) * a_day / 24 * (rhythm + burst))
        for _ in range(count):
            at = first + timedelta(hours=hour, seconds=draw.uniform(0, 3600))
            posts.append(Happened(at, int(draw.paretovariate(1.0)) - 1))
    return sorted(posts)


def said(amount: int, days: float) -> str:
    """Word what a day costs."""
    return f"${dollars(amount) / days:,.2f}"


def days_of(posts: Sequence[Happened]) -> float:
    """Return how many days posts are spread over."""
    return max(1.0, (posts[-1].at - _begin(posts)) / DAY)


def _begin(posts: Sequence[Happened]) -> datetime:
    """Return when reading begins: a day in, for what X counts of the day before; where there is no day, an hour in."""
    first = posts[0].at.replace(minute=0, second=0, microsecond=0)
    return first + (DAY if posts[-1].at - posts[0].at > 2 * DAY else HOUR)


def _take(batch: Batch, read: dict[int, datetime], counted: dict[datetime, int]) -> None:
    """Note what a page brought: posts with their times, and the hours that X counted."""
    read.update((int(post.key.id), post.time) for post in batch.posts)
    counted.update((each.start, each.posts) for each in batch.tallies)


def _hourly(read: Mapping[int, datetime], counted: Mapping[datetime, int]) -> dict[datetime, float]:
    """Return the posts of each hour as digests count them: those that were read, and what X counted beyond them."""
    found = Counter(at.replace(minute=0, second=0, microsecond=0) for at in read.values())
    hours = {*found, *counted}
    return {hour: float(max(found[hour], counted.get(hour, 0))) for hour in hours}


def _by_hour(posts: Sequence[Happened]) -> dict[datetime, float]:
    """Return the true counts of the hours after the first look."""
    hour, last = _begin(posts), posts[-1].at.replace(minute=0, second=0, microsecond=0)
    counts: dict[datetime, float] = {}
    while hour < last:
        counts[hour] = 0.0
        hour += HOUR
    for post in posts:
        at = post.at.replace(minute=0, second=0, microsecond=0)
        if at in counts:
            counts[at] += 1
    return counts


def _bursts(counts: Mapping[datetime, float]) -> set[datetime]:
    """Return the hours that the product calls a burst, each by what was usual before it."""
    hours = sorted(counts)
    known = Hours(hours[0], [round(counts[hour]) for hour in hours])
    found = set()
    for hour in hours:
        usual = usual_at(known, Window(hour, hour + HOUR), UTC_ZONE)
        if usual is not None and surprise(round(counts[hour]), usual.mean, usual.variance) >= BURST:
            found.add(hour)
    return found


def _top(posts: Sequence[Happened]) -> list[int]:
    """Return the places of the posts liked most on each day that is over, and had time to be liked."""
    by_day: dict[str, list[int]] = {}
    for number, post in enumerate(posts):
        if post.at >= _begin(posts) and post.at < posts[-1].at - DAY:
            by_day.setdefault(f"{post.at:%Y-%m-%d}", []).append(number)
    return [n for some in by_day.values() for n in sorted(some, key=lambda each: -posts[each].likes)[:TOP]]
