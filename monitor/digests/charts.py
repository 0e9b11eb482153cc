"""Volume by hour as a picture: stacked by what posts are written in, or by platform, with the burst marked.

mentions ─► volume_of: counts by hour and label ─► draw: PNG, a telephone wide

The library is imported when a picture is drawn: it takes half a second and some 60 MB. The font comes from a package:
few machines have one with 简 and 繁.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from monitor.burst import Burst
from monitor.digests.headline import window_words
from monitor.digests.platforms import platform_label
from monitor.digests.tail import SMALLEST_GROUP
from monitor.digests.wording import hashtag, mention_tag, posts
from monitor.models import Mention, Trend, Window
from monitor.saying import say
from monitor.signals.bursts import by_hour, format_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

HOUR = timedelta(hours=1)
MOST_SERIES = 5
INCHES, DPI = (9.0, 5.0), 120
COLORS = ("#2f6db3", "#e08a2c", "#4f9d69", "#8f63b8", "#c9504c", "#b5b9bf")
"""Told apart by people who see no red or green; the last is for all others."""

BURST_COLOR, GRID, INK = "#fde9c8", "#e3e6ea", "#22262b"
Kind = Literal["script", "platform"]


class Series(NamedTuple):
    """A label and its posts in each hour."""

    label: str
    counts: tuple[int, ...]


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
        series.append(Series(say("other") if shown else say("all"), rest))
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
    lines = [title_of(volume), say("By hour, {window}", window=window_words(volume.trend, zone))]
    if burst is not None:
        lines.append(_burst_told(burst, zone))
    return "\n".join(lines)


def draw(volume: Volume, zone: tzinfo) -> bytes:
    """Return the picture as PNG, in the language that is spoken, hours in the reader's zone."""
    font = _font()
    # Half a second and 60 MB, for who asks for a picture only.
    figure = import_module("matplotlib.figure").Figure(figsize=INCHES, dpi=DPI, layout="constrained", facecolor="white")
    import_module("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _mark_burst(axes, volume, zone, font)
    _stack(axes, volume)
    _mark_usual(axes, volume)
    _name(axes, volume, zone, font)
    if volume.series:
        figure.legend(prop=font, frameon=False, ncols=len(volume.series) + 1, loc="outside lower left")
    out = BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _stack(axes: "Axes", volume: Volume) -> None:
    bottom = [0] * _hours(volume)
    for place, each in enumerate(volume.series):
        is_rest = place == len(volume.series) - 1 and place > 0
        color = COLORS[-1] if is_rest else COLORS[place % (len(COLORS) - 1)]
        axes.bar(range(len(bottom)), each.counts, bottom=bottom, color=color, label=each.label, width=0.82)
        bottom = [low + count for low, count in zip(bottom, each.counts, strict=True)]


def _mark_usual(axes: "Axes", volume: Volume) -> None:
    """Draw what is usual in an hour: that of the window, spread evenly."""
    if volume.trend.expected is not None:
        usual = volume.trend.expected / _hours(volume)
        axes.axhline(usual, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), label=say("usual"))


def _mark_burst(axes: "Axes", volume: Volume, zone: tzinfo, font: "FontProperties") -> None:
    burst = volume.trend.burst
    if burst is None:
        return
    first, last = ((each - volume.window.start) / HOUR - 0.5 for each in (burst.start, burst.end))
    axes.axvspan(first, last, color=BURST_COLOR, zorder=0)
    place = axes.get_xaxis_transform()
    axes.text(first, 1.01, _burst_told(burst, zone), transform=place, fontproperties=font, fontsize=10, color="#a8650a")


def _name(axes: "Axes", volume: Volume, zone: tzinfo, font: "FontProperties") -> None:
    hours = _hours(volume)
    axes.set_title(title_of(volume), fontproperties=font, fontsize=17, color=INK, loc="left", pad=26)
    axes.set_xlabel(window_words(volume.trend, zone), fontproperties=font, fontsize=11, color=INK)
    step = max(1, -(-hours // 12))
    starts = [(volume.window.start + place * HOUR).astimezone(zone) for place in range(0, hours, step)]
    axes.set_xticks(range(0, hours, step), [_clock(each, hours) for each in starts], fontproperties=font, fontsize=10)
    axes.locator_params(axis="y", nbins=6, integer=True)
    for each in axes.get_yticklabels():
        each.set_fontproperties(font)
    axes.set_xlim(-0.6, hours - 0.4)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _clock(local: datetime, hours: int) -> str:
    return f"{local:%H:%M}" if hours <= 24 else say("{number}/{day} {clock}", **_parts(local))


def _parts(local: datetime) -> dict[str, Any]:
    return {"number": local.month, "day": local.day, "clock": f"{local:%H:%M}"}


def _burst_told(burst: Burst, zone: tzinfo) -> str:
    start, end = (f"{each.astimezone(zone):%H:%M}" for each in (burst.start, burst.end))
    return say("rise {start}–{end}: {posts}", start=start, end=end, posts=posts(burst.posts))


def _hours(volume: Volume) -> int:
    return -(-volume.window.length // HOUR)


def _platform(mention: Mention) -> str:
    return platform_label(mention.post.key.source)


def _font() -> "FontProperties":
    """Return WenQuanYi Micro Hei, which has the characters of both scripts, and Latin letters."""
    path = str(files("paperang_p2_fonts_cjk") / "fonts" / "wqy-microhei.ttc")
    font: FontProperties = import_module("matplotlib.font_manager").FontProperties(fname=path)
    return font
