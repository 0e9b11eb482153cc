"""The labelled posts: labels name a text by its file and its hash, and the text is looked up where the data lies.

A row of a label file is JSON: `file` and `id` (or `text` itself), and what was asked and answered of it.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.data import data_path

TEXT_KEYS = ("text", "title", "titles", "a", "b")
"""Where the records of the test data hold what somebody wrote; `items` holds further records."""


def id_of(text: str) -> str:
    """Return the id of a text: the first 16 hexadecimal digits of the SHA-256 of its UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_records(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines, compressed or not."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.splitlines() if line.strip()]


def text_of(row: Mapping[str, Any]) -> str:
    """Return the text that a row is about. Skips, saying so, where the data is absent; a text that is not there is a
    KeyError: the data is another edition.
    """
    if "text" in row:
        return str(row["text"])
    return texts_by_id(row["file"])[row["id"]]


@cache
def texts_by_id(file: str) -> dict[str, str]:
    """Return every text of a file of the test data."""
    return {id_of(text): text for text in _texts(read_records(data_path(file)))}


def _texts(records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for record in records:
        for key in TEXT_KEYS:
            value = record.get(key, ())
            yield from [value] if isinstance(value, str) else value
        yield from _texts(record.get("items", ()))
