"""What a topic asks of a post, as a small tree. Written by parse.py or from lists, printed by printer.py.

Node = And | Or | Not | Near | Leaf         Leaf = Term | Tag | Handle | Domain | Language | Origin | MinLikes | Regex
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from monitor.errors import QueryError

Mode = Literal["usual", "exact", "loose"]
"""Which variants of a keyword count: "usual" (scripts, width, separators, inflections), "exact" (=word: as written but
for case and width), "loose" (~word: also what sounds alike, and slips)."""


class Term(msgspec.Struct, frozen=True, tag=True):
    """A word or a phrase, as written. `is_prefix`: what begins with it counts too (`word*`)."""

    text: str
    mode: Mode = "usual"
    is_prefix: bool = False


class Tag(msgspec.Struct, frozen=True, tag=True):
    """A hashtag of this whole name, without its sign."""

    text: str


class Handle(msgspec.Struct, frozen=True, tag=True):
    """A mention of an account in the text, without its sign; never what a query looks for alone."""

    name: str


class Domain(msgspec.Struct, frozen=True, tag=True):
    """A link to a host of this name or below it; in lower case, as DNS has it."""

    name: str


class Language(msgspec.Struct, frozen=True, tag=True):
    """The post's language tag, BCP 47; "zh" holds for zh-Hans and zh-Hant."""

    tag: str


class Origin(msgspec.Struct, frozen=True, tag=True):
    """The name of the source that a post comes from."""

    source: str


class MinLikes(msgspec.Struct, frozen=True, tag=True):
    """At least so many likes when the post was read; a post whose likes are unknown has none."""

    count: int


class Regex(msgspec.Struct, frozen=True, tag=True):
    """A pattern in the syntax of RE2, sought in the text as written: https://github.com/google/re2/wiki/Syntax."""

    pattern: str


class Near(msgspec.Struct, frozen=True, tag=True):
    """Both sides occur, in either order, with at most `distance` words between them; a Han character is a word.

    A side is a Term, or an Or of Terms.
    """

    left: "Term | Or"
    right: "Term | Or"
    distance: int


class And(msgspec.Struct, frozen=True, tag=True):
    """All parts hold."""

    parts: tuple["Node", ...]


class Or(msgspec.Struct, frozen=True, tag=True):
    """At least one part holds."""

    parts: tuple["Node", ...]


class Not(msgspec.Struct, frozen=True, tag=True):
    """The part does not hold."""

    part: "Node"


Leaf = Term | Tag | Handle | Domain | Language | Origin | MinLikes | Regex
Node = Leaf | Near | And | Or | Not


def from_lists(any_of: Iterable[str], all_of: Iterable[str], none_of: Iterable[str]) -> Node:
    """Return: one of `any_of` (when there are any), each of `all_of`, none of `none_of`.

    Raises QueryError when nothing is asked for: a query of exclusions alone would take every post there is.
    """
    alternatives = tuple(map(Term, any_of))
    required: tuple[Node, ...] = tuple(map(Term, all_of))
    excluded: tuple[Node, ...] = tuple(Not(Term(text)) for text in none_of)
    if alternatives:
        required = (alternatives[0] if len(alternatives) == 1 else Or(alternatives), *required)
    if not required:
        raise QueryError("no keyword to look for: exclusions alone would take every post", 1)
    parts = (*required, *excluded)
    return parts[0] if len(parts) == 1 else And(parts)


def leaves(node: Node) -> tuple[Leaf, ...]:
    """Return every leaf of a query once, in the order written, excluded ones and those of Near included."""
    return tuple(dict.fromkeys(leaf for leaf, _ in _leaves(node)))


def sought_leaves(node: Node) -> tuple[Leaf, ...]:
    """Return the leaves that speak for a post when they hold, in the order written."""
    return tuple(dict.fromkeys(leaf for leaf, is_sought in _leaves(node) if is_sought))


def holds(node: Node, is_true: Callable[[Leaf | Near], bool]) -> bool:
    """Tell whether a query holds of a post, of which `is_true` says what holds."""
    match node:
        case And(parts):
            return all(holds(part, is_true) for part in parts)
        case Or(parts):
            return any(holds(part, is_true) for part in parts)
        case Not(part):
            return not holds(part, is_true)
        case _:
            return is_true(node)


def is_any_enough(node: Node) -> bool:
    """Tell whether any one keyword of the query is enough for it, so that nothing is left to judge."""
    return isinstance(node, Term) or (isinstance(node, Or) and all(isinstance(part, Term) for part in node.parts))


def _leaves(node: Node, is_sought: bool = True) -> Iterator[tuple[Leaf, bool]]:
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _leaves(part, is_sought)
        case Not(part):
            yield from _leaves(part, not is_sought)
        case Near(left, right):
            yield from _leaves(left, is_sought)
            yield from _leaves(right, is_sought)
        case _:
            yield node, is_sought
