"""`monitor init`: a few questions, and a topics file that holds."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from monitor.errors import ConfigError
from monitor.settings import load
from monitor.topics.file import parse_topics
from monitor.wiring import POLLED

TEMPLATE = """\
# What is followed. Every line is explained in the README; `monitor topics` checks the file and says what it finds.
# Saved changes are used within seconds.

feeds = [
{feeds}]

[topics.{name}]
title = {title}
any = [{keywords}]
sources = [{sources}]
every = "10m"
digest = "{at}"
timezone = "{zone}"
"""

DEFAULT_KEYWORDS = "砸锅卖铁, 砸鍋賣鐵, smash pots and sell iron"


@click.command(
    epilog="\b\nExamples:\n  monitor init\n"
    '  monitor init --yes --keywords "食品安全, food safety" --feed https://news.example/feed.xml --at 07:30'
)
@click.option("--keywords", help="Keywords, separated by commas: one of them must occur.")
@click.option("--title", help="Name of the topic in digests; the first keyword if not given.")
@click.option("--feed", "feeds", multiple=True, help="Address of a news feed; may be given several times.")
@click.option("--at", help="Local time of the daily digest, HH:MM.")
@click.option("--zone", help='Your time zone, such as "Europe/London".')
@click.option("--yes", is_flag=True, help="Ask nothing; take what is given and sensible defaults.")
@click.option("--force", is_flag=True, help="Replace an existing topics file; the old one is kept beside it.")
def init(  # noqa: PLR0913 - one argument per question
    keywords: str | None,
    title: str | None,
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
        raise ConfigError(
            [f"{path} exists; edit it, or run `monitor init --force` to replace it (the old one is kept)"]
        )
    if not yes:
        keywords = keywords or click.prompt("Keywords, separated by commas", default=DEFAULT_KEYWORDS)
        feeds = feeds or tuple(ask_for_feeds())
        at = at or click.prompt("Daily digest at", default="08:00")
        zone = zone or click.prompt("Time zone", default="UTC")
    words = [word.strip() for word in re.split(r"[,，、;；]", keywords or DEFAULT_KEYWORDS) if word.strip()]
    text = written(words, title, feeds, at or "08:00", zone or "UTC")
    parse_topics(text, POLLED)
    write(path, text)
    click.echo(f"Wrote {path}. Next: monitor up")


def ask_for_feeds() -> list[str]:
    """Ask for addresses until an empty answer."""
    feeds: list[str] = []
    while feed := click.prompt("A news feed's address (empty: no more)", default="", show_default=False):
        feeds.append(feed)
    return feeds


def written(words: Sequence[str], title: str | None, feeds: Sequence[str], at: str, zone: str) -> str:
    """Return the text of a topics file."""
    sources = ["hackernews", "rss"] if feeds else ["hackernews"]
    shown = title or (words[0] if words else "")
    return TEMPLATE.format(
        feeds="".join(f"  {quoted(feed)},\n" for feed in feeds),
        name=slug(shown),
        title=quoted(shown),
        keywords=", ".join(map(quoted, words)),
        sources=", ".join(map(quoted, sources)),
        at=at,
        zone=zone,
    )


def quoted(text: str) -> str:
    """Return a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


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
