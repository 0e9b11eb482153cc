"""All topics' keywords in the query language of X: https://docs.x.com/x-api/posts/search/integrate/build-a-query.

    (word OR "two words" OR "台積電" OR #台積電 OR ((a OR b) (c OR d)))

A space joins more tightly than OR, so there are always parentheses. X has no stems and no wildcards: each form is
named. How it divides Chinese is not documented: what is written without spaces is quoted, and asked for as a hashtag as
well.
"""

import re
from collections.abc import Iterator, Sequence

from monitor.models import Topic
from monitor.text.words import UNSPACED
from monitor.topics.language.query import Domain, Tag
from monitor.topics.queries.asking import AskableLeaf, Clause, forms_of, needs_of
from monitor.topics.queries.fitting import UNTAUGHT, Atom, Learned, Packed, atoms_of, fitted, packed

NAME = "x"

LONGEST = 512
"""Characters of a query of recent search that is paid by use; 4,096 for enterprises (docs of X, 2026-08-22)."""

ROOM_FOR_LIKES = len(" min_likes:9999999")
"""What a query may have to hold beside its alternatives."""

JOINT = " OR "
_UNSPACED = re.compile(f"[{UNSPACED}]")
_BARE = re.compile(r"[A-Za-z0-9]+")
_RESERVED = frozenset(("OR", "AND", "NOT"))
_NOT_IN_TAGS = re.compile(r"[\W]+")


def pack(topics: Sequence[Topic], learned: Learned = UNTAUGHT) -> list[Packed]:
    """Return the fewest queries that find whatever these topics accept."""
    room = min(LONGEST, learned.limit or LONGEST) - ROOM_FOR_LIKES - 2
    atoms = atoms_of((topic, list(alternatives(topic, room))) for topic in topics)
    lots = fitted(atoms, room, len(JOINT), learned)
    return sorted(_query(lot) for lot in lots)


def atoms_in(text: str) -> list[str]:
    """Return the alternatives of a query that `pack` wrote, and any other text whole."""
    if not (text.startswith("(") and text.endswith(")")):
        return [text]
    atoms, depth, is_quoted, start = [], 0, False, 1
    for at, char in enumerate(text[1:-1], 1):
        is_quoted ^= char == '"'
        depth += 0 if is_quoted else (char == "(") - (char == ")")
        if char == "O" and not is_quoted and depth == 0 and text.startswith("OR ", at) and text[at - 1] == " ":
            atoms.append(text[start : at - 1])
            start = at + 3
    return [*atoms, text[start:-1]]


def _query(lot: Sequence[Atom]) -> Packed:
    return packed(lot, f"({JOINT.join(sorted(atom.text for atom in lot))})")


def alternatives(topic: Topic, room: int) -> Iterator[str]:
    """Yield the alternatives of a topic, none longer than there is room."""
    for clause in needs_of(topic, NAME).clauses:
        yield from _alternatives(clause, room)


def _alternatives(clause: Clause, room: int) -> Iterator[str]:
    """Yield a clause as one alternative; where that is too long, the forms of its first group one by one."""
    first, *others = [[form for leaf in group for form in written(leaf)] for group in clause.groups]
    whole = f"({' '.join(map(_either, (first, *others)))})"
    if others and len(whole) <= room:
        yield whole
        return
    # What stands beside it makes answers shorter, not more complete: it can be left out.
    yield from (form for form in first if len(form) <= room)


def _either(forms: Sequence[str]) -> str:
    return forms[0] if len(forms) == 1 else f"({JOINT.join(forms)})"


def written(leaf: AskableLeaf) -> list[str]:
    """Return the operators of which one finds a leaf."""
    match leaf:
        case Domain(name):
            return [f'url:"{name}"']
        case Tag():
            return list(dict.fromkeys(f"#{_NOT_IN_TAGS.sub('', form)}" for form in forms_of(leaf)))
        case _:
            return list(dict.fromkeys(each for form in forms_of(leaf) for each in _operators(form)))


def _operators(form: str) -> Iterator[str]:
    """Yield how a way of writing a keyword is asked for."""
    said = " ".join(form.replace('"', " ").split())
    if _BARE.fullmatch(said) and said.upper() not in _RESERVED:
        yield said
        return
    yield f'"{said}"'
    if _UNSPACED.search(said) and not _NOT_IN_TAGS.search(said):
        yield f"#{said}"
