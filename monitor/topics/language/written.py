"""Parts of a query with the column where each was typed, and how they join: no needless levels, nothing twice."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from monitor.errors import QueryError
from monitor.text.folding import fold
from monitor.topics.language.printer import printed
from monitor.topics.language.query import And, Node, Not, Or, Term

MAX_NEAR = 20
"""Alternatives on one side of NEAR: every pair is measured."""


class Written(NamedTuple):
    """A part of the tree and where it was typed. `is_grouped`: in parentheses."""

    node: Node
    column: int
    parts: tuple["Written", ...] = ()
    is_grouped: bool = False


def either(parts: Sequence[Written]) -> Written:
    if len(parts) == 1:
        return parts[0]
    flat = _distinct(inner for part in parts for inner in (part.parts if isinstance(part.node, Or) else (part,)))
    if len(flat) == 1:
        return flat[0]
    return Written(Or(tuple(part.node for part in flat)), parts[0].column, flat)


def together(parts: Sequence[Written]) -> Written:
    if len(parts) == 1:
        return parts[0]
    spread = [inner for part in parts for inner in (part.parts if isinstance(part.node, And) else (part,))]
    flat = _distinct(sorted(spread, key=lambda part: isinstance(part.node, Not)))
    _check_contradiction(flat)
    if len(flat) == 1:
        return flat[0]
    return Written(And(tuple(part.node for part in flat)), parts[0].column, flat)


def _check_contradiction(parts: Sequence[Written]) -> None:
    sought = {_reading_alike(part.node) for part in parts}
    for part in parts:
        if isinstance(part.node, Not):
            inner = part.node.part
            for excluded in inner.parts if isinstance(inner, Or) else (inner,):
                if _reading_alike(excluded) in sought:
                    reason = f"{short(excluded)} is sought and excluded at once, so no post fits; delete one of them"
                    raise QueryError(reason, part.column)


def _reading_alike(node: Node) -> Node:
    """Return one node for words that find the same: 砸锅 and 砸鍋."""
    if isinstance(node, Term) and node.mode != "exact":
        return msgspec.structs.replace(node, text=fold(node.text))
    return node


def excluding(excluded: Written, column: int) -> Written:
    if isinstance(excluded.node, Not):
        return excluded.parts[0]
    return Written(Not(excluded.node), column, (excluded,))


def _distinct(parts: Iterable[Written]) -> tuple[Written, ...]:
    first_by_node: dict[Node, Written] = {}
    for part in parts:
        first_by_node.setdefault(part.node, part)
    return tuple(first_by_node.values())


def side_of(written: Written) -> Term | Or:
    """Return a side of NEAR. Raises QueryError for what is no word."""
    match written.node:
        case Term() as term:
            return term
        case Or(parts) as either if all(isinstance(part, Term) for part in parts):
            if len(parts) > MAX_NEAR:
                raise QueryError(f"more than {MAX_NEAR} words on one side of NEAR; write fewer", written.column)
            return either
        case _:
            odd = next((part for part in written.parts if not isinstance(part.node, Term)), written)
            reason = "beside NEAR stand words, phrases, or some in parentheses, as in (pots OR pans) NEAR/5 iron"
            raise QueryError(reason, odd.column)


def short(node: Node, most: int = 60) -> str:
    text = printed(node)
    return text if len(text) <= most else f"{text[:most]}…"
