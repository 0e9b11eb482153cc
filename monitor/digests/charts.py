"""Volume by hour, by what posts are written in or by platform, and its words; pictures.py draws it.

mentions ─► volume_of: counts by hour and label, repeats apart ─► pictures.draw: PNG, a telephone wide
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Literal, NamedTuple

from monitor.digests.headline import window_words
from monitor.digests.platforms import platform_label
from monitor.digests.tail import SMALLEST_GROUP
from monitor.digests.wording import few, hashtag, listed, mention_tag, posts, time_within
from monitor.models import Mention, Trend, Window
from monitor.saying import say
from monitor.signals.accounts import account_of
from monitor.signals.bursts import by_hour, format_ratio
from monitor.signals.voices import firsts, said, speaking_first

PICTURES = "monitor.digests.pictures"
"""Loaded by who draws: matplotlib takes half a second and 60 MB."""

HOUR = timedelta(hours=1)
MOST_SERIES = 5
MOST_UNREAD = 3
Kind = Literal["script", "platform"]
Look = Literal["label", "rest", "repeats", "counted"]


class Series(NamedTuple):
    """Posts in each hour, and what they are: of one label, the rest of all labels, repeats, or counted and not read."""

    label: str
    counts: tuple[int, ...]
    look: Look = "label"


class Volume(NamedTuple):
    """How much was said in each hour of a window, in the order in which it is stacked.

    Labels hold what was said first in its hour, the largest one first, others together last; then come repeats, and
    what a platform counted and nobody read. So what stands out as a rise, which repeats do not make, is what is high
    without them.
    """

    topic: str
    trend: Trend
    series: tuple[Series, ...]

    @property
    def window(self) -> Window:
        """Return the window."""
        return self.trend.window

    @property
    def totals(self) -> tuple[int, ...]:
        """Return all posts of each hour."""
        return tuple(map(sum, zip(*(each.counts for each in self.series), strict=True)))


def volume_of(topic: str, trend: Trend, mentions: Sequence[Mention], kind: Kind = "script") -> Volume:
    """Return the counts of a window by hour and label; labels of less than SMALLEST_GROUP posts are together."""
    label_of: Callable[[Mention], str] = mention_tag if kind == "script" else _platform
    totals = Counter(label_of(each) for each in mentions)
    shown = [label for label, count in totals.most_common(MOST_SERIES) if label and count >= SMALLEST_GROUP]
    whole = by_hour(trend.window, mentions)
    names_anybody = any(account_of(each.post) for each in mentions)
    hours = [Counter(map(label_of, _said_first(some, names_anybody=names_anybody))) for some in whole]
    rest = Series(
        say("other") if shown else say("all"),
        tuple(hour.total() - sum(hour[label] for label in shown) for hour in hours),
        "rest" if shown else "label",
    )
    repeats = tuple(len(some) - hour.total() for some, hour in zip(whole, hours, strict=True))
    series = (
        *(Series(label, tuple(hour[label] for hour in hours)) for label in shown),
        rest,
        Series(say("same wording or account again"), repeats, "repeats"),
        Series(say("counted, not read"), _unread_posts(trend, whole), "counted"),
    )
    return Volume(topic, trend, tuple(each for each in series if any(each.counts)))


def _said_first(mentions: Sequence[Mention], *, names_anybody: bool) -> list[Mention]:
    """Return the posts of an hour that are its voices: the first of each wording, then the first of each account.

    Where nobody is named, as in some archives, who speaks again is unknown: then each wording counts.
    """
    first = firsts(map(said, mentions))
    voices = speaking_first(first) if names_anybody else {each.key for each in first.values()}
    return [each for each in mentions if each.post.key in voices]


def _unread_posts(trend: Trend, hours: Sequence[Sequence[Mention]]) -> tuple[int, ...]:
    if not trend.counted:
        return ()
    return tuple(max(0, count - len(hour)) for count, hour in zip(trend.hourly, hours, strict=True))


def title_of(volume: Volume) -> str:
    """Word the title: "#topic: 412 posts, ×3.1"."""
    trend = volume.trend
    ratio = "" if trend.ratio is None else format_ratio(trend.ratio)
    said = say(", ").join(part for part in (posts(trend.count), ratio) if part)
    return say("{topic}: {said}", topic=hashtag(volume.topic), said=said)


def caption_of(volume: Volume, zone: tzinfo) -> str:
    """Word what stands under the picture: it says in words what the picture shows."""
    lines = (
        title_of(volume),
        say("By hour, {window}", window=window_of(volume, zone)),
        rise_told(volume, zone),
        _highest_told(volume, zone),
        unread_told(volume, zone),
    )
    return "\n".join(line for line in lines if line)


def window_of(volume: Volume, zone: tzinfo) -> str:
    """Word the window with its date: a picture is kept and passed on, and nobody then knows which Tuesday it was."""
    return window_words(volume.trend, zone, is_dated=True)


def rise_told(volume: Volume, zone: tzinfo) -> str:
    """Word when it rose, how many posts that were, and how many are usual then; "" where nothing rose."""
    burst = volume.trend.burst
    if burst is None:
        return ""
    return say(
        "Rise {start}–{end}: {posts} without repeats, usual {usual}",
        start=_clock(volume, burst.start, zone),
        end=f"{burst.end.astimezone(zone):%H:%M}",
        posts=posts(burst.voices),
        usual=few(burst.expected),
    )


def _highest_told(volume: Volume, zone: tzinfo) -> str:
    """Word the highest bar where it is not in the rise: readers see it first, and wonder why it is not the rise."""
    burst, totals = volume.trend.burst, volume.totals
    if burst is None or not totals:
        return ""
    hour = totals.index(max(totals))
    start = volume.window.start + hour * HOUR
    repeats = sum(each.counts[hour] for each in volume.series if each.look == "repeats")
    if burst.start <= start < burst.end or not repeats:
        return ""
    return say(
        "Highest bar {start}–{end}: {posts}, {repeats} of them repeats",
        start=_clock(volume, start, zone),
        end=f"{(start + HOUR).astimezone(zone):%H:%M}",
        posts=posts(totals[hour]),
        repeats=f"{repeats:,}",
    )


def unread_told(volume: Volume, zone: tzinfo) -> str:
    """Word the times that were not read, the longest first where there are many; "" where all was read."""
    longest = sorted(volume.trend.unread, key=lambda each: each.start - each.end)[:MOST_UNREAD]
    if not longest:
        return ""
    if longest[0] == volume.window:
        return say("Nothing of that was read")  # "12:06–12:06" would be read as a moment
    told = [f"{_clock(volume, start, zone)}–{end.astimezone(zone):%H:%M}" for start, end in sorted(longest)]
    more = say("and more") if len(volume.trend.unread) > MOST_UNREAD else ""
    return say("Not read: {times}", times=listed([each for each in (*told, more) if each]))


def hours_of(volume: Volume) -> int:
    """Return the hours of a window, the last of which may be short."""
    return -(-volume.window.length // HOUR)


def _clock(volume: Volume, moment: datetime, zone: tzinfo) -> str:
    return time_within(moment, volume.window, zone)


def _platform(mention: Mention) -> str:
    return platform_label(mention.post.key.source)
