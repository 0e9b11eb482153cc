"""`monitor init`: a few questions, and a topics file that holds."""

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from monitor.errors import ConfigError
from monitor.settings import load
from monitor.topics.file import parse_topics
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

DEFAULT_KEYWORDS = "砸锅卖铁, 砸鍋賣鐵, smash pots and sell iron"


@click.command(
    epilog="\b\nExamples:\n  monitor init\n"
    '  monitor init --yes --keywords "食品安全, food safety" --feed https://news.example/feed.xml --at 07:30\n'
    "  monitor init --yes --query '食品安全 OR \"food safety\" -游戏' --name food"
)
@click.option("--keywords", help="Keywords, separated by commas: one of them must occur.")
@click.option("--query", help='Instead of keywords, a query: 砸锅卖铁 OR "smash pots" -手游')
@click.option("--name", help="Short name of the topic for commands: a-z, 0-9 and hyphens.")
@click.option("--feed", "feeds", multiple=True, help="Address of a news feed; may be given several times.")
@click.option("--at", help="Local time of the daily digest, HH:MM.")
@click.option("--zone", help='Your time zone, such as "Europe/London".')
@click.option("--yes", is_flag=True, help="Ask nothing; take what is given and sensible defaults.")
@click.option("--force", is_flag=True, help="Replace an existing topics file; the old one is kept beside it.")
def init(  # noqa: PLR0913 - one argument per question
    keywords: str | None,
    query: str | None,
    name: str | None,
    feeds: tuple[str, ...],
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
    sought = query or keywords
    answers = Answers(
        sought or DEFAULT_KEYWORDS,
        bool(query),
        name or slug(sought or "smash pots"),
        feeds,
        at or "08:00",
        zone or "UTC",
    )
    text = checked(answers) if yes else ask_until_right(answers)
    write(path, text)
    click.echo(f"Wrote {path}. Next: monitor up")


class Answers(NamedTuple):
    """What was asked, as answered. `sought` are keywords with commas between, or a query."""

    sought: str
    is_query: bool
    name: str
    feeds: tuple[str, ...]
    at: str
    zone: str


def ask_until_right(answers: Answers) -> str:
    """Ask, with the answers so far as defaults, until they make a file that holds; return its text."""
    while True:
        asked = "Query" if answers.is_query else "Keywords, separated by commas"
        answers = Answers(
            sought=click.prompt(asked, default=answers.sought),
            is_query=answers.is_query,
            name=click.prompt("A short name for commands (a-z, 0-9, -)", default=answers.name),
            feeds=tuple(ask_for_feeds()) or answers.feeds,
            at=click.prompt("Daily digest at", default=answers.at),
            zone=click.prompt("Time zone", default=answers.zone),
        )
        try:
            return checked(answers)
        except ConfigError as e:
            for problem in e.problems:
                click.secho(problem.partition(": ")[2], fg="red", err=True)
            click.echo("Once more; Enter keeps an answer.", err=True)


def checked(answers: Answers) -> str:
    """Return the text of the topics file, or raise ConfigError with every problem at once."""
    text = written(answers)
    parse_topics(text, POLLED)
    return text


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
    title = answers.sought if answers.is_query else words[0] if words else ""
    sources = ["hackernews", "rss"] if answers.feeds else ["hackernews"]
    return TEMPLATE.format(
        feeds="".join(f"  {quoted(feed)},\n" for feed in answers.feeds),
        name=answers.name,
        title=quoted(title[:MAX_TITLE]),
        sought=f"query = {quoted(answers.sought)}" if answers.is_query else keywords,
        sources=", ".join(map(quoted, sources)),
        at=quoted(answers.at),
        zone=quoted(answers.zone),
    )


def quoted(text: str) -> str:
    """Return a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if ord(c) > 0x9F or c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


def slug(title: str) -> str:
    """Return a topic's name made of its title: a-z, 0-9 and hyphens; "topic" where nothing is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "topic"


def write(path: Path, text: str) -> None:
    """Write the file, keeping an old one beside it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.rename(path.with_suffix(f".{datetime.now(UTC):%Y%m%d-%H%M%S}.toml"))
        path.write_text(text, encoding="utf-8")
    except OSError as e:
        raise ConfigError([f"{path}: cannot be written ({e.strerror})"]) from e
