"""Whole archives by the command line: real ones against a count by hand, invented ones in every bad shape."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.data import data_path
from tests.integration import counted_by_hand as by_hand
from tests.integration.counted_by_hand import Counted, Row, Wanted
from tests.integration.product import Product

TOPICS = {
    "quake": Wanted(any=("地震", "earthquake", "earthquakes")),
    "rail": Wanted(any=("高铁", "高鐵", "铁路", "鐵路", "railway"), none=("上海",)),
    "truth": Wanted(any=("真相", "truth"), all=(("中国", "中國"),)),
    "phones": Wanted(any=("iphone", "ipad"), none=("twitter",)),
    "law": Wanted(any=("法律", "律师", "律師", "lawyer"), none=("微博",)),
}


class Real(NamedTuple):
    """A real archive: its map for the product, and the same for the count by hand."""

    file: str
    mapping: str
    fields: Mapping[str, str]
    lines: int


TWEETS = Real(
    "posts/tweets_zh_hant_hk.jsonl.gz",
    "author=user.screen_name",
    {"id": "id", "time": "created_at", "account": "user.screen_name"},
    65_325,
)
REPOSTS = Real(
    "posts/weibo_ced_reposts.jsonl.gz",
    "id=mid,created_at=date,author=uid",
    {"id": "mid", "time": "date", "account": "uid"},
    636_381,
)


@pytest.fixture
def product(tmp_path: Path) -> Product:
    """Return the product with the topics above."""
    product = Product(tmp_path / "product")
    product.write_topics("\n".join(table_of(name, wanted) for name, wanted in TOPICS.items()))
    return product


def table_of(name: str, wanted: Wanted) -> str:
    """Return a topic that asks for each spelling as it is written."""
    sought = (" OR ".join(f"={word}" for word in words) for words in (wanted.any, *wanted.all))
    query = " ".join((*(f"({words})" for words in sought), *(f"-={word}" for word in wanted.none)))
    return f'[topics.{name}]\ntitle = "{name}"\nsources = ["hackernews"]\nquery = "{query}"'


def replayed(product: Product, *arguments: str) -> tuple[dict[str, dict[str, Any]], str]:
    """Run a command with --json; return its records by topic, and what it said beside them."""
    ended = product.run(*arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    records = [json.loads(line) for line in ended.stdout.splitlines()]
    return {record["topic"]: record for record in records}, ended.stderr


@pytest.mark.parametrize("real", [TWEETS, REPOSTS], ids=["tweets", "reposts"])
def test_a_replay_agrees_with_a_count_by_hand(real: Real, product: Product) -> None:
    path = data_path(real.file)

    records, said = replayed(product, "replay", str(path), "--map", real.mapping)

    counted = by_hand.count(path, real.fields, TOPICS)
    assert counted.readable + counted.unreadable == real.lines
    assert_lines_accounted_for(said, counted)
    assert list(records) == list(TOPICS)
    for name, record in records.items():
        assert len(counted.rows[name]) > 0, f"{name} tests nothing on {real.file}"
        assert_same_posts(record, counted.rows[name], counted)
        assert_same_places(record, counted.rows[name], TOPICS[name])
        assert_items_quote_the_archive(record, counted.rows[name])
    quotes = [item["quote"] for record in records.values() for item in record["items"]]
    assert len([quote for quote in quotes if quote]) >= 3


def test_the_busiest_day_agrees_with_a_count_by_hand(product: Product) -> None:
    path = data_path(TWEETS.file)

    records, _ = replayed(product, "demo", "--archive", str(path), "--map", TWEETS.mapping)

    counted = by_hand.count(path, TWEETS.fields, TOPICS)
    for name, record in records.items():
        rows = counted.rows[name]
        start = by_hand.busiest_start([row.time for row in rows.values()], counted.first, counted.last)
        inside = {id_: row for id_, row in rows.items() if start <= row.time < start + timedelta(days=1)}
        assert (record["start"], record["end"]) == (start.isoformat(), (start + timedelta(days=1)).isoformat())
        assert {seen["id"] for seen in record["mentions"]} <= inside.keys()
        assert record["count"] == len(inside) == len(record["mentions"]) + record["hidden"]
        assert_usual_is_the_median(record, rows, start)


def assert_lines_accounted_for(said: str, counted: Counted) -> None:
    assert f"{counted.readable:,} posts, {counted.first:%Y-%m-%d %H:%M} to {counted.last:%Y-%m-%d %H:%M} UTC" in said
    skipped = re.search(r"([\d,]+) lines? not readable", said)
    assert (int(skipped[1].replace(",", "")) if skipped else 0) == counted.unreadable
    matched = re.search(r"([\d,]+) matched", said)
    assert matched is not None
    assert int(matched[1].replace(",", "")) == sum(map(len, counted.rows.values()))


def assert_same_posts(record: Mapping[str, Any], rows: Mapping[str, Row], counted: Counted) -> None:
    seen = {mention["id"]: datetime.fromisoformat(mention["time"]) for mention in record["mentions"]}
    hour = timedelta(hours=1)
    begin, end = (time.replace(minute=0, second=0) for time in (counted.first, counted.last))
    # Posts that could expose somebody are counted and not listed.
    assert len(seen) == len(record["mentions"]) == record["count"] - record["hidden"]
    assert record["count"] == len(rows)
    assert seen == {id_: row.time for id_, row in rows.items() if id_ in seen}
    assert record["accounts"] == len({row.account for row in rows.values()})
    assert (record["start"], record["end"]) == (begin.isoformat(), (end + hour).isoformat())
    assert f"{record['count']:,} post" in record["text"]


def assert_same_places(record: Mapping[str, Any], rows: Mapping[str, Row], wanted: Wanted) -> None:
    """Check where each keyword was found, and that it was counted under its own spelling."""
    for mention in record["mentions"]:
        text = rows[mention["id"]].text
        expected = sorted(by_hand.places(text, wanted))
        spans = [(span["start"], span["end"]) for term in mention["matched"] for span in term["spans"]]
        assert sorted(spans) == expected
        for term in mention["matched"]:
            written = {text[span["start"] : span["end"]].lower() for span in term["spans"]}
            assert term["term"] in wanted.spellings
            assert written == {term["term"]} or not written & set(configured(wanted)), "under its own spelling"


def configured(wanted: Wanted) -> tuple[str, ...]:
    return (*wanted.any, *(spelling for each in wanted.all for spelling in each))


def assert_items_quote_the_archive(record: Mapping[str, Any], rows: Mapping[str, Row]) -> None:
    wordings = Counter(by_hand.wording(row.text) for row in rows.values())
    for item in record["items"]:
        row = rows[item["id"]]
        is_whole, own = item["text"] == row.text, by_hand.wording(row.text)
        assert is_whole, "the text of an item is that of the archive"
        assert datetime.fromisoformat(item["time"]) == row.time
        # Posts with the very same words are copies; those that are none say something that reads otherwise.
        assert wordings[own] <= item["copies"] <= sum(wordings[each] for each in by_hand.alike(own, wordings))
        assert_exact_quote(item)


def assert_exact_quote(item: Mapping[str, Any]) -> None:
    place = item["start"], item["end"]
    if item["quote"] is None:
        assert place == (None, None)
        return
    is_inside = 0 <= place[0] < place[1] <= len(item["text"])
    is_slice = item["quote"] == item["text"][slice(*place)]
    assert is_inside, "offsets lie in the text"
    assert is_slice, "a quote is a slice"
    spans = [span for term in item["matched"] for span in term["spans"]]
    assert any(place[0] <= span["start"] < span["end"] <= place[1] for span in spans), "a quote shows a match"


def assert_usual_is_the_median(record: Mapping[str, Any], rows: Mapping[str, Row], start: datetime) -> None:
    """Check "usual" in an archive whose longest silence is three days: the median of four earlier days."""
    day = timedelta(days=1)
    earlier = [sum(start - n * day <= row.time < start - (n - 1) * day for row in rows.values()) for n in range(1, 29)]
    weekdays = sorted(earlier[6::7])
    assert record["usual"] == (weekdays[1] + weekdays[2]) / 2
