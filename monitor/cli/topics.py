"""`monitor topics` and `monitor topics explain`: what is followed, and what a query looks for, in plain words."""

import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click

from monitor.digests.platforms import platform_label
from monitor.digests.wording import many
from monitor.duties import jobs
from monitor.errors import ConfigError, QueryError
from monitor.models import Topic
from monitor.settings import Settings, load
from monitor.text.languages import covers, make_tagger
from monitor.text.urls import links_in
from monitor.topics.language.explain import costs, described, sentence
from monitor.topics.language.hints import hints
from monitor.topics.language.keyword import told_forms
from monitor.topics.language.parse import Reading, read
from monitor.topics.language.printer import printed
from monitor.topics.language.query import Language, Leaf, MinLikes, Near, Node, Origin, Term, holds, leaves
from monitor.topics.matcher.judging import Facts
from monitor.topics.matcher.matching import Matcher, TopicMatch
from monitor.topics.matcher.why import IsTrue, reasons
from monitor.topics.polling.planning import query_of
from monitor.topics.reach import notes_of
from monitor.topics.rule import node_of
from monitor.topics_file import put_in_force, read_topics_file
from monitor.wiring import opened

ANY_TEXT = "/(?s)./"
"""A pattern that every text fits: it lets a matcher judge what cannot be followed alone."""

SHOWN = 60
"""Columns of a terminal that a query with a mistake may take."""

ALIKE = "简体 and 繁體, capitals and full-width letters make no difference, but for words with =."


@click.group(
    invoke_without_command=True,
    epilog="\b\nExamples:\n  monitor topics\n  monitor topics explain smash-pots\n"
    "  monitor topics explain '砸锅卖铁 OR \"smash pots\" -手游'",
)
@click.pass_context
def topics(context: click.Context) -> None:
    """Check the topics file, put it in force, and say in plain words what is followed."""
    if context.invoked_subcommand is not None:
        return
    with opened(load()) as monitor:
        put_in_force(monitor)
        jobs.read_topics(monitor, datetime.now(UTC))
        for topic in monitor.topics.all():
            node = node_of(topic)
            click.secho(f"{topic.name}  {topic.title}", bold=True)
            click.echo(f"  finds: {sentence(node)}")
            for note in notes_of(topic):
                click.echo(f"  note: {note}")
            click.echo(f"  looks at {sources_of(topic)} every {topic.every.total_seconds() / 60:g} min")
            click.echo(f"  digest at {topic.digest_at} {topic.timezone}, posts kept {topic.retention.days} days")
        click.echo(f"version {monitor.topics.version()}")


@click.command(
    # A query may begin with -: it is no option. So -h is none either.
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
    epilog="\b\nExamples:\n"
    "  monitor topics explain smash-pots\n"
    "  monitor topics explain '砸锅卖铁 OR \"smash pots and sell iron\" -手游'\n"
    "  monitor topics explain '(pots OR pans) NEAR/5 iron lang:en' --test 'Sell your iron pots!'\n"
    "  monitor topics explain smash-pots --test - < post.txt\n"
    "\n\b\n"
    "The language:\n"
    "  pots pans            both words, anywhere (also: pots AND pans)\n"
    "  pots OR pans         one of them (also: |, 或); a b OR c is (a b) OR c\n"
    '  "smash pots"         a phrase, in any quotes: “…” 「…」 «…»\n'
    "  -手游, NOT 手游      none of it, in the whole query\n"
    "  (…)                  belongs together\n"
    "  pots NEAR/5 iron     at most 5 words between, in either order\n"
    "  smash*               words that begin so\n"
    "  =PRC, ~砸锅卖铁      written exactly so; also what sounds alike, and slips\n"
    "  #砸锅卖铁            the hashtag\n"
    "  domain:rfi.fr lang:zh-Hant source:bluesky min_likes:100 @name\n"
    "  /砸锅.{0,3}铁/       a pattern (RE2)",
)
@click.argument("words", metavar="['QUERY' | TOPIC]", nargs=-1)
@click.option("--test", "text", metavar="TEXT", help='Say whether this text belongs, and why; "-" reads it from stdin.')
def explain(words: tuple[str, ...], text: str | None) -> None:
    """Say in plain words what a query or a topic looks for; without either, what every topic does."""
    if len(words) > 1:
        raise click.UsageError("put the whole query in single quotes, as in '砸锅卖铁 OR \"smash pots\"'")
    settings = load()
    tested = sys.stdin.buffer.read().decode("utf-8", "replace") if text == "-" else text
    query = words[0] if words else None
    for title, reading, notes in _asked(settings, query):
        click.secho(title, bold=True)
        for line in _explained(reading, notes):
            click.echo(f"  {line}" if line else "")
        if tested is not None:
            for line in _judged(reading.node, tested, settings):
                click.echo(f"  {line}" if line else "")


