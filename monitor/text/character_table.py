"""What each character becomes: found when first met, and then read from a list.

`str.translate` reads a list in three fifths of the time of a dict, in which it has to compare numbers. A list cannot
say that it lacks something, so what was not met yet stands there as a character that no text has.
"""

import re
import unicodedata
from collections.abc import Callable

_LISTED = 0x20000
"""Code points below this are in the list: all in use but rare Han. It takes 1 MB a table."""

_UNMET = "\U0010ffff"
_ELSEWHERE = re.compile(f"[{chr(_LISTED)}-{_UNMET}]")


class CharacterTable(dict[int, str]):
    """What code points become. In the dict are all assigned ones that were met: 145,000 at most."""

    def __init__(self, become: Callable[[str], str]) -> None:
        super().__init__()
        self._become = become
        self._listed = [_UNMET] * _LISTED

    def __missing__(self, code: int) -> str:
        made = self._become(chr(code))
        if code < _LISTED:
            self._listed[code] = made
        if unicodedata.category(chr(code)) not in ("Cs", "Cn", "Co"):
            self[code] = made
        return made

    def translate(self, text: str) -> str:
        """Return a text with each character as what it becomes."""
        made = text.translate(self._listed)
        return made if _ELSEWHERE.search(made) is None else text.translate(self)
