"""The parser of the keyword language: a query becomes a tree, or an error that points at its column.

    query   = all of (OR all of)*                    a b OR c  is  (a b) OR c, as X reads it
    all of  = one (AND? one)*                        words side by side must all occur
    one     = (NOT | -) part | part (NEAR/n part)?   a OR b -c  is  (a OR b) -c, as Google reads it
    part    = word | "phrase" | sign | (query)

An exclusion belongs to the whole query, or to the parenthesis it stands in: who types -c wants no c.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from monitor.errors import QueryError
from monitor.topics.language.bounds import check, check_common
from monitor.topics.language.query import And, Near, Node, Not
from monitor.topics.language.tokens import Kind, Token, tokens_of
from monitor.topics.language.written import Written, either, excluding, short, side_of, together

MAX_LEAVES = 500
"""Words, phrases and signs of one query: each is sought in every post that one of them occurs in."""

MAX_PARENTHESES = 50
"""Parentheses in parentheses, needless ones too; it bounds the parser's own recursion."""


class Reading(NamedTuple):
    """What a query means, and hints: sentences on what may be meant otherwise, each with its column."""

    node: Node
    hints: tuple[QueryError, ...]


def parse(text: str) -> Node:
    """Return the tree of a query, without repetitions and needless levels. Raises QueryError."""
    return _read(text)[0].node


def read(text: str) -> Reading:
    """Return the tree of a query that somebody writes now, and what should be said of how it was typed.

    Raises QueryError, also for words that stand in most posts.
    """
    tree, hints = _read(text)
    check_common(tree)
    return Reading(tree.node, hints)


def _read(text: str) -> tuple[Written, tuple[QueryError, ...]]:
    parser = _Parser(tokens_of(text))
    tree = parser.whole()
    check(tree)
    return tree, tuple(parser.hints)


class _Parser:
    """Recursive descent, one token ahead."""

    def __init__(self, tokens: Iterator[Token]) -> None:
        self._tokens = tokens
        self._next = next(tokens)
        self._leaves = 0
        self._opened: list[int] = []
        self.hints: list[QueryError] = []

    def whole(self) -> Written:
        """Return the whole query."""
        if self._is("end"):
            raise QueryError("the query is empty; write a word to look for, as in 砸锅卖铁", 1)
        tree = self._alternatives()
        if self._is(")"):
            raise QueryError("nothing opens this parenthesis; delete it, or put it in quotes", self._next.column)
        return tree

    def _alternatives(self) -> Written:
        excluded: list[Written] = []
        parts = [self._together(excluded)]
        while self._is("OR"):
            self._binary(self._take())
            parts.append(self._together(excluded))
        sought = [part for part in parts if part is not None]
        if len(parts) > 1:
            self._check_mixture(parts, excluded)
        return together([*([either(sought)] if sought else []), *excluded])

    def _together(self, excluded: list[Written]) -> Written | None:
        """Return what must hold together; exclusions go to the list. None when there are only these."""
        parts: list[Written] = []
        while True:
            part = self._one()
            (excluded if isinstance(part.node, Not) and not part.is_grouped else parts).append(part)
            if self._is("OR", ")", "end"):
                return together(parts) if parts else None
            if self._is("AND"):
                self._binary(self._take())

    def _check_mixture(self, parts: Sequence[Written | None], excluded: Sequence[Written]) -> None:
        """Refuse an exclusion as an alternative, and note what others may read otherwise."""
        if None in parts:
            reason = f"OR stands between words to look for; {short(excluded[0].node)} excludes, so leave that OR out"
            raise QueryError(reason, excluded[0].column)
        if excluded:
            reason = f"{short(excluded[0].node)} excludes from all alternatives; for one of them write a OR (b -c)"
            self.hints.append(QueryError(reason, excluded[0].column))
        mixed = [part for part in parts if part is not None and isinstance(part.node, And) and not part.is_grouped]
        if mixed:
            reason = f"words side by side hold together before OR: this part is read as ({short(mixed[0].node)})"
            self.hints.append(QueryError(reason, mixed[0].column))

    def _one(self) -> Written:
        if not self._is("NOT", "-"):
            return self._near(self._part())
        sign = self._take()
        if self._is("NOT", "-"):
            raise QueryError("one sign of exclusion is enough; delete this one", self._next.column)
        excluded = self._part()
        if self._is("NEAR"):
            raise QueryError("to exclude two words near each other write -(a NEAR/5 b)", self._next.column)
        return excluding(excluded, sign.column)

    def _near(self, left: Written) -> Written:
        if not self._is("NEAR"):
            return left
        sign = self._take()
        self._binary(sign)
        right = self._part()
        if self._is("NEAR"):
            raise QueryError(
                "NEAR joins two sides only; for three words write (a NEAR/5 b) (b NEAR/5 c)", self._next.column
            )
        return Written(Near(side_of(left), side_of(right), sign.distance), left.column, (left, right))

    def _part(self) -> Written:
        token = self._take()
        if token.kind == "(":
            return self._group(token)
        if token.leaf is None:
            raise self._unexpected(token)
        self._leaves += 1
        if self._leaves > MAX_LEAVES:
            raise QueryError(f"more than {MAX_LEAVES} words; make two topics of it", token.column)
        return Written(token.leaf, token.column)

    def _group(self, opening: Token) -> Written:
        self._opened.append(opening.column)
        if len(self._opened) > MAX_PARENTHESES:
            raise QueryError(f"more than {MAX_PARENTHESES} parentheses in each other; delete some", opening.column)
        if self._is(")"):
            raise QueryError("nothing stands between these parentheses; delete them", opening.column)
        inner = self._alternatives()
        if not self._is(")"):
            raise QueryError("this parenthesis is not closed; write ) where it ends", opening.column)
        self._take()
        self._opened.pop()
        return inner._replace(column=opening.column, is_grouped=True)

    def _is(self, *kinds: Kind) -> bool:
        return self._next.kind in kinds

    def _take(self) -> Token:
        token = self._next
        if token.kind != "end":
            self._next = next(self._tokens)
        return token

    def _binary(self, sign: Token) -> None:
        """Refuse an operator that nothing follows which it could join."""
        if self._is("OR", "AND", "NEAR"):
            reason = f"{self._next.written} follows {sign.written}; one of them is enough"
            raise QueryError(reason, self._next.column)
        if self._is(")", "end"):
            raise QueryError(f"nothing stands behind {sign.written}; write a word, or delete it", sign.column)

    def _unexpected(self, token: Token) -> QueryError:
        if token.kind in ("OR", "AND", "NEAR"):
            return QueryError(f"nothing stands before {token.written}; write a word, or delete it", token.column)
        if token.kind == ")" and not self._opened:
            return QueryError("nothing opens this parenthesis; delete it, or put it in quotes", token.column)
        return QueryError("a word is missing here; write it, or delete the sign before", token.column)
