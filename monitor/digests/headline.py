"""The first lines of a digest: how much was said, how much is usual, and the link that most posts share."""

from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime, timedelta, tzinfo

from monitor.digests.draft import Draft
from monitor.digests.platforms import host_of, is_web, platform_label, shortened
from monitor.digests.wording import accounts, day_and_time, day_of, hashtag, isolated, left_out, plain, posts, span_of
from monitor.digests.zones import own_time
from monitor.models import Digest, Mention, SharedLink, Trend, Window
from monitor.saying import say, say_many
from monitor.signals.bursts import format_ratio, format_usual

FEW = 10
"""Posts below which a day without a rise needs no more than one line."""

RISE = 2.0
"""Times the usual from which even a few posts are no quiet day."""

REPLAY = "replay"
"""The kind of digest that tells of an archive: of any year, so its day has a date."""

AWAY = "away"
"""The kind of digest that tells at once what several would have told, had the product been running."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Near no time that is told: so every one of them is told with its year."""

LONGEST_SPAN = timedelta(days=7)
LONGEST_OUTLET = 40
LONGEST_TITLE = 120


def is_quiet(trend: Trend) -> bool:
    """Tell whether a window needs one line only: nothing was said, or little, and not more than usual."""
    if trend.count == 0:
        return True
    return trend.expected is not None and trend.count < min(FEW, RISE * max(1.0, trend.expected))


def quiet_headline(digest: Digest, zone: tzinfo) -> str:
    """Word a quiet window: "#topic: 9 posts in 24 h to Wed 08:00 UTC, usual 12, 3 posts of another sense left out"."""
    expected = digest.trend.expected
    counted = posts(digest.trend.count) if digest.trend.count else say("no posts")
    counted = say("{posts} in {window}", posts=counted, window=told_window(digest, zone))
    usual = "" if expected is None else say("usual {count}", count=_number(expected))
    said = say(", ").join(part for part in (counted, usual, left_out(digest.others)) if part)
    return say("{topic}: {said}", topic=hashtag(digest.title), said=said)


def write_headline(draft: Draft, digest: Digest, zone: tzinfo) -> None:
    """Write the topic, the count and its ratio in bold; below them the window, the usual and the voices."""
    trend = digest.trend
    ratio = "" if trend.ratio is None else format_ratio(trend.ratio)
    said = say(", ").join(part for part in (posts(trend.count), ratio) if part)
    with draft.marked("bold"):
        draft.write(say("{topic}: {said}", topic=hashtag(digest.title), said=said))
    parts = (told_window(digest, zone), _usual(trend), *_counted(trend), _voices(trend))
    draft.write("\n" + " · ".join(part for part in parts if part))


def write_link(draft: Draft, link: SharedLink, page: Mention | None, window: Window, zone: tzinfo) -> None:
    """Write how many share a link, since when, and below what it is called, by the post that is its page."""
    since = day_and_time(link.first_seen, window.end, zone)
    draft.write("\n\n" + say("{count} share one link, since {time}", count=f"{link.count:,}", time=since) + "\n")
    write_title(draft, link, page)


def write_title(draft: Draft, link: SharedLink, page: Mention | None) -> None:
    """Write the title of a page with its outlet, or its real host where that is unknown, as a link.

    The title tells of the post that is the page; of an entry of a feed the address does so, too.
    """
    outlet = plain(link.outlet or shortened(host_of(link.url) or ""), LONGEST_OUTLET)
    title = plain(link.title or "", LONGEST_TITLE)
    url = link.url if is_web(link.url) else None
    if not title or page is None:
        draft.link(f"{isolated(outlet)}: {isolated(_titled(title))}" if title else outlet, url)
        return
    with ExitStack() as stack:
        own = draft.about(page.post.key, page.post.author.id)
        if page.post.key.source == "rss":
            stack.enter_context(own)
        stack.enter_context(draft.marked("text_link", url) if url is not None else nullcontext())
        draft.write(f"{isolated(outlet)}: ")
        if page.post.key.source != "rss":
            stack.enter_context(own)
        draft.write(isolated(_titled(title)))


def told_window(digest: Digest, zone: tzinfo) -> str:
    """Word the window of a digest, and that nobody told it in its time. An archive's may be of any year."""
    words = window_words(digest.trend, zone, is_dated=digest.kind == REPLAY)
    return say("{window}, while I was away", window=words) if digest.kind == AWAY else words


def window_words(trend: Trend, zone: tzinfo, *, is_dated: bool = False) -> str:
    """Word the window and whose time it is: "24 h to Wed 08:00 Taipei time", which holds for all times told with it.

    It has a date if wished, and the two days when it is longer than a week.
    """
    if trend.window.length > LONGEST_SPAN:
        start, end = (day_of(each, zone) for each in trend.window)
        return say("{start} to {end}, {zone}", start=start, end=end, zone=own_time(zone))
    end = day_and_time(trend.window.end, LONG_AGO if is_dated else trend.window.end, zone)
    return say("{span} to {time} {zone}", span=span_of(trend.window.length), time=end, zone=own_time(zone))


def _usual(trend: Trend) -> str:
    if trend.expected is not None:
        return say("usual {count}", count=_number(trend.expected))
    if trend.sampled_hours < trend.needed_hours:
        hours = {"hours": trend.sampled_hours, "needed": trend.needed_hours}
        return say("too early for 'usual' ({hours} of {needed} h)", **hours)
    return say("no 'usual': too many gaps")


def _counted(trend: Trend) -> list[str]:
    """Word whose count it is, where not all of it was read: "X counted 380, read 60"."""
    return [
        say(
            "{platform} counted {count}, read {read}",
            platform=platform_label(each.source),
            count=f"{each.posts:,}",
            read=f"{each.read:,}",
        )
        for each in trend.counted
    ]


def _number(expected: float) -> str:
    return say("under 1") if expected < 1 else format_usual(expected)


def _voices(trend: Trend) -> str:
    """Word who spoke: "287 accounts, 4 platforms + news"."""
    sources = {each.label for each in trend.platforms}
    platforms = len(sources - {"rss"})
    where = say_many("{count} platform", "{count} platforms", platforms) if platforms else ""
    if "rss" in sources:
        where = say("{platforms} + news", platforms=where) if where else say("news")
    spoke = accounts(trend.accounts) if trend.accounts else ""
    return say(", ").join(part for part in (spoke, where) if part)


def _titled(title: str) -> str:
    """Put around a title the marks that its script uses, unless it brings its own."""
    if title.startswith(("《", "「", "“")):
        return title
    return f"《{title}》" if any("\u3400" <= char <= "\u9fff" for char in title) else f"“{title}”"
