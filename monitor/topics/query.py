"""What a topic asks of a post, as a small tree; the coming keyword language will be one more way to make it.

Node = Term | And | Or | Not
"""

from collections.abc import Iterable, Iterator, Set

import msgspec

from monitor.errors import QueryError


class Term(msgspec.Struct, frozen=True, tag=True):
    """A keyword, as configured, that must occur."""

    text: str


class And(msgspec.Struct, frozen=True, tag=True):
    """All parts hold."""

    parts: tuple["Node", ...]


class Or(msgspec.Struct, frozen=True, tag=True):
    """At least one part holds."""

    parts: tuple["Node", ...]


class Not(msgspec.Struct, frozen=True, tag=True):
    """The part does not hold."""

    part: "Node"


Node = Term | And | Or | Not


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


def terms(node: Node) -> tuple[str, ...]:
    """Return every keyword of a query once, in the order written, excluded ones included."""
    return tuple(dict.fromkeys(text for text, _ in _terms(node)))


def sought_terms(node: Node) -> tuple[str, ...]:
    """Return the keywords whose presence speaks for a post, in the order written."""
    return tuple(dict.fromkeys(text for text, is_sought in _terms(node) if is_sought))


def holds(node: Node, present: Set[str]) -> bool:
    """Tell whether a post in which exactly the keywords `present` occur is one that the query asks for."""
    match node:
        case Term(text):
            return text in present
        case And(parts):
            return all(holds(part, present) for part in parts)
        case Or(parts):
            return any(holds(part, present) for part in parts)
        case Not(part):
            return not holds(part, present)


def is_any_enough(node: Node) -> bool:
    """Tell whether any one keyword of the query is enough for it, so that nothing is left to judge."""
    return isinstance(node, Term) or (isinstance(node, Or) and all(isinstance(part, Term) for part in node.parts))


def explain(node: Node) -> str:
    """Return the query in words, e.g. ("a" or "b") and "c" and not "d"."""
    match node:
        case Term(text):
            return f'"{text}"'
        case And(parts):
            return " and ".join(_explain_part(part) for part in parts)
        case Or(parts):
            return " or ".join(_explain_part(part) for part in parts)
        case Not(part):
            return f"not {_explain_part(part)}"


def _explain_part(node: Node) -> str:
    return f"({explain(node)})" if isinstance(node, And | Or) else explain(node)


def _terms(node: Node, is_sought: bool = True) -> Iterator[tuple[str, bool]]:
    match node:
        case Term(text):
            yield text, is_sought
        case And(parts) | Or(parts):
            for part in parts:
                yield from _terms(part, is_sought)
        case Not(part):
            yield from _terms(part, not is_sought)
