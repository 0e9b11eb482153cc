"""Exact excerpts: a slice of the original around a match, which a reader can find again letter by letter."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from monitor.models import Span
from monitor.text.graphemes import cluster_end, cluster_start
from monitor.text.words import is_word_border

LIMIT = 140
"""Characters (code points) of a quote at most."""

MAX_MARKS = 3
"""Combining marks on one character that are still writing; Vietnamese and Hebrew need no more."""

# What Telegram's own library removes or replaces (`clean_input_string` and `replace_offending_characters` in
# https://github.com/tdlib/td/blob/master/td/telegram/misc.cpp): control characters, U+2028 to U+202E, three marks, runs
# of U+200E and U+200F. Besides, bidi isolates, which would close those around a quote, and U+FEFF.
_ALTERED = re.compile(
    "[\u2028-\u202e\u2066-\u2069\ufeff\u030a\u0333\u033f\ud800-\udfff]|[\x00-\x09\x0b-\x1f\x7f-\x9f]|[\u200e\u200f]{2,}"
)
_TRIMMED = "\u200b\u2060"
_SENTENCE_END = re.compile(r"[。！？!?…；\n]+[”’」』》）)\"']*\s*|\.\s+")


class Excerpt(NamedTuple):
    """A quote and the match in it, as ranges of the original text; `cut` when the text goes on outside."""

    quote: Span
    match: Span
    cut: bool


def excerpt(text: str, spans: Sequence[Span], limit: int = LIMIT) -> Excerpt | None:
    """Return the slice to quote around the first match that can be quoted, None when there is none.

    The slice has at most `limit` code points, holds nothing that Telegram alters, divides nothing that a reader sees as
    one character, and neither begins nor ends with white space. It ends with a sentence or a word where it can.
    """
    found = (_around(text, span, limit) for span in sorted(spans))
    return next((one for one in found if one is not None), None)


def _around(text: str, span: Span, limit: int) -> Excerpt | None:
    match = _trim(text, Span(cluster_start(text, span.start), cluster_end(text, span.end)))
    if match.start >= match.end or match.end - match.start > limit:
        return None
    clean = _clean_range(text, match, limit)
    if clean is None:
        return None
    quote = _trim(text, _window(text, match, clean, limit))
    if not quote.start <= match.start < match.end <= quote.end:
        return None
    return Excerpt(quote, match, cut=quote != _trim(text, Span(0, len(text))))


def _clean_range(text: str, match: Span, limit: int) -> Span | None:
    """Return the widest range around the match, `limit` further each way at most, that is shown as it is."""
    start, end = max(0, match.start - limit), min(len(text), match.end + limit)
    for altered in _altered(text, Span(start, end)):
        if altered.end > match.start and altered.start < match.end:
            return None
        if altered.end <= match.start:
            start = max(start, altered.end)
        else:
            end = min(end, altered.start)
    clean = _trim(text, Span(cluster_end(text, start), cluster_start(text, end)))
    return clean if clean.start <= match.start and match.end <= clean.end else None


def _altered(text: str, span: Span) -> Iterable[Span]:
    """Yield what Telegram alters within a range: single characters, and marks piled too high, with their base."""
    for found in _ALTERED.finditer(text, span.start, span.end):
        yield Span(found.start(), found.end())
    marks = 0
    for index in range(span.start, span.end):
        marks = marks + 1 if unicodedata.category(text[index]) in ("Mn", "Me") else 0
        if marks > MAX_MARKS:
            yield Span(index, index + 1)


def _window(text: str, match: Span, clean: Span, limit: int) -> Span:
    """Return at most `limit` characters of the clean range: from the match's sentence on, and back if room is left."""
    if clean.end - clean.start <= limit:
        return clean
    start = _start(text, match, clean, limit)
    end = _end(text, match, Span(start, min(clean.end, start + limit)), is_last=start + limit >= clean.end)
    earliest = max(clean.start, end - limit)
    starts = [clean.start] if earliest == clean.start else _sentence_starts(text, Span(earliest, start))
    return Span(min([*starts, start]), end)


def _start(text: str, match: Span, clean: Span, limit: int) -> int:
    """Return where the match's sentence begins; when that is too far away, a word near the match."""
    room = limit - (match.end - match.start)
    earliest = max(clean.start, match.start - room)
    sentences = _sentence_starts(text, Span(earliest, match.start))
    if earliest == clean.start:
        sentences.append(clean.start)
    if sentences:
        return max(sentences)
    nearest = max(earliest, match.start - room // 2)
    borders = (index for index in range(nearest, match.start) if is_word_border(text, index))
    return min(cluster_end(text, next(borders, nearest)), match.start)


def _end(text: str, match: Span, window: Span, *, is_last: bool) -> int:
    """Return where to stop: the end of the text, of a sentence in the second half of the window, or of a word."""
    if is_last:
        return window.end
    half = (window.start + window.end) // 2
    sentences = _sentence_starts(text, Span(match.end, window.end))
    if sentences and max(sentences) > half:
        return max(sentences)
    borders = (index for index in range(window.end, max(half, match.end), -1) if is_word_border(text, index))
    return max(cluster_start(text, next(borders, window.end)), match.end)


def _sentence_starts(text: str, span: Span) -> list[int]:
    """Return the places of a range where a sentence has just ended, and no character is divided."""
    ends = (found.end() for found in _SENTENCE_END.finditer(text, span.start, span.end))
    return [index for index in ends if cluster_end(text, index) == index]


def _trim(text: str, span: Span) -> Span:
    start, end = span
    while start < end and _is_blank(text[start]):
        start = cluster_end(text, start + 1)
    while start < end and _is_blank(text[end - 1]):
        end = cluster_start(text, end - 1)
    return Span(start, max(start, end))


def _is_blank(char: str) -> bool:
    return char.isspace() or char in _TRIMMED
