"""The first lines of a digest: how much was said, how much is usual, and the link that most posts share."""

from datetime import timedelta, tzinfo

from monitor.digests.draft import Draft
from monitor.digests.platforms import host_of, is_web, shortened
from monitor.digests.wording import day_and_time, day_of, hashtag, isolated, left_out, many, plain, span_of
from monitor.models import Digest, SharedLink, Trend, Window
from monitor.signals.bursts import format_ratio

FEW = 10
"""Posts below which a day without a rise needs no more than one line."""

RISE = 2.0
"""Times the usual from which even a few posts are no quiet day."""

AWAY = "away"
"""The kind of digest that tells at once what several would have told, had the product been running."""

LONGEST_SPAN = timedelta(days=7)
LONGEST_OUTLET = 40
LONGEST_TITLE = 120


def is_quiet(trend: Trend) -> bool:
    """Tell whether a window needs one line only: nothing was said, or little, and not more than usual."""
    if trend.count == 0:
        return True
    return trend.expected is not None and trend.count < min(FEW, RISE * max(1.0, trend.expected))


def quiet_headline(digest: Digest, zone: tzinfo) -> str:
    """Word a quiet window: "#topic: 9 posts, usual 12, 3 posts of another sense left out"."""
    expected = digest.trend.expected
    usual = "" if expected is None else f", usual {_number(expected)}"
    count = many(digest.trend.count, "post") if digest.trend.count else "no posts"
    away = f" in {told_window(digest, zone)}" if digest.kind == AWAY else ""
    others = f", {left_out(digest.others)}" if digest.others else ""
    return f"{hashtag(digest.title)}: {count}{away}{usual}{others}"


def write_headline(draft: Draft, digest: Digest, zone: tzinfo) -> None:
    """Write the topic, the count and its ratio in bold; below them the window, the usual and the voices."""
    trend = digest.trend
    ratio = "" if trend.ratio is None else f", {format_ratio(trend.ratio)}"
    with draft.marked("bold"):
        draft.write(f"{hashtag(digest.title)}: {many(trend.count, 'post')}{ratio}")
    parts = (told_window(digest, zone), _usual(trend), _voices(trend))
    draft.write("\n" + " · ".join(part for part in parts if part))


def write_link(draft: Draft, link: SharedLink, window: Window, zone: tzinfo) -> None:
    """Write how many share a link, since when, and below what it is called."""
    draft.write(f"\n\n{link.count:,} share one link, since {day_and_time(link.first_seen, window.end, zone)}\n")
    write_title(draft, link)


def write_title(draft: Draft, link: SharedLink) -> None:
    """Write the title of a page with its outlet, or its real host where that is unknown, as a link."""
    outlet = plain(link.outlet or shortened(host_of(link.url) or ""), LONGEST_OUTLET)
    title = plain(link.title or "", LONGEST_TITLE)
    words = f"{isolated(outlet)}: {isolated(_titled(title))}" if title else outlet
    draft.link(words, link.url if is_web(link.url) else None)


def told_window(digest: Digest, zone: tzinfo) -> str:
    """Word the window of a digest, and that nobody told it in its time."""
    words = window_words(digest.trend, zone)
    return f"{words}, while I was away" if digest.kind == AWAY else words


def window_words(trend: Trend, zone: tzinfo) -> str:
    """Word the window: "24 h to Wed 08:00", or the two days when it is longer than a week."""
    if trend.window.length > LONGEST_SPAN:
        return f"{day_of(trend.window.start, zone)} to {day_of(trend.window.end, zone)}"
    return f"{span_of(trend.window.length)} to {day_and_time(trend.window.end, trend.window.end, zone)}"


def _usual(trend: Trend) -> str:
    if trend.expected is not None:
        return f"usual {_number(trend.expected)}"
    if trend.sampled_hours < trend.needed_hours:
        return f"too early for 'usual' ({trend.sampled_hours} of {trend.needed_hours} h)"
    return "no 'usual': too many gaps"


def _number(expected: float) -> str:
    return "under 1" if expected < 1 else f"{expected:,.0f}"


def _voices(trend: Trend) -> str:
    """Word who spoke: "287 accounts, 4 platforms + news"."""
    sources = {each.label for each in trend.platforms}
    platforms = len(sources - {"rss"})
    where = many(platforms, "platform") if platforms else ""
    if "rss" in sources:
        where = f"{where} + news" if where else "news"
    accounts = many(trend.accounts, "account") if trend.accounts else ""
    return ", ".join(part for part in (accounts, where) if part)


def _titled(title: str) -> str:
    """Put around a title the marks that its script uses, unless it brings its own."""
    if title.startswith(("《", "「", "“")):
        return title
    return f"《{title}》" if any("\u3400" <= char <= "\u9fff" for char in title) else f"“{title}”"
