"""Keywords that stand in a text to the letter, between characters that settle where they end: most of all places.

    findings of the automaton ─┐
                               ├─ as many of both: they are the same ─► no way back to be made, no words to compare
    searched in the original ──┘

What is found in the original here is found by the automaton too, whatever stands around it. So where both found
equally many, they found the same, and it is known where each begins. All else is left to `accepting`, which says the
same of these places and takes about five times as long.
"""

import string
from collections.abc import Sequence

from monitor.models import Span
from monitor.text.graphemes import is_boundary
from monitor.topics.language.keyword import Keyword
from monitor.topics.matcher.accepting import Place
from monitor.topics.matcher.reading import Reading

_APART = frozenset((*string.punctuation, *" \t\n，。！？：；、（）【】《》「」“”‘’…", ""))
"""What, beside Han, parts a Latin word from all that is around it; nothing at the ends of a text."""


def literal_places(reading: Reading, keyword: Keyword, findings: Sequence[tuple[int, int]]) -> list[Place] | None:
    """Return where a keyword stands, of whose words these are the findings: start and end in the line, in order.

    None where some of them are not to the letter, and for keywords of which that cannot be told.
    """
    if keyword.literal is None or reading.written is not reading.text:
        return None
    spans = _spans(reading.text, keyword, len(findings))
    if spans is None:
        return None
    is_looked_around = keyword.is_han and not keyword.is_exact
    return [
        Place(span, _variant(reading.text, span, keyword))
        for span, (start, end) in zip(spans, findings, strict=True)
        if not (reading.is_quiet(span) or (is_looked_around and reading.is_chance(start, end)))
    ]


def _spans(text: str, keyword: Keyword, count: int) -> list[Span] | None:
    """Return where a keyword stands, None where it is not found so many times."""
    assert keyword.literal is not None, "asked of literal keywords only"
    if not keyword.is_han:
        spans = _latin_spans(text, keyword.literal)
    else:
        spans = _han_spans(text, keyword.literal)
        if len(spans) != count and not keyword.is_exact:
            spans = [
                span for each in keyword.in_any_script.finditer(text) if _is_whole(text, span := Span(*each.span()))
            ]
    return spans if len(spans) == count else None


def _han_spans(text: str, literal: str) -> list[Span]:
    spans: list[Span] = []
    start = text.find(literal)
    while start >= 0:
        span = Span(start, start + len(literal))
        if _is_whole(text, span):
            spans.append(span)
        start = text.find(literal, start + 1)
    return spans


def _is_whole(text: str, span: Span) -> bool:
    """Tell whether a reader sees neither more nor less than what is in the span."""
    return is_boundary(text, span.start) and is_boundary(text, span.end)


def _latin_spans(text: str, literal: str) -> list[Span]:
    """Return where Latin words, given in lower case, stand in any case, apart from what is around them."""
    lowered = text.lower()
    if len(lowered) != len(text):
        return []
    spans: list[Span] = []
    start = lowered.find(literal)
    while start >= 0:
        end = start + len(literal)
        if _is_apart(lowered[start - 1 : start]) and _is_apart(lowered[end : end + 1]):
            spans.append(Span(start, end))
        start = lowered.find(literal, start + 1)
    return spans


def _is_apart(char: str) -> bool:
    return char in _APART or "\u3400" <= char <= "\u9fff"


def _variant(text: str, span: Span, keyword: Keyword) -> str:
    """Name the way of writing in which a keyword of Han stands there; case is no variant."""
    return "script" if keyword.is_han and not text.startswith(keyword.text, span.start) else ""
