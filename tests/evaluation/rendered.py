"""Digests of real posts and of naughty strings, rendered in every language, and judged without the product's help.

    python -m tests.evaluation.rendered --count 10000

Judges: Telegram's own library reads each message; quotes are sought in the posts as they were given; who wrote what is
known here, so that a name that is shown is seen. Prints a line of JSON, and a sentence for each promise broken.
"""

import argparse
import gzip
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta, timezone
from typing import Any, NamedTuple

from monitor.digests.compose import Brief, compose
from monitor.digests.people import is_exposing
from monitor.digests.render import LONGEST, render
from monitor.models import Author, Count, Digest, Engagement, Mention, Message, PostKey, Span, TermHit, Trend
from monitor.saying import LANGUAGES, speaking
from tests.build import a_mention, a_topic
from tests.data import data_path
from tests.simulators.telegram_refusals import Breach
from tests.simulators.telegram_text import judge_text
from tests.unit.digests.cases import WINDOW, read

SEED = 20260310
WORDS = ("的", "我", "中国", "香港", "了", "人", "the", "RT", "@", "http", "砸锅卖铁")
SOURCES = ("bluesky", "mastodon", "x", "reddit", "rss", "hackernews")
FILES = ("posts/tweets_zh_hans.jsonl.gz", "posts/tweets_zh_hant_hk.jsonl.gz", "posts/weibo_ced_originals.jsonl.gz")
ISOLATION = str.maketrans(dict.fromkeys("\u2066\u2067\u2068\u2069"))


class Written(NamedTuple):
    """A text and who wrote it."""

    text: str
    name: str
    handle: str


def real_posts() -> list[Written]:
    """Return the posts of the archives, and naughty strings with a keyword in them."""
    found = [each for name in FILES for each in _archive(name)]
    naughty = json.loads(data_path("suites/naughty_strings.json").read_text(encoding="utf-8"))
    found += [Written(f"砸锅卖铁 {each}", each[:40], f"{each[:20]}") for each in naughty if each]
    return found


