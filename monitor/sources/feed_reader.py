"""A feed's bytes to plain records: RSS, Atom, RDF and CDF by feedparser, JSON Feed by json_feed.

Runs in the limited child (feed_child.py) for whatever came from the network. feedparser gets bytes and headers, never a
string: it would open an address or a path (feedparser issues #107, #559).
"""

import calendar
import html
import re
from collections.abc import Mapping
from typing import Any

import feedparser
import feedparser.encodings
import feedparser.sanitizer

from monitor.sources import json_feed
from monitor.sources.feed import Feed, FeedEntry, HasDtd, NotAFeed

MAX_ENTRIES = 5_000
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_TEXT_TYPES = _HTML_TYPES | {"text/plain", ""}
# https://web.resource.org/rss/1.0/modules/syndication/
_PERIODS = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_PROLOG = re.compile(rb"\s+|\xef\xbb\xbf|<!--.*?-->|<\?.*?\?>", re.DOTALL)
# Atomic, not possessive: early releases of Python 3.11 step back into a possessive group.
_DOCTYPE = re.compile(rb"<!DOCTYPE((?>(?:[^\[<>\"']|\"[^\"]*\"|'[^']*')*))(.)", re.DOTALL | re.IGNORECASE)
_HTML_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)", re.DOTALL | re.IGNORECASE)


def read_feed(body: bytes, headers: Mapping[str, str]) -> Feed:
    """Return the entries of a feed in document order, at most 5,000, with relative addresses resolved.

    `headers` are lower-cased; "content-location" is where the body came from. Raise NotAFeed, or HasDtd for a document
    type with declarations of its own (entity bombs and XXE live there; no feed needs one).
    """
    if not body.strip():
        raise NotAFeed("the answer is empty")
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}:
        return json_feed.read(body, MAX_ENTRIES)
    known = {"content-type": "application/xml"} | dict(headers)
    _refuse_dtd(body, known)
    parsed = feedparser.parse(body, response_headers=known)
    if not parsed.entries and not parsed.get("version"):
        raise NotAFeed("the answer is a web page, not a feed" if _HTML_PAGE.match(body) else "the answer is not a feed")
    return Feed(
        entries=tuple(_entry(entry, parsed.feed) for entry in parsed.entries[:MAX_ENTRIES]),
        count=len(parsed.entries),
        patience=_patience(parsed.feed),
    )


def _refuse_dtd(body: bytes, headers: dict[str, str]) -> None:
    """Refuse declarations in what feedparser will really hand to expat.

    That is its own conversion to UTF-8, so no encoding hides them, before and after its own cleaning, which removes
    some declarations and may uncover others.
    """
    converted = feedparser.encodings.convert_to_utf8(headers, body, {})
    _, cleaned, _ = feedparser.sanitizer.replace_doctype(converted)
    if _has_subset(converted) or _has_subset(cleaned):
        raise HasDtd("the feed brings a document type with declarations of its own, which are not accepted")


def _has_subset(document: bytes) -> bool:
    """Tell whether the prolog of an XML document holds a DOCTYPE with an internal subset."""
    place = 0
    while skipped := _PROLOG.match(document, place):
        place = skipped.end()
    doctype = _DOCTYPE.match(document, place)
    if doctype is None:
        # An unclosed comment or quote: expat will not find a subset, and neither shall anybody later.
        return document[place : place + 9].upper() == b"<!DOCTYPE"
    return doctype[2] != b">"


def _entry(entry: Any, feed: Any) -> FeedEntry:
    content = _content(entry)
    title = _detail(entry, "title")
    return FeedEntry(
        id=_text(entry.get("id")),
        link=_text(entry.get("link")),
        title=_as_html(title),
        content=_as_html(content),
        author=_text((entry.get("author_detail") or {}).get("name")) or _text(entry.get("author")),
        published=_epoch(dict.get(entry, "published_parsed")),
        updated=_epoch(dict.get(entry, "updated_parsed")),
        language=_text(content.get("language") or title.get("language") or feed.get("language")),
    )


def _content(entry: Any) -> Any:
    """Return the detail of the full text, else of the summary, else nothing."""
    details = [*entry.get("content", ()), _detail(entry, "summary")]
    texts = (d for d in details if d.get("type", "") in _TEXT_TYPES and (d.get("value") or "").strip())
    return next(texts, {})


def _detail(entry: Any, name: str) -> Any:
    """Return value, type and language of a text. feedparser's own detail may hold the value of a nested <image>."""
    return dict(entry.get(f"{name}_detail") or {}) | {"value": entry.get(name)}


def _as_html(detail: Any) -> str:
    value = detail.get("value") or ""
    if detail.get("type") in _HTML_TYPES:
        return str(value)
    return html.escape(str(value), quote=False).replace("\n", "<br>")


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _epoch(moment: Any) -> int | None:
    """Return seconds since 1970 of feedparser's UTC struct_time."""
    try:
        return calendar.timegm(moment)
    except (TypeError, ValueError, OverflowError):
        return None


def _patience(feed: Any) -> int | None:
    """Return the seconds that a feed wants between looks: <ttl> in minutes, or sy:updatePeriod ÷ updateFrequency."""
    wishes = [minutes * 60 for minutes in _numbers(feed.get("ttl"))]
    period = _PERIODS.get(str(feed.get("sy_updateperiod", "")).strip().lower())
    if period is not None:
        wishes.append(period // max(1, *_numbers(feed.get("sy_updatefrequency")), 1))
    return max(wishes, default=None)


def _numbers(text: Any) -> list[int]:
    digits = str(text).strip()
    return [int(digits)] if digits.isdecimal() and len(digits) < 9 else []
