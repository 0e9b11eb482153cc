"""Draws a volume: bars by hour, what is usual at each, the rise, and where nothing was read.

Only who asks for a picture imports this module: its library takes half a second and some 60 MB. The font comes from a
package, as few machines have one with 简 and 繁.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from importlib.resources import files
from io import BytesIO
from math import nan
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from monitor.digests.charts import Look, Volume, hours_of, rise_told, title_of, window_of
from monitor.digests.wording import WEEKDAYS, few
from monitor.digests.zones import own_time
from monitor.models import Trend
from monitor.saying import say
from monitor.signals.baseline import DAYS_BACK

HOUR = timedelta(hours=1)
DAY_HOURS = 24
INCHES, DPI = (7.2, 6.4), 150
"""1080 by 960 pixels: a telephone shows three of them as one, so 13 points are some nine pixels there."""

TITLE, SMALL = 20, 13
COLORS = ("#2f6db3", "#e08a2c", "#4f9d69", "#8f63b8", "#c9504c")
"""Told apart by people who see no red or green."""

LOOKS: dict[Look, dict[str, Any]] = {
    "label": {},
    "rest": {"color": "#a9b0b8"},
    "repeats": {"facecolor": "white", "edgecolor": "#8a929b", "linewidth": 1.0},
    "counted": {"facecolor": "white", "edgecolor": "#8a929b", "linewidth": 1.0, "linestyle": ":"},
}
RISE, RISE_INK, BAND, GRID, INK, PALE = "#fde9c8", "#a8650a", "#dfe3e8", "#e9ecef", "#22262b", "#5d656e"
USUAL: dict[str, Any] = {"color": INK, "linewidth": 1.6, "linestyle": (0, (3, 2)), "zorder": 4}
UNREAD: dict[str, Any] = {"facecolor": "none", "edgecolor": "#b9bfc6", "hatch": "///", "linewidth": 0}


def draw(volume: Volume, zone: tzinfo) -> bytes:
    """Return the picture as PNG, in the language that is spoken, hours in the reader's zone."""
    font = _font()
    figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _mark_rise(axes, volume)
    _mark_usual(axes, volume.trend)
    _stack(axes, volume)
    _mark_unread(axes, volume)
    _name_hours(axes, volume, zone, font)
    _frame(axes, volume, font)
    _say_what(axes, volume, zone, font)
    _explain(figure, axes, volume, font)
    out = BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _explain(figure: Figure, axes: Axes, volume: Volume, font: FontProperties) -> None:
    """Say what the colours of the bars are on the left, and on the right what else is there."""
    handles, labels = axes.get_legend_handles_labels()
    # Bars come behind all else, those of labels before the others.
    first = len(labels) - len(volume.series)
    colored = range(first, first + sum(each.look in ("label", "rest") for each in volume.series))
    others = [*range(colored.stop, len(labels)), *range(first)]
    prop = _sized(font, SMALL)

    def key(places: Sequence[int], loc: Literal["outside lower left", "outside lower right"], columns: int) -> None:
        shown = [handles[each] for each in places], [labels[each] for each in places]
        figure.legend(*shown, loc=loc, prop=prop, frameon=False, handlelength=1.6, ncols=columns)

    key(colored, "outside lower left", 2)
    key(others, "outside lower right", 1)


def _stack(axes: Axes, volume: Volume) -> None:
    """Draw the bars; that of an hour stands between its begin and its end."""
    bottom = [0] * hours_of(volume)
    middles = [hour + 0.5 for hour in range(len(bottom))]
    for place, each in enumerate(volume.series):
        look = LOOKS[each.look] or {"color": COLORS[place % len(COLORS)]}
        # An empty bar with an edge would be a line.
        drawn = [count or nan for count in each.counts]
        axes.bar(middles, drawn, bottom=bottom, label=each.label, width=0.84, **look)
        bottom = [low + count for low, count in zip(bottom, each.counts, strict=True)]


