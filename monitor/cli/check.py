"""`monitor doctor` and `monitor fsck`: is everything as it should be?"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import click

from monitor.bot.status import LIVE
from monitor.cli.machine import Finding, of_machine
from monitor.cli.run import is_running
from monitor.digests.platforms import platform_label
from monitor.digests.wording import many
from monitor.errors import ConfigError, DeliveryError
from monitor.models import Query, QueryStatus, Window
from monitor.processes.stalls import neglect
from monitor.seams.budget import MICRO, dollars
from monitor.seams.credentials import NO_BUDGET, NO_KEY, NOT_SET_UP, missing_of
from monitor.settings import Settings, load
from monitor.sinks.telegram import TelegramSink
from monitor.sources import STREAMS
from monitor.sources.network import NO_ADDRESS
from monitor.store.fsck import check
from monitor.topics.adopting import is_news
from monitor.topics.queries.asking import needs_of
from monitor.topics.queries.packing import is_packed
from monitor.topics_file import read_topics_file, seen_of
from monitor.wiring import Monitor, opened

LONGEST_NAME = 80
"""Characters of a packed query that are shown."""

STILL_CATCHING_UP = timedelta(minutes=5)
"""Nothing is wrong with a stream that is so little behind: it was just started, or cut."""

NEW_REMEDY = "start `monitor up`, or `monitor poll` it once"
MOST_GAPS = 3
"""Gaps of a query that are told one by one, the newest."""


@click.command(epilog="\b\nExample:\n  monitor doctor")
def doctor() -> None:
    """Say what works, what does not, and what to do about it. Exits with 1 when something does not."""
    settings = load()
    bad = sum([tell(finding) for finding in of_machine(settings)])
    with opened(settings) as monitor:
        bad += sum([tell(finding) for finding in findings(monitor, settings, datetime.now(UTC))])
    sys.exit(1 if bad else 0)


def tell(finding: Finding) -> bool:
    """Print a finding at once; return whether something is wrong."""
    click.echo(f"{click.style('✓', fg='green') if finding.is_good else click.style('✗', fg='red')} {finding.what}")
    if finding.remedy:
        click.echo(f"  → {finding.remedy}")
    return not finding.is_good


@click.command(hidden=True)
def health() -> None:
    """Exit with 1 when work waits for half a minute and nothing is done: for health checks of containers."""
    with opened(load()) as monitor:
        said = neglect(monitor.schedule.sight())
    click.echo(said or "work is done as it comes due")
    sys.exit(0 if said is None else 1)


@click.command(epilog="\b\nExample:\n  monitor fsck")
def fsck() -> None:
    """Check every invariant of the stored data. Exits with 1 when one is broken."""
    with opened(load()) as monitor:
        broken = check(monitor.connection)
    for sentence in broken:
        click.echo(sentence)
    click.echo(f"{len(broken)} findings")
    sys.exit(1 if broken else 0)


def findings(monitor: Monitor, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Yield one finding per thing that can be right or wrong."""
    yield from _store(monitor)
    yield from _schedule(monitor, settings)
    yield from _topics(monitor, settings)
    if monitor.telegram is not None:
        yield _bot(monitor, monitor.telegram)
    yield _quarantine(monitor)
    yield from _spending(monitor, now)
    yield from _unasked(monitor)
    yield from _sources(monitor, now)


def _schedule(monitor: Monitor, settings: Settings) -> Iterator[Finding]:
    """Say whether what comes due is done. Where nothing runs everything waits, and which job does is no news."""
    if monitor.embedded is not None and not is_running(settings.home):
        nothing = "nothing is running on this data: no source is read, and no digest is made"
        yield Finding(False, nothing, "start `monitor up` and leave it running; what waits is done then")
    elif (said := neglect(monitor.schedule.sight())) is not None:
        yield Finding(False, f"schedule: {said}", "start `monitor up`")
    else:
        yield Finding(True, "schedule: work is done as it comes due")


def _store(monitor: Monitor) -> Iterator[Finding]:
    server = monitor.connection.server()
    said = f"{server.name} {server.version}, appendonly {server.appendonly}, appendfsync {server.appendfsync}"
    remedy = "" if server.is_durable else "set appendonly yes, appendfsync always, maxmemory-policy noeviction"
    yield Finding(server.is_durable, f"store: {said}, {server.eviction}", remedy)


