"""How often the language tagger is right, beside the bare engines, and how fast it is.

    python -m tests.evaluation.language [FILE]

FILE holds JSON lines with `text` and `lang` (default: labelled/language.jsonl.gz of the test data).

Protocol
  Every row is tagged from its text alone, no hints, by the tagger as it is by default and by each baseline.
  Right is the label itself, zh-Hans and zh-Hant apart; plain "zh" is wrong where the label says which. A label zh-Hant
  or zh-Hans says how Chinese is written and not whether it is Cantonese, so that "yue" is right for zh-Hant, "yue-Hans"
  for zh-Hans; how many rows that concerns is given (`yue`). `short` are texts of at most 20 characters as they stand.
  Romanised Hindi (`hi-Latn`) is in no accuracy; `hi_latn_und` is the share of it called "und" or "hi-Latn". About a
  third of those rows are plain English and are called so.
  Baselines are mapped in their favour: langdetect's zh-cn and zh-tw are zh-Hans and zh-Hant, eldc's ms is id, and
  eldc's zh, which says no more, counts for both. They get the same cleaned text. `langdetect_with_pre_pass` is the
  product with `[language] engine = "langdetect"`.
  Speed: texts per second of processor time, which other work on the machine hardly touches, in the fastest of three
  passes over all rows (baselines: of one), one thread, cleaning included.

What was tuned on what
  The thresholds of monitor/text/latin.py were compared on the half of the default file whose SHA-256 of the text begins
  with an even byte; `accuracy_kept_half` is that of the other half, `accuracy_tuned_half` of this one. No value tried
  moved a half by more than 0.002. The lists of words are from knowledge of the languages and learned from no file; but
  what was wrong in both halves was read while they were written, so no figure here is blind to that.

Wrong labels
  Labels say where a post was found; many German ones are on English posts, some Thai ones on emoji. `accuracy` takes
  them as they are. `accuracy_corrected` takes language_corrections.json instead where it has the text (by SHA-256):
  every row that the tagger, eldc alone, or langdetect with pre-pass together with eldc, called otherwise than labelled
  was read by one person, who wrote down what the text is in, "und" for none, and all answers a reader would take
  where it is in two languages. Rows on which all agreed with the label were not read.

Cantonese: 200 posts of an archive from Hong Kong that are not in the labelled file, drawn by hash, were read and
labelled (cantonese.json) after the rule was written; what mixes it with written Chinese is left out of both figures.

Hints: recorded posts of X, Mastodon and Bluesky with the platform's language. Texts whose tag changes with the hint
were read (hints.json): `hints_better` were wrong without it, `hints_worse` are wrong with it. `hints_unread` have
changed since.

The last line is one JSON object with the figures.
"""

import gzip
import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import eldc
import langdetect
import pytest

from monitor.text.languages import clean, make_tagger
from tests.data import data_path
from tests.evaluation.hinted import hinted_posts

SHORT = 20
ROMANISED = "hi-Latn"
LANGDETECT_TAGS = {"zh-cn": "zh-Hans", "zh-tw": "zh-Hant"}
WRITTEN = {"yue": "zh-Hant", "yue-Hans": "zh-Hans"}
HERE = Path(__file__).parent

Tagger = Callable[[Sequence[str]], list[str]]
Figures = dict[str, float | None]


class Row(NamedTuple):
    """A labelled text."""

    text: str
    label: str


def main(arguments: Sequence[str]) -> int:
    """Print the figures; the last line is JSON."""
    path = Path(arguments[0]) if arguments else data_path("labelled/language.jsonl.gz")
    rows = read_rows(path)
    romanised = sum(row.label == ROMANISED for row in rows)
    print(f"{len(rows)} labelled texts from {path.name}, {romanised} of them romanised Hindi")
    figures = tagger_figures(rows)
    for name, make in BASELINES.items():
        figures |= {f"{name}_{figure}": value for figure, value in figures_of(make(), rows, passes=1).items()}
    print(table(figures))
    print(json.dumps(figures | where_there(cantonese_figures) | where_there(hint_figures)))
    return 0


def read_rows(path: Path) -> list[Row]:
    """Read JSON lines, compressed or not."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    records = (json.loads(line) for line in content.splitlines() if line.strip())
    return [Row(record["text"], record["lang"]) for record in records]


def tagger_figures(rows: Sequence[Row]) -> Figures:
    """Return the figures of the product's tagger, and those that only make sense for it."""
    tagger = product("eldc")
    known = [row for row in rows if row.label != ROMANISED]
    tags = tagger([row.text for row in known])
    halves = [int(digest(row.text)[:2], 16) % 2 for row in known]
    return figures_of(tagger, rows, passes=3) | {
        "accuracy_tuned_half": accuracy(known, tags, [half == 0 for half in halves]),
        "accuracy_kept_half": accuracy(known, tags, [half == 1 for half in halves]),
        "yue": sum(tag in WRITTEN for tag in tags),
        "texts": len(known),
    }


