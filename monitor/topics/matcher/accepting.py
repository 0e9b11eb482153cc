"""Whether what the automaton found is a keyword, where it stands in the original, and as which variant.

Decided by what is written there: which of the forms that share a lemma, what stands between the words, whether it is
part of an address or of a name.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from monitor.models import Span
from monitor.text import segments
from monitor.text.folding import fold
from monitor.text.normal import HAN, unaccented
from monitor.text.segments import is_part_of_longer
from monitor.text.words import is_unspaced
from monitor.topics.language.keyword import Keyword, plain, signs_of
from monitor.topics.matcher.apart import is_meant
from monitor.topics.matcher.automaton import Kind
from monitor.topics.matcher.reading import Reading, Stretch
from monitor.topics.matcher.ways import SIMPLIFIED_TOO

MIN_ACCENT_LETTERS = 4
"""Shorter words with and without an accent are different words too often: año and ano."""

MIN_NAME_LETTERS = 3
"""Shorter words followed by a number are names of their own: mp3, G20."""

_LETTERS = frozenset("äöüåøæœßđðþł")
"""Letters of their own, which nobody writes without what makes them so: über is no Uber."""

_BETWEEN_WORDS = re.compile(r"\s{0,40}|[-_'’\u2010-\u2013]")
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_PARAGRAPH = re.compile(r"\n\s*\n")


class Place(NamedTuple):
    """Where a keyword stands in the original, and the names of what its spelling there differs in; "" for nothing."""

    span: Span
    variant: str


class Found(NamedTuple):
    """What a pattern found: a stretch of the text, how the pattern stands for its keyword, and gaps left out of it."""

    stretch: Stretch
    kind: Kind
    gaps: int = 0


def place_of(reading: Reading, keyword: Keyword, found: Found) -> Place | None:
    """Return where the keyword stands; None when what was found is not the keyword."""
    place = _place_of(reading, keyword, found)
    if place is None or not reading.is_disguised(place.span):
        return place
    return place._replace(variant=", ".join(filter(None, (place.variant, "look-alikes"))))


def _place_of(reading: Reading, keyword: Keyword, found: Found) -> Place | None:
    if keyword.is_prefix and found.kind == "words":
        found = found._replace(stretch=_to_word_end(reading, found.stretch))
    span = reading.span(found.stretch)
    if span is None or reading.is_quiet(span):
        return None
    if keyword.edge_is_latin and not _is_apart_from_numbers(reading, keyword, found.stretch):
        return None
    if keyword.is_han and not (found.gaps or keyword.is_exact) and is_chance(reading, found.stretch):
        return None
    written = reading.text[span.start : span.end]
    if written == keyword.text and found.kind == "words":
        return Place(span, "")
    if keyword.is_exact:
        return Place(span, "") if plain(written) == keyword.plain else None
    names = _NAMES[found.kind](reading, keyword, found, written)
    return None if names is None else Place(span, ", ".join(dict.fromkeys(names)))


def tag_place_of(reading: Reading, keyword: Keyword, found: Found) -> Place | None:
    """Return where the hashtag of this name stands that was found; None when it is none, or another's beginning."""
    span = reading.span(found.stretch)
    if span is None:
        return None
    for tag in reading.hashtags:
        if tag.span.start < span.start and span.end <= tag.span.end:
            return Place(tag.span, "") if fold(tag.name) == keyword.folded else None
    return None


def _as_words(reading: Reading, keyword: Keyword, found: Found, written: str) -> list[str] | None:
    if found.gaps:
        return _as_pulled_apart(reading, keyword, found, written)
    names: list[str] = []
    words = reading.words_between(found.stretch)
    for number, (word, wanted) in enumerate(zip(words, keyword.words, strict=True)):
        if word == wanted or (keyword.is_prefix and number == len(words) - 1 and word.startswith(wanted)):
            continue
        if word in keyword.accepted[number]:
            names.append("inflection")
        elif word in keyword.typos(number):
            names.append("typo")
        else:
            return None
    if plain(written) == keyword.plain and not _PARAGRAPH.search(written):
        return names
    rest = _differences(reading, keyword, found, written)
    return None if rest is None else [*names, *rest]


def _differences(reading: Reading, keyword: Keyword, found: Found, written: str) -> list[str] | None:
    """Name what differs in spelling though the words are the same; None where that makes it another keyword."""
    if keyword.is_punctuated:
        return _signs(keyword, written)
    names = _accents(reading, keyword, found) if _has_accents(written) or _has_accents(keyword.text) else []
    is_phrase = len(keyword.words) > 1
    if names is None or (is_phrase and not _are_words_together(reading, keyword, found.stretch)):
        return None
    if is_phrase and _gaps_of(written) != _gaps_of(keyword.text):
        names.append("separators")
    if _HAN_CHARACTER.search(written) and not _same_han(plain(written), keyword.plain):
        names.append("script")
    return names


def _signs(keyword: Keyword, written: str) -> list[str] | None:
    if fold(written) == keyword.folded:
        return ["script"]
    return ["separators"] if signs_of(written) == keyword.signs else None


