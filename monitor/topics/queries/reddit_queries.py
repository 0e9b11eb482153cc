"""All topics' keywords in a search of Reddit: https://www.reddit.com/dev/api/#GET_search.

"smash pots" OR 砸锅卖铁 OR site:rfi.fr
"""

import re
from collections.abc import Iterator, Sequence

from monitor.models import Topic
from monitor.topics.language.query import Domain
from monitor.topics.queries.asking import AskableLeaf, forms_of, needs_of
from monitor.topics.queries.fitting import UNTAUGHT, Learned, Packed, atoms_of, fitted, packed

NAME = "reddit"

LONGEST = 512
"""Characters of a search."""

JOINT = " OR "
_BARE = re.compile(r"\w+")
_RESERVED = frozenset(("OR", "AND", "NOT"))


def pack(topics: Sequence[Topic], learned: Learned = UNTAUGHT) -> list[Packed]:
    """Return the fewest searches that find whatever these topics accept."""
    room = min(LONGEST, learned.limit or LONGEST)
    atoms = atoms_of((topic, [text for text in _texts(topic) if len(text) <= room]) for topic in topics)
    lots = fitted(atoms, room, len(JOINT), learned)
    return sorted(packed(lot, JOINT.join(sorted(atom.text for atom in lot))) for lot in lots)


def atoms_in(text: str) -> list[str]:
    """Return the alternatives of a search that `pack` wrote."""
    atoms, start, is_quoted = [], 0, False
    for at, char in enumerate(text):
        is_quoted ^= char == '"'
        if not is_quoted and text.startswith(JOINT, at):
            atoms.append(text[start:at])
            start = at + len(JOINT)
    return [*atoms, text[start:]]


def _texts(topic: Topic) -> Iterator[str]:
    for clause in needs_of(topic, NAME).clauses:
        for leaf in clause.groups[0]:
            yield from filter(None, written(leaf))


def written(leaf: AskableLeaf) -> list[str]:
    """Return the alternatives of which one finds a leaf."""
    if isinstance(leaf, Domain):
        return [f"site:{leaf.name}"]
    return list(dict.fromkeys(_quoted(form) for form in forms_of(leaf)))


def _quoted(form: str) -> str:
    said = " ".join(form.replace('"', " ").split())
    is_plain = _BARE.fullmatch(said) and said.upper() not in _RESERVED
    return said if is_plain or not said else f'"{said}"'
