"""The topics file: what a person writes, checked whole, every problem at once.

text ─tomllib─► tables ─values.py, one by one─► Topic …
            └─lines.py─► the line of each problem (report.py)
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from itertools import chain
from typing import NamedTuple, TypeVar

import msgspec

from monitor.errors import ConfigError, QueryError
from monitor.models import Topic
from monitor.text.folding import fold
from monitor.text.urls import canonical
from monitor.topics import values
from monitor.topics.language.everyday_words import is_common, why_common
from monitor.topics.language.parse import read
from monitor.topics.language.printer import printed
from monitor.topics.lines import Path
from monitor.topics.report import Problem, Report
from monitor.topics.senses.sense_table import sense_of
from monitor.topics.toml import NotToml, tables_of
from monitor.topics.values import Wrong, did_you_mean

MIN_EVERY, MAX_EVERY = timedelta(seconds=30), timedelta(hours=24)
MIN_RETENTION, MAX_RETENTION = timedelta(days=1), timedelta(days=1000)

FILE_KEYS = ("feeds", "topics")
KEYWORD_KEYS = ("any", "all", "none")
TOPIC_KEYS = (
    "title",
    "query",
    *KEYWORD_KEYS,
    "languages",
    "sources",
    "every",
    "digest",
    "timezone",
    "retention",
    "sense",
)

EXCERPT = 20
"""Characters of a query that show where it is wrong, beside the column."""

_DEFAULTS = Topic(name="", title="")

Checked = TypeVar("Checked")


class TopicsFile(msgspec.Struct, frozen=True, kw_only=True):
    """A topics file that holds: its topics, their sources spelled out, every feed, and a hash of the file's text."""

    topics: tuple[Topic, ...]
    feeds: tuple[str, ...]
    hash: str


class _Sources(NamedTuple):
    """What a topic's sources can name."""

    known: Collection[str]
    default: tuple[str, ...]
    feeds: tuple[str, ...]

    def expand(self, value: object) -> tuple[str, ...]:
        """Return the queries that one entry of a topic's sources stands for."""
        entry = values.text_of(value)
        name, colon, asked = entry.partition(":")
        if name not in self.known:
            remedy = did_you_mean(name, self.known) or f"; known are {', '.join(sorted(self.known))}"
            raise Wrong(f'unknown source "{name}"{remedy}')
        if name == "rss":
            return self._expand_feeds(asked if colon else None)
        if colon and not asked.strip():
            raise Wrong(f'the source "{entry}" ends with a colon; delete it or write what to ask after it')
        return (entry,)

    def expand_default(self) -> tuple[str, ...]:
        """Return the queries of a topic that names no source."""
        return tuple(query for name in self.default if name != "rss" or self.feeds for query in self.expand(name))

    def _expand_feeds(self, url: str | None) -> tuple[str, ...]:
        if not self.feeds:
            raise Wrong('"rss" stands for the feeds, and there are none; add them at the top: feeds = ["https://…"]')
        if url is None:
            return tuple(f"rss:{feed}" for feed in self.feeds)
        feed = next((feed for feed in self.feeds if canonical(feed) == canonical(url)), None)
        if feed is None:
            remedy = did_you_mean(url, self.feeds) or "; add it there"
            raise Wrong(f'"{url}" is not in the list of feeds{remedy}')
        return (f"rss:{feed}",)


def parse_topics(
    text: str, known_sources: Collection[str], default_sources: Collection[str] | None = None
) -> TopicsFile:
    """Return what the file says. Raises ConfigError with every problem, each with its line and its remedy.

    `default_sources` are those of a topic that names none (by default all that are known); "rss" among them stands for
    all feeds, and is left out where there are none.
    """
    tables = _tables(text)
    report = Report(text)
    _check_keys(report, (), tables, FILE_KEYS)
    feeds = _feeds(report, tables.get("feeds", []))
    defaults = known_sources if default_sources is None else default_sources
    sources = _Sources(known_sources, tuple(sorted(defaults)), feeds)
    topics = _topics(report, tables.get("topics", {}), sources)
    if report.problems:
        raise ConfigError([str(problem) for problem in sorted(report.problems)])
    return TopicsFile(topics=topics, feeds=feeds, hash=hash_of(text))


