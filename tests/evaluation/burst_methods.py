"""Ways to tell that a topic bursts, ours and three that others use: each gives a score, and fires at a threshold."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf, sqrt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.models import Window
from monitor.signals.baseline import Hours, Usual, usual_at
from monitor.signals.peaks import FEWEST_VOICES, LENGTHS, judged
from monitor.signals.phases import BURST
from monitor.signals.voices import Said, count_voices, firsts

UTC = ZoneInfo("UTC")
HOUR = timedelta(hours=1)
DAYS_7, DAYS_14 = 7 * 24, 14 * 24


class Stream:
    """Posts of one topic, and how many there were in each whole hour from `first` on; all of it was read."""

    def __init__(self, posts: Sequence[Said], first: datetime, counts: Sequence[int]) -> None:
        self.posts = sorted(posts)
        self.hours = Hours(first, counts)
        self._times = [each.time for each in self.posts]
        self._usual: dict[tuple[int, bool, timedelta], Usual | None] = {}
        self._moments: dict[tuple[int, int], tuple[float, float]] = {}

    def within(self, start: datetime, end: datetime) -> list[Said]:
        """Return the posts of a window."""
        return self.posts[bisect_left(self._times, start) : bisect_left(self._times, end)]

    def usual(self, window: Window) -> Usual | None:
        """Return the product's usual of a window; it is the same from one full hour to the next."""
        hour, rest = divmod(window.start - self.hours.first, HOUR)
        key = hour, bool(rest), window.length
        if key not in self._usual:
            self._usual[key] = usual_at(self.hours, window, UTC)
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
    """Return the product's surprise: the largest of the last hour and, at full hours, of the last three and six."""
    lengths = LENGTHS if now.minute == 0 else LENGTHS[:1]
    return max(_surprise(stream, Window(now - length, now)) for length in lengths)


def _surprise(stream: Stream, window: Window) -> float:
    posts = stream.within(*window)
    if len(posts) < FEWEST_VOICES:
        return 0.0
    return judged(count_voices(firsts(posts)), stream.usual(window))


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
    "ours": Method(ours, BURST),
    "three_sigma": Method(three_sigma, 3.0),
    "times_three": Method(times_three, 3.0),
    "z_score": Method(z_score, 3.0),
}
