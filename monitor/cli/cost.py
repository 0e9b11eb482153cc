"""`monitor cost`: what paid platforms cost today, and what each way of reading them would."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import click

from monitor.cli.rehearsing import NO_END, TOP, Rehearsed, a_busy_topic, accuracy, days_of, rehearsed, said
from monitor.digests.platforms import platform_label
from monitor.digests.wording import many
from monitor.errors import ConfigError
from monitor.models import Topic, Window
from monitor.seams.budget import Budget, Ledger, dollars
from monitor.settings import load
from monitor.signals.archives import is_possible
from monitor.sources.replay import parse_map, read_archive
from monitor.sources.x_plan import Facts, plans
from monitor.sources.x_posts import NAME
from monitor.sources.x_rehearsal import Happened
from monitor.sources.x_till import USER
from monitor.store.spend import SpendStore
from monitor.wiring import Monitor, opened

POSTS_A_DAY, DAYS = 12_000, 7
KINDS = {USER: "account"}
WIDTHS = (22, 12, 10, 10, 14, 16, 14)


@click.command(
    epilog="\b\nExamples:\n  monitor cost\n  monitor cost --replay\n"
    "  monitor cost --replay --archive posts.jsonl.gz --budget 0.50"
)
@click.option("--replay", is_flag=True, help="Read a busy topic twice, everything and as planned, and compare.")
@click.option("--archive", type=click.Path(path_type=Path), help="Replay these posts instead of an invented topic.")
@click.option("--map", "mapping", help="Where the archive keeps its fields: text=content,likes=favorite_count")
@click.option("--budget", type=float, default=1.0, show_default=True, help="US dollars a day for the replay.")
def cost(*, replay: bool, archive: Path | None, mapping: str | None, budget: float) -> None:
    """Say what X costs: per topic what was spent today, what may be, and what each way of reading would."""
    if replay:
        compare(a_busy_topic(7, POSTS_A_DAY, DAYS) if archive is None else _archived(archive, mapping), budget)
        return
    with opened(load()) as monitor:
        if not monitor.spending:
            click.echo("no source that costs money")
        for source, spend in monitor.spending.items():
            for line in _table(monitor, source, spend, datetime.now(UTC)):
                click.echo(line)


def compare(posts: list[Happened], budget: float) -> None:
    """Print what reading everything costs and tells, and what the plan for a budget does."""
    days = days_of(posts)
    click.echo(f"{len(posts):,} posts in {days:.0f} days, a look every 10 minutes, ${budget:.2f} a day")
    runs = {}
    for label, amount in {"everything": NO_END, "as planned": str(budget)}.items():
        with _bar(posts, label) as progress:
            runs[label] = rehearsed(posts, amount, progress)
    click.echo(_row("", "posts read", "requests", "a day", "hours ±5 %", "bursts", f"top {TOP} posts"))
    for label, run in runs.items():
        click.echo(_compared(label, run, posts, days))
    ratio = runs["everything"].spent / max(1, runs["as planned"].spent)
    click.echo(f"as planned costs {ratio:.0f} times less than everything")
    click.echo(
        "hours ±5 %: counted that exactly, as digests count them: posts that were read, else X's own count of the hour"
    )
    click.echo(
        f"bursts: hours found to stand out of those that do; top {TOP}: of the posts liked most on each day, those read"
    )


def _compared(label: str, run: Rehearsed, posts: list[Happened], days: float) -> str:
    told = accuracy(posts, run)
    wrong = f" +{told.false} wrong" if told.false else ""
    return _row(
        label,
        f"{len(run.read):,}",
        f"{run.requests:,}",
        said(run.spent, days),
        f"{told.close} of {told.hours}",
        f"{told.found} of {told.bursts}{wrong}",
        f"{told.shown} of {told.top}",
    )


@contextmanager
def _bar(posts: list[Happened], label: str) -> Iterator[Callable[[timedelta], None]]:
    hours = int((posts[-1].at - posts[0].at).total_seconds() // 3600) + 1
    passed = timedelta(0)
    with click.progressbar(length=hours, label=f"reading {label}", file=sys.stderr) as bar:

        def progress(step: timedelta) -> None:
            nonlocal passed
            before, passed = passed, passed + step
            bar.update(int(passed.total_seconds() // 3600) - int(before.total_seconds() // 3600))

        yield progress


def _archived(path: Path, mapping: str | None) -> list[Happened]:
    if not path.exists():
        raise ConfigError([f"{path}: there is no such archive"])
    archive = read_archive(path, parse_map(mapping or ""), now=datetime(1970, 1, 1, tzinfo=UTC))
    posts = [Happened(post.time, post.engagement.likes or 0, post.text) for post in archive if is_possible(post.time)]
    if len(posts) < 2:
        raise ConfigError([f"{path}: holds too few posts with a time to rehearse anything"])
    return sorted(posts)


class _Priced(NamedTuple):
    """A topic's row: what it spent, what it may, and how many posts a day it has as far as is known."""

    topic: Topic
    spent: int
    posts: int