topics.add_command(explain)


def _asked(settings: Settings, query: str | None) -> Iterator[tuple[str, Reading, list[str]]]:
    """Yield what is to be explained. Raises QueryError whose reason shows the place."""
    if query is None:
        for topic in read_topics_file(settings.topics_file).topics:
            yield _title(topic), _read(topic), notes_of(topic)
        return
    named = next((topic for topic in _known(settings) if query in (topic.name, topic.title)), None)
    if named is not None:
        yield _title(named), _read(named), notes_of(named)
        return
    try:
        reading = read(query)
    except QueryError as error:
        raise QueryError(f"{error.reason}\n{pointed(query, error.column)}", error.column) from error
    yield printed(reading.node), reading, hints(reading.node)


def _known(settings: Settings) -> tuple[Topic, ...]:
    """Return the topics of the file, none when there is no file that holds: a query needs none."""
    try:
        return read_topics_file(settings.topics_file).topics
    except ConfigError:
        return ()


def _title(topic: Topic) -> str:
    return f"{topic.name}  {topic.title}"


def _read(topic: Topic) -> Reading:
    return Reading(node_of(topic), ())


def _explained(reading: Reading, notes: Sequence[str]) -> Iterator[str]:
    node = reading.node
    yield from described(node, told_forms)
    if any(isinstance(leaf, Term) for leaf in leaves(node)):
        yield ALIKE
    yield f"Cost: {costs(node)}."
    for hint in reading.hints:
        yield f"Note: column {hint.column}: {hint.reason}."
    for said in notes:
        yield f"Note: {said}."


def _judged(node: Node, text: str, settings: Settings) -> Iterator[str]:
    (language,) = make_tagger(settings.language.engine)([text], [None])
    facts = Facts(links=links_in(text))
    is_true = judge_of(text, facts, language)
    yield ""
    yield f"The text {'belongs' if holds(node, is_true) else 'does not belong'}:"
    yield from (f"  {line}" for line in reasons(node, is_true))
    yield from _variants(_matcher(printed(node)).match(text, facts, language), text)
    if any(isinstance(leaf, Origin | MinLikes) for leaf in leaves(node)):
        yield "A text alone has no source and no likes: these count as true here."


def judge_of(text: str, facts: Facts, language: str) -> IsTrue:
    """Return what tells of each part of a query whether it holds of a text."""

    def is_true(leaf: Leaf | Near) -> bool:
        match leaf:
            case Origin() | MinLikes():
                return True
            case Language(asked):
                return covers(asked, language)
            case Term():
                return bool(_matcher(printed(leaf)).match(text, facts, language))
            case _:
                return bool(_matcher(f"({printed(leaf)}) {ANY_TEXT}").match(text, facts, language))

    return is_true


def _variants(matches: Sequence[TopicMatch], text: str) -> Iterator[str]:
    """Yield each place at which a keyword stands in another spelling than its own, as written there."""
    for match in matches:
        for hit in match.terms:
            for span, variant in zip(hit.spans, hit.variants, strict=False):
                if variant:
                    yield f'"{text[span.start : span.end]}" is "{hit.term}" in another spelling ({variant})'


def _matcher(query: str) -> Matcher:
    return Matcher([Topic(name="tested", title="", query=query)])


def pointed(query: str, column: int) -> str:
    """Return the part of a query around a column, and a mark below it."""
    start = max(0, column - 1 - SHOWN // 2)
    shown = "".join(char if char.isprintable() else "·" for char in query[start : start + SHOWN])
    before = sum(_width(char) for char in shown[: column - 1 - start])
    return f"  {shown}\n  {' ' * before}^"


def _width(char: str) -> int:
    """Return how many columns of a terminal a character takes (UAX #11)."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def sources_of(topic: Topic) -> str:
    """Word where a topic looks: "Hacker News and 9 feeds"."""
    counts = Counter(query_of(entry).source for entry in topic.sources)
    feeds = counts.pop("rss", 0)
    return " and ".join([*map(platform_label, counts), *([many(feeds, "feed")] if feeds else [])])
