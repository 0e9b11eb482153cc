"""`monitor topics learn` and `monitor topics sense`: teach a topic what its keywords mean, and ask why."""

import sys
from collections.abc import Iterable, Iterator
from typing import IO

import click
import msgspec

from monitor.cli.read import find_topic
from monitor.digests.wording import many
from monitor.errors import ConfigError
from monitor.models import Topic
from monitor.settings import load
from monitor.topics.matcher.matching import Matcher
from monitor.topics.senses.sense import Context, context_of, score, worded
from monitor.topics.senses.sense_learning import Accuracy, Example, accuracy, cross_validated, learn
from monitor.topics.senses.sense_table import written
from monitor.topics_file import read_topics_file

FEW = 50
"""Examples of a kind below which what is learned is a guess, and is said to be."""


class _Labelled(msgspec.Struct, frozen=True):
    """A line of the file of examples."""

    text: str
    label: bool


@click.command(
    name="learn",
    epilog="\b\nExamples:\n  monitor topics learn smash-pots examples.jsonl\n"
    "  monitor topics learn smash-pots examples.jsonl > sense.toml  # then put it in the place of the old table\n\n\b\n"
    'Each line of the file is a post and whether it means the topic:\n  {"text": "…", "label": true}',
)
@click.argument("topic")
@click.argument("file", type=click.File(encoding="utf-8"))
def learn_sense(topic: str, file: IO[str]) -> None:
    """Learn from the labelled posts in FILE (- for standard input) which words tell that TOPIC is meant.

    Prints the table for the topics file: words and weights to read and to correct. Words that stand in the topic's
    table already are what is believed before the first example. Nothing is stored; names of accounts are left out.
    """
    followed = find_topic(list(read_topics_file(load().topics_file).topics), topic)
    posts = list(_posts(file))
    examples = [
        Example(context, post.label) for post in posts if (context := context_in(followed, post.text)) is not None
    ]
    meant = sum(example.is_meant for example in examples)
    if not 0 < meant < len(examples):
        raise ConfigError([_one_sided(followed, len(posts), len(examples), meant)])
    learned = learn(examples, followed.sense, 0.5 if followed.sense is None else followed.sense.require)
    click.echo(written(followed.name, learned), nl=False)
    for line in _report(examples, len(posts) - len(examples), cross_validated(examples, followed.sense)):
        click.echo(line, err=True)


@click.command(
    name="sense",
    epilog='\b\nExamples:\n  monitor topics sense smash-pots "为了抽卡砸锅卖铁"\n'
    "  monitor topics sense smash-pots < posts.txt",
)
@click.argument("topic")
@click.argument("text", nargs=-1)
def judge_sense(topic: str, text: tuple[str, ...]) -> None:
    """Say how likely TEXT means TOPIC, and which words decided; without TEXT, of each line of standard input."""
    followed = find_topic(list(read_topics_file(load().topics_file).topics), topic)
    if followed.sense is None:
        place = f"[topics.{followed.name}.sense] in topics.toml"
        what = f'topic "{followed.name}" has no words that speak for or against its meaning'
        raise ConfigError([f"{what}; write some under {place}, or learn them: monitor topics learn --help"])
    for each in text or (line.rstrip("\n") for line in sys.stdin):
        context = context_in(followed, each)
        click.echo("no keyword of the topic in it" if context is None else worded(score(followed.sense, context)))


def context_in(topic: Topic, text: str) -> Context | None:
    """Return what stands around the topic's keywords in a text, None where none is there."""
    spans = [span for match in Matcher([topic]).match(text) for hit in match.terms for span in hit.spans]
    return context_of(text, spans) if spans else None


def _posts(lines: Iterable[str]) -> Iterator[_Labelled]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield msgspec.json.decode(line, type=_Labelled)
        except msgspec.DecodeError as e:
            problem = f'line {number} of the examples: {e}; each must be like {{"text": "…", "label": true}}'
            raise ConfigError([problem]) from e


def _one_sided(topic: Topic, posts: int, found: int, meant: int) -> str:
    return (
        f"of {many(posts, 'post')}, {found} hold a keyword of {topic.name}, and {meant} of these mean it; "
        "to learn, examples of both kinds are needed: label at least 50 of each"
    )


def _report(examples: list[Example], without: int, tried: Accuracy | None) -> Iterator[str]:
    """Word what was learned from, and how well it would do."""
    meant = sum(example.is_meant for example in examples)
    yield f"{many(len(examples), 'example')}, {meant} of them meant" + (
        f"; {without} without a keyword of the topic were left out" if without else ""
    )
    if tried is not None:
        always = accuracy((True, example.is_meant) for example in examples)
        yield (
            f"each fifth, judged by what the others teach: F1 {tried.f1:.2f} (always yes: {always.f1:.2f}), "
            f"of other senses {tried.f1_others:.2f}, balanced accuracy {tried.balanced:.2f}"
        )
    if min(meant, len(examples) - meant) < FEW:
        yield f"fewer than {FEW} of a kind: read the words before you use them, and label more"
