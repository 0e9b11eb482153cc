"""How well the words that came with a discussion say what it is about: ours, and two that others use.

    python -m tests.evaluation.phrases [FOLDER]

FOLDER holds weibo_ced_originals.jsonl.gz and weibo_ced_reposts.jsonl.gz (default: the posts of the test data).

Protocol. A discussion is what people wrote when they reposted one post on Weibo: their own words, without the post
itself, nor what stands behind a mark of a repost. The time before is drawn from the comments on all other posts. Each
method names at most five terms. A term is right if the original post holds it, which no method was shown: it is then
about what was posted. People also say things that are not in the post, so that no method can reach 100 %.

- discussions: the 300 by chance of those with 100 comments or more, at most 500 comments of each.
- null: the comments of each discussion divided by chance into a window and the time before; what is named is wrong.

Baselines: plain frequency (the terms that most voices say, without function words, what most tools call trending);
smoothed log-odds with an informative prior (Monroe, Colaresi, Quinn 2008). All see the same terms and voices; neither
hides what may be a name, so that ours is shown twice: with names, to be compared, and as readers see it.

The last line is one JSON object with the figures.
"""

import gzip
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from math import log, sqrt
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from monitor.models import Author, Mention, Post, PostKey
from monitor.signals.copies import grouped, wording_of
from monitor.signals.phrases import MOST, MOST_READ, Told, emerging, heard
from monitor.text.folding import fold
from tests.data import data_path

DISCUSSIONS = 300
FEWEST, MOST_COMMENTS = 100, 500
SEED = 7


class Discussion(NamedTuple):
    """A post, folded, and what people wrote when they passed it on."""

    original: str
    comments: Sequence[Mention]


Method = Callable[[Sequence[Mention], Sequence[Mention]], list[str]]


def by_surprise(now: Sequence[Mention], before: Sequence[Mention]) -> list[str]:
    """Return what readers see."""
    return [fold(each.text) for each in emerging(now, before, (), lambda _: False)]


def with_names(now: Sequence[Mention], before: Sequence[Mention]) -> list[str]:
    """Return what readers would see if names were no secret."""
    return [fold(each.text) for each in emerging(now, before, (), lambda _: True)]


def by_frequency(now: Sequence[Mention], before: Sequence[Mention]) -> list[str]:
    """Return the terms that most voices say."""
    del before
    said = heard(now).said
    return sorted(said, key=lambda term: (-len(said[term]), term))[:MOST]


def by_log_odds(now: Sequence[Mention], before: Sequence[Mention]) -> list[str]:
    """Return the terms with the highest z-score of the log-odds, with the counts of both as the prior."""
    one, other = heard(now), heard(before)
    scores = {term: _log_odds(term, one, other) for term in one.said}
    return sorted((term for term in scores if scores[term] >= 1.96), key=lambda term: (-scores[term], term))[:MOST]


METHODS: Mapping[str, Method] = {
    "ours": by_surprise,
    "ours with names": with_names,
    "frequency": by_frequency,
    "log-odds": by_log_odds,
}


def _log_odds(term: str, one: Told, other: Told) -> float:
    now, before = len(one.said[term]), len(other.said.get(term, ()))
    prior = (now + before) / (one.voices + other.voices) * 10
    rest = 10 - prior

    def odds(count: int, voices: int) -> float:
        return log((count + prior) / (voices - count + rest))

    spread = sqrt(1 / (now + prior) + 1 / (before + prior))
    return (odds(now, one.voices) - odds(before, other.voices)) / spread


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of compressed JSON lines."""
    with gzip.open(path) as lines:
        yield from map(json.loads, lines)


def discussions(folder: Path, dice: random.Random) -> list[Discussion]:
    """Return some discussions, by chance."""
    originals = {row["id"]: fold(row["text"]) for row in read_lines(folder / "weibo_ced_originals.jsonl.gz")}
    rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read_lines(folder / "weibo_ced_reposts.jsonl.gz"):
        own = row["text"].partition("//@")[0].strip()
        if own and row["root"] in originals:
            rows[row["root"]].append(row | {"text": own})
    large = [root for root, some in sorted(rows.items()) if len(some) >= FEWEST]
    chosen = dice.sample(large, min(DISCUSSIONS, len(large)))
    return [Discussion(originals[root], _mentions(rows[root][:MOST_COMMENTS])) for root in chosen]


def _mentions(rows: Sequence[Mapping[str, Any]]) -> list[Mention]:
    return grouped(_mention(row) for row in rows)


def _mention(row: Mapping[str, Any]) -> Mention:
    at = datetime.strptime(row["date"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    wording = wording_of(row["text"])
    post = Post(
        key=PostKey("weibo", row["mid"]),
        url=None,
        text=row["text"],
        observed_at=at,
        created_at=at,
        author=Author(id=row["uid"]),
    )
    return Mention(post=post, topic="t", terms=(), language="zh", group=wording.group, sketch=wording.sketch)


def judge(method: Method, found: Sequence[Discussion], dice: random.Random) -> dict[str, float]:
    """Return how many terms a method names, how many are right, and how many it names where nothing is new."""
    named, right, some, nothing, times = 0, 0, 0, 0, []
    for number, discussion in enumerate(found):
        others = [each for n, other in enumerate(found) if n != number for each in islice(other.comments, 20)]
        before = dice.sample(others, min(2 * MOST_READ, len(others)))
        began = time.perf_counter()
        terms = method(discussion.comments, before)
        times.append(time.perf_counter() - began)
        hits = sum(term.replace(" ", "") in discussion.original.replace(" ", "") for term in terms)
        named, right, some = named + len(terms), right + hits, some + (hits > 0)
        mixed = dice.sample(list(discussion.comments), len(discussion.comments))
        half = len(mixed) // 2
        nothing += len(method(mixed[:half], mixed[half:]))
    return {
        "named": round(named / len(found), 2),
        "right_percent": round(100 * right / max(1, named), 1),
        "discussions_with_a_right_one_percent": round(100 * some / len(found), 1),
        "named_of_nothing_new": round(nothing / len(found), 3),
        "ms": round(1000 * fmean(times), 1),
    }


def main(arguments: Sequence[str]) -> int:
    """Print the figures of each method."""
    folder = Path(arguments[0]) if arguments else data_path("posts")
    found = discussions(folder, random.Random(SEED))
    figures = {name: judge(method, found, random.Random(SEED)) for name, method in METHODS.items()}
    for name, each in figures.items():
        print(f"{name:16} {each}")
    print(json.dumps({"evaluation": "phrases", "discussions": len(found), "methods": figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
