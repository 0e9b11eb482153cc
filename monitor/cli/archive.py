"""`monitor demo` and `monitor replay`: an archive through the same pipeline, under a virtual clock."""

import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import click
import msgspec

from monitor.cli.speech import in_language, spoken
from monitor.digests.charts import PICTURES, volume_of
from monitor.digests.compose import Brief, compose
from monitor.digests.headline import REPLAY
from monitor.digests.record import record_of
from monitor.digests.render import render, to_terminal
from monitor.digests.wording import many
from monitor.errors import ConfigError
from monitor.models import Digest, Mention, Topic, Window
from monitor.pipeline import Gathered, Shelf, Stages, gather, ingest
from monitor.saying import say
from monitor.settings import Settings, load
from monitor.signals.archives import ArchiveCoverage, busiest_day, hour_of, is_possible, stretches
from monitor.signals.firsts import firsts_of
from monitor.sources.replay import Archive, parse_map, read_archive
from monitor.store.keys import LIVE_KEYS
from monitor.store.prefixes import noted
from monitor.topics.language.parse import parse
from monitor.topics.language.printer import headline_of, printed
from monitor.topics.senses.sense import by_sense
from monitor.topics.values import MAX_TITLE
from monitor.topics_file import read_topics_file
from monitor.wiring import Monitor, make_stages, opened

SAMPLE_KEYWORDS = ("砸锅卖铁", "smash pots and sell iron", "smashing pots and selling iron", "smash pots sell iron")
"""What the sample is about, whatever the topics file follows by now."""

SAMPLE = Path(__file__).parents[1] / "samples" / "demo.jsonl"
"""It comes with the package: the demo needs no folder of anybody's."""

