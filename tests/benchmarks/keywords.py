"""How long a post takes to match against 10, 1,000, 10,000 and 100,000 keywords, beside the usual ways.

    python -m tests.benchmarks.keywords [--posts N]

Protocol. Real posts in 繁, 简 and English, distinct by text, shuffled always alike: those of tests.benchmarks.corpus,
and as many with none of its keywords. Each keyword is a topic of its own. The sets are nested: the same ten of every
day first, then what people really follow in these languages: rules of the Citizen Lab's list as they are written,
with their AND parts, then titles of Weibo's hot searches, in the order of a fixed shuffle. So larger sets find more
in a post, and what is found has to be looked at and told; `topics_per_post` says how much that is, and two ratios are
given:

- `ratio`: µs per post with 100,000 keywords by that with 10, over all posts, with all that is found: the promise;
- `ratio_same_hits`: the same over the posts in which both sets find the same topics: what the number of keywords
  costs;
- `us_per_hit`: what a topic found adds to a post.

Baselines, for the same posts and single keywords: `lower-case in loop` and `\\b regex`, one alternation of all
keywords, ignoring case, as research tools build it. Both are given fewer posts where they would take minutes
(`posts`), and only tell whether something is there and what, not where, in which variant or for which topic.

Rounds are interleaved: each round matches a stretch of the posts with every set and every baseline in turn, so that a
busy machine slows all of them, and seconds are those of the process, not of the clock on the wall; figures are medians
over the rounds. Everything is matched once before. Compiling is
timed once per set, memory is the growth of the process's resident set while the set is compiled. The last line is one
JSON object. Exit code 1: more than four times slower.
"""

import argparse
import gc
import gzip
import json
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import process_time
from typing import NamedTuple

import msgspec
import pytest

from monitor.models import Topic
from monitor.topics.matcher.matching import Matcher
from tests.benchmarks.corpus import SEED, every_post_matched, firehose
from tests.data import data_path

SIZES = (10, 1_000, 10_000, 100_000)
ROUNDS = 5
TARGET = 4.0
MICRO = 1e6
BASELINE_BUDGET = 60_000_000
"""Keywords times posts that a baseline is given in all."""

TEN = (
    *("地震", "食品安全", "砸锅卖铁", "高铁", "香港天文台"),
    *("earthquake", "climate change", "flood warning", "smash pots and sell iron", "iPhone"),
)


class Figures(NamedTuple):
    """What one way of matching took for one number of keywords; memory in MB, None where it was not measured."""

    keywords: int
    us_per_post: float
    topics_per_post: float
    posts: int
    compile_seconds: float
    megabytes: float | None = None


class Way(NamedTuple):
    """A way of matching: its name, how many keywords, and a function from a text to how many of them it finds."""

    name: str
    keywords: int
    find: Callable[[str], int]
    compile_seconds: float
    megabytes: float | None
    posts: int


def main() -> int:
    """Print the table and the line of JSON; 1 when the promise is broken, 2 without data."""
    parser = argparse.ArgumentParser(description="Measure matching by the number of keywords.")
    parser.add_argument("--posts", type=int, default=20_000)
    wanted = parser.parse_args().posts
    try:
        texts, rules = posts(wanted), keyword_rules(SIZES[-1])
    except pytest.skip.Exception as e:
        print(e, file=sys.stderr)
        return 2
    ways = [*(ours(rules[:size], len(texts)) for size in SIZES)]
    same = same_hits(texts, ways[0], ways[-1])
    ways.extend(baseline for size in SIZES for baseline in baselines(rules[:size], len(texts)))
    figures = measure(texts, ways)
    same_ratio = ratio_over(same, ways[0], ways[len(SIZES) - 1])
    told = summary(figures, same_ratio, len(same))
    print(table(figures))
    print(json.dumps(told))
    return 1 if told["ratio"] > TARGET else 0


def posts(wanted: int) -> list[str]:
    """Return distinct texts, half of them with a common keyword of the ingest benchmark."""
    lines = (*every_post_matched(wanted / 2 / 20_000).lines, *firehose(wanted // 2).lines)
    texts = list(dict.fromkeys(msgspec.json.decode(line)["text"] for line in lines))
    random.Random(SEED).shuffle(texts)
    return texts


def keyword_rules(wanted: int) -> list[tuple[str, ...]]:
    """Return keywords, each with the parts that all have to be there; the first ten are TEN."""
    found = dict.fromkeys((keyword,) for keyword in TEN)
    for source in (citizenlab_rules(), hot_titles()):
        drawn = sorted(set(source) - set(found))
        random.Random(SEED).shuffle(drawn)
        found |= dict.fromkeys(drawn)
    assert len(found) >= wanted, f"there are {len(found)} keywords, {wanted} are asked for"
    return list(found)[:wanted]


def citizenlab_rules() -> Iterator[tuple[str, ...]]:
    """Yield the rules of the Citizen Lab's list that look for two characters or more in each part."""
    for record in _records(data_path("labelled/citizenlab_rules.jsonl.gz")):
        parts = tuple(dict.fromkeys(part.strip() for part in record["rule"].split("+")))
        if all(len(part) > 1 and any(map(str.isalnum, part)) for part in parts):
            yield parts


def hot_titles() -> Iterator[tuple[str, ...]]:
    """Yield what trended, of two characters or more."""
    for record in _records(data_path("posts/weibo_hot_search_daily.jsonl.gz")):
        yield from ((title,) for title in record["titles"] if len(title) > 1 and any(map(str.isalnum, title)))


def ours(rules: Sequence[tuple[str, ...]], posts: int) -> Way:
    """Return the product's matcher, a topic for each rule."""
    topics = [Topic(name=f"t{number}", title="", all=parts) for number, parts in enumerate(rules)]
    gc.collect()
    before, begin = resident_megabytes(), process_time()
    matcher = Matcher(topics)
    seconds = process_time() - begin
    return Way("ours", len(rules), lambda text: len(matcher.match(text)), seconds, resident_megabytes() - before, posts)


def baselines(rules: Sequence[tuple[str, ...]], posts: int) -> Iterator[Way]:
    """Yield the usual ways, on the first part of each rule."""
    keywords = list(dict.fromkeys(parts[0].lower() for parts in rules))
    given = min(posts, max(50, BASELINE_BUDGET // ROUNDS // len(keywords)))

    def in_loop(text: str) -> int:
        lowered = text.lower()
        return sum(keyword in lowered for keyword in keywords)

    begin = process_time()
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, keywords))})\b", re.IGNORECASE)
    seconds = process_time() - begin
    yield Way("lower-case in loop", len(rules), in_loop, 0.0, None, given)
    yield Way("\\b regex", len(rules), lambda text: len(set(pattern.findall(text))), seconds, None, given)


