"""`monitor init`: a few questions, and a topics file that holds."""

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from monitor.cli import sample
from monitor.errors import ConfigError, QueryError
from monitor.settings import load
from monitor.sources import STREAMS
from monitor.text.terms import is_han
from monitor.topics.file import parse_topics
from monitor.topics.language.parse import parse
from monitor.topics.language.printer import headline_of
from monitor.topics.reach import notes_of
from monitor.topics.values import MAX_TITLE
from monitor.topics_file import POLLED

TEMPLATE = """\
# What is followed. Every line is explained in the README; `monitor topics` checks the file and says what it finds.
# Saved changes are used within seconds.

feeds = [
{feeds}]

[topics.{name}]
title = {title}
{sought}
sources = [{sources}]
every = "10m"
digest = {at}
timezone = {zone}
"""


@click.command(
    epilog="\b\nExamples:\n  monitor init\n"
    '  monitor init --yes --keywords "食品安全, food safety" --feed https://news.example/feed.xml --at 07:30\n'
    "  monitor init --yes --query '食品安全 OR \"food safety\" -游戏' --name food"
)
@click.option("--keywords", help="Keywords, separated by commas: one of them must occur.")
@click.option("--query", help='Instead of keywords, a query: 砸锅卖铁 OR "smash pots" -手游')
@click.option("--name", help="Short name of the topic for commands: a-z, 0-9 and hyphens.")
@click.option("--feed", "feeds", multiple=True, help="Address of a news feed; may be given several times.")
@click.option(
    "--sample-feeds/--no-sample-feeds",
    "takes_sample",
    default=None,
    help="Take the feeds of the sample: news of China, Hong Kong and Taiwan; by default for keywords in Chinese.",
)
@click.option("--bluesky/--no-bluesky", "takes_bluesky", default=None, help="Follow Bluesky, too: about 2 GB a day.")
@click.option("--at", help="Local time of the daily digest, HH:MM.")
@click.option("--zone", help='Your time zone, such as "Europe/London".')
@click.option("--yes", is_flag=True, help="Ask nothing; take what is given and sensible defaults.")
@click.option("--force", is_flag=True, help="Replace an existing topics file; the old one is kept beside it.")
def init(  # noqa: PLR0913 - one argument per question
    keywords: str | None,
    query: str | None,
    name: str | None,
    feeds: tuple[str, ...],
    takes_sample: bool | None,
    takes_bluesky: bool | None,
    at: str | None,
    zone: str | None,
    *,
    yes: bool,
    force: bool,
) -> None:
    """Ask for a topic and feeds, and write the topics file."""
    path = load().topics_file
    if path.exists() and not force:
        raise ConfigError([f"{path} exists; edit it, or replace it with `monitor init --force` (the old one is kept)"])
    if keywords and query:
        raise click.UsageError("give either --keywords or --query")
    answers = Answers(
        query or keywords or sample.KEYWORDS,
        bool(query),
        name,
        feeds,
        takes_sample,
        takes_bluesky,
        at or "08:00",
        zone or "UTC",
    )
    text = checked(answers) if yes else ask_until_right(answers)
    for note in notes(text):
        click.echo(f"Note: {note}.")
    old = write(path, text)
    click.echo(f"Wrote {path}." if old is None else f"Wrote {path}; the old one is {old}.")
    click.echo("Next: `monitor topics` says what it finds, `monitor up` starts.")


class Answers(NamedTuple):
    """What was asked, as answered. `sought` are keywords with commas between, or a query; None is not answered yet."""

    sought: str
    is_query: bool
    name: str | None
    feeds: tuple[str, ...]
    takes_sample: bool | None
    takes_bluesky: bool | None
    at: str
    zone: str

    def settled(self) -> "Answers":
        """Return the answers with what is sensible for those that were not given."""
        is_chinese = any(map(is_han, self.sought))
        takes_sample = is_chinese and not self.feeds if self.takes_sample is None else self.takes_sample
        name = self.name or (sample.NAME if self.sought == sample.KEYWORDS else slug(self.sought))
        return self._replace(name=name, takes_sample=takes_sample, takes_bluesky=bool(self.takes_bluesky))


