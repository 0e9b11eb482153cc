"""Pairs of texts for the evaluation of copies: real ones, real texts changed as people do, and hard negatives.

Chance is drawn from the text, so that the same data gives the same pairs. Labels come from rules on the raw text or
from the platform's own structure, never from what is measured.
"""

import difflib
import gzip
import json
import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import opencc
import xxhash

from tests.data import data_path

ORIGINALS = 500
"""Texts of each collection that are changed in all ways."""

LIKENESS = 0.45, 0.62
"""Edit similarity of different posts of one event: alike enough to be hard, too different to be copies."""

LETTERS = range(12, 10_000)
SHORT = range(4, 12)
"""Letters and digits of a text without links and names: of those that can have near copies, and of shorter ones."""

_LINK = re.compile(r"https?://\S+")
_LINK_OR_NAME = re.compile(r"https?://\S+|@[-\w]+")
_RETWEET = re.compile(r"RT @\w+: (.+)", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w/.:#@])\d+(?:\.\d+)?(?![\w/])")
_HAN_COUNT = re.compile("[二三四五六七八九十百千两]+(?=[人名位死伤亿万元级岁年月日天])")
_COMMENTS = ("转!", "求证", "太可怕了", "真的假的?", "OMG", "so sad", "must read", "哈哈哈", "this", "呵呵。", "look:")


class Pair(NamedTuple):
    """Two texts, and where they come from."""

    kind: str
    one: str
    other: str


class Pairs(NamedTuple):
    """`copies` belong together, `strangers` do not, `changed` state other things, `judged` were judged by meaning."""

    copies: Sequence[Pair]
    strangers: Sequence[Pair]
    changed: Sequence[Pair]
    judged: Sequence[Pair]


def read_pairs(judged: Path | None = None) -> Pairs:
    """Return all pairs of the test data; `judged` holds the pairs that people judged, if not those of the test data."""
    tweets = [row for row in _rows("posts/crisis_events.jsonl.gz") if row["label"] != "off-topic"]
    collections = [*map(originals, _COLLECTIONS), [row["text"] for row in tweets if "RT @" not in row["text"]]]
    texts = [text for each in collections for text in _some(each, LETTERS, ORIGINALS)]
    short = [text for each in collections for text in _some(each, SHORT, ORIGINALS // 5)]
    stating = [text for each in collections for text in _some(each, LETTERS, ORIGINALS, _states_something)]
    threads = list(_threads())
    decided = list(_read(judged or data_path("labelled/paraphrase_pairs.jsonl.gz")))
    return Pairs(
        copies=[
            *_retweets(tweets),
            *_passed_on(threads),
            *(pair for text in texts for pair in variations(text)),
            *(pair for text in short for pair in dressings(text)),
        ],
        strangers=[*_same_event(tweets), *_same_thread(threads)],
        changed=[pair for text in stating for pair in restatements(text)],
        judged=[*_judged(decided, "0"), *_judged(decided, "1")],
    )


_COLLECTIONS = (
    "posts/tweets_zh_hans.jsonl.gz",
    "posts/tweets_zh_hant_hk.jsonl.gz",
    "posts/weibo_ced_originals.jsonl.gz",
)


def originals(name: str) -> list[str]:
    """Return the texts of a collection that are nobody else's."""
    return [row["text"] for row in _rows(name) if not re.search(r"\bRT\b|//@|转发微博", row["text"])]


def _some(texts: Iterable[str], lengths: range, most: int, wanted: Callable[[str], bool] = bool) -> list[str]:
    """Return the first texts of a length that are wanted, in an order by chance."""
    shuffled = sorted(dict.fromkeys(texts), key=_order)
    return list(islice((text for text in shuffled if letters(text) in lengths and wanted(text)), most))


def letters(text: str) -> int:
    """Return how many letters and digits a text has without links and names."""
    return sum(map(str.isalnum, _LINK_OR_NAME.sub("", text)))


def _states_something(text: str) -> bool:
    return any(True for _ in restatements(text))


def variations(text: str) -> Iterator[Pair]:
    """Yield a text with each of the changes that leave it a copy, and with two of them; enough of it must be left."""
    chance = random.Random(f"two {text}")
    one, other = chance.sample(tuple(CHANGES.values()), 2)
    for name, change in {**CHANGES, "two changes": lambda text, _: _twice(text, one, other, chance)}.items():
        changed = change(text, random.Random(f"{name} {text}"))
        if changed is not None and changed != text and letters(changed) in LETTERS:
            yield Pair(name, text, changed)


def dressings(text: str) -> Iterator[Pair]:
    """Yield a short text with each of the changes that leave its words as they are."""
    for name in DRESSINGS:
        changed = CHANGES[name](text, random.Random(f"{name} {text}"))
        if changed is not None and changed != text:
            yield Pair(f"short: {name}", text, changed)


def _twice(text: str, one: "Change", other: "Change", chance: random.Random) -> str:
    changed = one(text, chance) or text
    return other(changed, chance) or changed


def restatements(text: str) -> Iterator[Pair]:
    """Yield a text with one number changed, in digits or in Han, and with one negation more or less."""
    chance = random.Random(f"number {text}")
    plain = _LINK.sub("", text)
    for kind, pattern, other in (("number", _NUMBER, _other_number), ("Han number", _HAN_COUNT, _other_count)):
        found = list(pattern.finditer(plain))
        if found:
            place = chance.choice(found)
            yield Pair(kind, plain, plain[: place.start()] + other(place.group(), chance) + plain[place.end() :])
    for before, after in _NEGATIONS:
        place = re.search(before, plain)
        if place:
            yield Pair("negation", plain, plain[: place.start()] + place.expand(after) + plain[place.end() :])
            return


_NEGATIONS = (
    (r"没有", "有"), (r"不能", "能"), (r"不会", "会"), (r"不是", "是"), (r"可以", "不可以"),
    (r"\b(is|are|was|were) not\b", r"\1"),
    (r"\b(is|are|was|were|will|has|have)\b(?! not)", r"\1 not"),
)  # fmt: skip


def _other_number(number: str, chance: random.Random) -> str:
    changed = number
    while changed == number:
        at = chance.randrange(len(number))
        if number[at] == ".":
            continue
        digit = chance.choice("123456789")
        changed = chance.choice((number[:at] + digit + number[at + 1 :], number[:at] + digit + number[at:]))
    return changed


def _other_count(number: str, chance: random.Random) -> str:
    return chance.choice([each for each in ("三", "七", "十二", "五十", "九百") if each != number])


def _retweeted(text: str, chance: random.Random) -> str:
    return f"RT @{_name(chance)}: {text}"


def _chained(text: str, chance: random.Random) -> str:
    return f"//@{_name(chance)}:{text}"


def _with_link(text: str, chance: random.Random) -> str:
    return f"{text} https://t.co/{_name(chance)}"


def _with_other_link(text: str, chance: random.Random) -> str | None:
    return _LINK.sub(f"http://dlvr.it/{_name(chance)}", text) if _LINK.search(text) else None


def _truncated(text: str, chance: random.Random) -> str:
    return f"{text[: int(len(text) * chance.uniform(0.6, 0.85))]}…"


def _cut_at_140(text: str, chance: random.Random) -> str | None:
    retweet = _retweeted(text, chance)
    return f"{retweet[:139]}…" if len(retweet) > 140 else None


def _with_emoji(text: str, chance: random.Random) -> str:
    """Put emoji between words, or between Han characters."""
    borders = [found.end() for found in re.finditer(r"\s|[\u4e00-\u9fff](?=[\u4e00-\u9fff])", text)]
    at = chance.choice([0, *borders])
    return f"{text[:at]}{chance.choice('😂😭🔥🙏👇')}{text[at:]} {chance.choice('‼️😱💔')}"


def _repunctuated(text: str, chance: random.Random) -> str:
    marks = str.maketrans({",": ";", "，": " ", "。": "！", ".": "!", "?": "??", "？": "?!", "!": ".", "！": "。"})
    without_links = _LINK.split(text)
    links = [*_LINK.findall(text), ""]
    return "".join(
        _repoint(part, marks) + link for part, link in zip(without_links, links, strict=True)
    ) + chance.choice("!~")


def _repoint(part: str, marks: Mapping[int, Any]) -> str:
    return re.sub(r"(?<!\d)[,，。.?？!！]|[,，。.?？!！](?!\d)", lambda found: found.group().translate(marks), part)


def _full_width(text: str, chance: random.Random) -> str:
    parts = [
        part.translate({code: code + 0xFEE0 for code in range(0x30, 0x7B)}) for part in re.split(r"\S*[@/]\S*", text)
    ]
    links = [*re.findall(r"\S*[@/]\S*", text), ""]
    return "".join(part + link for part, link in zip(parts, links, strict=True))


def _other_script(text: str, chance: random.Random) -> str:
    return next((changed for each in ("s2t", "t2s") if (changed := _convert(each, text)) != text), text.upper())


def _convert(conversion: str, text: str) -> str:
    return str(_converter(conversion).convert(text))


@cache
def _converter(conversion: str) -> opencc.OpenCC:
    return opencc.OpenCC(conversion)


def _upper(text: str, chance: random.Random) -> str:
    return " ".join(word if "@" in word or "/" in word else word.upper() for word in text.split(" "))


def _with_hashtag(text: str, chance: random.Random) -> str:
    return f"{text} #{chance.choice(('热点', 'breaking', 'news', '新聞'))}"


def _with_comment(text: str, chance: random.Random) -> str | None:
    comment = chance.choice(_COMMENTS)
    return f"{comment} {text}" if len(text) >= 3 * len(comment) else None


def _zero_width(text: str, chance: random.Random) -> str:
    at = sorted(chance.sample(range(len(text)), 2))
    return f"{text[: at[0]]}\u200b{text[at[0] : at[1]]}\u2060{text[at[1] :]}"


def _typo(text: str, chance: random.Random) -> str | None:
    """Change one letter, but none of a number, of a link or of a negation."""
    taken = {
        at for found in re.finditer(r"\S*[@/\d]\S*|[不没无非未]|n't|\bnot?\b", text) for at in range(*found.span())
    }
    places = [at for at, char in enumerate(text) if char.isalpha() and at not in taken]
    if not places:
        return None
    at = chance.choice(places)
    return text[:at] + ("x" if text[at].isascii() else "的") + text[at + 1 :]


def _respaced(text: str, chance: random.Random) -> str:
    return "\n\n  " + text.replace(" ", "  ") + " \n"


def _name(chance: random.Random) -> str:
    return "".join(chance.choices("abcdefghijkmnopqrstuvwxyz0123456789", k=10))


Change = Callable[[str, random.Random], str | None]

CHANGES: Mapping[str, Change] = {
    "RT in front": _retweeted,
    "//@ in front": _chained,
    "link added": _with_link,
    "link changed": _with_other_link,
    "truncated": _truncated,
    "RT cut at 140": _cut_at_140,
    "emoji": _with_emoji,
    "punctuation": _repunctuated,
    "full width": _full_width,
    "other script": _other_script,
    "upper case": _upper,
    "hashtag": _with_hashtag,
    "comment in front": _with_comment,
    "zero width": _zero_width,
    "typo": _typo,
    "white space": _respaced,
}


DRESSINGS = (
    "RT in front",
    "//@ in front",
    "link added",
    "emoji",
    "punctuation",
    "other script",
    "zero width",
    "white space",
)


def _retweets(tweets: Sequence[Mapping[str, Any]]) -> Iterator[Pair]:
    """Yield real retweets with the tweet that they repeat or cut off, as their raw texts say."""
    plain = {row["text"].strip(): row["text"] for row in tweets if not row["text"].startswith("RT @")}
    by_start = defaultdict(list)
    for text in plain:
        by_start[text[:20]].append(text)
    for row in tweets:
        found = _RETWEET.fullmatch(row["text"])
        if not found or len(found[1]) < 30:
            continue
        body = found[1].strip()
        if body in plain:
            yield Pair("real retweet", plain[body], row["text"])
        elif body.endswith(("…", "...")):
            start = body.rstrip("….")
            yield from (Pair("real cut retweet", e, row["text"]) for e in by_start[body[:20]] if e.startswith(start))


class _Repost(NamedTuple):
    parent: str
    text: str


def _threads() -> Iterator[dict[str, _Repost]]:
    """Yield the reposts of a cascade by their ids."""
    threads: defaultdict[str, dict[str, _Repost]] = defaultdict(dict)
    for row in islice(_rows("posts/weibo_ced_reposts.jsonl.gz"), 150_000):
        threads[row["root"]][row["mid"]] = _Repost(row["parent"], row["text"])
    yield from threads.values()


def _passed_on(threads: Iterable[Mapping[str, _Repost]], most: int = 2000) -> Iterator[Pair]:
    """Yield reposts of real cascades as their platform shows them, with the repost that they pass on.

    The archive holds only what each added; what it passed on is put behind it. The passer-on must have said less.
    """
    for thread in threads:
        for repost in thread.values():
            parent = thread.get(repost.parent)
            if parent is None or most <= 0 or letters(parent.text) not in LETTERS or "@" in parent.text + repost.text:
                continue
            if letters(repost.text) * 2 < letters(parent.text):
                most -= 1
                yield Pair("repost chain", parent.text, f"{repost.text}//@{repost.parent}:{parent.text}")


def _same_event(tweets: Sequence[Mapping[str, Any]], most: int = 4000) -> Iterator[Pair]:
    """Yield different tweets of one event that read alike."""
    chance = random.Random(5)
    by_event = defaultdict(list)
    for row in tweets:
        by_event[row["event"]].append(row["text"])
    events = [texts for texts in by_event.values() if len(texts) > 200]
    for _ in range(1_500_000):
        one, other = chance.sample(chance.choice(events), 2)
        if most <= 0:
            return
        if _likeness(one, other) is not None:
            most -= 1
            yield Pair("same event", one, other)


def _same_thread(threads: Sequence[Mapping[str, _Repost]], most: int = 26_000) -> Iterator[Pair]:
    """Yield different comments of one cascade, without what they pass on; not those that differ in their dress only."""
    chance = random.Random(6)
    comments = [
        sorted({e.text for e in each.values() if "//@" not in e.text and len(e.text) >= 15}) for each in threads
    ]
    comments = [own for own in comments if len(own) > 1]
    seen: set[frozenset[str]] = set()
    for _ in range(most * 2):
        one, other = chance.sample(chance.choice(comments), 2)
        if len(seen) == most:
            return
        bare = bare_words(one), bare_words(other)
        is_said = min(map(len, bare)) >= SHORT.start
        if (
            not is_said
            or {one, other} in seen
            or difflib.SequenceMatcher(None, *bare, autojunk=False).ratio() > LIKENESS[1]
        ):
            continue
        seen.add(frozenset((one, other)))
        yield Pair("same thread", one, other)


def bare_words(text: str) -> str:
    """Return a text in small letters, without links, names, [emoticons] and marks."""
    plain = unicodedata.normalize("NFKC", _LINK_OR_NAME.sub("", re.sub(r"\[[^\]]{1,8}\]", "", text))).lower()
    return "".join(filter(str.isalnum, plain))


def _likeness(one: str, other: str) -> float | None:
    """Return the edit similarity where it is within LIKENESS; most pairs are ruled out cheaply."""
    if len(set(one.split()) & set(other.split())) < 3:
        return None
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < LIKENESS[0] or matcher.quick_ratio() < LIKENESS[0]:
        return None
    ratio = matcher.ratio()
    return ratio if LIKENESS[0] <= ratio <= LIKENESS[1] else None


def _judged(rows: Iterable[Mapping[str, Any]], label: str) -> list[Pair]:
    kind = "judged the same" if label == "1" else "judged different"
    return [Pair(kind, row["a"], row["b"]) for row in rows if row["label"] == label and row["a"] != row["b"]]


def _rows(name: str) -> Iterator[dict[str, Any]]:
    return _read(data_path(name))


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _order(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
