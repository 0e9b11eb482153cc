"""Is everything as it should be? What is followed, what was read when, what was not, and what did not arrive."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from importlib.metadata import version
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.bot.admission import is_enough
from monitor.bot.asked import Answer, Asked
from monitor.digests.coverage import SourceReading, partial_line, readings, unread_line
from monitor.digests.platforms import platform_label
from monitor.digests.reasons import plain_reason, told_reason
from monitor.digests.schedule import next_digest
from monitor.digests.wording import day_and_time, listed, span_of
from monitor.models import QueryStatus, Topic, Window
from monitor.processes.stalls import neglect
from monitor.readers.topic_names import title_of
from monitor.saying import say, say_many
from monitor.seams.credentials import NOT_SET_UP
from monitor.sources import STREAMS
from monitor.store.outbox import Load

MOST_NAMED = 10

LIVE = timedelta(minutes=1)
"""A stream that was read up to so lately is followed as it tells."""


class Health(NamedTuple):
    """What is told. `stalled` says what nobody works on; `load` is of all chats for owners, else of this one."""

    now: datetime
    stalled: str | None
    topics: Sequence[Topic]
    statuses: Sequence[QueryStatus]
    load: Load
    is_all: bool


def status(asked: Asked) -> Answer:
    """Tell how things are."""
    monitor = asked.monitor
    topics = monitor.topics.all()
    window = Window(asked.now - timedelta(days=1), asked.now)
    is_all = asked.place == "private" and is_enough(asked.role, "owner")
    loads = [monitor.outbox.load(each) for each in (monitor.chats.all() if is_all else [asked.chat])]
    health = Health(
        now=asked.now,
        stalled=neglect(monitor.schedule.sight()),
        topics=topics,
        statuses=monitor.progress.statuses(list(monitor.plan()), window),
        load=Load(sum(each.waiting for each in loads), sum(each.undelivered for each in loads)),
        is_all=is_all,
    )
    return Answer(word(health, ZoneInfo(topics[0].timezone) if topics else ZoneInfo("UTC")))


def word(health: Health, zone: tzinfo) -> str:
    """Word how things are, in some lines."""
    window = Window(health.now - timedelta(days=1), health.now)
    sources = readings(health.statuses, window)
    # Who can do something about it is told what the server said.
    unread = unread_line(sources, window, zone, told_reason if health.is_all else plain_reason)
    partial = partial_line(sources, window, zone)
    lines = (
        _headline(health, is_all_read=not any(_is_unread(each) for each in sources)),
        _followed(health),
        _read(health),
        say("Read in part: {sources}.", sources=partial) if partial else "",
        say("Not read: {sources}.", sources=unread) if unread else "",
        _messages(health),
        f"Discussion Monitor {version('discussion-monitor')}",
    )
    return "\n".join(line for line in lines if line)


def _headline(health: Health, *, is_all_read: bool) -> str:
    if health.stalled is not None:
        stuck = say("Something is stuck: {what}.", what=health.stalled)
        return stuck if health.is_all else say("Something is stuck; an owner sees what.")
    if not health.topics:
        return say("Working, and following nothing yet.")
    return say("Working.") if is_all_read else say("Working, but not everything is read.")


def _is_unread(source: SourceReading) -> bool:
    """Tell whether a platform is not read that should be; one that nobody set up is as it was left."""
    return source.failed > 0 and source.reason not in NOT_SET_UP


def _followed(health: Health) -> str:
    words = [
        say("{title} (next digest {time})", title=title_of(each), time=_next(each, health.now))
        for each in health.topics
    ]
    return say("Following: {topics}.", topics=_some(words)) if words else ""


def _next(topic: Topic, now: datetime) -> str:
    return day_and_time(next_digest(topic, now), now, ZoneInfo(topic.timezone))


def _read(health: Health) -> str:
    """Word when each platform was read last, the one read longest ago first."""
    newest: dict[str, datetime] = {}
    for each in health.statuses:
        if each.last_read is not None:
            source = each.query.source
            newest[source] = max(newest.get(source, each.last_read), each.last_read)
    words = [_newest(source, health.now - at) for source, at in sorted(newest.items(), key=lambda pair: pair[1])]
    return say("Last read: {sources}.", sources=_some(words)) if words else ""


def _newest(source: str, time: timedelta) -> str:
    """Word up to when a platform was read; a stream that was a moment ago is followed as it tells."""
    if source in STREAMS and time < LIVE:
        return say("{platform} live", platform=platform_label(source))
    return say("{platform} {span} ago", platform=platform_label(source), span=span_of(time))


def _messages(health: Health) -> str:
    waiting, lost = health.load
    words = [
        say_many("{count} message waiting", "{count} messages waiting", waiting) if waiting else "",
        say_many(
            "{count} message of the last 60 days that may not have arrived",
            "{count} messages of the last 60 days that may not have arrived",
            lost,
        )
        if lost
        else "",
    ]
    said = say(" and ").join(each for each in words if each)
    if not said:
        return ""
    return say("In all chats: {said}.", said=said) if health.is_all else say("Here: {said}.", said=said)


def _some(words: Iterable[str]) -> str:
    named = list(words)
    shown = listed(named[:MOST_NAMED])
    rest = len(named) - MOST_NAMED
    return say("{some} and {count} more", some=shown, count=rest) if rest > 0 else shown