def ask_until_right(answers: Answers) -> str:
    """Ask, with the answers so far as defaults, until they make a file that holds; return its text."""
    while True:
        answers = ask(answers)
        try:
            return checked(answers)
        except ConfigError as e:
            for problem in e.problems:
                click.secho(problem.partition(": ")[2], fg="red", err=True)
            click.echo("Once more; Enter keeps an answer.", err=True)


def ask(answers: Answers) -> Answers:
    """Ask everything once. The name is proposed from the keywords, so it is asked after them."""
    asked = "Query" if answers.is_query else "Keywords, separated by commas"
    answers = answers._replace(sought=click.prompt(asked, default=answers.sought))
    name = click.prompt("A short name for commands (a-z, 0-9, -)", default=answers.settled().name)
    answers = answers._replace(name=name, feeds=tuple(ask_for_feeds()) or answers.feeds)
    if not answers.feeds:
        question = f"Take the {len(sample.FEEDS)} Chinese and Hong Kong feeds of the sample?"
        answers = answers._replace(takes_sample=click.confirm(question, default=answers.settled().takes_sample))
    follows = click.confirm("Follow Bluesky (about 2 GB a day)?", default=answers.settled().takes_bluesky)
    return answers._replace(
        takes_bluesky=follows,
        at=click.prompt("Daily digest at", default=answers.at),
        zone=click.prompt("Time zone", default=answers.zone),
    )


def checked(answers: Answers) -> str:
    """Return the text of the topics file, or raise ConfigError with every problem at once."""
    text = written(answers.settled())
    parse_topics(text, (*POLLED, *STREAMS))
    return text


def notes(text: str) -> list[str]:
    """Return what may be meant otherwise in the topics of a file that holds."""
    topics = parse_topics(text, (*POLLED, *STREAMS)).topics
    return [note for topic in topics for note in notes_of(topic)]


def ask_for_feeds() -> list[str]:
    """Ask for addresses until an empty answer."""
    feeds: list[str] = []
    while feed := click.prompt("A news feed's address (empty: no more)", default="", show_default=False):
        feeds.append(feed)
    return feeds


def written(answers: Answers) -> str:
    """Return the text of a topics file."""
    words = [word.strip() for word in re.split(r"[,，、;；]", answers.sought) if word.strip()]
    keywords = f"any = [{', '.join(map(quoted, words))}]"
    title = called(answers.sought) if answers.is_query else words[0] if words else ""
    feeds = answers.feeds + (sample.FEEDS if answers.takes_sample else ())
    sources = ["hackernews", *(["rss"] if feeds else []), *(["bluesky"] if answers.takes_bluesky else [])]
    return TEMPLATE.format(
        feeds="".join(f"  {quoted(feed)},\n" for feed in feeds),
        name=answers.name,
        title=quoted(title[:MAX_TITLE]),
        sought=f"query = {quoted(answers.sought)}" if answers.is_query else keywords,
        sources=", ".join(map(quoted, sources)),
        at=quoted(answers.at),
        zone=quoted(answers.zone),
    )


def called(query: str) -> str:
    """Return what a topic with a query is called; one that does not hold, as it stands: reading the file says why."""
    try:
        return headline_of(parse(query))
    except QueryError:
        return query


def quoted(text: str) -> str:
    """Return a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if ord(c) > 0x9F or c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


def slug(title: str) -> str:
    """Return a topic's name made of its title: a-z, 0-9 and hyphens; "topic" where nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "topic"


def write(path: Path, text: str) -> Path | None:
    """Write the file; an old one is kept beside it, and its name returned."""
    old = path.with_suffix(f".{datetime.now(UTC):%Y%m%d-%H%M%S}.toml") if path.exists() else None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if old is not None:
            path.rename(old)
        path.write_text(text, encoding="utf-8")
    except OSError as e:
        raise ConfigError([f"{path}: cannot be written ({e.strerror})"]) from e
    return old