def _mark_usual(axes: Axes, trend: Trend) -> None:
    """Draw what is usual at each hour, and the height below which nine of ten earlier ones stayed."""
    if not any(trend.ordinary):
        return
    high = [0 if each is None else each.high for each in trend.ordinary]
    mean = [nan if each is None else each.mean for each in trend.ordinary]
    axes.stairs(high, fill=True, color=BAND, label=say("9 in 10 such hours were no higher"))
    axes.stairs(mean, baseline=None, label=say("usual at that time ({days} days)", days=DAYS_BACK), **USUAL)


def _mark_rise(axes: Axes, volume: Volume) -> None:
    burst = volume.trend.burst
    if burst is not None:
        axes.axvspan(*_places(volume, burst.start, burst.end), color=RISE, zorder=0, linewidth=0)


def _mark_unread(axes: Axes, volume: Volume) -> None:
    for place, (start, end) in enumerate(volume.trend.unread):
        label = say("not read") if place == 0 else None
        axes.axvspan(*_places(volume, start, end), label=label, **UNREAD)


def _places(volume: Volume, *moments: datetime) -> list[float]:
    return [(each - volume.window.start) / HOUR for each in moments]


def _say_what(axes: Axes, volume: Volume, zone: tzinfo, font: FontProperties) -> None:
    """Write the title, the window with its usual, and the rise, each on a line of its own above the bars."""
    expected = volume.trend.expected
    usual = "" if expected is None else say("usual {count}", count=few(expected))
    axes.set_title(title_of(volume), fontproperties=font, fontsize=TITLE, color=INK, loc="left", pad=50)
    place = axes.transAxes
    lines = (
        (1.085, " · ".join(part for part in (window_of(volume, zone), usual) if part), PALE),
        (1.02, rise_told(volume, zone), RISE_INK),
    )
    for height, words, color in lines:
        axes.text(0, height, words, transform=place, fontproperties=font, fontsize=SMALL, color=color)
    axes.set_ylabel(say("posts in each hour"), fontproperties=font, fontsize=SMALL, color=PALE)
    axes.set_xlabel(own_time(zone), fontproperties=font, fontsize=SMALL, color=PALE)


def _name_hours(axes: Axes, volume: Volume, zone: tzinfo, font: FontProperties) -> None:
    """Name full hours of the reader's day, and the day where one begins."""
    hours = hours_of(volume)
    step = 4 if hours <= DAY_HOURS + 1 else 12 if hours <= 3 * DAY_HOURS else DAY_HOURS
    start = volume.window.start.astimezone(zone)
    first = volume.window.start + timedelta(minutes=-(start.hour * 60 + start.minute) % 60, seconds=-start.second)
    full = [first + n * HOUR for n in range(hours + 1)]
    named = [each for each in full if each.astimezone(zone).hour % step == 0]
    words = [_hour_told(each.astimezone(zone), has_day=place == 0) for place, each in enumerate(named)]
    axes.set_xticks(_places(volume, *named), words, fontproperties=font, fontsize=SMALL)
    axes.set_xlim(-0.1, hours + 0.1)


def _hour_told(local: datetime, *, has_day: bool) -> str:
    clock = f"{local:%H:%M}"
    return f"{clock}\n{say(WEEKDAYS[local.weekday()])}" if has_day or local.hour == 0 else clock


def _frame(axes: Axes, volume: Volume, font: FontProperties) -> None:
    axes.locator_params(axis="y", nbins=5, integer=True)
    for each in axes.get_yticklabels():
        each.set_fontproperties(font)
        each.set_fontsize(SMALL)
    axes.set_ylim(0, max((1, *volume.totals, *(each.high for each in volume.trend.ordinary if each))) * 1.04)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _sized(font: FontProperties, points: int) -> FontProperties:
    sized = font.copy()
    sized.set_size(points)
    return sized


def _font() -> FontProperties:
    """Return WenQuanYi Micro Hei, which has the characters of both scripts, and Latin letters."""
    return FontProperties(fname=str(files("paperang_p2_fonts_cjk") / "fonts" / "wqy-microhei.ttc"))
