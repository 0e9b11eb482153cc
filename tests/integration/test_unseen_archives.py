"""Archives that nobody prepared, by the command line: hostile texts, broken lines, growing likes, any order."""

import gzip
import json
import random
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.cli import archive, commands
from tests.data import ROOT
from tests.integration.product import Product

START = datetime(2024, 5, 1, tzinfo=UTC)
KEYWORDS = ("砸锅卖铁", "smash pots and sell iron")
ASK = [part for keyword in KEYWORDS for part in ("--any", keyword)]

MATCHING = (
    "{n} 要砸锅卖铁,先砸谁的锅?",
    "{n} 砸鍋賣鐵也湊不出首付 🥲👨‍👩‍👧‍👦🇹🇼",
    "Smash pots and sell iron, said the {n} teapots.",
    "Ｓｍａｓｈ　Ｐｏｔｓ　ａｎｄ　Ｓｅｌｌ　Ｉｒｏｎ {n}",
    "砸\u200b锅\u2060卖\ufe0f铁 {n} with invisible seams",
    "يقولون {n} 砸锅卖铁 ثم يضحكون",
    "\u202eמי {n} ישלם? 砸锅卖铁\u202c",
    "<script>alert({n})</script> 砸锅卖铁 &amp; <b>iron</b>",
    "{n} z\u0351\u0310a\u0325\u034dl\u0320go 砸锅卖铁 \u0336\u0335\u0334",
    "\x1b[31m{n}\x00 砸锅卖铁 \x1b[0m\a",
    "line one {n}\r\n砸锅卖铁\u2028line two\u0085line three",
    "../../{n}/etc/passwd; DROP TABLE posts; -- 砸锅卖铁 %s {{0}} $(reboot)",
    "{n} " + "很长" * 2_000 + "砸锅卖铁" + "很长" * 2_000,
)
OTHERS = (
    "{n} 铁锅炖鱼的做法",
    "smash the teapot, sell a kettle {n}",
    "environmental ironing {n}",
    "砸锅 {n} 卖铁",
    "",
    "   ",
    "{n} 🫖",
    "يوم آخر {n}",
)
BROKEN = (
    b'{"id": "b1", "text": "\xe7\xa0\xb8',
    b'["id", "b2"]',
    b'"b3"',
    b"not json at all",
    b'\xff\xfe{"id": "b5", "text": "x"}',
    b'{"text": "no id"}',
    b'{"id": "b7"}',
    b'{"id": "b8", "text": 8}',
    b'{"id": "b9", "text": "x", "created_at": "yesterday"}',
    b'{"id": "b10", "text": "x", "created_at": true}',
)
IMPOSSIBLE = (
    b'{"id": "i1", "text": "smash pots and sell iron", "created_at": "0001-01-01T00:00:00Z"}',
    b'{"id": "i2", "text": "smash pots and sell iron", "created_at": "9999-12-31T23:59:59Z"}',
    b'{"id": "i3", "text": "smash pots and sell iron", "created_at": 0}',
)


class Invented(NamedTuple):
    """An archive and what must be told of it."""

    lines: list[bytes]
    dated: dict[str, str]
    undated: dict[str, str]
    posts: int


def invent(seed: int) -> Invented:
    """Return lines in the documented form, all within ten hours, shuffled; texts of the matching ones by id."""
    chance = random.Random(seed)
    dated, undated, lines = {}, {}, []
    for number in range(120):
        is_match = number % 3 == 0
        text = chance.choice(MATCHING if is_match else OTHERS).format(n=number)
        time = START + timedelta(minutes=5 * number)
        post = {"id": f"p{number}", "text": text, "author": f"kettle{number % 40}", "created_at": time.isoformat()}
        lines.append(as_line(chance, post))
        dated |= {post["id"]: text} if is_match else {}
    posts = len(lines)
    for number in range(4):
        undated[f"u{number}"] = f"undated {number}, 砸锅卖铁"
        lines.append(as_line(chance, {"id": f"u{number}", "text": undated[f"u{number}"]}))
    lines += [*BROKEN, *IMPOSSIBLE, b"", b"  \t"]
    chance.shuffle(lines)
    return Invented(lines, dated, undated, posts)


