"""What was found in one post, looked at leaf by leaf when a query asks for it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from monitor.models import Span
from monitor.text.normal import words_of
from monitor.topics.judging import Facts, is_language, is_near
from monitor.topics.keyword import Keyword
from monitor.topics.patterns import Patterns
from monitor.topics.query import Handle, Language, Leaf, MinLikes, Origin, Tag, Term
from monitor.topics.reading import Reading, Stretch, sounds, squeezed
from monitor.topics.verdict import Found, Place, place_of, tag_place_of

MAX_PLACES = 1000
"""Places of one keyword that are noted in one text."""


class Scan(NamedTuple):
    """A text as read, and what the automaton found in it, by the number of the keyword."""

    reading: Reading
    found: dict[int, list[Found]]


class Keywords:
    """The keywords of all topics, numbered, and their automaton. Immutable, but for keywords made when first found."""

    def __init__(self, terms: Sequence[Term | Tag]) -> None:
        self._terms = tuple(terms)
        self._patterns = Patterns(terms)
        self._made: dict[int, Keyword] = {}

    def __getitem__(self, number: int) -> Keyword:
        keyword = self._made.get(number)
        if keyword is None:
            keyword = self._made.setdefault(number, Keyword(self._terms[number]))
        return keyword

    def scan(self, text: str) -> Scan | None:
        """Return what the automaton finds in a text, None for most texts: nothing."""
        patterns = self._patterns
        words = words_of(text)
        reading = Reading(text, words, patterns.lemmas_of(words))
        raw: list[tuple[int, Stretch, int]] = [
            (pattern, reading.stretch(start, end), 0) for pattern, start, end in patterns.find(reading.line_text)
        ]
        if not text.isascii():
            raw.extend(self._pulled_apart(reading))
            raw.extend(self._heard(reading))
        if not raw:
            return None
        found: dict[int, list[Found]] = {}
        for pattern, stretch, gaps in raw:
            for number, kind in patterns.forms[pattern]:
                found.setdefault(number, []).append(Found(stretch, kind, gaps))
        return Scan(reading, found)

    def _pulled_apart(self, reading: Reading) -> Iterator[tuple[int, Stretch, int]]:
        loose = squeezed(reading.line_text)
        if loose is not None:
            for pattern, start, end in self._patterns.find(loose.text):
                if gaps := loose.gaps(start, end):
                    yield pattern, reading.stretch(loose.back(start), loose.back(end - 1) + 1), gaps

    def _heard(self, reading: Reading) -> Iterator[tuple[int, Stretch, int]]:
        heard = sounds(reading.words) if self._patterns.has_sounds else None
        if heard is not None:
            for pattern, start, end in self._patterns.find(heard.text):
                yield pattern, heard.stretch(start, end), 0


class Evidence:
    """What was found in one post. `others` are the leaves that are no keywords, by number, with their places."""

    def __init__(self, text: str, facts: Facts, found: tuple[Keywords, Scan | None], others: Mapping[int, Sequence[Span]]):
        self._keywords, scan = found
        self._reading = Reading(text, words := words_of(text), words) if scan is None else scan.reading
        self._found = {} if scan is None else scan.found
        self._facts = facts
        self._others = others
        self._places: dict[int, tuple[Place, ...]] = {}

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of the leaves of which something was found."""
        yield from self._found
        yield from self._others

    def has(self, number: int) -> bool:
        """Tell whether a leaf that can be found was found."""
        return number in self._others or bool(self.places(number))

    def places(self, number: int) -> tuple[Place, ...]:
        """Return where a leaf was found, in order."""
        places = self._places.get(number)
        if places is None:
            places = self._places[number] = tuple(self._looked_at(number))
        return places

    def _looked_at(self, number: int) -> list[Place]:
        if number in self._others:
            return [Place(span, "") for span in self._others[number]]
        found = self._found.get(number)
        if found is None:
            return []
        keyword = self._keywords[number]
        by_span: dict[Span, Place] = {}
        for one in found:
            decide = tag_place_of if one.kind == "tag" else place_of
            place = decide(self._reading, keyword, one)
            if place is not None and (place.span not in by_span or not place.variant):
                by_span[place.span] = place
            if len(by_span) == MAX_PLACES:
                break
        return sorted(by_span.values())

    def holds_plain(self, leaf: Leaf, language: str) -> bool:
        """Tell whether a leaf holds that is not found but looked up."""
        match leaf:
            case Language(tag):
                return is_language(language, tag)
            case Origin(source):
                return self._facts.source == source
            case MinLikes(count):
                return (self._facts.likes or 0) >= count
            case Handle(name):
                return name.casefold().removeprefix("@") in self._mentioned
            case _:
                return False

    def is_near(self, left: Sequence[int], right: Sequence[int], distance: int) -> bool:
        """Tell whether leaves of both sides, by their numbers, stand near each other."""
        sides = [[place.span for number in side for place in self.places(number)] for side in (left, right)]
        return all(sides) and is_near(sides[0], sides[1], self._word_starts, distance)

    @cached_property
    def _mentioned(self) -> frozenset[str]:
        return frozenset(mention.name.casefold() for mention in self._reading.mentions)

    @cached_property
    def _word_starts(self) -> list[int]:
        return self._reading.word_starts()
