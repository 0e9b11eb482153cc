"""The signs of the keyword language, as keyboards of both scripts write them, and what cannot stand in a query.

What looks alike means the same: （ is (, ＂ is ", ｜ is |. Words keep the characters in which they were written.
"""

import unicodedata
from typing import NamedTuple

from monitor.errors import QueryError

MAX_LENGTH = 10_000
"""Characters of a query, as typed and as printed: five pages, more than anybody checks; it bounds all work on it."""

_ASCII_BY_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if code != ord("＼")}
_NARROW = _ASCII_BY_WIDE | {0x3000: " ", ord("−"): "-", ord("〜"): "~", ord("‘"): "'", ord("’"): "'"}

_UNSEEN = frozenset(
    (0x00AD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
)
"""Marks of direction and of line breaks, which come along when text is copied. The joiners U+200C and U+200D stay:
words of India and Iran need them, and emoji."""

CLOSING_BY_OPENING = {
    '"': '"',
    "“": "”",
    "”": "”",
    "„": "“”",
    "‟": "”",
    "〝": "〞〟",
    "«": "»",
    "»": "«",
    "「": "」",
    "『": "』",
    "﹁": "﹂",
    "﹃": "﹄",
}
"""What begins a phrase, and what ends it."""

DOUBLE = '"“”„‟〝〞〟'
"""Quotes that stand for each other where the right one is missing: phones write "…” and ”…” as they like."""

CLOSING_ONLY = "」』﹂﹄〞〟"
STOPS = frozenset("()|" + CLOSING_ONLY).union(CLOSING_BY_OPENING)
"""Signs at which a word ends, beside white space."""


class Typed(NamedTuple):
    """A query without unseen marks: as written, with all signs narrow, and the column of each character, from 1."""

    written: str
    narrow: str
    columns: tuple[int, ...]

    def column(self, index: int) -> int:
        """Return the column of a character, or the one behind the last."""
        return self.columns[index] if index < len(self.columns) else self.columns[-1] + 1 if self.columns else 1


def typed(text: str) -> Typed:
    """Return a query ready to be read. Raises QueryError for one that is too long or holds what no text may hold."""
    if len(text) > MAX_LENGTH:
        raise QueryError(f"the query is longer than {MAX_LENGTH:,} characters; make two topics of it", MAX_LENGTH + 1)
    kept = [(char, column) for column, char in enumerate(text, start=1) if ord(char) not in _UNSEEN]
    for char, column in kept:
        _check(char, column)
    written = "".join(char for char, _ in kept)
    return Typed(written, written.translate(_NARROW), tuple(column for _, column in kept))


def _check(char: str, column: int) -> None:
    category = unicodedata.category(char)
    if category == "Cs":
        raise QueryError(f"half a character (U+{ord(char):04X}), left by a broken copy; delete it", column)
    if category == "Cc" and not char.isspace():
        raise QueryError(f"a control character that nobody can see (U+{ord(char):04X}); delete it", column)
