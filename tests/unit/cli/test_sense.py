"""`monitor topics learn` and `monitor topics sense`, as a person uses them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import commands
from monitor.cli.sense import learn_sense
from monitor.errors import ConfigError
from monitor.topics.file import parse_topics
from tests.integration.product import changed_environment

TOPICS = """
[topics.apple]
title = "苹果"
any = ["苹果"]
sources = ["hackernews"]
"""
FIRM = ("苹果发布新手机", "苹果手机降价", "苹果股价大跌", "苹果新款手机")
FRUIT = ("树上的苹果熟了", "一斤苹果三元", "苹果树开花", "买了两斤苹果")


def run(home: Path, *words: str, given: str = "", topics: str = TOPICS) -> Result:
    (home / "topics.toml").write_text(topics, "utf-8")
    with changed_environment({"MONITOR_HOME": str(home / "var"), "MONITOR_CONFIG": str(home)}):
        return CliRunner().invoke(commands, ["topics", *words], input=given, catch_exceptions=False)


def lines(*posts: tuple[str, bool]) -> str:
    return "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in posts)


EXAMPLES = lines(*((text, True) for text in FIRM), *((text, False) for text in FRUIT), ("别的", True))


def test_what_is_learned_can_be_put_into_the_topics_file(tmp_path: Path) -> None:
    learned = run(tmp_path, "learn", "apple", "-", given=EXAMPLES)

    sense = parse_topics(TOPICS + learned.stdout, ("hackernews",)).topics[0].sense
    assert sense is not None
    assert [clue.word for clue in sense.clues if clue.weight > 0] == ["手机"]
    assert learned.stderr.startswith("8 examples, 4 of them meant; 1 without a keyword of the topic were left out\n")
    assert "always yes: 0.67" in learned.stderr
    assert "fewer than 50 of a kind" in learned.stderr
    judged = run(tmp_path, "sense", "苹果", "苹果的新手机", "别的", topics=TOPICS + learned.stdout)
    assert judged.output.startswith("on topic: 0.")
    assert "; for: 手机 +" in judged.output
    assert judged.output.endswith("no keyword of the topic in it\n")


def test_lines_of_standard_input_are_judged(tmp_path: Path) -> None:
    topics = TOPICS + 'sense = { against = ["…树"] }\n'
    judged = run(tmp_path, "sense", "apple", given="苹果树\n苹果\n", topics=topics)

    assert judged.output.splitlines() == [
        "on topic: 0.12; against: …树 −2.0",
        "on topic: 0.50; no word near the keyword decided",
    ]


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        (
            ("learn", "apple", "-"),
            lines(("苹果", True)),
            "of 1 post, 1 hold a keyword of apple, and 1",
        ),
        (
            ("learn", "apple", "-"),
            '\n{"text": "苹果"}\n',
            "line 2 of the examples: Object missing",
        ),
        (("learn", "apple", "-"), "x\n", "line 1 of the examples: JSON is malformed"),
        (("learn", "pear", "-"), "", 'there is no topic "pear"; known are: apple'),
        (("sense", "apple"), "", r"write some under \[topics.apple.sense\] in topics.toml, or learn"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: tuple[str, ...], given: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("(", r"\(")):
        run(tmp_path, *words, given=given)


@pytest.mark.parametrize("command", ["learn", "sense"])
def test_help_has_examples(command: str) -> None:
    said = CliRunner().invoke(commands, ["topics", command, "--help"]).output

    assert f"  monitor topics {command} smash-pots" in said


def test_the_example_of_learning_breaks_no_topics_file() -> None:
    """Was: `>> config/topics.toml`, after which a table that existed stood twice."""
    example = str(learn_sense.epilog)

    assert ">>" not in example
    assert "> sense.toml  # then put it in the place of the old table" in example
