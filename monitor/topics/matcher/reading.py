"""One text as the matcher reads it; what few posts need is made when it is first asked for."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, count
from operator import add
from typing import NamedTuple

from monitor.models import Span
from monitor.text import segments
from monitor.text.entities import Entity, hashtags, mentions, names_and_addresses
from monitor.text.folding import is_invisible
from monitor.text.graphemes import is_boundary
from monitor.text.normal import BREAK, HAN, Places, places_of, text_of
from monitor.text.words import is_unspaced, is_word_character
from monitor.topics.matcher.slips import usual_sound

_PULLED_APART = re.compile(
    rf" (?<=[{HAN}] )(?:(?:[^\w\s{BREAK}] ){{0,6}}(?=[{HAN}])|(?<= [{HAN}] )(?:[^\w\s] ){{1,6}}(?=[{HAN}])"
    rf"|(?:[^\w\s] ){{1,6}}(?=[{HAN}] ))"
)
"""What is between two Han characters: signs that end no clause, and any behind a character that stands alone."""

_NAMING = re.compile(r"[.@＠]|://")
"""What every name of an account and every address has."""

_IS_HAN = re.compile(f"[{HAN}]")


REACH = 100
"""Characters around a place that are looked at before the whole text is read for names and addresses."""


class Stretch(NamedTuple):
    """Visible characters of a text, by their number: from `first` to `last`, both included."""

    first: int
    last: int


class Reading:
    """A text, its words, its lemmas, and these as one line with single spaces around them.

    `written` is the text before look-alikes of letters were taken for these.
    """

    __slots__ = (
        "_chances",
        "_counted",
        "_is_plain",
        "_lemmas",
        "_mentions",
        "_places",
        "_quiet",
        "_tags",
        "_visible",
        "_words_begin",
        "line",
        "text",
        "words",
        "written",
    )

    def __init__(self, text: str, words: list[str], lemmas: list[str], line: str, written: str | None = None) -> None:
        self.text = text
        self.written = text if written is None else written
        self.words = words
        self._lemmas = lemmas
        self.line = line
        # Properties that are made at first use: functools.cached_property takes a lock each time in Python 3.11.
        self._chances: dict[tuple[int, int], bool] = {}
        self._counted = (0, 0)
        self._is_plain: bool | None = None
        self._words_begin: list[int] | None = None
        self._visible: list[int] | None = None
        self._places: Places | None = None
        self._tags: list[Entity] | None = None
        self._mentions: list[Entity] | None = None
        self._quiet: list[Span] | None = None

    @property
    def visible(self) -> list[int]:
        """Return where words begin among the visible characters, and where the last one ends."""
        if self._visible is None:
            self._visible = list(accumulate(map(len, self.words), initial=0))
        return self._visible

    @property
    def places(self) -> Places:
        """Return where each visible character begins and ends in the original."""
        if self._places is None:
            self._places = places_of(self.text)
        return self._places

    @property
    def hashtags(self) -> list[Entity]:
        """Return the hashtags of the text."""
        if self._tags is None:
            self._tags = hashtags(self.text)
        return self._tags

    @property
    def mentions(self) -> list[Entity]:
        """Return the accounts that the text mentions."""
        if self._mentions is None:
            self._mentions = mentions(self.text)
        return self._mentions

    def is_disguised(self, span: Span) -> bool:
        """Tell whether letters of a span stand for others that look the same."""
        return self.written is not self.text and self.written[slice(*span)] != self.text[slice(*span)]

    def is_quiet(self, span: Span) -> bool:
        """Tell whether a span touches an address or the name of an account, which say nothing."""
        if self._quiet is None:
            if _NAMING.search(self.text) is None:
                self._quiet = []
            elif _is_plain_talk(self.text, span):
                return False
            else:
                self._quiet = names_and_addresses(self.text)
        if not self._quiet:
            return False
        at = bisect_left(self._quiet, (span.end,)) - 1
        return at >= 0 and self._quiet[at].end > span.start

    def stretch(self, start: int, end: int) -> Stretch:
        """Return the visible characters that a range of the line of lemmas stands for; a lemma stands for its word."""
        if self._is_plain is None:
            self._is_plain = self._lemmas == self.words
        if self._is_plain:
            before = self._spaces_before(start)
            return Stretch(start - before, end - 1 - before - self.line.count(" ", start, end))
        begins, visible = self._begins, self.visible
        first, last = bisect_right(begins, start) - 1, bisect_right(begins, end - 1) - 1
        begin = visible[first] + min(start - begins[first], len(self.words[first]) - 1)
        if self._lemmas[last] is not self.words[last] or end == begins[last] + len(self._lemmas[last]):
            return Stretch(begin, visible[last + 1] - 1)
        return Stretch(begin, visible[last] + end - 1 - begins[last])

    def _spaces_before(self, index: int) -> int:
        """Count the spaces of the line before an index, from the last one asked for: hits come in order."""
        at, spaces = self._counted
        spaces += self.line.count(" ", at, index) if index >= at else -self.line.count(" ", index, at)
        self._counted = (index, spaces)
        return spaces

    @property
    def _begins(self) -> list[int]:
        """Return where each word begins in the line of lemmas."""
        if self._words_begin is None:
            self._words_begin = list(map(add, accumulate(map(len, self._lemmas), initial=1), count()))
        return self._words_begin

    def span(self, stretch: Stretch) -> Span | None:
        """Return the original characters of a stretch; None where it would divide what a reader sees as one."""
        span = self.places.span(*stretch)
        if span is None or not is_boundary(self.text, span.start):
            return None
        end = span.end
        while end < len(self.text) and not is_boundary(self.text, end) and is_invisible(self.text[end]):
            end += 1
        return Span(span.start, end) if is_boundary(self.text, end) else None

    def words_between(self, stretch: Stretch) -> list[str]:
        """Return the words of a stretch, the first and the last as far as they are in it."""
        visible = self.visible
        first = bisect_right(visible, stretch.first) - 1
        last = bisect_right(visible, stretch.last) - 1
        found = self.words[first : last + 1]
        found[-1] = found[-1][: stretch.last + 1 - visible[last]]
        found[0] = found[0][stretch.first - visible[first] :]
        return found

    def is_chance(self, start: int, end: int) -> bool:
        """Tell whether the Han characters of a range of the line belong to other words, as segments has it.

        Two keywords may ask: 学校 and 學校 are found in the same places.
        """
        found = self._chances.get((start, end))
        if found is None:
            # A run of Han has spaces around it in the line.
            before = self.line[max(0, start - segments.CONTEXT) : start].rpartition(" ")[2]
            after = self.line[end : end + segments.CONTEXT].partition(" ")[0]
            found = bool(before or after) and segments.is_chance(before, self.line[start:end], after)
            self._chances[start, end] = found
        return found

    def word_starts(self) -> list[int]:
        """Return where words begin in the original; a Han character is a word, a sign is none."""
        starts = self.places.starts
        found: list[int] = []
        for word, number in zip(self.words, self.visible, strict=False):
            if is_unspaced(word[0]):
                found.extend(starts[number : number + len(word)])
            elif is_word_character(word[0]):
                found.append(starts[number])
        return found

    def word_end(self, character: int) -> int:
        """Return the number of the last visible character of a character's word."""
        visible = self.visible
        return visible[bisect_right(visible, character)] - 1

    def is_in_hashtag(self, stretch: Stretch) -> bool:
        """Tell whether a stretch is part of a hashtag, or all of it."""
        start, end = self.places.starts[stretch.first], self.places.end(stretch.last)
        return any(tag.span.start <= start and end <= tag.span.end for tag in self.hashtags)

    def between(self, character: int, next_one: int) -> str:
        """Return what stands in the original between two visible characters, without what is invisible."""
        gap = self.text[self.places.end(character) : self.places.starts[next_one]]
        return "".join(char for char in gap if char.isspace() or not is_invisible(char)) if gap else ""

    def touching(self, stretch: Stretch) -> tuple[str, str]:
        """Return the visible characters that touch a stretch in the original; "" where something else does."""
        starts, end_of = self.places.starts, self.places.end
        first, last = stretch
        before = self.text[starts[first] - 1] if first and end_of(first - 1) == starts[first] else ""
        touches = last + 1 < len(starts) and starts[last + 1] == end_of(last)
        return before, self.text[starts[last + 1]] if touches else ""

    def sides(self, stretch: Stretch) -> tuple[str, str]:
        """Return a few characters of the original before a stretch and after it."""
        start, end = self.places.starts[stretch.first], self.places.end(stretch.last)
        return self.text[max(0, start - 4) : start], self.text[end : end + 4]

    def around(self, stretch: Stretch) -> tuple[str, str]:
        """Return what of the same words, or runs of Han, is before a stretch and after it."""
        visible = self.visible
        first = bisect_right(visible, stretch.first) - 1
        last = bisect_right(visible, stretch.last) - 1
        return (
            self.words[first][: stretch.first - visible[first]],
            self.words[last][stretch.last + 1 - visible[last] :],
        )

    def han(self, stretch: Stretch) -> list[int]:
        """Return the numbers of the Han characters of a stretch."""
        found: list[int] = []
        number = stretch.first
        for word in self.words_between(stretch):
            if _IS_HAN.match(word):
                found.extend(range(number, number + len(word)))
            number += len(word)
        return found

    def han_text(self, stretch: Stretch) -> str:
        """Return the Han characters of a stretch, in one way of writing."""
        return "".join(word for word in self.words_between(stretch) if _IS_HAN.match(word))


