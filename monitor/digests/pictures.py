"""Draws a volume: bars by hour, what is usual, and the burst marked.

Only who asks for a picture imports this module: its library takes half a second and some 60 MB. The font comes from a
package, as few machines have one with 简 and 繁.
"""

from datetime import datetime, timedelta, tzinfo
from importlib.resources import files
from io import BytesIO
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from monitor.digests.charts import Volume, burst_told, hours_of, title_of, window_of
from monitor.saying import say

HOUR = timedelta(hours=1)
INCHES, DPI = (9.0, 5.0), 120
COLORS = ("#2f6db3", "#e08a2c", "#4f9d69", "#8f63b8", "#c9504c", "#b5b9bf")
"""Told apart by people who see no red or green; the last is for all others."""

BURST_COLOR, GRID, INK = "#fde9c8", "#e3e6ea", "#22262b"


def draw(volume: Volume, zone: tzinfo) -> bytes:
    """Return the picture as PNG, in the language that is spoken, hours in the reader's zone."""
    font = _font()
    figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
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


def _stack(axes: Axes, volume: Volume) -> None:
    bottom = [0] * hours_of(volume)
    for place, each in enumerate(volume.series):
        color = COLORS[-1] if each.is_rest else COLORS[place % (len(COLORS) - 1)]
        axes.bar(range(len(bottom)), each.counts, bottom=bottom, color=color, label=each.label, width=0.82)
        bottom = [low + count for low, count in zip(bottom, each.counts, strict=True)]


def _mark_usual(axes: Axes, volume: Volume) -> None:
    """Draw what is usual in an hour: that of the window, spread evenly."""
    if volume.trend.expected is not None:
        usual = volume.trend.expected / hours_of(volume)
        axes.axhline(usual, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), label=say("usual"))


def _mark_burst(axes: Axes, volume: Volume, zone: tzinfo, font: FontProperties) -> None:
    burst = volume.trend.burst
    if burst is None:
        return
    first, last = ((each - volume.window.start) / HOUR - 0.5 for each in (burst.start, burst.end))
    axes.axvspan(first, last, color=BURST_COLOR, zorder=0)
    place = axes.get_xaxis_transform()
    # On the right half the words end where the burst does: beyond the axes they would take their room away.
    at, side = (first, "left") if first < hours_of(volume) / 2 else (last, "right")
    told = burst_told(burst, zone)
    axes.text(at, 1.01, told, ha=side, transform=place, fontproperties=font, fontsize=10, color="#a8650a")


def _name(axes: Axes, volume: Volume, zone: tzinfo, font: FontProperties) -> None:
    hours = hours_of(volume)
    axes.set_title(title_of(volume), fontproperties=font, fontsize=17, color=INK, loc="left", pad=26)
    axes.set_xlabel(window_of(volume, zone), fontproperties=font, fontsize=11, color=INK)
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


def _font() -> FontProperties:
    """Return WenQuanYi Micro Hei, which has the characters of both scripts, and Latin letters."""
    return FontProperties(fname=str(files("paperang_p2_fonts_cjk") / "fonts" / "wqy-microhei.ttc"))
