"""The printer of the keyword language: one way to write each tree, which the parser reads back as the same tree."""

import re
import unicodedata

from monitor.topics.language.query import (
    And,
    Domain,
    Handle,
    Language,
    Leaf,
    MinLikes,
    Mode,
    Near,
    Node,
    Not,
    Or,
    Origin,
    Regex,
    Tag,
    Term,
)

_SIGNS: dict[Mode, str] = {"usual": "", "exact": "=", "loose": "~"}
_PREFIXES = {Tag: "#", Handle: "@", Domain: "domain:", Language: "lang:", Origin: "source:"}
_MISTAKEN = re.compile(
    r"\A(?:AND|OR|NOT|NEAR|或|或者)\Z|[^\x00-\x7f](?:AND|OR|NOT|NEAR)|(?:AND|OR|NOT|NEAR)[^\x00-\x7f]|\A[Ww]{3}\."
)
"""What the parser does not take for a word where it stands without quotes."""

_INSIDE = "_'’-."
_QUOTED = re.compile(r'(["＂\\])')


def printed(node: Node) -> str:
    """Return a query as it is written best: OR in words, - for exclusions, parentheses where levels change."""
    match node:
        case And(parts):
            return " ".join(_inner(part) for part in parts)
        case Or(parts):
            return " OR ".join(f"({printed(part)})" if isinstance(part, Not) else _inner(part) for part in parts)
        case Not(part):
            return f"-{_inner(part)}"
        case Near(left, right, distance):
            return f"{_inner(left)} NEAR/{distance} {_inner(right)}"
        case leaf:
            return _leaf(leaf)


def headline_of(node: Node) -> str:
    """Return what a query may be called: the first that it looks for, without signs and what it leaves out."""
    match node:
        case Or(parts):
            return headline_of(parts[0])
        case And((first, *others)) if all(isinstance(each, Not) for each in others):
            return headline_of(first)
        case Term(text):
            return text
        case _:
            return printed(node)


def _inner(node: Node) -> str:
    return f"({printed(node)})" if isinstance(node, And | Or | Near) else printed(node)


def _leaf(leaf: Leaf) -> str:
    match leaf:
        case Term(text, mode, is_prefix):
            return f"{_SIGNS[mode]}{_word(text)}{'*' if is_prefix else ''}"
        case Regex(pattern):
            return f"/{_escaped(pattern)}/"
        case MinLikes(count):
            return f"min_likes:{count}"
        case Tag(value) | Handle(value) | Domain(value) | Language(value) | Origin(value):
            return f"{_PREFIXES[type(leaf)]}{value}"


def _word(text: str) -> str:
    """Return a keyword bare where nothing in it could be taken for a sign, else in quotes."""
    if _is_plain(text) and not _MISTAKEN.search(unicodedata.normalize("NFKC", text)):
        return text
    return '"' + _QUOTED.sub(r"\\\1", text) + '"'


def _is_plain(text: str) -> bool:
    return text[0].isalnum() and all(
        char.isalnum() or char in _INSIDE or unicodedata.category(char)[0] == "M" for char in text
    )


def _escaped(pattern: str) -> str:
    """Return a pattern with its slashes escaped; what is escaped already stays."""
    return re.sub(r"\\.|/", lambda found: r"\/" if found[0] == "/" else found[0], pattern, flags=re.DOTALL)
