"""What a platform must be asked for, so that whatever a topic's query accepts can be found there.

The answer is a necessary condition of the query, nothing more: what comes back is matched again here. Of parts that
all have to hold one is enough to ask for, of alternatives each is needed, exclusions ask for nothing.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from monitor.models import Topic
from monitor.topics.language.keyword import Keyword, told_forms
from monitor.topics.language.query import And, Domain, Near, Node, Not, Or, Origin, Regex, Tag, Term
from monitor.topics.matcher.judging import label_of
from monitor.topics.rule import node_of

AskableLeaf = Term | Tag | Domain
"""Leaves that a platform can be asked for."""

TYPICAL_LENGTH = 5
"""Bytes of a word, for a host's name, whose length says nothing."""

KEPT = 2048


class Clause(NamedTuple):
    """An alternative: of each group one leaf has to occur. The first group is the rarest, and enough to ask for."""

    groups: tuple[tuple[AskableLeaf, ...], ...]


class Needs(NamedTuple):
    """Clauses of which at least one holds whenever the query does, and labels of what nobody can be asked for."""

    clauses: tuple[Clause, ...] = ()
    missing: tuple[str, ...] = ()


NOTHING = Needs()
"""What a part needs that cannot hold on this platform: no question at all."""


@lru_cache(KEPT)
def needs_of(topic: Topic, source: str) -> Needs:
    """Return what a topic needs to be asked of a source."""
    found = _needs(node_of(topic), source, is_wanted=True)
    return Needs(missing=("a keyword",)) if found is None else found


@lru_cache(KEPT)
def forms_of(leaf: Term | Tag) -> tuple[str, ...]:
    """Return the ways of writing a keyword that a platform has to be asked for, its own first, each once.

    Scripts, words of other regions, inflections, phrases written as one word. Not asked for are characters pulled
    apart, what only sounds alike, slips, and words that go on after a prefix: no platform could be asked for them.
    """
    if isinstance(leaf, Tag):
        return _distinct((leaf.text, *told_forms(Term(leaf.text))[: 1 if leaf.text.isascii() else None]))
    return _distinct((*told_forms(leaf), *sorted(Keyword(leaf).joined)))


def is_complete(leaf: AskableLeaf) -> bool:
    """Tell whether the forms of a leaf are all that counts for it, so that what has none of them can be left out."""
    return not isinstance(leaf, Term) or (leaf.mode != "loose" and not leaf.is_prefix)


def _needs(node: Node, source: str, *, is_wanted: bool) -> Needs | None:
    """Return what a part needs; None when it may hold of any post."""
    match node:
        case Not(part):
            return _needs(part, source, is_wanted=not is_wanted)
        case And(parts) | Or(parts):
            found = [_needs(part, source, is_wanted=is_wanted) for part in parts]
            return _each_of(found) if isinstance(node, Or) == is_wanted else _one_of(found)
        case Near(left, right) if is_wanted:
            return _one_of([_needs(side, source, is_wanted=True) for side in (left, right)])
        case Term() | Tag() | Domain() if is_wanted:
            return Needs((Clause(((node,),)),))
        case Regex() if is_wanted:
            return Needs(missing=(label_of(node),))
        case Origin(name) if (name == source) != is_wanted:
            return NOTHING
        case _:
            return None


def _each_of(found: Sequence[Needs | None]) -> Needs | None:
    """Return what alternatives need; None when one of them may be any post."""
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return None
    clauses = dict.fromkeys(chain.from_iterable(each.clauses for each in known))
    return Needs(tuple(clauses), tuple(chain.from_iterable(each.missing for each in known)))


def _one_of(found: Sequence[Needs | None]) -> Needs | None:
    """Return what parts need that all have to hold: the rarest, and the others beside it where they are simple."""
    known = [each for each in found if each is not None]
    if not known:
        return None
    if NOTHING in known:
        return NOTHING
    best = max(known, key=_worth)
    beside = [group for each in known if each is not best and (group := _group_of(each)) is not None]
    return Needs(tuple(Clause((*clause.groups, *beside)) for clause in best.clauses), best.missing)


def _worth(needs: Needs) -> tuple[bool, bool, int]:
    """Return how good it is to ask for this rather than for something else: nothing missing, and long words."""
    leaves = [leaf for clause in needs.clauses for leaf in clause.groups[0]]
    return not needs.missing, all(map(is_complete, leaves)), min(map(_length, leaves), default=0)


def _length(leaf: AskableLeaf) -> int:
    return TYPICAL_LENGTH if isinstance(leaf, Domain) else len(leaf.text.encode(errors="replace"))


def _group_of(needs: Needs) -> tuple[AskableLeaf, ...] | None:
    """Return the leaves of which one has to occur, when that is all that is needed and can be asked for."""
    if needs.missing or any(len(clause.groups) > 1 for clause in needs.clauses):
        return None
    leaves = tuple(chain.from_iterable(clause.groups[0] for clause in needs.clauses))
    return leaves if all(map(is_complete, leaves)) else None


def _distinct(forms: Sequence[str]) -> tuple[str, ...]:
    """Return forms that differ in more than case."""
    by_case = {form.casefold(): form for form in reversed(forms)}
    return tuple(form for form in dict.fromkeys(forms) if by_case[form.casefold()] == form)
