"""What the preview page shows, read from the store."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.cli.speech import spoken
from monitor.digests.render import render
from monitor.digests.schedule import next_digest, window_ending
from monitor.duties import jobs
from monitor.duties.rounds import preview_chat
from monitor.errors import ConfigError
from monitor.models import Topic
from monitor.processes.stalls import neglect
from monitor.saying import phrase, say, spoken_language
from monitor.sinks.page import Fact, PageView, Sent, TopicView
from monitor.topics_file import read_topics_file
from monitor.wiring import Monitor

SHOWN = 14
"""Digests of a topic on the page: two weeks."""

DURABLE = phrase("every acknowledged post survives a power cut")
NOT_DURABLE = phrase("not durable: see monitor doctor")

FRESH = timedelta(seconds=5)
"""A view is made once for all readers within this time: making one reads a day of posts."""


class Views:
    """Makes the page's view, at most once per FRESH."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._lock = threading.Lock()
        self._view: PageView | None = None

    def __call__(self) -> PageView:
        """Return the view of now."""
        now = datetime.now(UTC)
        with self._lock:
            if self._view is None or now - self._view.now > FRESH:
                with spoken(self._monitor.settings):
                    self._view = view_of(self._monitor, now)
            return self._view


def view_of(monitor: Monitor, now: datetime) -> PageView:
    """Return everything that the page shows."""
    topics = tuple(_topic(monitor, topic, now) for topic in monitor.topics.all())
    return PageView(now=now, language=spoken_language(), topics=topics, facts=_facts(monitor))


def _topic(monitor: Monitor, topic: Topic, now: datetime) -> TopicView:
    window = window_ending(now)
    chat = preview_chat(topic)
    sent = tuple(Sent(at=at, message=message) for at, message in monitor.outgoing.latest(chat, SHOWN))
    current = jobs.digest_now(monitor, topic, window, now, kind="now")
    return TopicView(
        name=topic.name,
        title=topic.title,
        timezone=topic.timezone,
        window=window,
        sent=sent,
        current=render(current, chat, ZoneInfo(topic.timezone)),
        statuses=tuple(monitor.progress.statuses(monitor.queries_of(topic), window)),
        next_digest=next_digest(topic, now),
    )


def _topics_fact(monitor: Monitor) -> Fact:
    version = say("version {number}", number=monitor.topics.version())
    try:
        read_topics_file(monitor.settings.topics_file)
    except ConfigError as e:
        return Fact(
            label=say("Topics"),
            text=say("{problem}; {version} stays in force", problem=e.problems[0], version=version),
            is_problem=True,
        )
    return Fact(label=say("Topics"), text=say("{version} in force", version=version))


def _facts(monitor: Monitor) -> tuple[Fact, ...]:
    server = monitor.connection.server()
    durable = say(DURABLE if server.is_durable else NOT_DURABLE)
    store = say("{server}, {durable}", server=f"{server.name} {server.version}", durable=durable)
    said = neglect(monitor.schedule.sight())
    late = say("on time") if said is None else say("{late}: is a worker running?", late=said)
    return (
        Fact(label=say("Store"), text=store, is_problem=not server.is_durable),
        Fact(label=say("Worker"), text=late, is_problem=said is not None),
        _topics_fact(monitor),
    )
