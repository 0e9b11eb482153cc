"""A topic's sense in the topics file: what is read, what is said of mistakes, and writing and reading it again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.nouns.clues import Clue, Sense
from monitor.topics.file import parse_topics
from monitor.topics.senses.sense import as_sought
from monitor.topics.senses.sense_table import WRITTEN_WEIGHT, written

HEAD = '[topics.pots]\nany = ["砸锅卖铁"]\n'


def sense_of(lines: str) -> Sense | None:
    return parse_topics(HEAD + lines, ("hackernews",)).topics[0].sense


def problems(lines: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        sense_of(lines)
    return list(caught.value.problems)


def test_words_without_weights_are_read() -> None:
    sense = sense_of('sense = { for = ["食堂"], against = ["游戏", "…吧"], require = 0.6 }')

    assert sense == Sense(
        clues=(Clue("食堂", WRITTEN_WEIGHT), Clue("游戏", -WRITTEN_WEIGHT), Clue("…吧", -WRITTEN_WEIGHT)), require=0.6
    )


def test_words_with_weights_are_read() -> None:
    sense = sense_of('[topics.pots.sense]\nlean = -0.5\n[topics.pots.sense.against]\n"游戏" = 2.1\niron = 1\n')

    assert sense == Sense(clues=(Clue("游戏", -2.1), Clue("iron", -1.0)), lean=-0.5)


def test_a_topic_without_one_has_none() -> None:
    assert sense_of("") is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('sense = ["食堂"]', 'sense: must be a table, as in sense = { for = ["食堂"], against = ["游戏"] }'),
        ('sense = { fro = ["食堂"] }', 'unknown key "fro"; did you mean "for"?'),
        ("sense = { require = 2 }", "require: must be a number from 0 to 1, as in require = 0.5, not 2"),
        ("sense = { require = true }", "require: must be a number from 0 to 1"),
        ("sense = { lean = nan }", "lean: must be a number from -5 to 5"),
        ('sense = { for = "食堂" }', 'for: must be a list in square brackets, as in ["…", "…"]'),
        ("sense = { for = [7] }", "a word must be text in quotes, not 7"),
        ('sense = { for = ["\u200b"] }', "has no visible character; delete it"),
        ('sense = { for = ["…"] }', "has no visible character; delete it"),
        ('sense = { for = { "食堂" = 9 } }', '食堂: must be a number from 0 to 5, as in "食堂" = 1.2, not 9'),
        ('sense = { for = ["食堂"], against = ["食堂"] }', 'sense: "食堂" stands there twice (as "食堂"); delete one'),
        ('sense = { for = ["遊戲", "游戏"] }', 'sense: "游戏" stands there twice (as "遊戲"); delete one'),
    ],
)
def test_mistakes_are_told_with_their_line_and_remedy(lines: str, said: str) -> None:
    found = problems(lines)

    assert len(found) == 1
    assert said in found[0]
    assert found[0].startswith('topics.toml line 3: topic "pots": ')


word = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
clue = st.builds(
    Clue, word, st.floats(0.01, 5).map(lambda x: round(x, 2)) | st.floats(-5, -0.01).map(lambda x: round(x, 2))
)


@given(st.lists(clue, max_size=8, unique_by=lambda each: as_sought(each.word)), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
def test_what_is_written_is_read_again(clues: list[Clue], require: float) -> None:
    sense = Sense(clues=tuple(each for each in clues if as_sought(each.word)), lean=-0.25, require=require)
    read = sense_of(written("pots", sense))

    assert read is not None
    assert sorted(read.clues, key=str) == sorted(sense.clues, key=str)
    assert (read.lean, read.require) == (sense.lean, sense.require)