AN_ARCHIVE = 'write one post a line, as in {"id": "1", "text": "…"}, or say where its fields are: --map text=content'
NAMED_WINDOWS = ("all", "busiest")
PAGE = 500
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""When a post without any time was observed: no possible time, so that it is counted and left out."""

EVER = timedelta(days=365 * 400)
"""Nothing in an archive is too old."""


class Replayed(NamedTuple):
    """What a replay read and stored, and when the archive was being written; `undated` posts have impossible times."""

    read: int
    matched: int
    undated: int
    unreadable: int
    problems: tuple[str, ...]
    first: datetime
    last: datetime
    stretches: tuple[Window, ...]


class Choice(NamedTuple):
    """What to tell of a replay: the busiest day, the last hours, or all of it; and where to draw it."""

    window: str
    as_json: bool
    chart: Path | None = None


@click.command(
    epilog="\b\nExamples:\n  monitor demo --chart day.png\n  monitor demo --language zh-Hant\n"
    "  monitor demo --archive posts.jsonl.gz --json"
)
@click.option("--archive", type=click.Path(path_type=Path), help="Your own archive instead of the sample: JSON lines.")
@click.option("--map", "mapping", help="Where an archive keeps its fields: text=content,author=user.screen_name")
@click.option("--any", "keywords", multiple=True, metavar="KEYWORD", help="Follow this instead of the topics file.")
@click.option("--query", help='Follow a query instead, as in: 砸锅卖铁 OR "smash pots" -手游')
@click.option("--json", "as_json", is_flag=True, help="Print each digest with its items as one line of JSON.")
@click.option("--chart", type=click.Path(path_type=Path), help="Draw the day by hours into this file, as PNG.")
@in_language
def demo(
    archive: Path | None,
    mapping: str | None,
    keywords: Sequence[str],
    query: str | None,
    chart: Path | None,
    *,
    as_json: bool,
) -> None:
    """Replay a sample archive and print the digest of its busiest day. Touches no data of yours."""
    path = archive or SAMPLE
    words = keywords or (SAMPLE_KEYWORDS if archive is None and query is None else ())
    tell(path, mapping, asked_topic(words, query), Choice("busiest", as_json, chart))
    if archive is None:
        with spoken(load()):
            said = say("These posts are invented. To follow real ones: {command}", command="make run")
        click.echo(f"\n{said}", err=True)


@click.command(
    epilog="\b\nExamples:\n  monitor replay posts.jsonl.gz\n"
    "  monitor replay weibo.jsonl.gz --map id=mid,created_at=date,author=uid --any 婺源 --window all"
)
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--map", "mapping", help="Where the archive keeps its fields: text=content,author=user.screen_name")
@click.option("--any", "keywords", multiple=True, metavar="KEYWORD", help="Follow this instead of the topics file.")
@click.option("--query", help='Follow a query instead, as in: 砸锅卖铁 OR "smash pots" -手游')
@click.option(
    "--window",
    default="all",
    show_default=True,
    help='What the digest covers: "all", "busiest" (24 hours), or "YYYY-MM-DD" (the 24 hours from there, UTC).',
)
@click.option("--json", "as_json", is_flag=True, help="Print each digest with its items as one line of JSON.")
@in_language
def replay(
    archive: Path, mapping: str | None, keywords: Sequence[str], query: str | None, window: str, *, as_json: bool
) -> None:
    """Replay ARCHIVE (JSON lines, plain or .gz) through the whole pipeline and print the digest of each topic."""
    tell(archive, mapping, asked_topic(keywords, query), Choice(window, as_json))


def asked_topic(keywords: Sequence[str], query: str | None) -> Topic | None:
    """Return the topic that the options make, None for that of the file."""
    if keywords and query:
        raise click.UsageError("give either --any or --query")
    if query is not None:
        node = parse(query)
        return Topic(name="query", title=headline_of(node)[:MAX_TITLE], query=printed(node))
    return Topic(name="keywords", title=keywords[0], any=tuple(keywords)) if keywords else None


def tell(path: Path, mapping: str | None, asked: Topic | None, choice: Choice) -> None:
    """Replay an archive into a store of its own and print the digests."""
    fields = parse_map(mapping or "")
    check_window(choice.window)
    settings = load()
    topics = followed(settings, asked)
    with scratch(settings) as monitor:
        stages = make_stages(topics, monitor.settings)
        replayed = store(path, fields, stages, monitor)
        click.echo(said(path, replayed), err=True)
        with spoken(settings):
            for topic in topics:
                print_digest(monitor, topic, replayed, choice)


def followed(settings: Settings, asked: Topic | None) -> list[Topic]:
    """Return the topic that was asked for, or those of the file, kept for ever."""
    topics = read_topics_file(settings.topics_file).topics if asked is None else (asked,)
    return [msgspec.structs.replace(topic, sources=("replay",), retention=EVER) for topic in topics]


@contextmanager
def scratch(settings: Settings) -> Iterator[Monitor]:
    """Open a store for one replay: in a folder that goes afterwards, or outside under a prefix of its own."""
    prefix = f"replay-{secrets.token_hex(4)}:"
    with tempfile.TemporaryDirectory(prefix="monitor-") as folder:
        own = settings if settings.redis_url else settings.model_copy(update={"home": Path(folder)})
        with opened(own, prefix) as monitor:
            if not settings.redis_url:
                yield monitor
                return
            # Noted among the living data: what a killed replay leaves is erased a day later.
            living = monitor.connection.under(LIVE_KEYS)
            with noted(living, prefix, datetime.now(UTC)):
                try:
                    yield monitor
                finally:
                    monitor.connection.erase()
            living.close()


def store(path: Path, mapping: Mapping[str, str], stages: Stages, monitor: Monitor) -> Replayed:
    """Send every post of an archive through the pipeline, under the archive's own clock."""
    read = matched = undated = 0
    first, last = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    hours: set[int] = set()
    with read_with_progress(path, mapping) as archive:
        posts = iter(archive)
        while page := list(islice(posts, PAGE)):
            dated = [post for post in page if is_possible(post.time)]
            read, undated = read + len(dated), undated + len(page) - len(dated)
            if not dated:
                continue
            times = [post.time for post in dated]
            first, last = min(first, *times), max(last, *times)
            hours.update(map(hour_of, times))
            matched += ingest(dated, stages, monitor.mentions, now=last).new
    if not read:
        raise ConfigError([nothing_read(path, archive.problems, undated)])
    return Replayed(read, matched, undated, archive.unreadable, archive.problems, first, last, tuple(stretches(hours)))


@contextmanager
def read_with_progress(path: Path, mapping: Mapping[str, str]) -> Iterator[Archive]:
    """Open an archive and show a bar while it is read."""
    length = path.stat().st_size if path.exists() else 1
    with click.progressbar(length=length, label="replaying", file=sys.stderr) as bar:
        yield read_archive(path, mapping, now=NO_TIME, progress=lambda at, _: bar.update(at - bar.pos))


