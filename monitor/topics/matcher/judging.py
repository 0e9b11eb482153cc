"""The Boolean pass: whether a topic's query holds of a post, from what was found in it.

Only topics are judged of which a leaf was found that the query cannot hold without: its anchors.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from monitor.errors import QueryError
from monitor.models import Span
from monitor.topics.language.query import (
    And,
    Domain,
    Leaf,
    Near,
    Node,
    Not,
    Or,
    Regex,
    Tag,
    Term,
    leaves,
)

Anchor = Term | Tag | Domain | Regex
"""Leaves that can be found among those of all topics at once."""


class Facts(NamedTuple):
    """What a query can ask of a post beside its text: where it comes from, its links, its likes, None for unknown."""

    source: str = ""
    links: tuple[str, ...] = ()
    likes: int | None = None


NO_FACTS = Facts()

TYPICAL_LENGTH = 5
"""Bytes of a word, for what has no length that says anything."""


Rarity = Callable[[Anchor], tuple[int, ...]]
"""How rare a leaf may be in posts: the more, the rarer."""


def anchors_of(node: Node, rarity: Rarity) -> tuple[Anchor, ...]:
    """Return leaves of which at least one holds whenever the query does; of several choices the rarest.

    Raises QueryError where there are none: such a query would have to be judged of every post.
    """
    found = _anchors(node, rarity, is_wanted=True)
    if found is None:
        raise QueryError("no keyword to look for: without one the query would take every post", 1)
    return tuple(dict.fromkeys(found))


def rarity_among(nodes: Iterable[Node]) -> Rarity:
    """Return how rare leaves are, as told by queries: what many ask for is said often, long words seldom.

    Length is counted in bytes: a Han character has three and says as much as a syllable.
    """
    asked = Counter(leaf for node in nodes for leaf in leaves(node))

    def rarity(leaf: Anchor) -> tuple[int, ...]:
        length = len(leaf.text.encode(errors="replace")) if isinstance(leaf, Term | Tag) else TYPICAL_LENGTH
        return -asked[leaf], length

    return rarity


def required(node: Node) -> tuple[Leaf, ...]:
    """Return leaves that all have to hold for the query to hold, as far as they stand at its top."""
    if isinstance(node, And):
        return tuple(part for part in node.parts if isinstance(part, Term | Tag | Domain | Regex))
    return ()


def _anchors(node: Node, rarity: Rarity, *, is_wanted: bool) -> Sequence[Anchor] | None:
    match node:
        case Not(part):
            return _anchors(part, rarity, is_wanted=not is_wanted)
        case And(parts) | Or(parts):
            found = [_anchors(part, rarity, is_wanted=is_wanted) for part in parts]
            return _all_of(found) if isinstance(node, Or) == is_wanted else _best_of(found, rarity)
        case Near(left, right) if is_wanted:
            return _best_of([_anchors(side, rarity, is_wanted=True) for side in (left, right)], rarity)
        case Term() | Tag() | Domain() | Regex() if is_wanted:
            return (node,)
        case _:
            return None


def _all_of(found: Iterable[Sequence[Anchor] | None]) -> Sequence[Anchor] | None:
    gathered: list[Anchor] = []
    for anchors in found:
        if anchors is None:
            return None
        gathered.extend(anchors)
    return gathered


def _best_of(found: Iterable[Sequence[Anchor] | None], rarity: Rarity) -> Sequence[Anchor] | None:
    usable = [anchors for anchors in found if anchors is not None]
    return max(usable, key=lambda anchors: min(map(rarity, anchors))) if usable else None


def is_near(left: Sequence[Span], right: Sequence[Span], words: Sequence[int], distance: int) -> bool:
    """Tell whether two places, one of each side, have at most `distance` words between them, in either order.

    `words` are the indices at which words begin.
    """
    return _follows(left, right, words, distance) or _follows(right, left, words, distance)


def _follows(first: Sequence[Span], second: Sequence[Span], words: Sequence[int], distance: int) -> bool:
    starts = sorted(span.start for span in second)
    for span in first:
        at = bisect_left(starts, span.end)
        if at < len(starts) and bisect_left(words, starts[at]) - bisect_left(words, span.end) <= distance:
            return True
    return False


def label_of(leaf: Anchor) -> str:
    """Return how a leaf is named where a hit tells what matched: a keyword as it was configured."""
    match leaf:
        case Term(text):
            return text
        case Tag(text):
            return f"#{text}"
        case Domain(name):
            return f"domain:{name}"
        case Regex(pattern):
            return f"/{pattern}/"