def _archive(name: str) -> Iterator[Written]:
    with gzip.open(data_path(name), "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            user = record.get("user") or {}
            yield Written(record["text"], str(user.get("name", "")), str(user.get("screen_name", "")))


def digests(posts: Sequence[Written], count: int, seed: int = SEED) -> Iterator[tuple[Digest, dict[PostKey, Written]]]:
    """Yield digests of some posts with one word in them, each with the posts as they were given."""
    by_word = {word: [each for each in posts if word in each.text] for word in WORDS}
    chance = random.Random(seed)
    for number in range(count):
        word = chance.choice([each for each in WORDS if by_word[each]])
        chosen = chance.sample(by_word[word], min(len(by_word[word]), chance.randint(3, 25)))
        mentions = [_mention(each, place, word, chance) for place, each in enumerate(chosen)]
        topic = a_topic(name="real", title=chance.choice((word, chosen[0].text[:50] or word)))
        brief = Brief(topic=topic, window=WINDOW, chat=str(number))
        statuses = read("bluesky:a", "rss:https://news.example/f")
        made = compose(brief, mentions, {}, _trend(mentions, chance), statuses, others=chance.choice((0, 0, 3)))
        yield made, {each.post.key: said for each, said in zip(mentions, chosen, strict=True)}


def _mention(said: Written, place: int, word: str, chance: random.Random) -> Mention:
    start = said.text.index(word)
    source = chance.choice(SOURCES)
    at = WINDOW.start + timedelta(minutes=chance.randrange(24 * 60))
    post: dict[str, Any] = {
        "key": PostKey(source, str(place)),
        "url": chance.choice((f"https://{source}.example/{place}", f"https://{source}.example/{place}", None)),
        "text": said.text,
        "created_at": at,
        "observed_at": at,
        "author": Author(id=f"h{place}", name=said.name or None, handle=said.handle or None),
        "engagement": Engagement(likes=chance.randrange(5000)),
        "links": chance.choice(((), ("https://news.example/a",))),
    }
    language, script = chance.choice((("zh-Hans", "Hans"), ("zh-Hant", "Hant"), ("en", "Latn"), ("und", None)))
    hit = TermHit(term=word, spans=(Span(start, start + len(word)),))
    return a_mention(str(place), post=post, terms=(hit,), language=language, script=script)


def _trend(mentions: Sequence[Mention], chance: random.Random) -> Trend:
    languages = Counter(each.language for each in mentions)
    count = chance.choice((len(mentions), len(mentions), 12_345))
    expected = chance.choice((None, 0.4, 12.0, 133.0))
    return Trend(
        topic="real",
        window=WINDOW,
        count=count,
        accounts=len(mentions),
        expected=expected,
        ratio=None if expected is None or expected < 1 else count / expected,
        platforms=(Count("bluesky", count), Count("rss", 1)),
        languages=tuple(Count(*pair) for pair in languages.most_common()),
    )


def faults(digest: Digest, message: Message, given: dict[PostKey, Written]) -> Iterator[str]:
    """Yield what is wrong with a message."""
    entities = [
        {"type": each.type, "offset": each.offset, "length": each.length} | ({"url": each.url} if each.url else {})
        for each in message.entities
    ]
    try:
        judge_text(message.text, entities)
    except Breach as e:
        yield f"refused: {e}"
    units = message.text.encode("utf-16-le")
    if len(units) // 2 > LONGEST:
        yield "longer than a digest may be"
    quotes = [_cut(units, each.offset, each.length) for each in message.entities if each.type == "blockquote"]
    texts = [said.text for said in given.values()]
    for quote in quotes:
        shown = quote.strip("…").translate(ISOLATION)
        if not any(shown in text.translate(ISOLATION) for text in texts):
            yield f"not a slice: {shown!r}"
    for each in digest.reactions:
        if is_exposing(given[each.mention.post.key].text):
            yield "class C is shown"
    yield from _named(message, digest, given)


def _named(message: Message, digest: Digest, given: dict[PostKey, Written]) -> Iterator[str]:
    """Yield who is named beside a quote: nobody here is listed, so nobody may be."""
    units = message.text.encode("utf-16-le")
    links = [each for each in message.entities if each.type == "text_link"]
    for each in message.quotes:
        if any(e.offset <= each.offset and each.offset + each.length <= e.offset + e.length for e in links):
            continue  # the title of a link
        lines = _cut(units, each.offset, each.length).translate(ISOLATION).split("\n")
        origin = lines[-1]
        said = given[each.key]
        if any(len(name) > 3 and name in origin for name in (said.name, said.handle)):
            yield f"class B is named: {origin!r}"
    if any(each.name for each in digest.reactions):
        yield "class B has a name"


def _cut(units: bytes, offset: int, length: int) -> str:
    return units[2 * offset : 2 * (offset + length)].decode("utf-16-le")


def measure(count: int) -> tuple[dict[str, int], list[str]]:
    """Render digests, each in one of the languages; return the tally and what was broken."""
    posts, languages = real_posts(), list(LANGUAGES)
    broken: list[str] = []
    tally: Counter[str] = Counter(digests=0, quotes=0, hidden=0)
    zone = timezone(timedelta(hours=8))
    for number, (digest, given) in enumerate(digests(posts, count)):
        with speaking(languages[number % len(languages)]):
            message = render(digest, "1", zone)
        tally.update(digests=1, hidden=digest.hidden, quotes=sum(e.type == "blockquote" for e in message.entities))
        broken += [f"digest {number}: {fault}" for fault in faults(digest, message, given)]
    return dict(tally) | {"broken": len(broken)}, broken


def main() -> None:
    """Print the figure; exit with 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=10_000)
    tally, broken = measure(parser.parse_args().count)
    print(json.dumps({"name": "digests of real posts"} | tally))
    for each in broken[:20]:
        print(each, file=sys.stderr)
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