def figures_of(tagger: Tagger, rows: Sequence[Row], passes: int) -> Figures:
    """Return accuracy overall, by group and with corrected labels, and texts per second."""
    known = [row for row in rows if row.label != ROMANISED]
    romanised = [row.text for row in rows if row.label == ROMANISED]
    tagger([row.text for row in known[:50]])
    tags, seconds = timed(tagger, [row.text for row in known], passes)
    corrected = read_labels("language_corrections.json")
    better = [Row(row.text, corrected.get(digest(row.text), row.label)) for row in known]
    short = [len(row.text) <= SHORT for row in known]
    return {
        "accuracy": accuracy(known, tags),
        "accuracy_zh_hant": accuracy(known, tags, [row.label == "zh-Hant" for row in known]),
        "accuracy_zh_hans": accuracy(known, tags, [row.label == "zh-Hans" for row in known]),
        "accuracy_short": accuracy(known, tags, short),
        "hi_latn_und": share([tag in ("und", ROMANISED) for tag in tagger(romanised)]),
        "accuracy_corrected": accuracy(better, tags),
        "accuracy_short_corrected": accuracy(better, tags, short),
        "texts_per_s": round(len(known) / seconds),
    }


def timed(tagger: Tagger, texts: Sequence[str], passes: int) -> tuple[list[str], float]:
    """Return the tags, and the seconds of processor time of the fastest pass."""
    fastest = float("inf")
    tags: list[str] = []
    for _ in range(passes):
        begin = time.process_time()
        tags = tagger(texts)
        fastest = min(fastest, time.process_time() - begin)
    return tags, fastest


def accuracy(rows: Sequence[Row], tags: Sequence[str], members: Sequence[bool] | None = None) -> float | None:
    """Return the share of right tags among the members, None when there are none."""
    chosen = members or [True] * len(rows)
    return share([is_right(tag, row.label) for row, tag, member in zip(rows, tags, chosen, strict=True) if member])


def is_right(tag: str, label: str) -> bool:
    """Tell whether a tag is one of the answers that the label allows."""
    allowed = label.split()
    return (
        tag in allowed or WRITTEN.get(tag) in allowed or (tag == "zh-*" and any(each[:3] == "zh-" for each in allowed))
    )


def share(right: Sequence[bool]) -> float | None:
    """Return the share of what is right, None of nothing."""
    return round(sum(right) / len(right), 4) if right else None


def cantonese_figures() -> Figures:
    """Return how well Cantonese is told from written Chinese."""
    labels = read_labels("cantonese.json")
    content = gzip.decompress(data_path("posts/tweets_zh_hant_hk.jsonl.gz").read_bytes())
    posts = [post for post in map(json.loads, content.splitlines()) if labels.get(post["id"], "mixed") != "mixed"]
    tags = product("eldc")([post["text"] for post in posts])
    found = [labels[post["id"]] == "yue" for post, tag in zip(posts, tags, strict=True) if tag in WRITTEN]
    wanted = [tag in WRITTEN for post, tag in zip(posts, tags, strict=True) if labels[post["id"]] == "yue"]
    return {"yue_precision": share(found), "yue_recall": share(wanted), "yue_posts": len(wanted)}


def hint_figures() -> Figures:
    """Return what the platforms' hints change among recorded posts, and whether that is for the better."""
    posts = hinted_posts()
    tag = make_tagger()
    texts = [post.text for post in posts]
    alone, hinted = tag(texts, [None] * len(texts)), tag(texts, [post.hint for post in posts])
    labels = read_labels("hints.json")
    changed = [
        (labels.get(digest(text)), before, after)
        for text, before, after in zip(texts, alone, hinted, strict=True)
        if before != after
    ]
    return {
        "hinted_posts": len(posts),
        "hints_changed": len(changed),
        "hints_better": sum(after == label for label, _, after in changed),
        "hints_worse": sum(before == label for label, before, _ in changed),
        "hints_unread": sum(label is None for label, _, _ in changed),
    }


def where_there(figures: Callable[[], Figures]) -> Figures:
    """Return figures, none where their data is absent."""
    try:
        return figures()
    except pytest.skip.Exception as absent:
        print(absent, file=sys.stderr)
        return {}


def read_labels(name: str) -> Mapping[str, str]:
    """Return the labels of a file beside this one, by id or digest."""
    labels: dict[str, str] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return labels


def digest(text: str) -> str:
    """Return what stands for a text where it may not be written down."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def table(figures: Mapping[str, float | None]) -> str:
    """Return the figures of tagger and baselines as a table."""
    columns = ("accuracy", "accuracy_zh_hant", "accuracy_zh_hans", "accuracy_short", "hi_latn_und", "texts_per_s")
    lines = ["".join((f"{'':26}", *(f"{each.removeprefix('accuracy_'):>14}" for each in columns)))]
    lines += [_line(name, [figures[f"{name}{column}"] for column in columns]) for name in _prefixes()]
    return "\n".join(lines)


def _prefixes() -> list[str]:
    return ["", *(f"{name}_" for name in BASELINES)]


def _line(name: str, values: Sequence[float | None]) -> str:
    return "".join((f"{name.rstrip('_') or 'tagger':26}", *(f"{value!s:>14}" for value in values)))


def product(engine: str) -> Tagger:
    """Return the product's tagger with an engine, without hints."""
    tag = make_tagger(engine)
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
        code = str(detector.detect(clean(text).encode("utf-8", "replace").decode("utf-8")))
        return names.get(code, code)

    return lambda texts: [tag(text) for text in texts]


BASELINES: dict[str, Callable[[], Tagger]] = {
    "langdetect_alone": langdetect_alone,
    "langdetect_with_pre_pass": lambda: product("langdetect"),
    "eldc_alone": eldc_alone,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
