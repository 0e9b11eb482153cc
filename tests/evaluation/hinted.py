"""Recorded posts of X, Mastodon and Bluesky with the language that the platform, or its user, says they are in."""

import gzip
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.data import data_path

_TAG = re.compile(r"<[^>]+>")


class Hinted(NamedTuple):
    """A post's text and the platform's hint."""

    text: str
    hint: str


def hinted_posts() -> list[Hinted]:
    """Return the distinct ones of all recordings, in the order in which they are first seen."""
    folder = data_path("recordings")
    files = sorted(
        (
            *folder.glob("x_*.gz"),
            *folder.glob("x_twarc/*.gz"),
            *folder.glob("mastodon*.gz"),
            *folder.glob("bluesky*.gz"),
        )
    )
    return list(dict.fromkeys(post for file in files for post in _posts_of_file(file)))


def _posts_of_file(file: Path) -> Iterator[Hinted]:
    for line in gzip.decompress(file.read_bytes()).splitlines():
        yield from _posts_in(_decoded(line.decode("utf-8", "replace")))


def _decoded(text: str) -> Any:
    """Return what a text holds as JSON, or None: bodies of replies are JSON in JSON, or HTML, or cut off."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _posts_in(value: Any) -> Iterator[Hinted]:
    if isinstance(value, dict):
        yield from _post_of(value)
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _posts_in(part)
    elif isinstance(value, str) and value[:1] in ("{", "["):
        yield from _posts_in(_decoded(value))


def _post_of(record: dict[str, Any]) -> Iterator[Hinted]:
    """Yield the post that a record of X ("lang"), Mastodon ("language") or Bluesky ("langs") is."""
    text = record.get("full_text") or record.get("text")
    if isinstance(text, str) and isinstance(record.get("lang"), str) and "id" in record:
        yield Hinted(text, record["lang"])
    if isinstance(text, str) and isinstance(record.get("langs"), list) and record["langs"]:
        yield Hinted(text, str(record["langs"][0]))
    content = record.get("content")
    if isinstance(content, str) and isinstance(record.get("language"), str) and "uri" in record:
        yield Hinted(html.unescape(_TAG.sub(" ", content)), record["language"])
