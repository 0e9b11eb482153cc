"""What was found in one post, looked at leaf by leaf when a query asks for it."""

from collections.abc import Callable, Container, Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import NamedTuple

from monitor.models import Span
from monitor.text.disguises import undisguised
from monitor.text.languages import covers
from monitor.text.normal import text_of, words_of
from monitor.topics.language.keyword import Keyword, signs_of
from monitor.topics.language.query import Handle, Language, Leaf, MinLikes, Origin, Tag, Term
from monitor.topics.matcher.accepting import Found, Place, place_of, tag_place_of
from monitor.topics.matcher.automaton import Kind, Patterns
from monitor.topics.matcher.judging import Facts, is_near
from monitor.topics.matcher.literal import literal_places
from monitor.topics.matcher.reading import Reading, Sounds, Squeezed, sounds, squeezed
from monitor.topics.matcher.sieve import Sieve

MAX_PLACES = 1000
"""Places of one keyword that are noted in one text."""


Finding = tuple[int, int, Kind, Squeezed | Sounds | None]
"""What the automaton found of a keyword: start and end, how the pattern stands for it, and the text it was found in."""

Layer = tuple[Squeezed | Sounds | None, list[tuple[int, int, int]]]
"""What the automaton found in a text made of the post's, None for its lemmas as they are."""


class Scan(NamedTuple):
    """A text as read, and what the automaton found in it, by the number of the keyword."""

    reading: Reading
    found: dict[int, list[Finding]]


class Keywords:
    """The keywords of all topics, numbered, and their automaton. Immutable, but for keywords made when first found.

    `anchors` are the numbers of those without which nothing can hold.
    """

    def __init__(self, terms: Sequence[Term | Tag], anchors: Container[int]) -> None:
        self._terms = tuple(terms)
        self._patterns = Patterns(terms)
        self._wakes = bytes(any(number in anchors for number, _ in forms) for forms in self._patterns.forms)
        waking = compress(zip(self._patterns.texts, self._patterns.forms, strict=True), self._wakes)
        # Sounds are no part of a text, so a text that has them is always read.
        written = [text for text, forms in waking if any(form.kind != "sound" for form in forms)]
        self._sieve = Sieve(written, self._patterns.lemmas)
        self._made: dict[int, Keyword] = {}

    def __getitem__(self, number: int) -> Keyword:
        keyword = self._made.get(number)
        if keyword is None:
            keyword = self._made.setdefault(number, Keyword(self._terms[number]))
        return keyword

    def scan(self, text: str, *, is_needed: bool = False) -> Scan | None:
        """Return what the automaton finds in a text; None for most texts: no anchor, and nothing else `is_needed`."""
        patterns = self._patterns
        written, text = text, undisguised(text)
        is_heard = patterns.has_sounds and not text.isascii()
        if not (is_needed or is_heard or self._sieve.lets_through(text)):
            return None
        words = words_of(text)
        lemmas = patterns.lemmas_of(words)
        line = text_of(lemmas)
        raw = patterns.find(line)
        layers: list[Layer] = [(None, raw)]
        if not text.isascii():
            made = (squeezed(line), sounds(words) if patterns.has_sounds else None)
            layers.extend((layer, patterns.find(layer.text)) for layer in made if layer is not None)
        if not is_needed and not self._is_woken(layers):
            return None
        return Scan(Reading(text, words, lemmas, line, written), self._by_keyword(layers))

    def _is_woken(self, layers: Sequence[Layer]) -> bool:
        wakes = self._wakes
        for _, raw in layers:
            for found in raw:
                if wakes[found[0]]:
                    return True
        return False

    def _by_keyword(self, layers: Sequence[Layer]) -> dict[int, list[Finding]]:
        found: dict[int, list[Finding]] = {}
        for layer, raw in layers:
            for one in raw:
                pattern, start, end = self._patterns.trimmed(one)
                if isinstance(layer, Squeezed) and not layer.gaps(start, end):
                    continue  # what is in one piece was found before
                for number, kind in self._patterns.forms[pattern]:
                    found.setdefault(number, []).append((start, end, kind, layer))
        return found


class Evidence:
    """What was found in one post. `others` are the leaves that are no keywords, by number, with their places.

    `numbers` are those of the leaves of which something was found, whatever it is when it is looked at.
    """

    def __init__(
        self, keywords: Keywords, scan: Scan, facts: Callable[[], Facts], others: Mapping[int, Sequence[Span]]
    ) -> None:
        self._keywords = keywords
        self._reading, self._found = scan
        self._facts = facts
        self._others = others
        self._places: dict[int, tuple[Place, ...]] = {}
        self.numbers = frozenset((*self._found, *others))

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
        if number not in self._found:
            return []
        keyword = self._keywords[number]
        findings = self._found[number]
        places = self._literal_places(keyword, findings)
        if places is not None:
            return places[:MAX_PLACES]
        if keyword.is_punctuated and keyword.signs not in self._signs:
            findings = [finding for finding in findings if finding[2] != "words"]
        by_span: dict[Span, Place] = {}
        for finding in findings:
            place = self._place(keyword, finding)
            if place is not None and (place.span not in by_span or not place.variant):
                by_span[place.span] = place
            if len(by_span) == MAX_PLACES:
                break
        return sorted(by_span.values())

    def _literal_places(self, keyword: Keyword, findings: Sequence[Finding]) -> list[Place] | None:
        if keyword.literal is None or any(kind != "words" or layer is not None for _, _, kind, layer in findings):
            return None
        return literal_places(self._reading, keyword, [(start, end) for start, end, _, _ in findings])

    def _place(self, keyword: Keyword, finding: Finding) -> Place | None:
        start, end, kind, layer = finding
        reading, gaps = self._reading, 0
        if layer is None:
            stretch = reading.stretch(start, end)
        elif isinstance(layer, Sounds):
            stretch = layer.stretch(start, end)
        else:
            gaps = layer.gaps(start, end)
            stretch = reading.stretch(layer.back(start), layer.back(end - 1) + 1)
        decide = tag_place_of if kind == "tag" else place_of
        return decide(reading, keyword, Found(stretch, kind, gaps))

    def holds_plain(self, leaf: Leaf, language: str) -> bool:
        """Tell whether a leaf holds that is not found but looked up."""
        match leaf:
            case Language(tag):
                return covers(tag, language)
            case Origin(source):
                return self._facts().source == source
            case MinLikes(count):
                return (self._facts().likes or 0) >= count
            case Handle(name):
                return name.casefold().removeprefix("@") in self._mentioned
            case _:
                return False

    def is_near(self, left: Sequence[int], right: Sequence[int], distance: int) -> bool:
        """Tell whether leaves of both sides, by their numbers, stand near each other."""
        sides = [[place.span for number in side for place in self.places(number)] for side in (left, right)]
        return all(sides) and is_near(sides[0], sides[1], self._word_starts, distance)

    @cached_property
    def _signs(self) -> str:
        """Return the folded text without spaces: of signs, the automaton only knows their kinds."""
        return signs_of(self._reading.text)

    @cached_property
    def _mentioned(self) -> frozenset[str]:
        return frozenset(mention.name.casefold() for mention in self._reading.mentions)

    @cached_property
    def _word_starts(self) -> list[int]:
        return self._reading.word_starts()