def _topics(monitor: Monitor, settings: Settings) -> Iterator[Finding]:
    path = settings.topics_file
    try:
        current = read_topics_file(path).hash
    except ConfigError as e:
        yield from (Finding(False, f"topics: {problem}", f"mend {path}") for problem in e.problems)
        return
    count, version = len(monitor.topics.all()), monitor.topics.version()
    if current == monitor.topics.imported():
        yield Finding(True, f"topics: {count} in force, version {version}, as in {path}")
        return
    seen = seen_of(monitor)
    if is_news(current, seen, is_only=monitor.embedded is not None):
        yield Finding(False, f"topics: {path} is not imported yet", "a running `monitor up` does it within seconds")
        return
    said = f"topics: another file than {path} is in force, version {version}, put there from another machine"
    yield Finding(False, said, "let all machines have the same file; `monitor topics` puts this one in force")


def _bot(monitor: Monitor, telegram: TelegramSink) -> Finding:
    try:
        name = telegram.username()
    except DeliveryError as e:
        return Finding(False, f"bot: {e.reason}", "mend its token in [telegram], or the way to Telegram; start again")
    if not monitor.people.owners():
        return Finding(False, f"bot: @{name} obeys nobody yet", "run `monitor owner` and open the link that it prints")
    waiting = monitor.inbox.waiting()
    return Finding(True, f"bot: @{name} works" + (f", {many(waiting, 'update')} to be answered" if waiting else ""))


def _quarantine(monitor: Monitor) -> Finding:
    tally = monitor.quarantine.tally()
    if not tally.items:
        return Finding(True, "quarantine: empty")
    crowded = f", {tally.crowded_out:,} went early because there was no room" if tally.crowded_out else ""
    said = f"quarantine: {many(tally.items, 'item')} that broke their readers{crowded}"
    return Finding(
        False, said, "look at them: monitor quarantine list; try them again: monitor quarantine replay --all"
    )


def _keyless(query: Query, missing: str) -> Finding:
    label = platform_label(query.source)
    return Finding(
        False, f"{query}: not read: {label} ({NO_KEY})", f"{missing}, and start again; or take it out of topics.toml"
    )


def _spending(monitor: Monitor, now: datetime) -> Iterator[Finding]:
    """Say what is spent of the budget of a source that costs money and that a topic names."""
    for source, spend in monitor.spending.items():
        if not any(query.source == source for query in monitor.plan()):
            continue
        label, ledger = platform_label(source), spend.today(now)
        if not spend.budget.day:
            yield Finding(False, f"{label}: not read: {NO_BUDGET}", _budget_remedy(source))
        said = f"${dollars(ledger.spent):.2f} of ${dollars(spend.budget.day):.2f} spent today (UTC)"
        is_spent = ledger.spent + MICRO // 20 > spend.budget.day
        yield Finding(not is_spent, f"{label}: {said}", "wait for midnight UTC, or raise budget" if is_spent else "")


def _budget_remedy(source: str) -> str:
    return f"set budget in [sources.{source}], in US dollars a day; or take it out of topics.toml"


def _unasked(monitor: Monitor) -> Iterator[Finding]:
    """Say what of a topic's query a source that is asked by keywords cannot be asked for."""
    for topic in monitor.topics.all():
        for source in filter(is_packed, topic.sources):
            missing = needs_of(topic, source).missing
            if missing:
                said = f"{topic.name}: {platform_label(source)} cannot be asked for {', '.join(missing)}"
                yield Finding(False, said, "write beside it, with AND, a word that such posts hold")


def _sources(monitor: Monitor, now: datetime) -> Iterator[Finding]:
    statuses = monitor.progress.statuses(list(monitor.plan()), Window(now - timedelta(days=1), now))
    missing = {status.query: missing_of(monitor.sources.get(status.query.source)) for status in statuses}
    asked = [status for status in statuses if missing[status.query] is None]
    is_cut_off = len(asked) > 1 and all(NO_ADDRESS in (status.reason or "") for status in asked)
    if is_cut_off:
        said = f"network: no name can be resolved ({many(len(asked), 'source')})"
        yield Finding(False, said, "check this machine's connection and DNS; nothing is wrong with the topics")
    new = [] if is_cut_off else [status.query for status in asked if _is_new(status)]
    if len(new) > 1:
        yield Finding(False, f"{_counted(new)}: not read yet", NEW_REMEDY)
    for status in statuses:
        without = missing[status.query]
        if without is not None:
            yield _keyless(status.query, without)
        elif not is_cut_off and (len(new) < 2 or status.query not in new):
            yield _query(status, now)