def _is_plain_talk(text: str, span: Span) -> bool:
    """Tell whether what stands around a span up to the next spaces is neither a name nor an address, at first sight."""
    start, end = span
    first, last = max(0, start - REACH), end + REACH
    left = max(text.rfind(" ", first, start), text.rfind("\n", first, start))
    right = text.find(" ", end, last)
    line_end = text.find("\n", end, right if right >= 0 else last)
    right = line_end if line_end >= 0 else right
    if (left < 0 and first) or (right < 0 and last < len(text)):
        return False
    run = text[left + 1 : right if right >= 0 else last]
    return not ("." in run or "@" in run or "＠" in run or "://" in run)


class Squeezed(NamedTuple):
    """A text of lemmas without what stands between Han characters that were pulled apart, and the way back to it."""

    text: str
    starts: list[int]
    removed: list[int]

    def back(self, index: int) -> int:
        """Return the index in the text of lemmas of a character of this text."""
        at = bisect_right(self.starts, index) - 1
        return index + (self.removed[at] if at >= 0 else 0)

    def gaps(self, start: int, end: int) -> int:
        """Count the places between `start` and `end` at which something was removed."""
        return bisect_right(self.starts, end - 1) - bisect_right(self.starts, start)


def squeezed(text: str) -> Squeezed | None:
    """Return a text of lemmas without gaps between Han characters; None where there is none."""
    if _PULLED_APART.search(text) is None:
        return None
    gaps = [found.span() for found in _PULLED_APART.finditer(text)]
    removed = list(accumulate(end - start for start, end in gaps))
    starts = [end - gone for (_, end), gone in zip(gaps, removed, strict=True)]
    return Squeezed(_PULLED_APART.sub("", text), starts, removed)


class Sounds(NamedTuple):
    """A text as it sounds: a syllable for each Han character, and where each syllable and its character stand."""

    text: str
    begins: list[int]
    visible: list[int]

    def stretch(self, start: int, end: int) -> Stretch:
        """Return the visible characters of a range of syllables."""
        first, last = (bisect_right(self.begins, index) - 1 for index in (start, end - 1))
        return Stretch(self.visible[first], self.visible[last])


def sounds(words: Sequence[str]) -> Sounds | None:
    """Return how the Han characters of a text sound; None where there are none."""
    syllables: list[str] = []
    visible: list[int] = []
    position = 0
    for word in words:
        if _IS_HAN.match(word):
            syllables.extend(usual_sound(char) or "-" for char in word)
            visible.extend(range(position, position + len(word)))
        # What is no Han character parts what is before it from what comes after it.
        syllables.append("-")
        visible.append(position)
        position += len(word)
    if len(syllables) == len(words):
        return None
    begins = list(accumulate((len(each) + 1 for each in syllables), initial=1))
    return Sounds(text_of(syllables), begins, visible)
