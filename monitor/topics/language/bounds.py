"""What a query may not be: too large, too costly, or so wide that it would take every post or follow a person."""

from collections.abc import Iterator

from monitor.errors import QueryError
from monitor.topics.language.everyday_words import is_common, why_common
from monitor.topics.language.printer import printed
from monitor.topics.language.query import And, Handle, Language, MinLikes, Not, Or, Origin, Regex, Term
from monitor.topics.language.signs import MAX_LENGTH
from monitor.topics.language.written import Written, short

MAX_DEPTH = 12
"""Levels of a tree; people lose count at three."""

MAX_PATTERNS = 20
"""Patterns of one query: each reads a post from its beginning to its end."""

MAX_LOOSE = 50
"""Words with ~: each stands for dozens of forms."""

_UNBOUND = (Handle, Language, Origin, MinLikes)
"""What says nothing of the subject: alone it would follow a person, or take everything there is."""


def check(tree: Written) -> None:
    """Raise QueryError when a query is too large, or takes what no word of it speaks for."""
    _check_size(tree)
    if (unbound := _unbound_in(tree, is_sought=True)) is not None:
        raise QueryError(_why_unbound(unbound), unbound.column)


def check_common(tree: Written) -> None:
    """Raise QueryError when a word of most posts would let one in alone.

    For what is written now only: what is in force since before this was refused stays so until its file changes.
    """
    if (open_ := _unbound_in(tree, is_sought=True, is_strict=True)) is not None:
        word = open_ if isinstance(open_.node, Term) else next(filter(_is_common, _leaves(tree)), open_)
        raise QueryError(why_common(word.node.text) if isinstance(word.node, Term) else _why_unbound(word), word.column)


def _is_common(part: Written) -> bool:
    return isinstance(part.node, Term) and not part.node.is_prefix and is_common(part.node.text)


def _check_size(tree: Written) -> None:
    found = list(_leaves(tree))
    patterns = [leaf for leaf in found if isinstance(leaf.node, Regex)]
    loose = [leaf for leaf in found if isinstance(leaf.node, Term) and leaf.node.mode == "loose"]
    for some, most, what in ((patterns, MAX_PATTERNS, "patterns"), (loose, MAX_LOOSE, "words with ~")):
        if len(some) > most:
            raise QueryError(f"more than {most} {what}; make two topics of it", some[most].column)
    if _depth(tree) > MAX_DEPTH:
        raise QueryError(f"parentheses change between OR and AND more than {MAX_DEPTH} times; make it simpler", 1)
    if len(printed(tree.node)) > MAX_LENGTH:
        raise QueryError(f"the query is longer than {MAX_LENGTH:,} characters when written out", 1)


def _leaves(tree: Written) -> Iterator[Written]:
    if not tree.parts:
        yield tree
    for part in tree.parts:
        yield from _leaves(part)


def _depth(tree: Written) -> int:
    return 1 + max(map(_depth, tree.parts), default=0)


def _unbound_in(tree: Written, *, is_sought: bool, is_strict: bool = False) -> Written | None:
    """Return a part that could let a post in without any word of the query in it; None when there is none.

    Of what must hold together one bound part is enough; of alternatives each must be bound. Excluding swaps the two.
    `is_strict`: a word of most posts is no better than none.
    """
    match tree.node:
        case Not():
            return None if _unbound_in(tree.parts[0], is_sought=not is_sought, is_strict=is_strict) is None else tree
        case And() | Or():
            found = [_unbound_in(part, is_sought=is_sought, is_strict=is_strict) for part in tree.parts]
            if isinstance(tree.node, And) is is_sought:
                return None if None in found else found[0]
            return next((part for part in found if part is not None), None)
        case _:
            says_nothing = isinstance(tree.node, _UNBOUND) or (is_strict and _is_common(tree))
            return None if is_sought and not says_nothing else tree


def _why_unbound(tree: Written) -> str:
    match tree.node:
        case Handle(name):
            return f"@{name} alone follows a person, and topics follow words, never people; write a word beside it"
        case Not(part):
            return f"this would take every post without {short(part)}; write a word to look for beside it"
        case other:
            return f"{short(other)} alone would take every such post; write a word to look for beside it"
