"""A topic's `sense` in the topics file: words for and against its meaning, with weights or without; read and written.

sense = { for = ["食堂", "专班"], against = ["游戏", "抽卡"], require = 0.5 }
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from monitor.nouns.clues import Clue, Sense
from monitor.topics.lines import Path
from monitor.topics.report import Report
from monitor.topics.senses.sense import as_sought
from monitor.topics.values import Wrong, did_you_mean

KEY = "sense"
KEYS = ("for", "against", "require", "lean")

WRITTEN_WEIGHT = 2.0
"""What a word without a weight adds to the log-odds: alone it makes 0.88."""

LARGEST_WEIGHT = 5.0
MOST_CLUES = 500
LONGEST_CLUE = 50

Checked = TypeVar("Checked")


def sense_of(report: Report, topic: Path, table: Mapping[str, object]) -> Sense | None:
    """Return the sense that a topic's table asks for, None when it asks for none; what is wrong is noted."""
    if KEY not in table:
        return None
    path, value = (*topic, KEY), table[KEY]
    if not isinstance(value, dict):
        report.add(path, f'{KEY}: must be a table, as in {KEY} = {{ for = ["食堂"], against = ["游戏"] }}')
        return None
    for key in value:
        if key not in KEYS:
            remedy = did_you_mean(key, KEYS) or f"; known are {', '.join(KEYS)}"
            report.add((*path, key), f'{KEY}: unknown key "{key}"{remedy}')
    clues = [*_clues(report, (*path, "for"), value, 1.0), *_clues(report, (*path, "against"), value, -1.0)]
    _note_contradictions(report, path, clues)
    default = Sense()
    require = _checked(report, path, value, "require", _require)
    lean = _checked(report, path, value, "lean", _lean)
    return Sense(
        clues=tuple(clues),
        require=default.require if require is None else require,
        lean=default.lean if lean is None else lean,
    )


def written(topic: str, sense: Sense) -> str:
    """Return the table of a topic's sense as TOML, the strongest words first, one a line."""
    lines = [f"[topics.{topic}.{KEY}]", f"require = {sense.require:g}", f"lean = {sense.lean:g}"]
    for side, sign in (("for", 1), ("against", -1)):
        clues = sorted((each for each in sense.clues if each.weight * sign > 0), key=lambda each: -abs(each.weight))
        lines += ["", f"[topics.{topic}.{KEY}.{side}]"] if clues else []
        lines += [f"{_quoted(each.word)} = {abs(each.weight):g}" for each in clues]
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    # JSON's escapes are TOML's, but TOML wants one for DEL, too.
    return json.dumps(word, ensure_ascii=False).replace("\x7f", "\\u007f")


def _clues(report: Report, path: Path, table: Mapping[str, object], sign: float) -> Iterator[Clue]:
    """Yield the clues of one side, which is a list of words, or a table of words and weights."""
    value = table.get(str(path[-1]), [])
    if isinstance(value, dict):
        weights = {word: report.check((*path, word), _weight, weight) for word, weight in value.items()}
    else:
        words = report.check_each(path, _word, value)
        weights = dict.fromkeys(words.values(), WRITTEN_WEIGHT)
    if len(weights) > MOST_CLUES:
        report.add(path, f"{path[-1]}: {len(weights)} words are too many; the {MOST_CLUES} strongest are enough")
    for word, weight in weights.items():
        if report.check((*path, word), _word, word) is not None and weight is not None:
            yield Clue(word, sign * weight)


def _note_contradictions(report: Report, path: Path, clues: list[Clue]) -> None:
    first_by_word: dict[str, Clue] = {}
    for clue in clues:
        first = first_by_word.setdefault(as_sought(clue.word), clue)
        if first is not clue:
            report.add(path, f'{KEY}: "{clue.word}" stands there twice (as "{first.word}"); delete one')


def _checked(
    report: Report, path: Path, table: Mapping[str, object], key: str, check: Callable[[object], Checked]
) -> Checked | None:
    return report.check((*path, key), check, table[key]) if key in table else None


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong(f"a word must be text in quotes, not {value!r}")
    if not as_sought(value):
        raise Wrong(f"the word {value!r} has no visible character; delete it")
    if len(value) > LONGEST_CLUE:
        raise Wrong(f'the word "{value[:20]}…" is longer than {LONGEST_CLUE} characters; a word is enough')
    return value


def _number(value: object, least: float, most: float, example: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise Wrong(f"must be a number from {least:g} to {most:g}, as in {example}, not {value!r}")
    return float(value)


def _require(value: object) -> float:
    return _number(value, 0.0, 1.0, "require = 0.5")


def _lean(value: object) -> float:
    return _number(value, -LARGEST_WEIGHT, LARGEST_WEIGHT, "lean = -0.4")


def _weight(value: object) -> float:
    return _number(value, 0.0, LARGEST_WEIGHT, '"食堂" = 1.2')
