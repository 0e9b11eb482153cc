"""`monitor backfill`: read what was said before a topic was followed. The price first, then a page at a time."""

import os
import re
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import click

from monitor.cli.read import find_topic
from monitor.digests.platforms import platform_label
from monitor.digests.wording import many
from monitor.duties import jobs
from monitor.duties.look_back import Offer, look_back, offers
from monitor.errors import ConfigError, RateLimited
from monitor.models import Job, Query, Topic, Window
from monitor.processes.liveness import is_dead, worker_name
from monitor.seams.looking_back import Price, Progressed
from monitor.settings import load
from monitor.wiring import Monitor, opened

PATIENCE = timedelta(seconds=90)
"""A platform that asks for no more is waited for; one that asks for more is for another time."""

LONGEST = timedelta(hours=1)
"""A lease on a look-back, kept alive while its process lives."""

Number = TypeVar("Number", int, float)

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@click.command(
    epilog="\b\nExamples:\n  monitor backfill smash-pots --since 7d\n"
    "  monitor backfill smash-pots --since 2026-11-01 --source hackernews --yes"
)
@click.argument("topic")
@click.option("--since", required=True, help="How far back: 12h, 7d, 2w, or a day (2026-11-01, UTC).")
@click.option("--source", help="Only this source; without it all sources of the topic that can.")
@click.option("--yes", is_flag=True, help="Do not ask, whatever it costs.")
def backfill(topic: str, since: str, source: str | None, *, yes: bool) -> None:
    """Read what was said about TOPIC before it was followed.

    Says first how many requests and dollars it takes. What is found is marked as back-filled: it is told and counted,
    and takes no part in what is usual. Stopped or killed, it goes on where it was when it is run again. Exits with 4
    when a source cannot be read to the end.
    """
    with opened(load()) as monitor:
        now = datetime.now(UTC)
        jobs.read_topics(monitor, now)
        followed = find_topic(monitor.topics.all(), topic)
        window = _window(followed, since, now)
        offered = offers(monitor, followed, window, source, now)
        can = _told(offered, window, now)
        if not can:
            raise ConfigError([f"no source of {followed.name} can be looked back at now"])
        if not yes:
            click.confirm("Go on?", abort=True)
        done = [_read(monitor, followed, each, window) for each in can]
    sys.exit(0 if all(done) else 4)


def since_of(text: str, now: datetime) -> datetime:
    """Return the time that "7d" or "2026-11-01" means; raise ConfigError when it is neither, or not past."""
    match = re.fullmatch(r"(\d{1,4})\s*([hdw])", text.strip())
    try:
        start = now - timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else datetime.fromisoformat(text)
    except ValueError as e:
        raise ConfigError([f'--since "{text}" is no time; write 12h, 7d, 2w, or a day such as 2026-11-01']) from e
    start = start if start.tzinfo is not None else start.replace(tzinfo=UTC)
    if start >= now:
        raise ConfigError([f'--since "{text}" is not past'])
    return start


def _window(topic: Topic, since: str, now: datetime) -> Window:
    """Return the window to read; what is older than a topic keeps its posts would not be stored."""
    start, oldest = since_of(since, now), now - topic.retention
    if start < oldest:
        click.echo(f"{topic.name} keeps posts for {topic.retention.days} days: no further back than that.", err=True)
    return Window(max(start, oldest), now)


def _told(offered: Sequence[Offer], window: Window, now: datetime) -> list[Offer]:
    """Say what is offered, and return what can be taken."""
    click.echo(f"From {window.start:%Y-%m-%d %H:%M} UTC to {now:%Y-%m-%d %H:%M} UTC:")
    for line in listed(offered):
        click.echo(f"  {line}")
    can = [each for each in offered if each.price is not None]
    dollars = [each.price.dollars for each in can if each.price is not None]
    unknown = ", and more that nobody can tell before" if None in dollars else ""
    click.echo(f"In all: ${sum(each or 0.0 for each in dollars):,.2f}{unknown}")
    return can


def listed(offered: Sequence[Offer]) -> list[str]:
    """Word what is offered: a line for all queries of a platform that are alike, else one for each."""
    alike: dict[tuple[str, str], list[Offer]] = {}
    for each in offered:
        said = _worded(each) if each.price is None or each.begun is not None else ""
        alike.setdefault((each.query.source, said), []).append(each)
    return [
        f"{_label(some[0].query)}: {_worded(some[0])}"
        if len(some) == 1
        else f"{_counted(some)}: {said or _summed(some)}"
        for (_, said), some in alike.items()
    ]