def as_line(chance: random.Random, post: dict[str, Any]) -> bytes:
    return json.dumps(post, ensure_ascii=chance.random() < 0.5).encode()


def write(path: Path, lines: Sequence[bytes], end: bytes = b"\n") -> Path:
    """Write an archive, packed when its name says so."""
    content = end.join(lines)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.fixture
def product(tmp_path: Path) -> Product:
    return Product(tmp_path / "product")


@pytest.mark.parametrize(("name", "end"), [("a.jsonl", b"\n"), ("a.jsonl.gz", b"\r\n"), ("a.txt", b"\r\n")])
def test_an_unseen_archive_is_told_exactly(name: str, end: bytes, product: Product, tmp_path: Path) -> None:
    invented = invent(seed=len(name))
    path = write(tmp_path / name, invented.lines, end)

    ended = product.run("demo", "--archive", str(path), *ASK, "--json")

    assert ended.returncode == 0, ended.stderr
    (record,) = map(json.loads, ended.stdout.splitlines())
    assert {mention["id"] for mention in record["mentions"]} == invented.dated.keys()
    assert record["count"] == len(record["mentions"]) == len(invented.dated)
    assert record["accounts"] == len({int(id_[1:]) % 40 for id_ in invented.dated})
    assert_items_are_slices(record, invented.dated)
    assert f"{invented.posts:,} posts, 2024-05-01 00:00 to 2024-05-01 09:55 UTC" in ended.stderr
    assert f"{len(BROKEN)} lines not readable" in ended.stderr
    assert f"{len(IMPOSSIBLE) + len(invented.undated)} posts left out: no time, or an impossible one" in ended.stderr
    assert f"{len(invented.dated)} matched" in ended.stderr


def test_posts_without_a_time_are_left_out_of_every_window_and_that_is_said(product: Product, tmp_path: Path) -> None:
    invented = invent(seed=7)
    path = write(tmp_path / "a.jsonl", invented.lines)

    ended = product.run("replay", str(path), *ASK, "--json")

    record = json.loads(ended.stdout)
    assert {mention["id"] for mention in record["mentions"]} == invented.dated.keys()
    assert "--map created_at=" in ended.stderr


def test_an_archive_without_any_time_says_how_to_name_it(product: Product, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [b'{"id": "1", "text": "smash pots", "date": "2024-05-01"}'])

    unmapped = product.run("replay", str(path), *ASK)
    mapped = product.run("replay", str(path), *ASK, "--map", "created_at=date")

    assert unmapped.returncode == 2
    assert "--map created_at=" in unmapped.stderr
    assert mapped.returncode == 0, mapped.stderr


def test_a_terminal_gets_no_control_characters_from_posts(product: Product, tmp_path: Path) -> None:
    texts = [text.format(n="a teapot") for text in MATCHING if set(text) & set("\x1b\u202e\u2028")]
    posts = [
        {"id": str(number), "text": text, "author": str(number), "created_at": START.isoformat()}
        for number, text in enumerate(texts)
    ]
    path = write(tmp_path / "a.jsonl", [json.dumps(post).encode() for post in posts])

    ended = product.run("demo", "--archive", str(path), *ASK)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"#{KEYWORDS[0]}: {len(texts)} posts\n")
    assert "a teapot" in ended.stdout
    assert not [char for char in ended.stdout if unicodedata.category(char) == "Cc" and char != "\n"]
    assert not set(ended.stdout) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2028\u2029")


def test_the_sample_is_an_archive_like_any_other(product: Product) -> None:
    sample = ROOT / "monitor" / "samples" / "demo.jsonl"

    ended = product.run("demo", "--archive", str(sample), *ASK, "--json")

    record = json.loads(ended.stdout)
    texts = {post["id"]: post["text"] for post in map(json.loads, sample.read_text("utf-8").splitlines())}
    assert record["count"] > 100
    assert_items_are_slices(record, texts)


