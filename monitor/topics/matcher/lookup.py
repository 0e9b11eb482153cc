"""What is found otherwise than by words: patterns of RE2, and links by their hosts; each for all topics at once."""

from collections.abc import Iterable, Mapping, Sequence

import idna
import re2

from monitor.errors import QueryError
from monitor.models import Span
from monitor.text.urls import host, link_spans
from monitor.topics.language.query import Regex
from monitor.topics.matcher.regex import Pattern, compiled
from monitor.topics.values import Wrong

MAX_SPANS = 1000
"""Places of one pattern that are noted in one text."""

_MEMORY = 64 << 20
"""Bytes for the automaton of all patterns."""

_SURROGATES = dict.fromkeys(range(55296, 57344), "�")


class Regexes:
    """Patterns as one set: which of them a text holds is told in one pass, whatever their number. Immutable."""

    def __init__(self, leaves: Sequence[Regex], first: int) -> None:
        """Compile the patterns, numbered from `first` on. Raises QueryError for one that RE2 does not take."""
        self._first = first
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY
        self._patterns: list[Pattern] = [_compiled(leaf.pattern) for leaf in leaves]
        self._set = _set_of([leaf.pattern for leaf in leaves], options)

    def find(self, text: str) -> dict[int, tuple[Span, ...]]:
        """Return the patterns that a text holds, by number, and where; a place of no characters is none."""
        if not self._patterns:
            return {}
        # A half character has no UTF-8. What stands for it here is one code point too, so places stay.
        readable = text.translate(_SURROGATES) if not text.isascii() else text
        held = range(len(self._patterns)) if self._set is None else self._set.Match(readable) or ()
        found = ((number, self._spans(number, readable)) for number in held)
        return {self._first + number: spans for number, spans in found if spans}

    def _spans(self, number: int, text: str) -> tuple[Span, ...]:
        spans: list[Span] = []
        for found in self._patterns[number].finditer(text):
            start, end = found.span()
            if end > start:
                spans.append(Span(start, end))
            if len(spans) == MAX_SPANS:
                break
        return tuple(spans)


def domains_in(text: str, links: Iterable[str], wanted: Mapping[str, Sequence[int]]) -> dict[int, tuple[Span, ...]]:
    """Return the numbers of the wanted hosts, named in ASCII, that a post links to, and where in its text."""
    found: dict[int, list[Span]] = {}
    for link in links:
        for domain in _domains_of(link, wanted):
            found.setdefault(domain, [])
    for span in link_spans(text):
        for domain in _domains_of(text[span.start : span.end], wanted):
            found.setdefault(domain, []).append(span)
    return {domain: tuple(spans[:MAX_SPANS]) for domain, spans in found.items()}


def ascii_host(name: str) -> str:
    """Return a host's name in lower case and in ASCII, as DNS has it; what is no name stays as it is."""
    lowered = name.lower().rstrip(".")
    try:
        return lowered if lowered.isascii() else idna.encode(lowered, uts46=True).decode("ascii")
    except idna.IDNAError:
        return lowered


def _domains_of(link: str, wanted: Mapping[str, Sequence[int]]) -> Iterable[int]:
    labels = ascii_host(host(link) or "").split(".")
    for start in range(max(0, len(labels) - 8), len(labels)):
        yield from wanted.get(".".join(labels[start:]), ())


def _set_of(patterns: Sequence[str], options: re2.Options) -> re2.Set | None:
    """Return the patterns as one set; None where they are too many for one, and have to be asked one by one."""
    made = re2.Set.SearchSet(options)
    for pattern in patterns:
        made.Add(pattern)
    try:
        made.Compile()
    except re2.error:
        return None
    return made


def _compiled(pattern: str) -> Pattern:
    try:
        return compiled(pattern)
    except Wrong as wrong:
        raise QueryError(f"/{pattern}/: {wrong}", 1) from wrong