def _accents(reading: Reading, keyword: Keyword, found: Found) -> list[str] | None:
    """Return whether accents differ; None unless one side of each word has none, and the word is long enough."""
    names: list[str] = []
    number = found.stretch.first
    for word, wanted in zip(reading.words_between(found.stretch), keyword.folded_words, strict=True):
        span = reading.places.span(number, number + len(word) - 1)
        number += len(word)
        spelled = word if span is None else fold(reading.text[span.start : span.end])
        if _accented(spelled) == _accented(wanted):
            continue
        accents = _accented(spelled) + _accented(wanted)
        if len(word) < MIN_ACCENT_LETTERS or (_accented(spelled) and _accented(wanted)) or set(accents) & _LETTERS:
            return None
        names.append("accents")
    return names


def _accented(word: str) -> str:
    """Return the accented letters of a word."""
    return "".join(char for char in word if unaccented(char) != char)


def _has_accents(text: str) -> bool:
    return not text.isascii() and unaccented(folded := fold(text)) != folded


def _are_words_together(reading: Reading, keyword: Keyword, stretch: Stretch) -> bool:
    """Tell whether nothing but a space or a hyphen is between the words of a phrase."""
    number = stretch.first - 1
    words = reading.words_between(stretch)
    for word, following in pairwise(words):
        number += len(word)
        gap = reading.between(number, number + 1)
        if not _BETWEEN_WORDS.fullmatch(gap) or _PARAGRAPH.search(gap):
            return False
        # A4 and "a 4" are as different as mp3 and "mp 3".
        if gap.isspace() and len(word) < MIN_NAME_LETTERS and following[0].isdigit() and keyword.is_numbered:
            return False
    return True


def _gaps_of(text: str) -> list[str]:
    return [gap[:1].strip() for gap in re.findall(r"[\W_]+", text.strip())]


def _is_apart_from_numbers(reading: Reading, keyword: Keyword, stretch: Stretch) -> bool:
    """Tell whether no letter or digit touches a keyword, but for a number behind a name: iPhone6, not mp3 for mp."""
    before, after = reading.touching(stretch)
    if before.isalpha() and before.isascii() and keyword.words[0][0].isdigit():
        return False
    if not (after.isdigit() and keyword.words[-1][-1:].isalpha()):
        return True
    return not keyword.is_exact and len(keyword.words[-1]) >= MIN_NAME_LETTERS


def is_chance(reading: Reading, stretch: Stretch) -> bool:
    """Tell whether Han characters belong to other words there: no 头发 in 街头发狂."""
    before, after = reading.around(stretch)
    return bool(before or after) and segments.is_chance(before, reading.han_text(stretch), after)


def _same_han(written: str, wanted: str) -> bool:
    return _HAN_CHARACTER.findall(written) == _HAN_CHARACTER.findall(wanted)


def _as_pulled_apart(reading: Reading, keyword: Keyword, found: Found, written: str) -> list[str] | None:
    if not is_meant(reading, found.stretch):
        return None
    return ["separators"] if _same_han(plain(written), keyword.plain) else ["separators", "script"]


def _as_joined(reading: Reading, keyword: Keyword, found: Found, _written: str) -> list[str] | None:
    words = reading.words_between(found.stretch)
    if words[0] not in keyword.joined:
        return None
    if not keyword.is_compound and not reading.is_in_hashtag(found.stretch):
        return None
    return ["joined"] if words[0] == "".join(keyword.words) else ["joined", "inflection"]


def _as_squeezed(reading: Reading, keyword: Keyword, found: Found, written: str) -> list[str] | None:
    if found.gaps:
        return _as_pulled_apart(reading, keyword, found, written)
    return ["separators"]


def _as_elsewhere(reading: Reading, keyword: Keyword, found: Found, written: str) -> list[str] | None:
    """Accept another region's word as that region writes it; the same characters simplified may be another word.

    軟體 is software, 软体 what a snail has. From three characters on that does not happen.
    """
    if found.gaps:
        return ["regional", "separators"] if is_meant(reading, found.stretch) else None
    normal = " ".join(reading.words_between(found.stretch))
    spelled, (before, after) = plain(written), reading.around(found.stretch)
    is_as_there = spelled in set(map(plain, keyword.elsewhere.get(normal, ())))
    if not is_as_there and len(normal) < 3 and normal not in SIMPLIFIED_TOO:
        return None
    # A word in traditional characters is that region's; two shared characters may be a gap of the dictionary.
    is_sure = is_as_there and spelled != normal
    return None if is_part_of_longer(before, normal, after, shortest=3 if is_sure else 2) else ["regional"]


def _as_sound(reading: Reading, keyword: Keyword, found: Found, _written: str) -> list[str] | None:
    """Accept what sounds alike when at least half of the characters are those of the keyword."""
    heard = "".join(reading.words_between(found.stretch))
    wanted = "".join(keyword.words)
    same = sum(one == other for one, other in zip(heard, wanted, strict=True))
    return ["homophone"] if same * 2 >= len(wanted) and heard != wanted else None


def _to_word_end(reading: Reading, stretch: Stretch) -> Stretch:
    """Return a stretch up to the end of its last word, where that is one of a script with spaces."""
    if is_unspaced(reading.words_between(stretch)[-1][0]):
        return stretch
    return Stretch(stretch.first, reading.word_end(stretch.last))


_NAMES = {
    "words": _as_words,
    "joined": _as_joined,
    "squeezed": _as_squeezed,
    "elsewhere": _as_elsewhere,
    "sound": _as_sound,
}
