"""How much was said in a window, and how much is usual; every number with its arithmetic.

    usual = median of the counts of earlier windows of the same length that end at the same local time of day,
            one a day going back 28 days, and only those that were really read

If all four windows of the same weekday were read, they alone are taken. The ratio of a count to those of comparable
earlier periods is the historical limits method (Stroup et al., "Detection of aberrations in the occurrence of
notifiable diseases surveillance data", Statistics in Medicine 8, 1989), with a median in place of its mean: one earlier
burst must not become the measure of the next (Tukey, Exploratory Data Analysis, 1977). What stood out within the window
is found by `peaks.find_burst`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.digests.wording import span_of
from monitor.models import Mention, Topic, Trend, Window
from monitor.saying import say
from monitor.signals.accounts import count_languages, count_platforms, posts_by_account
from monitor.signals.arithmetic import WEEKDAYS, makeup, tallied
from monitor.signals.baseline import DAY, DAYS_BACK, HOUR, NEEDED_HOURS, WHOLE, days_before, sampled_hours
from monitor.signals.coverage import covered, merged, uncovered
from monitor.signals.peaks import Earlier, Finding, find_burst
from monitor.signals.tallies import Unread, counted_in, posts_in

FEWEST_WINDOWS = 3
LONGEST_WINDOW = 7 * DAY
"""Window up to which bursts are looked for: what is usual comes from before it, and is too far from the end of more."""

UNREAD = timedelta(minutes=10)
"""Time that was not read from which it is told; shorter is what lies between two looks."""

SAME_WEEKDAYS = 4
SMALLEST_DIVISOR = 1.0
"""Below one usual post a ratio says nothing: ×7 for 2 posts in place of 0.3."""


class Known(NamedTuple):
    """What a window is compared with.

    `sampled` holds the times that were really read or counted, in any order, from 28 days back to the end of the window
    (`coverage.read_together` makes them). `hourly` holds one count an hour of `baseline_window(window)`, without
    back-filled posts. `unread` says what platforms counted and nobody read, in the window too; `hourly` has it already.
    """

    sampled: Sequence[Window]
    hourly: Sequence[int]
    unread: Sequence[Unread] = ()


class _Earlier(NamedTuple):
    days: int
    posts: int


class _Usual(NamedTuple):
    expected: float | None
    sampled_hours: int
    sentences: tuple[str, ...]
    compared_with: str = ""


def baseline_window(window: Window) -> Window:
    """Return the whole hours whose counts `measure` wants: 28 days before the window, and one for changes of clocks."""
    start = _whole_hour(window.start)
    return Window(start - (DAYS_BACK + 1) * DAY, start)


def measure(topic: Topic, window: Window, mentions: Sequence[Mention], known: Known, now: datetime) -> Trend:
    """Return count, accounts, languages and platforms of a window, its ratio to what is usual, and what stood out.

    `mentions` are those of the window. A window not on the hour is compared with earlier ones that begin up to 59
    minutes sooner, on the hour, and says so; one that is not of whole hours has no usual.
    """
    usual = _usual(topic, window, known)
    unread = posts_in(window, known.unread)
    live = unread + sum(not mention.backfilled for mention in mentions)
    count = unread + len(mentions)
    # A headline must divide what it counts: with back-filled posts in the window there is no ratio.
    ratio = _ratio(live, usual.expected) if window.end <= now and live == count else None
    accounts = posts_by_account(mentions)
    hours = by_hour(window, mentions)
    unread_by_hour = [posts_in(hour, known.unread) for hour in _hours_of(window)]
    found = _burst(topic, window, hours, unread_by_hour, known)
    counted = counted_in(window, known.unread)
    return Trend(
        topic=topic.name,
        window=window,
        count=count,
        accounts=len(accounts),
        expected=usual.expected,
        ratio=ratio,
        sampled_hours=usual.sampled_hours,
        needed_hours=NEEDED_HOURS,
        platforms=count_platforms(mentions),
        languages=count_languages(mentions),
        hourly=tuple(len(hour) + more for hour, more in zip(hours, unread_by_hour, strict=True)),
        arithmetic=(
            *_division(live, usual.expected, ratio),
            *usual.sentences,
            *_caveats(window, mentions, usual, now),
            *tallied(counted),
            *makeup(mentions, max(accounts.values(), default=None)),
            *found.sentences,
        ),
        burst=found.burst,
        counted=counted,
        compared_with=usual.compared_with,
        ordinary=found.ordinary,
        burst_told=found.sentences,
        unread=tuple(uncovered(window, merged(known.sampled), UNREAD)),
    )


def copies_once(
    topic: Topic,
    window: Window,
    mentions: Sequence[Mention],
    sampled: Sequence[Window],
    wordings: Sequence[int | None],
) -> tuple[str, ...]:
    """Return how much was said when copies count once an hour, beside the usual of that; nothing where it is unknown.

    `wordings` are those of the hours of `baseline_window(window)`, None where nobody counted them. Only earlier windows
    that `measure` compares with are taken, and only where all of these are known.
    """
    if window.start != _whole_hour(window.start) or window.length % HOUR or any(each.backfilled for each in mentions):
        return ()
    earlier = _earlier_windows(topic, window, merged(sampled), [each or 0 for each in wordings])
    first = baseline_window(window).start
    ends = [_whole_hour(days_before(window.end, each.days, ZoneInfo(topic.timezone))) for each in earlier]
    hours = [wordings[(end - window.length - first) // HOUR : (end - first) // HOUR] for end in ends]
    if len(earlier) < FEWEST_WINDOWS or any(None in each for each in hours):
        return ()
    count = sum(len({each.group or str(each.post.key) for each in hour}) for hour in by_hour(window, mentions))
    return (_once(topic, window, count, earlier),)


def _once(topic: Topic, window: Window, count: int, earlier: Sequence[_Earlier]) -> str:
    expected = float(median(each.posts for each in earlier))
    ratio = _ratio(count, expected)
    divided = f"{count:,}" if ratio is None else f"{count:,} ÷ {format_usual(expected)} = {format_ratio(ratio)}"
    origin = _origin(topic, window, earlier, expected)
    return say("Copies once an hour: {divided}; {origin}", divided=divided, origin=origin)


def _burst(
    topic: Topic, window: Window, hours: Sequence[Sequence[Mention]], unread: Sequence[int], known: Known
) -> Finding:
    """Return what stood out, if enough was read before the window to say, and the window is no longer than a week."""
    if window.length > LONGEST_WINDOW:
        return Finding()
    read = merged(known.sampled)
    earlier = sampled_hours(baseline_window(window).start, known.hourly, read)
    if earlier.read < NEEDED_HOURS:
        return Finding()
    return find_burst(window, hours, Earlier(earlier, read, ZoneInfo(topic.timezone)), unread)


def _usual(topic: Topic, window: Window, known: Known) -> _Usual:
    read = merged(known.sampled)
    before = Window(window.start - DAYS_BACK * DAY, window.start)
    hours = int(covered(before, read) / HOUR)
    if window.length < HOUR or window.length % HOUR:
        return _Usual(None, hours, (say("No usual for a window that is not of whole hours."),))
    if hours < NEEDED_HOURS:
        early = say(
            "Too early for 'usual': {hours} of {needed} h read before this window.", hours=hours, needed=NEEDED_HOURS
        )
        return _Usual(None, hours, (early,))
    earlier = _earlier_windows(topic, window, read, known.hourly)
    if len(earlier) < FEWEST_WINDOWS:
        counts = {"count": len(earlier), "needed": FEWEST_WINDOWS}
        return _Usual(None, hours, (say("No usual: {count} of {needed} earlier windows were read whole.", **counts),))
    expected = float(median(each.posts for each in earlier))
    origin = _origin(topic, window, earlier, expected)
    return _Usual(expected, hours, (origin,), _described(topic, window, earlier))


def _earlier_windows(topic: Topic, window: Window, read: Sequence[Window], hourly: Sequence[int]) -> list[_Earlier]:
    """Return the earlier windows that were read whole, newest first; the same weekdays alone when all four were."""
    zone = ZoneInfo(topic.timezone)
    first, last = baseline_window(window)
    assert len(hourly) == (last - first) // HOUR, "one count for each hour of baseline_window(window)"
    found = []
    for days in range(_step(window), DAYS_BACK + 1, _step(window)):
        end = _whole_hour(days_before(window.end, days, zone))
        start = end - window.length
        if end <= window.start and covered(Window(start, end), read) >= WHOLE * window.length:
            count = sum(hourly[(start - first) // HOUR : (end - first) // HOUR])
            found.append(_Earlier(days, count))
    same = [each for each in found if each.days % 7 == 0]
    return same if len(same) >= SAME_WEEKDAYS else found


def _step(window: Window) -> int:
    """Return every how many days a window of this length can be repeated without overlap."""
    return max(1, -(-window.length // DAY))


def _whole_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _ratio(count: int, expected: float | None) -> float | None:
    if expected is None or expected < SMALLEST_DIVISOR:
        return None
    return count / expected


def by_hour(window: Window, mentions: Iterable[Mention]) -> list[list[Mention]]:
    """Return the mentions of each hour of a window, from its own start on; the last one may be short."""
    start, end = window
    starts = [hour.start for hour in _hours_of(window)]
    hours: list[list[Mention]] = [[] for _ in starts]
    for mention in mentions:
        time = mention.post.time
        if start <= time < end:
            hours[bisect_right(starts, time) - 1].append(mention)
    return hours


def _hours_of(window: Window) -> list[Window]:
    """Return the hours of a window, from its own start on; the last one may be short."""
    starts = (window.start + n * HOUR for n in range(-(-window.length // HOUR)))
    return [Window(start, min(start + HOUR, window.end)) for start in starts]


def _division(count: int, expected: float | None, ratio: float | None) -> tuple[str, ...]:
    if expected is None:
        return ()
    if ratio is None and expected < SMALLEST_DIVISOR:
        small = say(
            "Usual is {usual}: too small to divide {count} by.", usual=format_usual(expected), count=f"{count:,}"
        )
        return (small,)
    if ratio is None:
        return ()
    return (say("{sum}.", sum=f"{count:,} ÷ {format_usual(expected)} = {format_ratio(ratio)}"),)


def _origin(topic: Topic, window: Window, earlier: Sequence[_Earlier], expected: float) -> str:
    counts = say("{one}, {another}", one="", another="").join(
        f"{count:,}" for count in sorted(each.posts for each in earlier)
    )
    return say(
        "{usual} = median of {windows} ({counts}), same sources.",
        usual=format_usual(expected),
        windows=_described(topic, window, earlier),
        counts=counts,
    )


def _described(topic: Topic, window: Window, earlier: Sequence[_Earlier]) -> str:
    """Name the earlier windows by their ends, as the window itself is named: after midnight it began on another day."""
    end = _whole_hour(window.end).astimezone(ZoneInfo(topic.timezone))
    values = {"count": len(earlier), "span": span_of(window.length), "clock": f"{end:%H:%M}"}
    if all(each.days % 7 == 0 for each in earlier):
        day = say(WEEKDAYS[end.weekday()])
        return say("the {span} to {day} {clock} in each of {count} earlier weeks", day=day, **values)
    if window.length <= DAY:
        return say("the {span} to {clock} on each of {count} earlier days", **values)
    return say("{count} earlier windows of {span}, to {clock}", **values)


def _caveats(window: Window, mentions: Sequence[Mention], usual: _Usual, now: datetime) -> tuple[str, ...]:
    sentences = []
    if backfilled := sum(mention.backfilled for mention in mentions):
        sentences.append(say("{count} back-filled posts are counted but not compared.", count=f"{backfilled:,}"))
    if usual.expected is not None and window.start != _whole_hour(window.start):
        sentences.append(say("Earlier windows are counted from the full hour before."))
    if window.end > now:
        sentences.append(say("The window is not over: no comparison yet."))
    return tuple(sentences)


def format_ratio(ratio: float) -> str:
    """Word a ratio by at least two digits that count, halves rounded up: "×0.03", "×0.42", "×3.1", "×12"."""
    exact = Decimal(str(ratio))
    if ratio >= 9.95:
        return f"×{exact.quantize(Decimal(1), ROUND_HALF_UP):,}"
    if ratio >= 0.995 or not ratio:
        return f"×{exact.quantize(Decimal('0.1'), ROUND_HALF_UP)}"
    digits = exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), ROUND_HALF_UP)
    return f"×{digits:f}".rstrip("0")


def format_usual(expected: float) -> str:
    """Word a usual as it is: a median of counts is whole or ends in a half, and readers divide by what they see."""
    return f"{expected:,.0f}" if expected == int(expected) else f"{expected:,.1f}"
