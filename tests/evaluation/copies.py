"""How many copies are found, how many posts are wrongly called copies, and how fast.

    python -m tests.evaluation.copies [FILE]

FILE holds pairs that people judged, as JSON lines with `a`, `b` and `label` (default:
labelled/paraphrase_pairs.jsonl.gz of the test data); everything else is read from the test data.

Protocol. Pairs are made by `copy_pairs`:
`copies`: real retweets with the tweet that their raw text repeats or begins; reposts of real Weibo cascades with the
repost that they pass on behind fewer words of their own; 2,000 real posts of 12 letters or more in 简, 繁 and English,
each changed in 16 ways and in two of these, as long as 12 letters are left; 400 shorter ones, their words
unchanged.
`strangers`: different tweets of one event with an edit similarity of 0.45 to 0.62; different comments of one Weibo
cascade with one of 0.62 at most, counted without their dress (case, width, links, names, emoticons, marks), of
which at least four letters are left.
`changed`: one number of a real post changed, in digits; apart from these Han numbers, and negations.
`judged`: pairs of tweets that people judged by what they mean. That is not what is measured: many that were judged
different say the same with words missing, and many that were judged the same say it in other words. Their shares that
are merged are shown beside the figures, not among them.

Pairs are divided by the hash of their first text. The threshold was chosen on one half (its table is printed), figures
are those of the other half. A pair is merged when the product puts both posts into one group:
- alone: `grouped` gets the two posts and nothing else;
- in the crowd: all texts of all pairs are posts of one topic, stored in a Valkey of this run in pages of 100, read back
  and grouped at once, so that sketches have to find what belongs together and every group has a leader. There a pair of
  strangers or changed ones can also be merged through a third post that is a copy of both.

Baselines in the same run, pair by pair: equal raw texts, equal fingerprints (the product's own exact hash), SimHash of
64 bits over the product's shingles with at most 10 bits of difference, and Jaccard similarity without the guard.

The last line is one JSON object: recall, false merges of strangers and share of changed numbers kept apart, in percent.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

import xxhash

from monitor.models import Author, Mention, Post, PostKey, Window
from monitor.signals.copies import grouped, wording_of
from monitor.signals.duplicates import fingerprint
from monitor.signals.sameness import ENOUGH, Text, is_copy
from monitor.signals.shingles import jaccard
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from monitor.store.mentions import MentionStore
from tests.evaluation.copy_pairs import Pair, Pairs, read_pairs

Judge = Callable[[Pair], bool]

THRESHOLDS = 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7
SIMHASH_BITS = 10
START = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = 100


def main(arguments: Sequence[str]) -> int:
    """Print the figures; the last line is JSON."""
    pairs = read_pairs(Path(arguments[0]) if arguments else None)
    tuning, reported = (half(pairs, part) for part in (0, 1))
    print(threshold_table(tuning))
    groups, seconds = crowd_groups([*pairs.copies, *pairs.strangers, *pairs.changed, *pairs.judged])
    judges: Mapping[str, Judge] = {
        "in the crowd": lambda pair: groups[pair.one] == groups[pair.other],
        "alone": alone,
        "fingerprint": lambda pair: fingerprint(pair.one) == fingerprint(pair.other),
        "raw": lambda pair: pair.one == pair.other,
        "simhash": lambda pair: (simhash(pair.one) ^ simhash(pair.other)).bit_count() <= SIMHASH_BITS,
        "jaccard": lambda pair: jaccard(Text(pair.one).pieces, Text(pair.other).pieces) >= ENOUGH,
    }
    merged = {name: merged_by_kind(reported, judge) for name, judge in judges.items()}
    print(kinds_table(reported, merged))
    figures = {name.replace(" ", "_"): rates(reported, by_kind) for name, by_kind in merged.items()}
    crowd = {"crowd_posts": len(groups), "grouping_us_per_post": round(seconds / len(groups) * 1e6, 1)}
    wording = {"wording_us_per_post": round(wording_cost(list(groups)[:20_000]), 1)}
    print(json.dumps(figures.pop("in_the_crowd") | crowd | wording | figures))
    return 0


def half(pairs: Pairs, part: int) -> Pairs:
    """Return the pairs of one half, by the hash of their first text."""
    return Pairs(*([pair for pair in some if hash_of(pair.one) % 2 == part] for some in pairs))


def hash_of(text: str) -> int:
    """Return a hash that has nothing to do with the product's."""
    return xxhash.xxh32_intdigest(text.encode("utf-8", "surrogatepass"))


def alone(pair: Pair) -> bool:
    """Tell whether the product groups two posts that are alone."""
    one, other = grouped([a_mention(0, pair.one), a_mention(1, pair.other)])
    return one.group == other.group


