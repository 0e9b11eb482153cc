"""How often the language tagger is right, and how fast it is.

    python -m tests.evaluation.language [FILE]

FILE holds JSON lines with `text` and `lang` (default: labelled/language.jsonl.gz of the test data).

Protocol. Every row is tagged from its text alone, no hints. Right means the label itself, zh-Hans and zh-Hant apart;
plain "zh" counts as wrong where the label says which. Romanised Hindi (`hi-Latn`) is left out of all figures: no
engine knows it. `short` are texts of at most 20 characters. Labels come from where a post was found, and some are
wrong (German most): they are not corrected here, so 1.0 cannot be reached. Speed: the second of two passes over all
rows, one thread, cleaning included. The weight of other alphabets (NON_LATIN_WEIGHT) was chosen on the same rows; with
1.0 the accuracy is 0.0008 lower.

Baselines, in the same run on one fixed sample (every seventh row): the bare engines on the same cleaned text without
the script pre-pass, each mapped in its favour (langdetect's zh-cn and zh-tw are zh-Hans and zh-Hant; eldc's ms is id;
eldc's zh, which says no more, counts as right for both). The tagger is given for that sample too.

The last line is one JSON object with the figures.
"""

import gzip
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import eldc
import langdetect

from monitor.text.languages import clean, make_tagger
from tests.data import data_path

SHORT = 20
SAMPLE_STEP = 7
LANGDETECT_TAGS = {"zh-cn": "zh-Hans", "zh-tw": "zh-Hant"}

Tagger = Callable[[Sequence[str]], list[str]]


class Row(NamedTuple):
    """A labelled text."""

    text: str
    label: str


def main(arguments: Sequence[str]) -> int:
    """Print the figures; the last line is JSON."""
    path = Path(arguments[0]) if arguments else data_path("labelled/language.jsonl.gz")
    rows = [row for row in read_rows(path) if row.label != "hi-Latn"]
    print(f"{len(rows)} labelled texts without romanised Hindi, from {path.name}")
    print(json.dumps(tagger_figures(rows) | baseline_figures(rows[::SAMPLE_STEP])))
    return 0


def read_rows(path: Path) -> list[Row]:
    """Read JSON lines, compressed or not."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    records = (json.loads(line) for line in content.splitlines() if line.strip())
    return [Row(record["text"], record["lang"]) for record in records]


def tagger_figures(rows: Sequence[Row]) -> dict[str, float | None]:
    """Return accuracy overall and by group, and texts per second."""
    tag = eldc_with_pre_pass()
    tag([row.text for row in rows])
    begin = time.perf_counter()
    tags = tag([row.text for row in rows])
    elapsed = time.perf_counter() - begin
    groups = {
        "accuracy": [True for _ in rows],
        "accuracy_zh_hant": [row.label == "zh-Hant" for row in rows],
        "accuracy_zh_hans": [row.label == "zh-Hans" for row in rows],
        "accuracy_short": [len(row.text) <= SHORT for row in rows],
    }
    figures = {name: accuracy(rows, tags, members) for name, members in groups.items()}
    return figures | {"texts": len(rows), "texts_per_s": round(len(rows) / elapsed)}


def baseline_figures(rows: Sequence[Row]) -> dict[str, float | None]:
    """Return accuracy and speed of the tagger and of the bare engines on one sample."""
    figures: dict[str, float | None] = {"sample": len(rows)}
    for name, tag in BASELINES.items():
        tagger = tag()
        tagger([row.text for row in rows[:50]])
        begin = time.perf_counter()
        tags = tagger([row.text for row in rows])
        figures[f"{name}_texts_per_s"] = round(len(rows) / (time.perf_counter() - begin))
        figures[f"{name}_accuracy"] = accuracy(rows, tags, [True for _ in rows])
    return figures


def accuracy(rows: Sequence[Row], tags: Sequence[str], members: Sequence[bool]) -> float | None:
    """Return the share of right tags among the members, None when there are none."""
    right = [
        tag == row.label or (tag == "zh-*" and row.label.startswith("zh-"))
        for row, tag, member in zip(rows, tags, members, strict=True)
        if member
    ]
    return round(sum(right) / len(right), 4) if right else None


def eldc_with_pre_pass() -> Tagger:
    """Return the product's tagger as it is by default."""
    tag = make_tagger("eldc")
    return lambda texts: tag(texts, [None] * len(texts))


def langdetect_with_pre_pass() -> Tagger:
    """Return the product's tagger with the other engine."""
    tag = make_tagger("langdetect")
    return lambda texts: tag(texts, [None] * len(texts))


def langdetect_alone() -> Tagger:
    """Return langdetect as its README uses it, seeded."""
    langdetect.DetectorFactory.seed = 0

    def tag(text: str) -> str:
        try:
            code = str(langdetect.detect(clean(text)))
        except langdetect.LangDetectException:
            return "und"
        return LANGDETECT_TAGS.get(code, code)

    return lambda texts: [tag(text) for text in texts]


def eldc_alone() -> Tagger:
    """Return eldc with all its languages."""
    eldc.init()
    detector = eldc.instance()
    names = {"zh": "zh-*", "ms": "id"}

    def tag(text: str) -> str:
        code = str(detector.detect(clean(text)))
        return names.get(code, code)

    return lambda texts: [tag(text) for text in texts]


BASELINES: dict[str, Callable[[], Tagger]] = {
    "sample_tagger": eldc_with_pre_pass,
    "sample_tagger_langdetect": langdetect_with_pre_pass,
    "langdetect_alone": langdetect_alone,
    "eldc_alone": eldc_alone,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
