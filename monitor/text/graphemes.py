"""Where a text may be cut without dividing what a reader sees as one character.

A subset of the rules of UAX #29 that never cuts inside a cluster of today's platforms: marks, Hangul, emoji sequences,
flags, CR LF, and surrogate halves. Where in doubt it does not cut.
"""

import unicodedata

from monitor.text.folding import joins

_ZWJ = "\u200d"
_KEPT_WITH_PREVIOUS = frozenset((_ZWJ, "\u200c"))
_REGIONALS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_MAX_INDICATORS = 120  # even: a run of more than 60 flags is cut as if it began where the count ends


def is_boundary(text: str, index: int) -> bool:
    """Tell whether the text may be cut before `index`; its start and end are boundaries."""
    if not 0 < index < len(text):
        return True
    previous, char = text[index - 1], text[index]
    if _is_plain(previous) and _is_plain(char):
        return (previous, char) != ("\r", "\n")
    if _extends(char) or joins(previous, char) or _joins_emoji(text, index):
        return False
    if _is_regional(previous) and _is_regional(char):
        return _flags_before(text, index) % 2 == 0
    return not (_is_jamo(previous) and _is_jamo(char)) and not _is_pair(previous, char)


def _is_plain(char: str) -> bool:
    """Tell whether a character joins no other: below the first combining mark, or Han; most of what is asked about."""
    return char < "\u0300" or "\u3400" <= char <= "\u9fff"


def cluster_start(text: str, index: int) -> int:
    """Return the last boundary at or before `index`."""
    while not is_boundary(text, index):
        index -= 1
    return index


def cluster_end(text: str, index: int) -> int:
    """Return the first boundary at or after `index`."""
    while not is_boundary(text, index):
        index += 1
    return index


def _extends(char: str) -> bool:
    if char in _KEPT_WITH_PREVIOUS:
        return True
    # Skin tones, and the tags that spell the flags of Scotland and Wales.
    return "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f"


def _joins_emoji(text: str, index: int) -> bool:
    """Tell whether a joiner makes one emoji of two; between letters it joins nothing that could not be cut."""
    if text[index - 1] != _ZWJ or unicodedata.category(text[index]) != "So":
        return False
    return index > 1 and unicodedata.category(text[index - 2]) in ("So", "Sk", "Mn")


def _is_regional(char: str) -> bool:
    return _REGIONALS[0] <= char <= _REGIONALS[-1]


def _flags_before(text: str, index: int) -> int:
    """Count the regional indicators that end at `index`, up to a bound: two make a flag."""
    before = text[max(0, index - _MAX_INDICATORS) : index]
    return len(before) - len(before.rstrip(_REGIONALS))


def _is_jamo(char: str) -> bool:
    return "\u1100" <= char <= "\u11ff" or "\ua960" <= char <= "\ua97c" or "\ud7b0" <= char <= "\ud7fb"


def _is_pair(previous: str, char: str) -> bool:
    return unicodedata.category(previous) == "Cs" and unicodedata.category(char) == "Cs"
