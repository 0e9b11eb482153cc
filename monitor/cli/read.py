"""`monitor poll` and `monitor digest`: look now, tell now."""

import os
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click
import msgspec

from monitor.cli.speech import in_language, spoken
from monitor.digests.record import record_of
from monitor.digests.render import render, to_terminal
from monitor.digests.wording import many
from monitor.duties import jobs
from monitor.errors import ConfigError
from monitor.models import Query, Topic, Window
from monitor.services.looks import Polled
from monitor.settings import load
from monitor.sources import STREAMS
from monitor.topics.polling.planning import query_of
from monitor.topics.senses.sense import by_sense
from monitor.topics_file import POLLED
from monitor.wiring import Monitor, opened


@click.command(
    epilog="\b\nExamples:\n  monitor poll hackernews --once\n  monitor poll rss\n  monitor poll rss:https://news.example/feed.xml\n"
    "  monitor poll hackernews --force"
)
@click.argument("source")
@click.option("--once", is_flag=True, help="One page only; without it all pages that are there now.")
@click.option("--force", is_flag=True, help="Ask even a source that is not asked now because it failed or refused us.")
def poll(source: str, *, once: bool, force: bool) -> None:
    """Look at SOURCE now: a source by its name, or one query of it. Exits with 4 when it cannot be read."""
    failed = False
    with opened(load()) as monitor:
        jobs.read_topics(monitor, datetime.now(UTC))
        for query in _queries(monitor, source):
            if force:
                monitor.breakers.reset(query)
            failed |= not _look(monitor, query, once=once)
    sys.exit(4 if failed else 0)


@click.command(
    epilog="\b\nExamples:\n  monitor digest smash-pots\n  monitor digest smash-pots --hours 6 --language zh-Hans"
)
@click.argument("topic")
@click.option("--hours", type=click.IntRange(1, 24 * 365), default=24, show_default=True, help="Window up to now.")
@click.option("--json", "as_json", is_flag=True, help="Print the digest's items as JSON.")
@in_language
def digest(topic: str, *, hours: int, as_json: bool) -> None:
    """Print what was said about TOPIC in the last hours. Sends nothing, claims nothing."""
    settings = load()
    with opened(settings) as monitor, spoken(settings):
        now = datetime.now(UTC)
        jobs.read_topics(monitor, now)
        followed = find_topic(monitor.topics.all(), topic)
        window = Window(now - timedelta(hours=hours), now)
        made = jobs.digest_now(monitor, followed, window, now)
        mentions = by_sense(followed, monitor.mentions.between(followed.name, window)).meant
        message = render(made, "terminal", ZoneInfo(followed.timezone))
    if as_json:
        click.echo(msgspec.json.encode(record_of(made, mentions, message.text)).decode())
        return
    click.echo(to_terminal(message, color=sys.stdout.isatty()))


def find_topic(known: list[Topic], name: str) -> Topic:
    """Return a topic by its name or title; raise ConfigError, naming the known ones, when there is none."""
    for topic in known:
        if name in (topic.name, topic.title):
            return topic
    names = ", ".join(f"{topic.name} ({topic.title})" for topic in known) or "none"
    raise ConfigError([f'there is no topic "{name}"; known are: {names}'])


def _queries(monitor: Monitor, source: str) -> list[Query]:
    asked = query_of(source)
    if asked.source in STREAMS:
        raise ConfigError(
            [f"{asked.source} is not asked, it tells by itself, while `monitor up` runs; see: monitor doctor"]
        )
    if asked.source not in POLLED:
        raise ConfigError([f'there is no source "{asked.source}"; known are: {", ".join(POLLED)}'])
    if asked.text:
        return [asked]
    return [query for query in monitor.plan() if query.source == asked.source] or [asked]


def _look(monitor: Monitor, query: Query, *, once: bool) -> bool:
    while True:
        polled = jobs.look_now(monitor, query, f"cli/{os.getpid()}", datetime.now(UTC))
        click.echo(_said(query, polled))
        if polled is None or polled.error is not None:
            return polled is None
        if once or not polled.more:
            return True


def _said(query: Query, polled: Polled | None) -> str:
    if polled is None:
        return f"{query}: somebody else is looking at it right now"
    if polled.error is not None:
        return f"{query}: not read: {polled.error.reason}"
    return f"{query}: {many(polled.fetched, 'post')} read, {polled.matched} matched, {polled.new} new"
