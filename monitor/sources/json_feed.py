"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), which feedparser does not read."""

import html
from datetime import UTC, datetime
from typing import Any

import msgspec

from monitor.sources.feed import Feed, FeedEntry, NotAFeed
from monitor.sources.surrogates import repair

_VERSION = ("https://jsonfeed.org/version/1", "http://jsonfeed.org/version/1")


def read(body: bytes, limit: int) -> Feed:
    """Return the items of a JSON Feed, at most `limit`; raise NotAFeed for any other JSON."""
    document = _decoded(body)
    if not isinstance(document, dict) or not str(document.get("version", "")).startswith(_VERSION):
        raise NotAFeed("the answer is JSON, but no JSON Feed")
    items = document.get("items")
    if not isinstance(items, list):
        raise NotAFeed("the JSON Feed has no list of items")
    found = [item for item in items if isinstance(item, dict)]
    language = _text(document.get("language"))
    return Feed(entries=tuple(_entry(item, language) for item in found[:limit]), count=len(items))


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(repair(body.removeprefix(b"\xef\xbb\xbf")))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise NotAFeed("the answer begins like JSON, but is broken") from e


def _entry(item: dict[str, Any], language: str | None) -> FeedEntry:
    text = html.escape(_text(item.get("content_text")) or "", quote=False).replace("\n", "<br>")
    summary = html.escape(_text(item.get("summary")) or "", quote=False)
    return FeedEntry(
        id=_text(item.get("id")),
        link=_text(item.get("url")) or _text(item.get("external_url")),
        title=html.escape(_text(item.get("title")) or "", quote=False),
        content=_text(item.get("content_html")) or text or summary,
        author=_author(item),
        published=_epoch(item.get("date_published")),
        updated=_epoch(item.get("date_modified")),
        language=_text(item.get("language")) or language,
    )


def _author(item: dict[str, Any]) -> str | None:
    """Return the first author's name: `authors` in 1.1, `author` in 1.0."""
    authors = item.get("authors")
    candidates = [*(authors if isinstance(authors, list) else []), item.get("author")]
    return next((name for a in candidates if isinstance(a, dict) and (name := _text(a.get("name")))), None)


def _text(value: object) -> str | None:
    # 1.1 says that an id given as a number is to be read as text.
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return value.strip() or None if isinstance(value, str) else None


def _epoch(value: object) -> int | None:
    try:
        moment = datetime.fromisoformat(str(value))
        return int(moment.timestamp() if moment.tzinfo else moment.replace(tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):
        return None
