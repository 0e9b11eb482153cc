"""What was read and what was not, in a line: a quiet day and a blind day must look different."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from monitor.digests.platforms import host_of, platform_label
from monitor.digests.wording import plain, time_within
from monitor.models import QueryStatus, Window

WHOLE = 0.95
"""Share of a window from which it counts as read."""

NOTHING = 0.005
"""Share below which nothing was read: under 8 minutes of a day."""

BLIND = 0.5
"""Share of the window, mean of the platforms, below which a failure must be told before any number."""

MOST_READ = 8
MOST_UNREAD = 4
LONGEST_REASON = 60
LONGEST_LABEL = 40


class SourceReading(NamedTuple):
    """One platform in one window: how many of its queries were read, how much of the window, and why not more."""

    source: str
    hosts: tuple[str, ...]
    queries: int
    read: int
    share: float
    truncated: bool
    failed: int
    reason: str | None
    since: datetime | None


def readings(statuses: Iterable[QueryStatus]) -> list[SourceReading]:
    """Return one reading for each platform, in the order in which the statuses name them."""
    by_source: defaultdict[str, list[QueryStatus]] = defaultdict(list)
    for status in statuses:
        by_source[status.query.source].append(status)
    return [_reading(source, some) for source, some in by_source.items()]


def mean_share(sources: Sequence[SourceReading]) -> float:
    """Return how much of the window was read, the mean of the platforms, each of its queries."""
    if not sources:
        return 0.0
    return sum(each.share * each.read / each.queries for each in sources) / len(sources)


def is_blind(sources: Sequence[SourceReading]) -> bool:
    """Tell whether too little was read, because looking failed, for the numbers to be told without a warning."""
    if mean_share(sources) < NOTHING:
        return True
    return mean_share(sources) < BLIND and any(each.failed for each in sources)


def read_line(sources: Sequence[SourceReading]) -> str:
    """Word what was read: "Bluesky, X (sample), 41 of 44 feeds"; "" when nothing was."""
    return _listed([_read(each) for each in sources if each.read], MOST_READ)


def unread_line(sources: Sequence[SourceReading], window: Window, zone: tzinfo) -> str:
    """Word what was not read, since when and why: "Hacker News since 03:10 (503 from the server)"; "" when all was."""
    return _listed([_unread(each, window, zone) for each in sources if each.failed], MOST_UNREAD)


def coverage_line(sources: Sequence[SourceReading], unread: str) -> str:
    """Word both: "Read: Bluesky, 41 of 44 feeds. Not read: Reddit (no key)."; "" without either."""
    read = read_line(sources)
    parts = (f"Read: {read}." if read else "", f"Not read: {unread}." if unread else "")
    return " ".join(part for part in parts if part)


def _reading(source: str, statuses: Sequence[QueryStatus]) -> SourceReading:
    looked = [each for each in statuses if each.read >= NOTHING]
    failed = [each for each in statuses if _has_failed(each)]
    reasons = Counter(each.reason for each in failed if each.reason is not None).most_common(1)
    texts = (each.query.text for each in (failed or statuses))
    return SourceReading(
        source=source,
        hosts=tuple(host for text in texts if (host := host_of(text)) is not None),
        queries=len(statuses),
        read=len(looked),
        share=sum(each.read for each in looked) / len(looked) if looked else 0.0,
        truncated=any(each.truncated for each in looked),
        failed=len(failed),
        reason=reasons[0][0] if reasons else None,
        since=min((each.since for each in failed if each.since is not None), default=None),
    )


def _has_failed(status: QueryStatus) -> bool:
    return status.read < NOTHING or (status.reason is not None and status.read < WHOLE)


def _read(source: SourceReading) -> str:
    label = _label(source, source.read)
    notes = ["sample"] if source.truncated else []
    if source.share < WHOLE:
        notes.append(f"{source.share:.0%} of the window".replace("%", " %"))
    return f"{label} ({', '.join(notes)})" if notes else label


def _unread(source: SourceReading, window: Window, zone: tzinfo) -> str:
    label = _label(source, source.failed)
    since = "" if source.since is None else f" since {time_within(source.since, window, zone)}"
    reason = plain(source.reason or "not read yet", LONGEST_REASON)
    return f"{label}{since} ({reason})"


def _label(source: SourceReading, count: int) -> str:
    """Name a platform; for feeds the host of the only one, or how many of how many."""
    if source.source != "rss":
        label = plain(platform_label(source.source), LONGEST_LABEL)
        return label if count == source.queries else f"{label} ({count} of {source.queries} searches)"
    if source.queries == 1 and source.hosts:
        return _short(source.hosts[0])
    return f"{count} feeds" if count == source.queries else f"{count} of {source.queries} feeds"


def _short(host: str) -> str:
    """Cut a host in front: its end says whose it is."""
    return host if len(host) <= LONGEST_LABEL else "…" + host[1 - LONGEST_LABEL :]


def _listed(entries: Sequence[str], most: int) -> str:
    if len(entries) <= most:
        return ", ".join(entries)
    return f"{', '.join(entries[:most])} and {len(entries) - most} more"
