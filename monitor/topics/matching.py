"""Which topics a post belongs to: one automaton for the keywords of all of them.

text ─fold─► automaton ─no hit: the end of most posts
                 └─► borders of words and characters ─► each topic's own rule ─► spans in the original text
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import ahocorasick_rs

from monitor.errors import QueryError
from monitor.models import Span, TermHit, Topic
from monitor.text.folding import Folded, fold, fold_with_offsets, is_invisible
from monitor.text.graphemes import is_boundary
from monitor.text.words import is_word_border
from monitor.topics import query
from monitor.topics.query import Term
from monitor.topics.rule import node_of


class TopicMatch(NamedTuple):
    """A topic that a post belongs to, and the keywords that speak for it, as configured, in the order configured."""

    topic: str
    terms: tuple[TermHit, ...]


class _Rule(NamedTuple):
    """A topic's query, and its keywords by what they fold to; `order` numbers those that speak for a post.

    A topic may have hundreds of keywords and a post holds one or two: what is done per post goes by the latter.
    """

    topic: str
    node: query.Node
    is_any_enough: bool
    order: dict[str, int]
    terms_by_folded: dict[str, list[str]]


class _Hit(NamedTuple):
    """A folded keyword found, in code points of the folded text."""

    keyword: str
    start: int
    end: int


class Matcher:
    """Matches posts against all topics at once. Immutable and safe to share between threads."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        """Build the automaton. Raises QueryError for a topic that looks for nothing, or for an invisible keyword."""
        self._rules = tuple(map(_rule, topics))
        self._keywords = tuple(dict.fromkeys(word for rule in self._rules for word in rule.terms_by_folded))
        self._rules_by_keyword = _by_keyword(self._rules)
        self._automaton = ahocorasick_rs.AhoCorasick(self._keywords)

    def match(self, text: str) -> list[TopicMatch]:
        """Return the topics that a text belongs to, in the order configured; never raises, whatever the text.

        Keywords match folded text, between word borders where their own edge is a letter of a script with spaces, and
        never a part of an original character or combining sequence. Takes time linear in the text and its hits.
        """
        folded = fold(text)
        found = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        if not found:
            return []
        hits = [_Hit(self._keywords[number], start, end) for number, start, end in found]
        hits = [hit for hit in hits if is_word_border(folded, hit.start) and is_word_border(folded, hit.end)]
        if not any(hit.keyword in self._rules_by_keyword for hit in hits):
            return []
        return self._judge(text, _spans_by_keyword(text, fold_with_offsets(text), hits))

    def _judge(self, text: str, spans_by_keyword: Mapping[str, Sequence[Span]]) -> list[TopicMatch]:
        numbers = sorted({number for word in spans_by_keyword for number in self._rules_by_keyword.get(word, ())})
        judged = (_match(self._rules[number], text, spans_by_keyword) for number in numbers)
        return [match for match in judged if match is not None]


def is_keyword_invisible(keyword: str) -> bool:
    """Tell whether a keyword folds to nothing, so that it could never be found."""
    return not fold(keyword)


def _rule(topic: Topic) -> _Rule:
    node = node_of(topic)
    terms_by_folded: dict[str, list[str]] = defaultdict(list)
    for term in _texts(query.leaves(node)):
        if is_keyword_invisible(term):
            raise QueryError(f'topic "{topic.name}": a keyword holds no visible character', 1)
        terms_by_folded[fold(term)].append(term)
    order = {term: number for number, term in enumerate(_texts(query.sought_leaves(node)))}
    return _Rule(topic.name, node, query.is_any_enough(node), order, dict(terms_by_folded))


def _texts(leaves: Iterable[query.Leaf]) -> list[str]:
    return [leaf.text for leaf in leaves if isinstance(leaf, Term)]


def _by_keyword(rules: Sequence[_Rule]) -> dict[str, list[int]]:
    """Return, for each keyword that speaks for a post, the rules to ask."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, rule in enumerate(rules):
        for keyword in dict.fromkeys(map(fold, rule.order)):
            numbers[keyword].append(number)
    return dict(numbers)


def _spans_by_keyword(text: str, folded: Folded, hits: Iterable[_Hit]) -> dict[str, list[Span]]:
    """Return where in the original each keyword stands, without those that would divide a character."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for hit in hits:
        if not (folded.is_border(hit.start) and folded.is_border(hit.end)):
            continue
        span = _with_invisible(text, folded.span(hit.start, hit.end))
        if is_boundary(text, span.start) and is_boundary(text, span.end):
            spans[hit.keyword].append(span)
    return dict(spans)


def _with_invisible(text: str, span: Span) -> Span:
    """Return the span with the variation selectors and the like that follow it: they belong to its last character."""
    end = span.end
    while end < len(text) and is_invisible(text[end]) and not is_boundary(text, end):
        end += 1
    return Span(span.start, end)


def _match(rule: _Rule, text: str, spans_by_keyword: Mapping[str, Sequence[Span]]) -> TopicMatch | None:
    present = _present(rule, spans_by_keyword)
    if not rule.is_any_enough and not query.holds(
        rule.node, lambda leaf: isinstance(leaf, Term) and leaf.text in present
    ):
        return None
    spans_by_term = _spans_by_term(rule, text, spans_by_keyword)
    terms = sorted(spans_by_term.keys() & rule.order.keys(), key=rule.order.__getitem__)
    return TopicMatch(rule.topic, tuple(TermHit(term=term, spans=spans_by_term[term]) for term in terms))


def _present(rule: _Rule, keywords: Iterable[str]) -> set[str]:
    return {term for word in keywords for term in rule.terms_by_folded.get(word, ())}


def _spans_by_term(
    rule: _Rule, text: str, spans_by_keyword: Mapping[str, Sequence[Span]]
) -> dict[str, tuple[Span, ...]]:
    """Give each span to the keyword written as the post writes it, else to the first that folds alike.

    So 砸锅卖铁 and 砸鍋賣鐵, which fold alike, can both be configured, and counts tell them apart.
    """
    spans: dict[str, list[Span]] = defaultdict(list)
    for word, found in spans_by_keyword.items():
        terms = rule.terms_by_folded.get(word, [])
        for span in found if terms else ():
            written = text[span.start : span.end]
            spans[written if written in terms else terms[0]].append(span)
    return {term: tuple(found) for term, found in spans.items()}