def crowd_groups(pairs: Iterable[Pair]) -> tuple[dict[str, str], float]:
    """Return the group of each text when all are stored as posts of one topic, and the seconds that grouping took."""
    texts = sorted({text for pair in pairs for text in (pair.one, pair.other)}, key=hash_of)
    mentions = [a_mention(place, text) for place, text in enumerate(texts)]
    with tempfile.TemporaryDirectory(prefix="monitor-copies-") as folder:
        embedded = EmbeddedStore(Path(folder))
        embedded.attach()
        connection = Connection(embedded.url)
        try:
            store = MentionStore(connection)
            for at in range(0, len(mentions), PAGE):
                store.add("copies", mentions[at : at + PAGE], oldest=START)
            stored = store.between("copies", Window(START, START + timedelta(days=30)))
        finally:
            connection.close()
            embedded.detach()
    assert len(stored) == len(texts), "every text is stored"
    begin = process_time()
    found = grouped(stored)
    seconds = process_time() - begin
    return {each.post.text: each.group for each in found}, seconds


def a_mention(place: int, text: str) -> Mention:
    """Return a text as a post of its own account."""
    wording = wording_of(text)
    post = Post(
        key=PostKey("replay", str(place)),
        url=None,
        text=text,
        observed_at=START + timedelta(seconds=place),
        author=Author(id=str(place)),
    )
    return Mention(post=post, topic="copies", terms=(), group=wording.group, sketch=wording.sketch)


def merged_by_kind(pairs: Pairs, judge: Judge) -> dict[str, int]:
    """Return how many pairs of each kind are merged."""
    merged = {pair.kind: 0 for some in pairs for pair in some}
    for pair in (each for some in pairs for each in some):
        merged[pair.kind] += judge(pair)
    return merged


def rates(pairs: Pairs, merged: Mapping[str, int]) -> dict[str, float]:
    """Return the figures of one judge in percent."""
    return {
        "recall": share(pairs.copies, merged),
        "recall_real": share([e for e in pairs.copies if e.kind.startswith(("real", "repost"))], merged),
        "false_merges": share(pairs.strangers, merged),
        "number_kept_apart": round(100 - share([e for e in pairs.changed if e.kind == "number"], merged), 3),
        "han_number_kept_apart": round(100 - share([e for e in pairs.changed if e.kind == "Han number"], merged), 3),
        "negation_kept_apart": round(100 - share([e for e in pairs.changed if e.kind == "negation"], merged), 3),
        "judged_different_merged": share([e for e in pairs.judged if e.kind == "judged different"], merged),
        "judged_the_same_merged": share([e for e in pairs.judged if e.kind == "judged the same"], merged),
    }


def share(pairs: Sequence[Pair], merged: Mapping[str, int]) -> float:
    """Return how many percent of the pairs are merged."""
    return round(100 * sum(merged[kind] for kind in {pair.kind for pair in pairs}) / len(pairs), 3) if pairs else 0.0


def threshold_table(pairs: Pairs) -> str:
    """Return what each threshold would give on the pairs that it may be chosen on, two texts at a time."""
    lines = [f"tuning half: {len(pairs.copies):,} copies, {len(pairs.strangers):,} strangers"]
    for enough in THRESHOLDS:
        found = rates(pairs, merged_by_kind(pairs, lambda pair, enough=enough: is_pair(pair, enough)))
        lines.append(f"Jaccard ≥ {enough:.2f}: " + ", ".join(f"{name} {value}" for name, value in found.items()))
    return "\n".join(lines)


def is_pair(pair: Pair, enough: float) -> bool:
    """Tell whether two texts are copies by a threshold, or the same."""
    if fingerprint(pair.one) == fingerprint(pair.other):
        return True
    texts = Text(pair.one), Text(pair.other)
    return min(len(each.said.letters) for each in texts) >= 12 and is_copy(*texts, enough)


def kinds_table(pairs: Pairs, merged: Mapping[str, Mapping[str, int]]) -> str:
    """Return how many percent of each kind each judge merged."""
    lines = [f"{'merged, %':20}{'pairs':>8}" + "".join(f"{name:>14}" for name in merged)]
    for some in pairs:
        for kind in dict.fromkeys(pair.kind for pair in some):
            same = [pair for pair in some if pair.kind == kind]
            shares = "".join(f"{share(same, by_kind):14.2f}" for by_kind in merged.values())
            lines.append(f"{kind:20}{len(same):8,}{shares}")
    return "\n".join(lines)


def simhash(text: str) -> int:
    """Return the SimHash of 64 bits (Charikar 2002) of a text's shingles."""
    pieces = Text(text).pieces
    hashes = [xxhash.xxh3_64_intdigest(piece.encode()) for piece in pieces]
    return sum(1 << bit for bit in range(64) if 2 * sum(each >> bit & 1 for each in hashes) > len(hashes))


def wording_cost(texts: Sequence[str]) -> float:
    """Return the µs of processor time that fingerprint and sketch of a text take, the fold included."""
    begin = process_time()
    for text in texts:
        wording_of(text)
    return (process_time() - begin) / len(texts) * 1e6


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
