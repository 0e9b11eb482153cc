"""Real, distinct posts for the benchmark, mixed from several archives and written as lines of one form.

Personal data: read in place, kept in memory, printed nowhere.
"""

import gzip
import json
import random
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import opencc
import rjieba

from tests.benchmarks.hundred import KEYWORDS
from tests.data import data_path
from tests.integration.counted_by_hand import spoken

SEED = 20240501


class Share(NamedTuple):
    """How many posts an archive gives, and where its records keep what a post needs."""

    file: str
    label: str
    posts: int
    fields: Mapping[str, str]


_TWITTER = {"id": "id", "text": "text", "created_at": "created_at", "author": "user.screen_name"}
SHARES = (
    Share("posts/tweets_zh_hant_hk.jsonl.gz", "zh-Hant", 7_500, _TWITTER),
    Share("posts/tweets_zh_hans.jsonl.gz", "zh-Hans", 500, _TWITTER),
    Share(
        "posts/weibo_ced_reposts.jsonl.gz",
        "zh-Hans (weibo)",
        6_000,
        {"id": "mid", "text": "text", "created_at": "date", "author": "uid"},
    ),
    Share("posts/crisis_events.jsonl.gz", "en", 6_000, {"id": "id", "text": "text", "created_at": "ts"}),
)


class Corpus(NamedTuple):
    """Lines of the archive form, the ids of all posts, and of those that hold a keyword, as this module judges."""

    lines: list[bytes]
    ids: list[str]
    matched: frozenset[str]
    mix: dict[str, int]


def every_post_matched(scale: float = 1.0) -> Corpus:
    """Return posts that each hold a keyword beyond doubt."""
    return _mixed([_taken(share, int(share.posts * scale), _holds_keyword) for share in SHARES])


def firehose(posts: int, matched_in: int = 100) -> Corpus:
    """Return posts of which one in `matched_in` holds a keyword, and the others none, however it is looked for."""
    kept = []
    for share in SHARES:
        wanted = posts * share.posts // sum(each.posts for each in SHARES)
        hits = wanted // matched_in
        kept.append(_taken(share, hits, _holds_keyword))
        kept.append(_taken(share, wanted - hits, _holds_none))
    return _mixed(kept)


def corpus_of(posts: Sequence[Mapping[str, Any]]) -> Corpus:
    """Return a corpus of posts that are at hand, all of which hold a keyword."""
    lines = [json.dumps(post, ensure_ascii=False).encode() for post in posts]
    ids = [str(post["id"]) for post in posts]
    return Corpus(lines, ids, frozenset(ids), {"given": len(posts)})


class _Taken(NamedTuple):
    label: str
    is_match: bool
    posts: list[dict[str, Any]]


def _taken(share: Share, wanted: int, rule: Any) -> _Taken:
    chosen = (post for post in posts_of(share) if rule(post["text"]))
    posts = list(islice(chosen, wanted))
    assert len(posts) == wanted, f"{share.file} has {len(posts)} such posts, {wanted} are asked for"
    return _Taken(share.label, rule is _holds_keyword, posts)


def _mixed(taken: Sequence[_Taken]) -> Corpus:
    """Shuffle, always alike, so that each stretch of the corpus has posts of all archives; drop equal texts."""
    distinct: dict[str, tuple[dict[str, Any], _Taken]] = {}
    for part in taken:
        for post in part.posts:
            distinct.setdefault(post["text"], (post, part))
    pairs = list(distinct.values())
    random.Random(SEED).shuffle(pairs)
    mix: dict[str, int] = {}
    for _, part in pairs:
        mix[part.label] = mix.get(part.label, 0) + 1
    return Corpus(
        lines=[json.dumps(post, ensure_ascii=False).encode() for post, _ in pairs],
        ids=[post["id"] for post, _ in pairs],
        matched=frozenset(post["id"] for post, part in pairs if part.is_match),
        mix=mix,
    )


def posts_of(share: Share, *, distinct: bool = True) -> Iterator[dict[str, Any]]:
    """Yield an archive's posts, each text once if so asked, in the form that `monitor replay` documents."""
    seen: set[str] = set()
    for record in _records(data_path(share.file)):
        text = record[share.fields["text"]]
        if not text.strip() or text in seen:
            continue
        if distinct:
            seen.add(text)
        post = {field: _at(record, path) for field, path in share.fields.items()}
        post["id"] = f"{share.label}/{post['id']}"
        yield post | {"url": f"https://posts.invalid/{post['id']}"}


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rb") as lines:
        for line in lines:
            yield json.loads(line)


def _at(record: Any, path: str) -> Any:
    for key in path.split("."):
        record = record[key]
    return record


def _holds_keyword(text: str) -> bool:
    """Tell whether a keyword stands in a text to the letter beyond doubt.

    Between clear borders where it is Latin, inside a word of jieba's where it is Chinese, and in no address or name.
    """
    found = _pattern().search(spoken(text))
    if found is None or found[0].isascii():
        return found is not None
    words = rjieba.cut(simplified(spoken(text)), False)
    return any(_any_simplified().search(word) is not None for word in words if len(word) > 1)


def _holds_none(text: str) -> bool:
    """Tell whether no keyword is there: neither inside a word, nor in another way of writing, form or region."""
    lowered = text.lower()
    if any(keyword in lowered for keyword in (*KEYWORDS, *_KIN)):
        return False
    # Whatever stands between Han characters may be there to hide a word.
    bare = re.sub(r"[^\w]+|_", "", simplified(text))
    return _pattern_simplified().search(bare) is None


@cache
def _pattern() -> re.Pattern[str]:
    return _any_of(KEYWORDS)


@cache
def _pattern_simplified() -> re.Pattern[str]:
    return _any_of([keyword for keyword in _simplified_keywords() if not keyword.isascii()])


@cache
def _any_simplified() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(_simplified_keywords()))))


@cache
def _simplified_keywords() -> frozenset[str]:
    """Return the keywords in simplified characters, and what the same things are called elsewhere."""
    # Building a converter takes longer than all that it converts here.
    ways = [opencc.OpenCC(way) for way in ("s2twp", "s2hkp", "tw2sp", "hk2sp", "t2jp")]
    regional = (way.convert(keyword) for keyword in KEYWORDS for way in ways)
    return frozenset(map(simplified, (*KEYWORDS, *regional)))


_KIN = ("person", "firing", "donat", "rescu", "pray", "explod", "victim", "smok", "polic", "bridg")
"""Beginnings of what English grammar makes of the Latin keywords, where it drops letters."""


def _any_of(keywords: Sequence[str]) -> re.Pattern[str]:
    latin = "|".join(keyword for keyword in keywords if keyword.isascii())
    other = "|".join(keyword for keyword in keywords if not keyword.isascii())
    # Clear borders: white space, ASCII punctuation or the end. What a letter of another script is, is left to others.
    border = r"[\s!-/:-@\[-^`{-~]"
    return re.compile(rf"{other}|(?:(?<={border})|(?<!.))(?:{latin})(?={border}|\Z)", re.IGNORECASE | re.DOTALL)


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def simplified(text: str) -> str:
    """Return the text in one way of writing, by means that are not the product's own folding."""
    visible = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return str(_converter().convert(visible))