def _counted(offers: Sequence[Offer]) -> str:
    return f"{platform_label(offers[0].query.source)} ({many(len(offers), 'look-back')})"


def _summed(offers: Sequence[Offer]) -> str:
    """Word what offers with a price cost together."""
    prices = [offer.price for offer in offers if offer.price is not None]
    reaches = [price.reach for price in prices if price.reach is not None]
    return _priced(
        Price(
            requests=_sum([price.requests for price in prices]),
            posts=_sum([price.posts for price in prices]),
            dollars=_sum([price.dollars for price in prices]),
            reach=max(reaches, default=None),
        )
    )


def _sum(numbers: Sequence[Number | None]) -> Number | None:
    """Return the sum, None when one of them is not known."""
    known = [number for number in numbers if number is not None]
    return sum(known[1:], known[0]) if len(known) == len(numbers) else None


def _worded(offer: Offer) -> str:
    if offer.price is None:
        return offer.reason
    if offer.begun is None:
        return _priced(offer.price)
    pages = many(offer.begun.pages, "page")
    return f"{_priced(offer.price)}, going on after {pages}, up to {offer.begun.end:%Y-%m-%d %H:%M} UTC"


def _priced(price: Price) -> str:
    words = [
        "" if price.requests is None else many(price.requests, "request"),
        "" if price.posts is None else many(price.posts, "post"),
        "a price that nobody can tell before" if price.dollars is None else f"${price.dollars:,.2f}",
        "" if price.reach is None else f"no further back than {price.reach:%Y-%m-%d %H:%M} UTC",
    ]
    return ", ".join(each for each in words if each)


def _begun(progressed: Progressed) -> str:
    pages = many(progressed.pages, "page")
    return f"going on after {pages} of a look-back from {progressed.start:%Y-%m-%d %H:%M} UTC"


def _read(monitor: Monitor, topic: Topic, offer: Offer, window: Window) -> bool:
    """Read a query to the end of its window, and say what came; False when it was stopped before."""
    job = Job("lookback", f"{topic.name} {offer.query}")
    monitor.job_leases.bury(is_dead)  # who was killed while looking back holds nothing up
    owner = "/".join((worker_name(os.getpid()), "backfill"))
    lease = monitor.leases.acquire(job, owner, LONGEST)
    if lease is None:
        click.echo(f"{_label(offer.query)}: somebody else is looking back at it right now", err=True)
        return False
    try:
        return _shown(monitor, topic, offer, window)
    finally:
        monitor.leases.release(lease)


def _shown(monitor: Monitor, topic: Topic, offer: Offer, window: Window) -> bool:
    """Read with a bar that shows how much of the window is read; wait where a platform asks for a little patience."""
    asked = _reachable(offer, window)
    progressed = offer.begun or Progressed(start=asked.start, end=asked.end)
    length = int(asked.length.total_seconds())
    with click.progressbar(length=length, label=_label(offer.query), file=sys.stderr) as bar:
        wait: timedelta | None = timedelta(0)
        while wait is not None:
            threading.Event().wait(wait.total_seconds())
            wait = None
            try:
                for progressed in look_back(monitor, topic, offer.query, asked, lambda: datetime.now(UTC)):
                    bar.update(int(progressed.covered.total_seconds()) - bar.pos)
            except RateLimited as e:
                if e.retry_after > PATIENCE:
                    raise
                wait = e.retry_after
        bar.update(length - bar.pos)
    cost = f", ${progressed.cost:,.2f}" if progressed.cost else ""
    read = f"{many(progressed.posts, 'post')} read on {many(progressed.pages, 'page')}"
    click.echo(f"{_label(offer.query)}: {read}, {progressed.new:,} new about {topic.name}{cost}")
    return True


def _reachable(offer: Offer, window: Window) -> Window:
    """Return what of a window a platform lets anybody read, or the one that was begun."""
    if offer.begun is not None:
        return offer.begun.window
    reach = None if offer.price is None else offer.price.reach
    return window if reach is None else Window(max(window.start, reach), window.end)


def _label(query: Query) -> str:
    return f"{platform_label(query.source)} {query.text}".strip()
