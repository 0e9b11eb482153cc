"""What happened in a window, and what it is compared with: a plain sentence each, before the arithmetic."""

from datetime import tzinfo

from monitor.digests.wording import accounts, day_and_time, few, posts
from monitor.digests.zones import own_time
from monitor.models import Trend
from monitor.nouns.burst import Burst
from monitor.saying import say
from monitor.signals.bursts import SMALLEST_DIVISOR, format_ratio, format_usual


def what_happened(trend: Trend, zone: tzinfo) -> str:
    """Word how much was said by how many, how much of the usual that is, and when most of it came."""
    said = posts(trend.count) if trend.count else say("no posts")
    if trend.accounts:
        said = say("{posts} by {accounts}", posts=said, accounts=accounts(trend.accounts))
    parts = (said, _beside_usual(trend), "" if trend.burst is None else _stood_out(trend.burst, zone))
    return say("What happened: {said}.", said=say(", ").join(part for part in parts if part))


def what_rose(burst: Burst, zone: tzinfo) -> str:
    """Word what an alert told of: how much was said by how many in its hour, and what is usual then."""
    said = say("{posts} by {accounts}", posts=posts(burst.posts), accounts=accounts(burst.accounts))
    return say("What happened: {said}.", said=say(", ").join((said, hour_told(burst, zone))))


def hour_told(burst: Burst, zone: tzinfo) -> str:
    """Word which hour it was and what is usual then: the digest and /why tell of others, with another usual."""
    start, end = (f"{each.astimezone(zone):%H:%M}" for each in (burst.start, burst.end))
    usual = few(burst.expected)
    return say("{start}–{end} {zone}, usual then {usual}", start=start, end=end, zone=own_time(zone), usual=usual)


def what_it_is_compared_with(trend: Trend) -> str:
    """Word what "usual" is made of, or why there is none."""
    if trend.expected is not None:
        return say(
            "Compared with: {windows}, the same sources; the middle one had {posts}.",
            windows=trend.compared_with,
            posts=_median(trend.expected),
        )
    if trend.sampled_hours < trend.needed_hours:
        return say("Compared with: nothing yet, too little was read before this.")
    return say("Compared with: nothing, too many earlier hours were not read.")


def _median(expected: float) -> str:
    is_whole = expected == int(expected)
    return posts(int(expected)) if is_whole else say("{count} posts", count=format_usual(expected))


def _beside_usual(trend: Trend) -> str:
    if trend.ratio is not None:
        return say("{ratio} times the usual", ratio=format_ratio(trend.ratio).removeprefix("×"))
    if trend.expected is not None and trend.expected < SMALLEST_DIVISOR:
        return say("where usually there are next to none")
    return ""


def _stood_out(burst: Burst, zone: tzinfo) -> str:
    start, end = day_and_time(burst.start, burst.end, zone), f"{burst.end.astimezone(zone):%H:%M}"
    return say("{posts} of them {start} to {end}", posts=f"{burst.posts:,}", start=start, end=end)
