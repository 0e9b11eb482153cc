"""The real feeds, and what plain feedparser makes of them: the independent witness."""

import html
import re
import tarfile
from collections.abc import Iterator
from typing import NamedTuple

import feedparser

from tests.data import data_path

ARCHIVES = ("feeds/feedparser.tar.gz", "feeds/feedjira.tar.gz", "feeds/huginn.tar.gz")
HEADERS = {"content-type": "application/xml"}

_TAG = re.compile(r"<[^>]*(?:>|$)")
# No word of an address, which says nothing.
_WORD = re.compile(r"(?<![\w'’&;#@/-])(?<!\w\.)[A-Za-z]{4,}(?![\w'’@/-]|\.\w|:/)|[一-鿿]{2,}")


class Wanted(NamedTuple):
    """An entry as plain feedparser gives it, and a word of its text to find it by."""

    id: str
    link: str
    title: str
    word: str


def documents(*archives: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file of the archives."""
    for archive in archives or ARCHIVES:
        with tarfile.open(data_path(archive)) as files:
            for member in files:
                file = files.extractfile(member) if member.isfile() else None
                if file is not None:
                    yield member.name, file.read()


def wanted(body: bytes, location: str) -> list[Wanted]:
    """Return the entries that hold a word, each once, by feedparser alone."""
    parsed = feedparser.parse(body, response_headers=HEADERS | {"content-location": location})
    found = {}
    for entry in parsed.entries:
        word = _a_word(entry)
        if word is not None:
            each = Wanted(entry.get("id", ""), entry.get("link", ""), entry.get("title", ""), word)
            found.setdefault(each[:3], each)
    return list(found.values())


def _a_word(entry: feedparser.FeedParserDict) -> str | None:
    """Return the longest plain word of the title, or else of the content, or else of the summary."""
    bodies = entry.get("content", ())[:1] or [entry.get("summary_detail", {})]
    readable = [body.get("value", "") for body in bodies if "octet-stream" not in body.get("type", "")]
    for text in (entry.get("title", ""), *readable):
        words = _WORD.findall(html.unescape(_TAG.sub(" ", text)))
        if words:
            return max(words, key=len)
    return None