def nothing_read(path: Path, problems: Sequence[str], undated: int) -> str:
    """Word why an archive gave nothing, in one sentence, and what an archive is: the other lines are like the first."""
    if undated:
        return f"{path}: holds no post that can be told: {no_time(undated)}"
    first = problems[0].partition(" (")[0] if problems else "it has no line"
    return f"{path}: holds no post that can be read ({first}); {AN_ARCHIVE}"


def said(path: Path, replayed: Replayed) -> str:
    """Word what was read."""
    span = f"{replayed.first:%Y-%m-%d %H:%M} to {replayed.last:%Y-%m-%d %H:%M} UTC"
    skipped = f", {many(replayed.unreadable, 'line')} not readable" if replayed.unreadable else ""
    skipped += f" ({'; '.join(replayed.problems)})" if replayed.problems else ""
    skipped += f", {no_time(replayed.undated)}" if replayed.undated else ""
    return f"{path.name}: {many(replayed.read, 'post')}, {span}{skipped}; {replayed.matched:,} matched"


def no_time(undated: int) -> str:
    """Word that posts have no possible time."""
    return f"{many(undated, 'post')} left out: no time, or an impossible one (is it elsewhere? --map created_at=…)"


def print_digest(monitor: Monitor, topic: Topic, replayed: Replayed, choice: Choice) -> None:
    """Print the digest of a topic and a window of the archive."""
    window = window_of(monitor, topic, replayed, choice.window)
    coverage = ArchiveCoverage(replayed.stretches)
    people = monitor.settings.people
    brief = Brief(topic=topic, window=window, kind=REPLAY, people=people.policy, named=frozenset(people.named))
    # What is told of all of an archive has no time before it; to read everything twice would only take longer.
    before = monitor.mentions.between(topic.name, Window(replayed.stretches[0].start, window.start))
    firsts = firsts_of(by_sense(topic, before).meant, with_links=True)
    gathered = gather(
        topic, window, Shelf(monitor.mentions, coverage, samples=monitor.mentions, firsts=firsts), window.end
    )
    made = compose(brief, *gathered)
    message = render(made, "terminal", ZoneInfo(topic.timezone))
    if choice.chart is not None:
        draw_chart(topic, gathered, choice.chart)
    if choice.as_json:
        mentions = by_sense(topic, monitor.mentions.between(topic.name, window)).meant
        click.echo(as_line(made, mentions, message.text))
    else:
        click.echo(to_terminal(message, color=sys.stdout.isatty()))


def draw_chart(topic: Topic, gathered: Gathered, path: Path) -> None:
    """Draw a window by hours into a file."""
    volume = volume_of(topic.title, gathered.trend, gathered.mentions)
    picture: bytes = import_module(PICTURES).draw(volume, ZoneInfo(topic.timezone))
    try:
        path.write_bytes(picture)
    except OSError as e:
        raise ConfigError([f"{path}: cannot be written ({e.strerror}); name a file in a folder of yours"]) from e


def as_line(made: Digest, mentions: list[Mention], text: str) -> str:
    """Return a digest and the mentions it counted as one line of JSON."""
    return msgspec.json.encode(record_of(made, mentions, text)).decode()


def check_window(asked: str) -> None:
    """Raise ConfigError for a window that is none, before an archive is read for minutes."""
    if asked not in NAMED_WINDOWS:
        day_of(asked)


def window_of(monitor: Monitor, topic: Topic, replayed: Replayed, asked: str) -> Window:
    """Return the window that was asked for."""
    if asked == "all":
        return Window(replayed.stretches[0].start, replayed.stretches[-1].end)
    if asked == "busiest":
        return busiest_day((each, monitor.mentions.hourly(topic.name, each)) for each in replayed.stretches)
    return day_of(asked)


def day_of(asked: str) -> Window:
    """Return the 24 hours of a day written YYYY-MM-DD, UTC."""
    try:
        start = datetime.strptime(asked, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as e:
        raise ConfigError([f'--window {asked}: must be "all", "busiest" or a day such as 2024-10-12']) from e
    if not is_possible(start):
        raise ConfigError([f"--window {asked}: no post can be of that day"])
    return Window(start, start + timedelta(days=1))
