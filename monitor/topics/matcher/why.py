"""Why a text belongs to a topic or not: the query, part by part, with what holds of it."""

from collections.abc import Callable, Iterator

from monitor.topics.language.explain import clause
from monitor.topics.language.query import And, Leaf, Near, Node, Not, Or, holds

IsTrue = Callable[[Leaf | Near], bool]


def reasons(node: Node, is_true: IsTrue) -> list[str]:
    """Return "yes" or "no" for each part of a query, a line each, indented by two spaces a level."""
    return list(_judged(node, is_true, 0))


def _judged(node: Node, is_true: IsTrue, depth: int) -> Iterator[str]:
    mark = f"{'  ' * depth}{'yes' if holds(node, is_true) else 'no '}"
    match node:
        case And(parts):
            yield f"{mark}  all of:"
        case Or(parts):
            yield f"{mark}  at least one of:"
        case Not(And() | Or() as inner):
            yield f"{mark}  not:"
            parts = (inner,)
        case Not(inner):
            yield f"{mark}  {clause(inner, is_true=False)}"
            parts = ()
        case _:
            yield f"{mark}  {clause(node)}"
            parts = ()
    for part in parts:
        yield from _judged(part, is_true, depth + 1)
