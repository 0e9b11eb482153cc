"""What was read and what was not, in a line: a quiet day and a blind day must look different."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from monitor.digests.draft import utf16_length
from monitor.digests.platforms import host_of, platform_label, shortened
from monitor.digests.reasons import plain_reason
from monitor.digests.wording import listed, plain, sentences, span_of, time_within
from monitor.models import QueryStatus, Window
from monitor.nouns.coverage import is_sample, samples_in
from monitor.saying import phrase, say, say_many
from monitor.seams.credentials import NOT_SET_UP
from monitor.signals.coverage import merged

WHOLE = 0.95
"""Share of a window from which it counts as read."""

NOTHING = 0.005
"""Share below which nothing was read: under 8 minutes of a day."""

BLIND = 0.5
"""Share of the window, mean of the platforms, that is missing since we began to look, from which that is told first."""

MATERIAL = timedelta(minutes=10)
"""Time that is missing in the middle of a window, mean of a platform's queries, from which readers are told."""

MOST_READ = 8
MOST_UNREAD = 4
LONGEST_REASON = 60
LONGEST_LABEL = 40
LONGEST_LIST = 420
"""In UTF-16 units: what was read and what was not leave room for a digest's other lines, however long their names."""

REASONS = (phrase("no key"), phrase("no budget"), phrase("budget"), phrase("quota"))
"""Why something is not read, in words that are said as they are; others are in reasons.py."""


class SourceReading(NamedTuple):
    """One platform in one window: how many of its queries were read, how much of the window, and why not more.

    `missing` is the share of the window that should have been read and was not: what lies before the first look is not
    missing, and all of it is while there was none. `hole` is the time in the middle that nobody read. `is_unbroken`:
    what was read at all was read ever since. `sound` counts the queries that were read and do not fail: a platform of
    which all that was read fails now is told of once, as not read. `sampled` says how many posts were read of how many,
    where only some were, `why` what it is that made some be missed.
    """

    source: str
    hosts: tuple[str, ...]
    queries: int
    read: int
    sound: int
    share: float
    missing: float
    hole: timedelta
    begun: datetime | None
    is_unbroken: bool
    truncated: bool
    sampled: tuple[int, int] | None
    why: str | None
    failed: int
    reason: str | None
    since: datetime | None


def readings(statuses: Iterable[QueryStatus], window: Window) -> list[SourceReading]:
    """Return one reading for each platform, in the order in which the statuses name them."""
    by_source: defaultdict[str, list[QueryStatus]] = defaultdict(list)
    for status in statuses:
        by_source[status.query.source].append(status)
    return [_reading(source, some, window) for source, some in by_source.items()]


def is_blind(sources: Sequence[SourceReading]) -> bool:
    """Tell whether too little was read for the numbers to be told without a warning."""
    if not any(each.read for each in sources):
        return True
    return sum(each.missing for each in sources) / len(sources) > BLIND


def read_line(sources: Sequence[SourceReading], window: Window, zone: tzinfo) -> str:
    """Word what was read: "Bluesky, X (sample), 41 of 44 feeds (since 21:40)"; "" when nothing was.

    What fails now is left out, for `unread_line` says how much of it was read.
    """
    return _listed([_read(each, window, zone) for each in sources if each.sound], MOST_READ)


def unread_line(
    sources: Sequence[SourceReading], window: Window, zone: tzinfo, worded: Callable[[str], str] = plain_reason
) -> str:
    """Word what was not read, since when and why: "Hacker News since 03:10 (its server is down)"; "" when all was.

    `worded` words a reason, for readers unless it is said otherwise.
    """
    return _listed([_unread(each, window, zone, worded) for each in sources if each.failed], MOST_UNREAD)


def partial_line(sources: Sequence[SourceReading], window: Window, zone: tzinfo) -> str:
    """Word what was read in part only, as `read_line` does: "Bluesky (about 2 hours missing)"; "" when nothing was."""
    partial = [each for each in sources if each.sound and (each.truncated or each.hole >= MATERIAL)]
    return _listed([_read(each, window, zone) for each in partial], MOST_READ)


def coverage_line(read: str, unread: str) -> str:
    """Word both: "Read: Bluesky, 41 of 44 feeds. Not read: Reddit (no key)."; "" without either."""
    parts = (
        say("Read: {sources}.", sources=read) if read else "",
        say("Not read: {sources}.", sources=unread) if unread else "",
    )
    return sentences(*parts)


def _reading(source: str, statuses: Sequence[QueryStatus], window: Window) -> SourceReading:
    looked = [each for each in statuses if _was_read(each, window)]
    failed = [each for each in statuses if _has_failed(each, window)]
    sound = [each for each in looked if each not in failed]
    told = sound or looked
    reasons = Counter(each.reason for each in failed if each.reason is not None).most_common(1)
    gaps = [gap for each in looked for gap in each.gaps]
    whys = Counter(gap.why for gap in gaps if gap.is_partial and not is_sample(gap)).most_common(1)
    texts = (each.query.text for each in (failed or statuses))
    return SourceReading(
        source=source,
        hosts=tuple(host for text in texts if (host := host_of(text)) is not None),
        queries=len(statuses),
        read=len(looked),
        sound=len(sound),
        share=sum(each.read for each in told) / len(told) if told else 0.0,
        missing=sum(_missing(each, window) for each in statuses) / len(statuses),
        hole=sum((_hole(each) for each in looked), timedelta(0)) / max(1, len(looked)),
        begun=max((each.begun for each in looked if each.begun is not None), default=None),
        is_unbroken=not any(_missing(each, window) for each in looked),
        truncated=any(each.truncated for each in looked),
        sampled=samples_in(gaps),
        why=whys[0][0] if whys else None,
        failed=len(failed),
        reason=reasons[0][0] if reasons else None,
        since=min((each.since for each in failed if each.since is not None), default=None),
    )