def measure(texts: Sequence[str], ways: Sequence[Way]) -> list[tuple[str, Figures]]:
    """Return the figures of each way, from rounds that all ways take part in."""
    rates: dict[int, list[float]] = {number: [] for number in range(len(ways))}
    hits = dict.fromkeys(rates, 0)
    for way in ways:
        for text in texts[: min(500, way.posts)]:
            way.find(text)
    for turn in range(ROUNDS):
        for number, way in enumerate(ways):
            stretch = texts[turn::ROUNDS][: max(10, way.posts // ROUNDS)]
            begin = process_time()
            found = sum(map(way.find, stretch))
            rates[number].append(MICRO * (process_time() - begin) / len(stretch))
            hits[number] += found
    figures = []
    for number, way in enumerate(ways):
        seen = sum(min(len(texts[turn::ROUNDS]), max(10, way.posts // ROUNDS)) for turn in range(ROUNDS))
        found_per_post = hits[number] / seen
        figures.append(
            (
                way.name,
                Figures(way.keywords, median(rates[number]), found_per_post, seen, way.compile_seconds, way.megabytes),
            )
        )
    return figures


def same_hits(texts: Sequence[str], few: Way, many: Way) -> list[str]:
    """Return the texts in which both find as many topics; the larger set holds the smaller."""
    return [text for text in texts if few.find(text) == many.find(text)]


def ratio_over(texts: Sequence[str], few: Way, many: Way) -> float:
    """Return how much slower the larger set is on some texts, in rounds that take turns."""
    ratios = []
    for turn in range(ROUNDS):
        seconds = []
        for way in (few, many):
            begin = process_time()
            for text in texts[turn::ROUNDS]:
                way.find(text)
            seconds.append(process_time() - begin)
        ratios.append(seconds[1] / seconds[0])
    return median(ratios)


def summary(figures: Sequence[tuple[str, Figures]], same_ratio: float, same_posts: int) -> dict[str, float]:
    """Return the figures as they go into the line of JSON."""
    by_size = {(name, each.keywords): each for name, each in figures}
    few, many = by_size["ours", SIZES[0]], by_size["ours", SIZES[-1]]
    told: dict[str, float] = {
        "ratio": round(many.us_per_post / few.us_per_post, 2),
        "ratio_same_hits": round(same_ratio, 2),
        "posts_same_hits": same_posts,
        "us_per_hit": round((many.us_per_post - few.us_per_post) / (many.topics_per_post - few.topics_per_post), 1),
    }
    for name, label in (("ours", ""), ("lower-case in loop", "in_loop_"), ("\\b regex", "word_regex_")):
        for size in SIZES:
            told[f"{label}us_{size}"] = round(by_size[name, size].us_per_post, 1)
        told[f"{label}ratio"] = round(by_size[name, SIZES[-1]].us_per_post / by_size[name, SIZES[0]].us_per_post, 2)
    for size in SIZES:
        told[f"topics_per_post_{size}"] = round(by_size["ours", size].topics_per_post, 3)
    told["compile_seconds_100000"] = round(many.compile_seconds, 1)
    told["megabytes_100000"] = round(many.megabytes or 0.0)
    return told


def table(figures: Sequence[tuple[str, Figures]]) -> str:
    """Return the figures for a person."""
    head = f"{'':20}{'keywords':>9}{'µs/post':>11}{'topics/post':>13}{'posts':>8}{'compile s':>11}{'MB':>7}"
    rows = (
        f"{name:20}{each.keywords:9,}{each.us_per_post:11,.1f}{each.topics_per_post:13.3f}{each.posts:8,}"
        f"{each.compile_seconds:11.2f}{'' if each.megabytes is None else format(each.megabytes, '7,.0f'):>7}"
        for name, each in figures
    )
    return "\n".join((head, *rows))


def resident_megabytes() -> float:
    """Return how much memory this process holds, as Linux tells it; elsewhere 0."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * 4096 / 1e6 if status.exists() else 0.0


def _records(path: Path) -> Iterator[dict]:
    with gzip.open(path, "rb") as lines:
        yield from map(msgspec.json.decode, lines)


if __name__ == "__main__":
    sys.exit(main())
