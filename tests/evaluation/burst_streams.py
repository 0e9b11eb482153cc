"""Streams of posts to look for bursts in: how they are made, and the two kinds that hold none."""

import hashlib
import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from monitor.models import PostKey
from monitor.signals.accounts import Account
from monitor.signals.voices import Said
from tests.evaluation.burst_methods import Stream

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BASELINE_DAYS = 28
NULL_DAYS = 14
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)

NULL_RATES = (0.02, 0.2, 1.0, 5.0, 25.0)
TOPICS_PER_RATE = 40
YOUNG_DAYS = 3
"""Topics of each rate without events, every other one read for three days only: 400 topic-weeks with two of each."""


class Trial(NamedTuple):
    """A stream and the time over which it is watched. `onset` is that of its event, None where there is none to find.

    What fires up to the end is then right, else a false alarm.
    """

    name: str
    kind: str
    stream: Stream
    start: datetime
    end: datetime
    onset: datetime | None = None


def is_tuned_on(name: str) -> bool:
    """Tell whether something belongs to the half on which thresholds were chosen."""
    return hashlib.blake2b(name.encode(), digest_size=1).digest()[0] % 2 == 0


def chance(*seed: object) -> random.Random:
    """Return chance that is the same in every run."""
    return random.Random("|".join(map(str, seed)))


def a_post(time: datetime, id_: str, account: str | None = None, wording: str | None = None) -> Said:
    """Return what counts of a post; who is not known is somebody else each time."""
    return Said(time, PostKey("x", id_), Account("x", account or id_), wording or id_)


def on_the_hour(moment: datetime) -> datetime:
    """Return the begin of the hour of a time."""
    return moment.replace(minute=0, second=0, microsecond=0)


def poisson(dice: random.Random, mean: float) -> int:
    """Draw a Poisson count: Knuth's product, in pieces small enough not to underflow."""
    count = 0
    while mean > 0:
        limit, product = math.exp(-min(mean, 30.0)), dice.random()
        mean -= 30.0
        while product > limit:
            count += 1
            product *= dice.random()
    return count


def weekly(times: Iterable[datetime]) -> list[float]:
    """Return how heavy each hour of the week is in real posts, 1 on average."""
    counts = Counter(time.weekday() * 24 + time.hour for time in times)
    total = sum(counts.values())
    return [counts[hour] * 168 / total for hour in range(168)]


def by_hour_of_week(rhythm: Sequence[float], rate: float, first: datetime, hours: int) -> list[float]:
    """Return the mean posts of hours, from a weekly rhythm and a rate per hour."""
    times = (first + n * HOUR for n in range(hours))
    return [rate * rhythm[time.weekday() * 24 + time.hour] for time in times]


def inserted(posts: Sequence[Said], means: Sequence[float], first: datetime, dice: random.Random) -> Stream:
    """Return a stream of posts within a background: posts drawn for each hour, each of another account."""
    counts = [poisson(dice, mean) for mean in means]
    known = [
        a_post(first + (hour + dice.random()) * HOUR, f"b{hour}-{n}")
        for hour, count in enumerate(counts)
        for n in range(count)
    ]
    return stream_of([*known, *posts], first, len(means))


def stream_of(posts: Sequence[Said], first: datetime, hours: int) -> Stream:
    """Return posts as a stream with the counts of its hours."""
    counts = Counter((post.time - first) // HOUR for post in posts)
    return Stream(posts, first, [counts[hour] for hour in range(hours)])


def nulls() -> Iterator[Trial]:
    """Yield topics in which nothing happens: Poisson counts by a strong rhythm of day and week, at five rates."""
    rhythm = [
        (1 + 0.9 * math.sin(2 * math.pi * (hour % 24) / 24)) * (0.5 if hour >= 5 * 24 else 1.2) for hour in range(168)
    ]
    for rate in NULL_RATES:
        for n in range(TOPICS_PER_RATE):
            baseline = YOUNG_DAYS if n % 2 else BASELINE_DAYS
            hours = (baseline + NULL_DAYS) * 24
            means = by_hour_of_week(rhythm, rate, MONDAY, hours)
            stream = inserted((), means, MONDAY, chance("null", rate, n))
            yield Trial(f"null {rate} {n}", "null", stream, MONDAY + baseline * DAY, MONDAY + hours * HOUR)


def shuffled(name: str, posts: Sequence[Said]) -> Trial:
    """Return real posts without their events: each at its own time of day, on a day drawn from six weeks."""
    dice = chance("shuffled", name)
    days = BASELINE_DAYS + NULL_DAYS
    moved = [
        post._replace(
            time=MONDAY
            + dice.randrange(days) * DAY
            + (post.time - post.time.replace(hour=0, minute=0, second=0, microsecond=0))
        )
        for post in posts
    ]
    return Trial(
        name, "shuffled", stream_of(moved, MONDAY, days * 24), MONDAY + BASELINE_DAYS * DAY, MONDAY + days * DAY
    )
