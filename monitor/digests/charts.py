"""Volume by hour, by what posts are written in or by platform, and its words; pictures.py draws it.

mentions ─► volume_of: counts by hour and label ─► pictures.draw: PNG, a telephone wide
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta, tzinfo
from typing import Literal, NamedTuple

from monitor.digests.headline import window_words
from monitor.digests.platforms import platform_label
from monitor.digests.tail import SMALLEST_GROUP
from monitor.digests.wording import hashtag, mention_tag, posts
from monitor.models import Mention, Trend, Window
from monitor.nouns.burst import Burst
from monitor.saying import say
from monitor.signals.bursts import by_hour, format_ratio

PICTURES = "monitor.digests.pictures"
"""Loaded by who draws: matplotlib takes half a second and 60 MB."""

HOUR = timedelta(hours=1)
MOST_SERIES = 5
Kind = Literal["script", "platform"]


class Series(NamedTuple):
    """A label and its posts in each hour; `is_rest` of all other labels together."""

    label: str
    counts: tuple[int, ...]
    is_rest: bool = False


class Volume(NamedTuple):
    """How much was said in each hour of a window, the largest labels first, others together last."""

    topic: str
    trend: Trend
    series: tuple[Series, ...]

    @property
    def window(self) -> Window:
        """Return the window."""
        return self.trend.window


def volume_of(topic: str, trend: Trend, mentions: Sequence[Mention], kind: Kind = "script") -> Volume:
    """Return the counts of a window by hour and label; labels of less than SMALLEST_GROUP posts are together."""
    label_of: Callable[[Mention], str] = mention_tag if kind == "script" else _platform
    totals = Counter(label_of(each) for each in mentions)
    shown = [label for label, count in totals.most_common(MOST_SERIES) if label and count >= SMALLEST_GROUP]
    hours = [Counter(label_of(each) for each in some) for some in by_hour(trend.window, mentions)]
    series = [Series(label, tuple(hour[label] for hour in hours)) for label in shown]
    rest = tuple(hour.total() - sum(hour[label] for label in shown) for hour in hours)
    if any(rest):
        series.append(Series(say("other") if shown else say("all"), rest, is_rest=bool(shown)))
    return Volume(topic, trend, tuple(series))


def title_of(volume: Volume) -> str:
    """Word the title: "#topic: 412 posts, ×3.1"."""
    trend = volume.trend
    ratio = "" if trend.ratio is None else format_ratio(trend.ratio)
    said = say(", ").join(part for part in (posts(trend.count), ratio) if part)
    return say("{topic}: {said}", topic=hashtag(volume.topic), said=said)


def caption_of(volume: Volume, zone: tzinfo) -> str:
    """Word what stands under the picture: it says in words what the picture shows."""
    burst = volume.trend.burst
    lines = [title_of(volume), say("By hour, {window}", window=window_of(volume, zone))]
    if burst is not None:
        lines.append(burst_told(burst, zone))
    return "\n".join(lines)


def window_of(volume: Volume, zone: tzinfo) -> str:
    """Word the window with its date: a picture is kept and passed on, and nobody then knows which Tuesday it was."""
    return window_words(volume.trend, zone, is_dated=True)


def burst_told(burst: Burst, zone: tzinfo) -> str:
    """Word when it rose, and how many posts that were."""
    start, end = (f"{each.astimezone(zone):%H:%M}" for each in (burst.start, burst.end))
    return say(
        "rise {start}–{end}: {posts}, the same wording counted once", start=start, end=end, posts=posts(burst.voices)
    )


def hours_of(volume: Volume) -> int:
    """Return the hours of a window, the last of which may be short."""
    return -(-volume.window.length // HOUR)


def _platform(mention: Mention) -> str:
    return platform_label(mention.post.key.source)