def _is_new(status: QueryStatus) -> bool:
    return status.reason is None and status.last_read is None


def _counted(queries: Sequence[Query]) -> str:
    """Name sources in a line: "hackernews, rss (9), bluesky"."""
    counts = Counter(query.source for query in queries)
    return ", ".join(source if count == 1 else f"{source} ({count})" for source, count in counts.items())


def _query(status: QueryStatus, now: datetime) -> Finding:
    said = _said_of(status)
    if status.reason is not None:
        is_outage = status.since is not None and status.reason not in NOT_SET_UP
        since = "" if not is_outage else f" since {status.since:%Y-%m-%d %H:%M} UTC"
        tried = "" if status.tried is None else f", last asked {_minutes(now - status.tried)} ago"
        return Finding(False, f"{_named(status.query)}: not read{since}: {status.reason}{tried}{said}", _remedy(status))
    if status.last_read is None:
        return Finding(False, f"{_named(status.query)}: not read yet", NEW_REMEDY)
    if status.query.source in STREAMS:
        return _streamed(status, now - status.last_read, f"{_first_hour(status, now) or _share(status)}{said}")
    ago = _minutes(now - status.last_read)
    first = _first_hour(status, now)
    return Finding(True, f"{_named(status.query)}: {first or f'read {ago} ago, {_share(status)}'}{said}")


def _first_hour(status: QueryStatus, now: datetime) -> str:
    """Word when it was first read, within the hour: a share of the last 24 h says nothing yet."""
    is_new = status.begun is not None and now - status.begun < timedelta(hours=1)
    return f"first read {_minutes(now - status.begun)} ago" if status.begun is not None and is_new else ""


def _share(status: QueryStatus) -> str:
    return f"{status.read:.0%} of the last 24 h"


def _streamed(status: QueryStatus, behind: timedelta, share: str) -> Finding:
    """Return what is to be said of a platform that tells by itself."""
    if behind < LIVE:
        return Finding(True, f"{status.query}: live, {share}")
    remedy = "start `monitor up`, or the service `stream`" if behind > STILL_CATCHING_UP else ""
    return Finding(not remedy, f"{status.query}: read up to {_minutes(behind)} ago, {share}", remedy)


def _said_of(status: QueryStatus) -> str:
    """Word what is missing of a query: gaps, each with its reason, and items that could not be read."""
    gaps = [
        f"{_minutes(gap.end - gap.start)} from {gap.start:%d %b %H:%M} UTC {'in part' if gap.is_partial else 'missing'}"
        f" ({gap.why}{'' if gap.tries < 2 else f', {gap.tries} looks could not close it'})"
        for gap in status.gaps[-MOST_GAPS:]
    ]
    more = [f"and {len(status.gaps) - MOST_GAPS} more gaps"] if len(status.gaps) > MOST_GAPS else []
    unreadable = [f"{many(status.unreadable, 'item')} of the last page not readable"] if status.unreadable else []
    return "".join(f"; {each}" for each in (*gaps, *more, *unreadable))


def _named(query: Query) -> str:
    """Return the name of a query, cut where keywords make it long."""
    name = str(query)
    return name if not is_packed(query.source) or len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def _minutes(time: timedelta) -> str:
    return f"{time.total_seconds() / 60:.0f} min"


def _remedy(status: QueryStatus) -> str:
    if status.reason == NO_BUDGET:
        return _budget_remedy(status.query.source)
    if "our key" in (status.reason or "") or " 401 " in (status.reason or "") or " 403 " in (status.reason or ""):
        return "mend its key or address in the settings, and start again"
    if "moved" in (status.reason or ""):
        return "write the new address into the topics file"
    if status.query.source in STREAMS:
        return "while `monitor up` runs it connects again by itself"
    return f"try it by hand: monitor poll {status.query} --once"
