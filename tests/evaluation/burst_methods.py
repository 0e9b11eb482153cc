"""Ways to tell that a topic bursts, ours and three that others use: each gives a score, and fires at a threshold."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf, sqrt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.models import Window
from monitor.signals.baseline import Hours, UsualHour, usual_hour
from monitor.signals.surprise import surprise
from monitor.signals.voices import Said, count_voices

UTC = ZoneInfo("UTC")
HOUR = timedelta(hours=1)
DAYS_7, DAYS_14 = 7 * 24, 14 * 24


class Stream:
    """Posts of one topic, and how many there were in each whole hour from `first` on; all of it was read."""

    def __init__(self, posts: Sequence[Said], first: datetime, counts: Sequence[int]) -> None:
        self.posts = sorted(posts)
        self.hours = Hours(first, counts)
        self._times = [each.time for each in self.posts]
        self._usual: dict[tuple[int, bool], UsualHour | None] = {}
        self._moments: dict[tuple[int, int], tuple[float, float]] = {}

    def within(self, start: datetime, end: datetime) -> list[Said]:
        """Return the posts of a window."""
        return self.posts[bisect_left(self._times, start) : bisect_left(self._times, end)]

    def usual(self, start: datetime) -> UsualHour | None:
        """Return the product's usual of the hour that begins at a time; it is the same from one full hour to the next."""
        hour, rest = divmod(start - self.hours.first, HOUR)
        key = hour, bool(rest)
        if key not in self._usual:
            self._usual[key] = usual_hour(self.hours, Window(start, start + HOUR), UTC)
        return self._usual[key]

    def moments(self, end: datetime, hours: int) -> tuple[float, float]:
        """Return mean and σ of the last whole hours that ended by a time; fewer where the stream is younger."""
        last = (end - self.hours.first) // HOUR
        if (last, hours) not in self._moments:
            counts = [count or 0 for count in self.hours.counts[max(0, last - hours) : max(0, last)]]
            mean = sum(counts) / len(counts) if counts else 0.0
            variance = sum((each - mean) ** 2 for each in counts) / len(counts) if counts else 0.0
            self._moments[last, hours] = mean, sqrt(variance)
        return self._moments[last, hours]


class Method(NamedTuple):
    """A score for what ends at a time, and the threshold that is its makers' default."""

    score: Callable[[Stream, datetime], float]
    threshold: float


def ours(stream: Stream, now: datetime) -> float:
    """Return the surprise of the last hour's voices against the usual of the same hours."""
    posts = stream.within(now - HOUR, now)
    voices = count_voices(posts) if len(posts) >= 5 else 0
    if voices < 5:
        return 0.0
    usual = stream.usual(now - HOUR)
    return 0.0 if usual is None else surprise(voices, usual.mean, usual.variance)


def three_sigma(stream: Stream, now: datetime) -> float:
    """Return by how many σ the last hour is above the mean of 14 days; at least 4 posts, as its makers ask."""
    count = len(stream.within(now - HOUR, now))
    return _z(count, *stream.moments(now - HOUR, DAYS_14)) if count >= 4 else 0.0


def z_score(stream: Stream, now: datetime) -> float:
    """Return by how many σ the last hour is above the mean of 7 days."""
    return _z(len(stream.within(now - HOUR, now)), *stream.moments(now - HOUR, DAYS_7))


def times_three(stream: Stream, now: datetime) -> float:
    """Return by how many times the last two hours exceed the pace of 7 days; at least 5 posts of 2 publishers."""
    posts = stream.within(now - 2 * HOUR, now)
    if len(posts) < 5 or len({each.account for each in posts}) < 2:
        return 0.0
    pace, _ = stream.moments(now - 2 * HOUR, DAYS_7)
    return len(posts) / 2 / pace if pace else inf


def _z(count: int, mean: float, sigma: float) -> float:
    if sigma == 0:
        return inf if count > mean else 0.0
    return (count - mean) / sigma


METHODS: Mapping[str, Method] = {
    "ours": Method(ours, 5.0),
    "three_sigma": Method(three_sigma, 3.0),
    "times_three": Method(times_three, 3.0),
    "z_score": Method(z_score, 3.0),
}
