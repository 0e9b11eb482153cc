"""How fast languages are tagged, by engine, and what an engine costs to load and to keep.

    python -m tests.benchmarks.language

Protocol. The texts are those of labelled/language.jsonl.gz, every language of it, romanised Hindi too; their order is
that of their SHA-256, so that a stretch is a mixture. Each round gives one stretch to all in turn: the tagger as it is
by default, the tagger with langdetect, and both engines bare, cleaning included everywhere. Slow ones get the first
texts of the stretch only. Time is the processor's, one thread. Rates are medians over the rounds, ratios are medians of
each round's ratio to bare langdetect: what else the machine does in a round strikes both sides. `share` is what the
tagger's first two steps take of its time, each measured alone on the same texts.

Memory and load: for each a fresh process, which has imported everything but loaded nothing, makes it and has one text
in each of three scripts tagged; that takes `load_ms` and adds `memory_mib` of resident memory (Linux only).

Checked, else the exit code is 1: the tagger is at least a hundred times as fast as bare langdetect, and a second tagger
that is given the texts in reverse answers the same. The last line is one JSON object.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import process_time
from typing import NamedTuple

import pytest

from monitor.text.languages import clean, make_tagger
from monitor.text.scripts import scripts_of
from tests.data import data_path
from tests.evaluation.language import Tagger, eldc_alone, langdetect_alone, product, read_rows

ROUNDS = 7
STRETCH = 3_000
SLOW = 60
"""Texts of a stretch that an engine gets that takes milliseconds for each."""

TARGET = 100
PAGE = 4096
WARM_UP = ("砸锅卖铁", "smash pots and sell iron", "разбить горшки и продать железо")


class Racer(NamedTuple):
    """Who is measured, and on how many texts of a stretch."""

    make: Callable[[], Tagger]
    texts: int


RACERS: Mapping[str, Racer] = {
    "tagger": Racer(lambda: product("eldc"), STRETCH),
    "tagger_langdetect": Racer(lambda: product("langdetect"), SLOW),
    "eldc_alone": Racer(eldc_alone, STRETCH),
    "langdetect_alone": Racer(langdetect_alone, SLOW),
}


def main(arguments: Sequence[str]) -> int:
    """Print the tables and, as the last line, the figures as JSON; 1 when a check failed, 2 without data."""
    if arguments:
        print(json.dumps(load(arguments[0])))
        return 0
    try:
        texts = mixed_texts(data_path("labelled/language.jsonl.gz"))
    except pytest.skip.Exception as absent:
        print(absent, file=sys.stderr)
        return 2
    figures, failures = race(texts), changed_answers(texts)
    figures |= {f"share_{name}": value for name, value in shares(texts).items()}
    for name in RACERS:
        figures |= {f"{name}_{figure}": value for figure, value in load_apart(name).items()}
    if figures["tagger_ratio"] < TARGET:
        failures.append(
            f"the tagger is only {figures['tagger_ratio']} times as fast as langdetect; {TARGET} are wanted"
        )
    print(table(figures))
    for failure in failures:
        print(f"FAILED: {failure}")
    print(json.dumps(figures))
    return 1 if failures else 0


def mixed_texts(path: Path) -> list[str]:
    """Return the texts of a labelled file in an order that mixes its languages."""
    texts = {row.text for row in read_rows(path)}
    return sorted(texts, key=lambda text: hashlib.sha256(text.encode("utf-8", "replace")).digest())


def race(texts: Sequence[str], rounds: int = ROUNDS) -> dict[str, float]:
    """Return each racer's texts per second, and how many times as fast as bare langdetect it is."""
    taggers = {name: racer.make() for name, racer in RACERS.items()}
    for tagger in taggers.values():
        tagger([*WARM_UP, *texts[:SLOW]])
    rates = [_round(taggers, _stretch(texts, number)) for number in range(rounds)]
    figures = {f"{name}_per_s": float(round(median(each[name] for each in rates))) for name in taggers}
    ratios = {name: median(each[name] / each["langdetect_alone"] for each in rates) for name in taggers}
    return figures | {f"{name}_ratio": round(ratio, 1) for name, ratio in ratios.items()}


def _stretch(texts: Sequence[str], number: int) -> list[str]:
    begin = number * STRETCH % len(texts)
    return [*texts[begin:], *texts[:begin]][:STRETCH]


def _round(taggers: Mapping[str, Tagger], stretch: Sequence[str]) -> dict[str, float]:
    rates = {}
    for name, tagger in taggers.items():
        part = stretch[: RACERS[name].texts]
        rates[name] = len(part) / _seconds(lambda tagger=tagger, part=part: tagger(part))  # type: ignore[misc]
    return rates


def _seconds(work: Callable[[], object]) -> float:
    begin = process_time()
    work()
    return process_time() - begin


def shares(texts: Sequence[str]) -> dict[str, float]:
    """Return which part of the tagger's time its first two steps take; the rest is engines and rules."""
    tagger = product("eldc")
    cleaned = [clean(text) for text in texts]
    whole = min(_seconds(lambda: tagger(texts)) for _ in range(3))
    cleaning = min(_seconds(lambda: [clean(text) for text in texts]) for _ in range(3))
    scripts = min(_seconds(lambda: [scripts_of(text) for text in cleaned]) for _ in range(3))
    return {"clean": round(cleaning / whole, 2), "scripts": round(scripts / whole, 2)}


def changed_answers(texts: Sequence[str]) -> list[str]:
    """Say so if one tagger answers otherwise than another one, in another order."""
    first = dict(zip(texts, product("eldc")(texts), strict=True))
    again = dict(zip(texts[::-1], make_tagger()(texts[::-1], [None] * len(texts)), strict=True))
    changed = sum(first[text] != again[text] for text in texts)
    return [f"{changed} texts have another tag in the second pass"] if changed else []


def load_apart(name: str) -> dict[str, float]:
    """Return what loading costs in a fresh process."""
    command = [sys.executable, "-m", "tests.benchmarks.language", name]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: dict[str, float] = json.loads(printed)
    return figures


def load(name: str) -> dict[str, float]:
    """Make a racer in this process and return the milliseconds and the memory until it has answered."""
    before = _resident()
    seconds = _seconds(lambda: RACERS[name].make()(WARM_UP))
    return {"load_ms": round(1000 * seconds, 1), "memory_mib": round((_resident() - before) / 2**20, 1)}


def _resident() -> int:
    """Return the resident memory of this process in bytes; 0 where it cannot be told."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text(encoding="ascii").split()[1]) * PAGE if statm.exists() else 0


def table(figures: Mapping[str, float]) -> str:
    """Return the figures by racer as a table."""
    columns = ("per_s", "ratio", "load_ms", "memory_mib")
    lines = ["".join((f"{'':20}", *(f"{column:>12}" for column in columns)))]
    lines += [_line(name, [figures[f"{name}_{column}"] for column in columns]) for name in RACERS]
    return "\n".join(lines)


def _line(name: str, values: Sequence[float]) -> str:
    return "".join((f"{name:20}", *(f"{value:>12,}" for value in values)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
