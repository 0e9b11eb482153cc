"""Which topics a post belongs to: one automaton for the keywords of all of them, and a Boolean pass for few.

text ─words─► lemmas ─automaton─► no hit: the end of most posts
                           └─► is it the keyword? (accepting.py) ─► topics with an anchor there ─► each one's query
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from monitor.errors import QueryError
from monitor.models import Post, Span, TermHit, Topic
from monitor.text.disguises import undisguised
from monitor.text.engines import UNDETERMINED
from monitor.text.normal import words_of
from monitor.topics.language import query
from monitor.topics.language.query import Domain, Leaf, Near, Node, Or, Regex, Tag, Term
from monitor.topics.matcher.accepting import Place
from monitor.topics.matcher.evidence import Evidence, Keywords
from monitor.topics.matcher.judging import NO_FACTS, Facts, Rarity, anchors_of, label_of, rarity_among, required
from monitor.topics.matcher.lookup import Regexes, ascii_host, domains_in
from monitor.topics.rule import node_of


class TopicMatch(NamedTuple):
    """A topic that a post belongs to, and the keywords that speak for it, as configured, in the order configured."""

    topic: str
    terms: tuple[TermHit, ...]


class Candidates(NamedTuple):
    """Topics that a post may belong to, by number, and what was found in it; their queries are still to be judged.

    Where any keyword is enough, nothing is: then `matches` says all, and what was read of the post need not be kept.
    """

    matches: Sequence[TopicMatch]
    rules: Sequence[int] = ()
    evidence: Evidence | None = None


class _Rule(NamedTuple):
    """A topic's query, and what speaks for a post: leaves by their number, with their place in the query and label.

    `is_certain`: any of them is enough. `required` are the numbers of leaves without which the query cannot hold, which
    is quickly seen.
    """

    topic: str
    node: Node
    sought: dict[int, tuple[int, str]]
    is_certain: bool
    required: frozenset[int]


def _no_facts() -> Facts:
    return NO_FACTS


class Matcher:
    """Matches posts against all topics at once. Immutable and safe to share between threads."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        """Build the automaton. Raises QueryError for a topic that looks for nothing, or for an invisible keyword."""
        nodes = [_node(topic) for topic in topics]
        leaves = dict.fromkeys(leaf for node in nodes for leaf in query.leaves(node))
        terms = [leaf for leaf in leaves if isinstance(leaf, Term | Tag)]
        regexes = [leaf for leaf in leaves if isinstance(leaf, Regex)]
        domains = [leaf for leaf in leaves if isinstance(leaf, Domain)]
        self._numbers: dict[Leaf, int] = {leaf: number for number, leaf in enumerate((*terms, *regexes, *domains))}
        self._regexes = Regexes(regexes, first=len(terms))
        self._domains = _by_host(domains, self._numbers)
        self._has_others = bool(regexes or domains)
        self._rules = tuple(_rule(topic, node, self._numbers) for topic, node in zip(topics, nodes, strict=True))
        self._rules_by_anchor = _by_anchor(self._rules, self._numbers, rarity_among(nodes))
        self._anchors = frozenset(self._rules_by_anchor)
        self._keywords = Keywords([_undisguised(leaf) for leaf in terms], self._anchors)

    def match(self, text: str, facts: Facts = NO_FACTS, language: str = UNDETERMINED) -> list[TopicMatch]:
        """Return the topics that a text belongs to, in the order configured; never raises, whatever the text.

        Takes time linear in the text and its hits.
        """
        candidates = self.find(text, lambda: facts)
        return [] if candidates is None else self.judge(candidates, language)

    def find(self, text: str, facts: Callable[[], Facts] = _no_facts) -> Candidates | None:
        """Return what is left to judge of a post, None for most: there is nothing in it that a topic looks for.

        Its facts are asked for where something needs them, which for most posts nothing does.
        """
        evidence = self._evidence(text, facts)
        return None if evidence is None else self._candidates(evidence)

    def find_all(self, texts: Sequence[str], facts: Sequence[Callable[[], Facts]]) -> list[Candidates | None]:
        """Return what is left to judge of each of many posts, as `find` does.

        First all are read, then all are looked at: so more of what either needs stays in the processor's cache.
        """
        evidence = [self._evidence(text, own) for text, own in zip(texts, facts, strict=True)]
        return [None if each is None else self._candidates(each) for each in evidence]

    def _evidence(self, text: str, facts: Callable[[], Facts]) -> Evidence | None:
        others = self._others(text, facts) if self._has_others else {}
        scan = self._keywords.scan(text, is_needed=bool(others))
        return None if scan is None else Evidence(self._keywords, scan, facts, others)

    def _candidates(self, evidence: Evidence) -> Candidates | None:
        present = evidence.numbers
        rules: set[int] = set()
        for number in present & self._anchors:
            possible = [rule for rule in self._rules_by_anchor[number] if self._rules[rule].required <= present]
            if possible and evidence.has(number):
                rules.update(possible)
        if not rules:
            return None
        ordered = sorted(rules)
        if all(self._rules[number].is_certain for number in ordered):
            return Candidates([self._matched(number, evidence) for number in ordered])
        return Candidates((), ordered, evidence)

    def judge(self, candidates: Candidates, language: str = UNDETERMINED) -> list[TopicMatch]:
        """Return the topics whose query holds of a post in this language."""
        evidence = candidates.evidence
        if evidence is None:
            return list(candidates.matches)
        return [
            self._matched(number, evidence)
            for number in candidates.rules
            if self._rules[number].is_certain
            or query.holds(self._rules[number].node, lambda leaf: self._holds(leaf, evidence, language))
        ]

    def _matched(self, number: int, evidence: Evidence) -> TopicMatch:
        rule = self._rules[number]
        return TopicMatch(rule.topic, _hits(rule, evidence))

    def _holds(self, leaf: Leaf | Near, evidence: Evidence, language: str) -> bool:
        if isinstance(leaf, Near):
            left, right = (self._numbers_of(side) for side in (leaf.left, leaf.right))
            return evidence.is_near(left, right, leaf.distance)
        number = self._numbers.get(leaf)
        return evidence.holds_plain(leaf, language) if number is None else evidence.has(number)

    def _numbers_of(self, side: Term | Or) -> list[int]:
        return [self._numbers[leaf] for leaf in query.leaves(side)]

    def _others(self, text: str, facts: Callable[[], Facts]) -> dict[int, tuple[Span, ...]]:
        found = self._regexes.find(text)
        return found | domains_in(text, facts().links, self._domains) if self._domains else found


def is_keyword_invisible(keyword: str) -> bool:
    """Tell whether a keyword holds nothing to look for: spaces, hyphens and what is invisible only."""
    return not words_of(keyword)


def facts_of(post: Post) -> Facts:
    """Return what a query can ask of a post beside its text."""
    return Facts(post.key.source, post.links, post.engagement.likes)


def _undisguised(leaf: Term | Tag) -> Term | Tag:
    return leaf if leaf.text.isascii() else msgspec.structs.replace(leaf, text=undisguised(leaf.text))


def _node(topic: Topic) -> Node:
    node = node_of(topic)
    if any(is_keyword_invisible(leaf.text) for leaf in query.leaves(node) if isinstance(leaf, Term | Tag)):
        raise QueryError(f'topic "{topic.name}": a keyword holds no visible character', 1)
    return node


def _rule(topic: Topic, node: Node, numbers: dict[Leaf, int]) -> _Rule:
    sought = {
        numbers[leaf]: (order, label_of(leaf))
        for order, leaf in enumerate(query.sought_leaves(node))
        if isinstance(leaf, Term | Tag | Domain | Regex)
    }
    needs = frozenset(numbers[leaf] for leaf in required(node))
    return _Rule(topic.name, node, sought, query.is_any_enough(node), needs)


def _by_anchor(rules: Sequence[_Rule], numbers: dict[Leaf, int], rarity: Rarity) -> dict[int, list[int]]:
    """Return, for each leaf that anchors queries, the rules to judge when it is found."""
    found: dict[int, list[int]] = defaultdict(list)
    for rule_number, rule in enumerate(rules):
        for anchor in anchors_of(rule.node, rarity):
            found[numbers[anchor]].append(rule_number)
    return dict(found)


def _by_host(domains: Iterable[Domain], numbers: dict[Leaf, int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for domain in domains:
        found[ascii_host(domain.name)].append(numbers[domain])
    return dict(found)


def _hits(rule: _Rule, evidence: Evidence) -> tuple[TermHit, ...]:
    """Return the keywords of a topic that a post holds.

    A place goes to the keyword written as the post writes it, else to the first that takes it: so 砸锅卖铁 and
    砸鍋賣鐵 can both be configured, and counts tell them apart.
    """
    places: dict[str, tuple[Place, ...]] = {}
    for _, label, number in sorted((*rule.sought[number], number) for number in evidence.numbers & rule.sought.keys()):
        own = evidence.places(number)
        if own:
            places[label] = own if label not in places else _together(places[label], own)
    if len(places) > 1:
        places = _shared_out(places)
    return tuple(_hit(label, own) for label, own in places.items())


def _together(some: Sequence[Place], others: Sequence[Place]) -> tuple[Place, ...]:
    """Return the places of two leaves of one label, as =iron and ~iron, each once."""
    return tuple(sorted({place.span: place for place in (*others, *some)}.values()))


def _shared_out(places: dict[str, tuple[Place, ...]]) -> dict[str, tuple[Place, ...]]:
    owner: dict[Span, tuple[str, Place]] = {}
    for label, own in places.items():
        for place in own:
            if place.span not in owner or (owner[place.span][1].variant and not place.variant):
                owner[place.span] = (label, place)
    shared = {label: tuple(each for each in own if owner[each.span][0] == label) for label, own in places.items()}
    return {label: own for label, own in shared.items() if own}


def _hit(label: str, places: Sequence[Place]) -> TermHit:
    variants = tuple(place.variant for place in places)
    return TermHit(term=label, spans=tuple(place.span for place in places), variants=variants if any(variants) else ())