def _missing(status: QueryStatus, window: Window) -> float:
    """Return the share of the window since the first look that was not read; all of it while there was no look.

    What lies between two looks is not missing.
    """
    begun = window.start if status.begun is None else max(status.begun, window.start)
    missing = (window.end - begun) / window.length - status.read
    return missing if missing > 1 - WHOLE else 0.0


def _hole(status: QueryStatus) -> timedelta:
    """Return the time that was skipped; what was read in part is told of apart."""
    holes = merged(Window(gap.start, gap.end) for gap in status.gaps if not gap.is_partial)
    return sum((each.length for each in holes), timedelta(0))


def _was_read(status: QueryStatus, window: Window) -> bool:
    """Tell whether a query was read in the window, if only since a minute ago."""
    began_here = status.begun is not None and window.start <= status.begun < window.end
    return status.read >= NOTHING or (began_here and status.reason is None)


def _has_failed(status: QueryStatus, window: Window) -> bool:
    if not _was_read(status, window) or _missing(status, window) > BLIND:
        return True
    return status.reason is not None and (status.read < WHOLE or status.is_silent)


def _read(source: SourceReading, window: Window, zone: tzinfo) -> str:
    label = _label(source, source.sound)
    notes = list(_partly(source)) if source.truncated else []
    if source.share < WHOLE:
        notes.append(_part(source, window, zone))
    if source.hole >= MATERIAL and (source.share >= WHOLE or source.is_unbroken):
        notes.append(say("about {span} missing", span=span_of(source.hole)))
    return say("{label} ({notes})", label=label, notes=listed(notes)) if notes else label


def _partly(source: SourceReading) -> Iterator[str]:
    """Word that only some posts were read: how many of how many, or why some may be missing, where that is known."""
    if source.sampled is not None:
        read, total = (f"{number:,}" for number in source.sampled)
        yield say("sample {read} of {all}", read=read, all=total)
    if source.why is not None:
        yield say("in part: {reason}", reason=plain(plain_reason(source.why), LONGEST_REASON))
    elif source.sampled is None:
        yield say("sample")


def _part(source: SourceReading, window: Window, zone: tzinfo) -> str:
    """Word which part of the window was read: since when, where nothing is missing since; else how much."""
    if source.begun is not None and source.begun > window.start and source.is_unbroken:
        return say("since {time}", time=time_within(source.begun, window, zone))
    return say("{share} % of the window", share=f"{100 * source.share:.0f}")


def _unread(source: SourceReading, window: Window, zone: tzinfo, worded: Callable[[str], str]) -> str:
    label = _label(source, source.failed)
    reason = plain(worded(source.reason) if source.reason else _why_unread(source), LONGEST_REASON)
    notes = say("; ").join((reason, *_read_before(source, window, zone)))
    if source.since is None or source.reason in NOT_SET_UP:
        return say("{label} ({notes})", label=label, notes=notes)
    since = time_within(source.since, window, zone)
    return say("{label} since {time} ({notes})", label=label, time=since, notes=notes)


def _read_before(source: SourceReading, window: Window, zone: tzinfo) -> Iterator[str]:
    """Word how much was read of a platform that is told of as not read, and that it was read in part only."""
    if not source.read or source.sound:
        return
    if source.begun is not None and source.begun > window.start:
        yield say("read from {time} until then", time=time_within(source.begun, window, zone))
    elif source.reason is not None and source.share < WHOLE:
        yield say("until then {share} % of the window was read", share=f"{100 * source.share:.0f}")
    if source.truncated:
        yield from _partly(source)


def _why_unread(source: SourceReading) -> str:
    if source.read:
        return say("only {share} % of the window", share=f"{100 * source.share:.0f}")
    return say("not read yet")


def _label(source: SourceReading, count: int) -> str:
    """Name a platform; for feeds the host of the only one, or how many of how many."""
    if source.source != "rss":
        label = plain(platform_label(source.source), LONGEST_LABEL)
        if count == source.queries:
            return label
        return say("{label} ({count} of {all} searches)", label=label, count=count, all=source.queries)
    if source.queries == 1 and source.hosts:
        return shortened(source.hosts[0])
    if count == source.queries:
        return say_many("{count} feed", "{count} feeds", count)
    return say("{count} of {all} feeds", count=count, all=source.queries)


def _listed(entries: Sequence[str], most: int) -> str:
    """Name as many as fit into a line, and count the others."""
    for count in range(min(most, len(entries)), 0, -1):
        shown, others = listed(entries[:count]), len(entries) - count
        said = say("{some} and {count} more", some=shown, count=others) if others else shown
        if count == 1 or utf16_length(said) <= LONGEST_LIST:
            return said
    return ""