def hash_of(text: str) -> str:
    """Return a stable hash of a file's text; how lines end, and a mark of byte order, make no difference."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _tables(text: str) -> dict[str, object]:
    try:
        return tables_of(text)
    except NotToml as wrong:
        raise ConfigError([str(Problem(wrong.line, wrong.sentence))]) from wrong


def _check_keys(report: Report, path: Path, table: Mapping[str, object], known: Collection[str]) -> None:
    for key in table:
        if key not in known:
            remedy = did_you_mean(key, known) or f"; known are {', '.join(known)}"
            report.add((*path, key), f'unknown key "{key}"{remedy}')


def _feeds(report: Report, value: object) -> tuple[str, ...]:
    feeds = report.check_each(("feeds",), values.feed_of, value)
    for number, first in _repeated(feeds, lambda url: canonical(url) or url):
        report.add(("feeds", number), f'the feed "{feeds[number]}" stands here again; it is number {first + 1} already')
    return tuple(dict.fromkeys(feeds.values()))


def _repeated(items: Mapping[int, str], key: Callable[[str], str]) -> Iterator[tuple[int, int]]:
    """Yield the position of every item that came before, with the position where it first was."""
    first_by_key: dict[str, int] = {}
    for number, item in items.items():
        first = first_by_key.setdefault(key(item), number)
        if first != number:
            yield number, first


def _topics(report: Report, value: object, sources: _Sources) -> tuple[Topic, ...]:
    if not isinstance(value, dict):
        report.add(("topics",), "topics must be tables, as in [topics.smash-pots]")
        return ()
    if not value:
        report.add((), "no topic; add a table such as [topics.smash-pots] with a line query = '…'")
    return tuple(_topic(report, name, table, sources) for name, table in value.items())


def _topic(report: Report, name: str, table: object, sources: _Sources) -> Topic:
    """Return a topic; where something is wrong, which is noted, with a default in its place."""
    path = ("topics", name)
    report.check((*path, 0), values.name_of, name)
    if not isinstance(table, dict):
        report.add(path, f"must be a table, as in [topics.{name}]")
        return _DEFAULTS
    _check_keys(report, path, table, TOPIC_KEYS)
    query = _value(report, path, table, "query", query_of)
    keywords = _keywords(report, path, table)
    languages = report.check_each((*path, "languages"), values.language_of, table.get("languages", []))
    return Topic(
        name=name,
        title=_value(report, path, table, "title", values.title_of) or name,
        query=query or _DEFAULTS.query,
        any=keywords["any"],
        all=keywords["all"],
        none=keywords["none"],
        languages=tuple(dict.fromkeys(languages.values())),
        sources=_topic_sources(report, path, table, sources),
        every=_value(report, path, table, "every", _every) or _DEFAULTS.every,
        digest_at=_value(report, path, table, "digest", values.time_of) or _DEFAULTS.digest_at,
        timezone=_value(report, path, table, "timezone", values.timezone_of) or _DEFAULTS.timezone,
        retention=_value(report, path, table, "retention", _retention) or _DEFAULTS.retention,
        sense=sense_of(report, path, table),
    )


def _value(
    report: Report, path: Path, table: Mapping[str, object], key: str, check: Callable[[object], Checked]
) -> Checked | None:
    return report.check((*path, key), check, table[key]) if key in table else None


def query_of(value: object) -> str:
    """Return a query of the keyword language as it is written best."""
    values.text_of(value)
    try:
        return printed(read(str(value)).node)
    except QueryError as error:
        place = str(value)[error.column - 1 : error.column - 1 + EXCERPT].split("\n")[0]
        raise Wrong(f"column {error.column}{_at(place)}: {error.reason}") from error


def _at(place: str) -> str:
    return f", at {place}" if place.isprintable() and place.strip() else ""


def _every(value: object) -> timedelta:
    return values.duration_of(value, MIN_EVERY, MAX_EVERY)


def _retention(value: object) -> timedelta:
    return values.duration_of(value, MIN_RETENTION, MAX_RETENTION)


def _topic_sources(report: Report, path: Path, table: Mapping[str, object], sources: _Sources) -> tuple[str, ...]:
    if "sources" not in table:
        return sources.expand_default()
    if table["sources"] == []:
        report.add((*path, "sources"), "sources: is empty; name some, or delete the line to use all")
    queries = report.check_each((*path, "sources"), sources.expand, table["sources"])
    return tuple(dict.fromkeys(chain.from_iterable(queries.values())))


def _keywords(report: Report, path: Path, table: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """Return the keywords by list; repetitions and contradictions are noted."""
    lists = {key: report.check_each((*path, key), values.keyword_of, table.get(key, [])) for key in KEYWORD_KEYS}
    excluded = set(map(fold, lists["none"].values()))
    for key, words in lists.items():
        for number, _ in _repeated(words, str.casefold):
            report.add((*path, key, number), f'the keyword "{words[number]}" stands in {key} twice; delete one')
        for number, word in words.items():
            if key != "none" and fold(word) in excluded:
                report.add((*path, key, number), f'the keyword "{word}" stands in {key} and in none; delete one')
    _check_common(report, path, lists)
    if "query" in table:
        _check_no_lists(report, path, table)
    elif not table.get("any") and not table.get("all"):
        report.add(path, "nothing to look for; add a line such as query = '砸锅卖铁' or any = [\"砸锅卖铁\"]")
    return {key: tuple(words.values()) for key, words in lists.items()}


def _check_common(report: Report, path: Path, lists: Mapping[str, Mapping[int, str]]) -> None:
    """Note words of most posts that would let a post in alone."""
    alone = "any" if lists["any"] else "all"
    if not all(map(is_common, lists["all"].values())):
        return  # one of them speaks for the topic in every post
    for number, word in lists[alone].items():
        if is_common(word):
            report.add((*path, alone, number), why_common(word))


def _check_no_lists(report: Report, path: Path, table: Mapping[str, object]) -> None:
    for key in KEYWORD_KEYS:
        if table.get(key):
            report.add((*path, key), f"{key}: stands beside query; write either a query or lists, and delete the other")