def test_engagement_is_told_as_it_was_known_when_the_window_ended(product: Product, tmp_path: Path) -> None:
    lines = [grown(hours=0, likes=2), grown(hours=9, likes=11), grown(hours=4, likes=5), grown(hours=30, likes=70)]
    path = write(tmp_path / "a.jsonl", [*lines, lines[1]])

    ended = product.run("replay", str(path), *ASK, "--window", "2024-05-01", "--json")

    record = json.loads(ended.stdout)
    (item,) = record["items"]
    assert record["count"] == 1
    assert item["engagement"] == [11, 22, None, None]
    assert item["gained"] == 11
    assert item["copies"] == 1


def grown(hours: int, likes: int) -> bytes:
    """Return a line of the one post, as it was seen some hours after it was written."""
    post = {"id": "grown", "text": "要砸锅卖铁,先砸谁的锅?", "created_at": START.isoformat()}
    observed = (START + timedelta(hours=hours)).isoformat()
    return json.dumps(post | {"observed_at": observed, "engagement": {"likes": likes, "reposts": 2 * likes}}).encode()


def assert_items_are_slices(record: dict[str, Any], texts: dict[str, str]) -> None:
    assert record["items"]
    for item in record["items"]:
        assert item["text"] == texts[item["id"]]
        if item["quote"] is not None:
            assert item["quote"] == item["text"][item["start"] : item["end"]]
            assert item["quote"]
    for mention in record["mentions"]:
        spans = [span for term in mention["matched"] for span in term["spans"]]
        assert spans
        assert all(0 <= span["start"] < span["end"] <= len(texts[mention["id"]]) for span in spans)


class Line(NamedTuple):
    """A post of the property test."""

    id: int
    minute: int
    account: int
    is_match: bool
    likes: int

    def written(self) -> bytes:
        text = f"砸锅卖铁 {self.id % 3}" if self.is_match else f"铁锅 {self.id}"
        time = (START + timedelta(minutes=self.minute)).isoformat()
        post = {"id": str(self.id), "text": text, "author": f"a{self.account}", "created_at": time}
        return json.dumps(post | {"engagement": {"likes": self.likes}}).encode()


ARCHIVES = st.lists(
    st.builds(
        Line,
        id=st.integers(0, 10**6),
        minute=st.integers(0, 60 * 24 * 9),
        account=st.integers(0, 5),
        is_match=st.booleans(),
        likes=st.integers(0, 99),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda line: line.id,
)


@pytest.fixture
def border(valkey_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder; replays within this process use the running store, in pages of a few posts."""
    monkeypatch.setattr(archive, "PAGE", 7)
    monkeypatch.setenv("MONITOR_REDIS_URL", valkey_url)
    monkeypatch.setenv("MONITOR_HOME", str(tmp_path))
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path))
    return tmp_path


def told(folder: Path, lines: Sequence[Line], window: str) -> dict[str, Any]:
    path = write(folder / "a.jsonl", [line.written() for line in lines])
    ended = CliRunner().invoke(commands, ["replay", str(path), *ASK, "--window", window, "--json"])
    assert ended.exit_code == 0, ended.output
    record: dict[str, Any] = json.loads(ended.stdout)
    return record


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=ARCHIVES, chance=st.randoms(use_true_random=False), window=st.sampled_from(["all", "busiest"]))
def test_neither_the_order_of_lines_nor_repeats_change_what_is_told(
    border: Path, lines: list[Line], chance: random.Random, window: str
) -> None:
    shuffled = chance.sample(lines, len(lines))
    doubled = chance.sample(lines * 2, 2 * len(lines))

    first = told(border, lines, window)

    assert told(border, shuffled, window) == first
    assert told(border, doubled, window) == first
    assert first["count"] == len(first["mentions"])
    if window == "all":
        assert {mention["id"] for mention in first["mentions"]} == {str(line.id) for line in lines if line.is_match}
        assert first["accounts"] == len({line.account for line in lines if line.is_match})
