"""Patterns on RE2 only, whose time is linear in the text whatever the pattern says: https://github.com/google/re2."""

from collections.abc import Iterator
from typing import Protocol

import re2

from monitor.topics.values import Wrong

MAX_PATTERN = 200
"""Characters of one pattern: what is longer, nobody can check by eye."""

MEMORY = 1 << 20
"""Bytes that one compiled pattern and its cache may take, an eighth of RE2's own default: topics may have many."""

MAX_INSTRUCTIONS = 2500
"""Instructions of one compiled pattern. RE2 may take (instructions × characters) steps: at 2,000 a text of a million
characters took 2 s in the worst case, at 9,000 a minute, measured on one core. `.{0,100}` takes about 900."""

TOO_LARGE = "it could keep a long post busy for seconds; repeat less, as in .{0,50}, or use [a-z] for \\p{L}"

_REASONS = {
    "missing )": "a parenthesis is not closed; write \\( for the sign itself",
    "unexpected )": "nothing opens the parenthesis; write \\) for the sign itself",
    "missing ]": "a square bracket is not closed; write \\[ for the sign itself",
    "trailing \\": "the backslash at its end stands before nothing; write \\\\ for the sign itself",
    "no argument for repetition operator": "there is nothing to repeat before <>; write \\<> for the sign itself",
    "bad repetition operator": "<> repeats twice over; one of the signs is enough",
    "invalid repetition size": "<> asks for too many repetitions, at most 1000 are possible in all",
    "invalid character class range": "<> is no range of characters; write it as [a-z] or \\p{Han}",
    "invalid named capture group": "<> is no name of a group; plain parentheses are enough",
    "invalid escape sequence": "RE2 does not know <>",
    "invalid perl operator": "RE2 does not know <>",
    "pattern too large - compile failed": TOO_LARGE,
}
"""What RE2's words (re2/regexp.cc) mean; <> is the place in the pattern."""

_BACKWARDS = "RE2 cannot refer back to a group (<>), so that no post can make it slow"
_LOOKAROUND = "RE2 cannot look ahead or behind (<>), so that no post can make it slow"


class Found(Protocol):
    """Where a pattern fits, in code points of the text."""

    def span(self) -> tuple[int, int]: ...


class Pattern(Protocol):
    """A pattern ready to search. The text must be without lone surrogates, else UnicodeEncodeError is raised."""

    def search(self, text: str, /) -> Found | None: ...

    def finditer(self, text: str, /) -> Iterator[Found]: ...


def compiled(pattern: str) -> Pattern:
    """Return a pattern to search in the text as written. Raises Wrong with a sentence for a person."""
    if not pattern.strip():
        raise Wrong("the pattern is empty; write it between the slashes, as in /砸锅.{0,3}铁/")
    if len(pattern) > MAX_PATTERN:
        raise Wrong(f"the pattern is longer than {MAX_PATTERN} characters; make two of it")
    try:
        made = re2.compile(pattern, _options())
    except re2.error as error:
        raise Wrong(f"the pattern is wrong: {_worded(_said(error))}") from error
    if made.programsize > MAX_INSTRUCTIONS:
        raise Wrong(f"the pattern is wrong: {TOO_LARGE}")
    found: Pattern = made
    if found.search("") is not None:
        raise Wrong("the pattern fits an empty text, so every post has it; make it ask for something")
    return found


def _options() -> re2.Options:
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    return options


def _said(error: re2.error) -> str:
    """Return RE2's own words, which it gives as bytes."""
    said = error.args[0] if error.args else b""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _worded(said: str) -> str:
    kind, _, place = said.partition(": ")
    if place.startswith(("(?=", "(?!", "(?<=", "(?<!")):
        return _LOOKAROUND.replace("<>", place)
    if kind == "invalid escape sequence" and place[1:2].isdigit():
        return _BACKWARDS.replace("<>", place)
    return _REASONS[kind].replace("<>", place) if kind in _REASONS else said
