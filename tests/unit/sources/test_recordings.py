"""Every recording is read by a test, or it is said why not; each recorded refusal is of a platform that is tried."""

import gzip
import json
import tarfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.sources.archive_line import LineReader, parse_map
from monitor.sources.x_lookup import accounts_of
from tests.data import ROOT, data_path

NOW = datetime(2026, 11, 30, tzinfo=UTC)
UNREAD = {
    "telegram_channel_preview.html": "no source reads Telegram's channels yet",
    "tweets_compliance.jsonl.gz": "batch compliance is not used: shown posts are looked up again",
    "users_compliance.jsonl.gz": "as above",
    "lists.jsonl.gz": "lists of accounts: topics are followed, not people",
}
TRIED = {"bluesky": 2, "mastodon": 26, "reddit": 35, "x": 16, "youtube": 3}
"""Recorded refusals by platform; each number is asserted beside the test that gives each its error."""


def recordings() -> list[Path]:
    found = data_path("recordings").rglob("*")
    return sorted(each for each in found if each.is_file() and each.name != "errors.jsonl")


def test_every_recording_is_read_or_left_with_a_reason() -> None:
    tests = "\n".join(each.read_text(encoding="utf-8") for each in (ROOT / "tests" / "unit" / "sources").glob("*.py"))
    unread = {each.name for each in recordings() if not _is_named(each, tests.replace(_own_reasons(), ""))}

    assert unread == {*UNREAD}


def _is_named(recording: Path, tests: str) -> bool:
    bare = recording.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix(".json")
    return recording.name in tests or (recording.parent.name == "x_twarc" and f'"{bare}"' in tests)


def _own_reasons() -> str:
    """Return the part of this file that names what is not read."""
    text = Path(__file__).read_text(encoding="utf-8")
    return text[text.index("UNREAD = {") : text.index("TRIED = {")]


def test_all_recorded_refusals_belong_to_platforms_that_are_tried() -> None:
    lines = data_path("recordings/errors.jsonl").read_text(encoding="utf-8").splitlines()
    platforms = [json.loads(line)["platform"] for line in lines]
    found = Counter(next(name for name in TRIED if name in _words(platform)) for platform in platforms)

    assert dict(found) == TRIED
    assert found.total() == 82


def _words(platform: str) -> str:
    return "x" if platform.lower().split()[0].split("_")[0] == "x" else platform.lower()


def test_recorded_accounts_of_x_are_read_as_they_stand_in_the_json() -> None:
    seen = 0
    for line in gzip.decompress(data_path("recordings/x_twarc/users.jsonl.gz").read_bytes()).splitlines():
        rows = json.loads(line)["data"]
        found = accounts_of(line)
        assert [(each.id, each.handle, each.name) for each in found] == [
            (row["id"], row["username"], row["name"]) for row in rows
        ]
        seen += len(rows)
    assert seen > 50


@pytest.mark.parametrize(("name", "field"), [("post_metas.json", "excerpt"), ("posts.json", "content.content")])
def test_posts_of_dcard_are_read_as_an_archive(name: str, field: str) -> None:
    inner = "content." if name == "posts.json" else ""
    mapping = (
        f"text={field},id={inner}id,created_at={inner}createdAt,likes={inner}likeCount,replies={inner}commentCount"
    )
    reader = LineReader(parse_map(mapping), "dcard")
    with tarfile.open(data_path("recordings/dcard.tar.gz")) as files:
        member = files.extractfile(f"./tests/_data/{name}")
        assert member is not None
        rows = json.loads(member.read())

    for row in rows:
        post = reader.post(json.dumps(row).encode(), NOW)

        said = row["content"] if name == "posts.json" else row
        assert post.key == ("dcard", str(said["id"]))
        assert post.text == said[field.rpartition(".")[2]]
        assert (post.engagement.likes, post.engagement.replies) == (said["likeCount"], said["commentCount"])
        assert post.created_at is not None
        assert f"{post.created_at:%Y-%m-%dT%H:%M:%S}" == said["createdAt"][:19]

    assert len(rows) == 30