def _spent(source: str, spend: SpendStore, now: datetime) -> str:
    ledger, budget = spend.today(now), spend.budget
    if not budget.day and not ledger.spent:
        return f"off; nothing is asked, and nothing spent, without a budget in [sources.{source}]"
    reserved = f", ${dollars(ledger.reserved):.2f} of it reserved" if ledger.reserved else ""
    return f"${dollars(ledger.spent):.2f} of ${dollars(budget.day):.2f} spent on {now:%Y-%m-%d} (UTC){reserved}"


def _table(monitor: Monitor, source: str, spend: SpendStore, now: datetime) -> Iterator[str]:
    ledger = spend.today(now)
    yield f"{platform_label(source)}: {_spent(source, spend, now)}"
    if ledger.things:
        yield f"paid for today: {_things(ledger)}"
    if source != NAME:
        return
    prices = monitor.sources[source].prices  # type: ignore[attr-defined]
    yield (
        f"prices of {prices.as_of}: ${dollars(prices.post):.3f} a post, ${dollars(prices.user):.3f} an account,"
        f" ${dollars(prices.count):.3f} a count"
    )
    rows = list(_rows(monitor, source, ledger, now))
    if not rows:
        yield 'no topic names "x" among its sources'
        return
    yield _row("topic", "today", "budget", "posts a day", "all", "sample", "counts")
    for row in rows:
        yield _priced(row, spend.budget, prices)


def _things(ledger: Ledger) -> str:
    """Word what was paid for: "12 counts, 402 posts, 3 accounts"."""
    return ", ".join(many(number, KINDS.get(kind, kind)) for kind, number in sorted(ledger.things.items()) if number)


def _rows(monitor: Monitor, source: str, ledger: Ledger, now: datetime) -> Iterator[_Priced]:
    window = Window(now - timedelta(days=1), now)
    for topic in monitor.topics.all():
        if any(query.source == source for query in monitor.queries_of(topic)):
            mentions = monitor.mentions.between(topic.name, window)
            posts = sum(each.post.key.source == source for each in mentions)
            yield _Priced(topic, ledger.topics.get(topic.name, 0), posts)


def _priced(row: _Priced, budget: Budget, prices: object) -> str:
    known: Mapping[str, int] = {
        plan.mode: plan.cost
        for plan in plans(Facts(row.posts, budget.topic, budget.topic), prices)  # type: ignore[arg-type]
    }
    amounts = [f"${dollars(known[mode]):.2f}" for mode in ("all", "sample", "counts")]
    return _row(
        row.topic.name, f"${dollars(row.spent):.2f}", f"${dollars(budget.topic):.2f}", f"{row.posts:,}", *amounts
    )


def _row(*cells: str) -> str:
    first, *others = zip(cells, WIDTHS, strict=True)
    return (f"{first[0]:<{first[1]}}" + "".join(f"{cell:>{width}}" for cell, width in others)).rstrip()
