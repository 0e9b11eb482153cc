"""All topics' keywords in a search of YouTube: https://developers.google.com/youtube/v3/docs/search/list.

    "smash pots"|砸锅卖铁|砸鍋賣鐵

A hundred searches a day have to do for all topics, so there are as few as possible, whatever their intervals.
"""

from collections.abc import Iterator, Sequence

from monitor.models import Topic
from monitor.topics.language.query import Domain
from monitor.topics.queries.asking import forms_of, needs_of
from monitor.topics.queries.fitting import UNTAUGHT, Learned, Packed, atoms_of, fitted, packed

NAME = "youtube"

LONGEST = 400
"""Characters. Google names no limit; this is well below what its address of a search takes when written in Chinese."""

JOINT = "|"


def pack(topics: Sequence[Topic], learned: Learned = UNTAUGHT) -> list[Packed]:
    """Return the fewest searches that find whatever these topics accept."""
    atoms = atoms_of((topic, list(_texts(topic))) for topic in topics)
    every = min((topic.every for topic in topics), default=None)
    alike = [atom if every is None else atom._replace(every=every) for atom in atoms]
    room = min(LONGEST, learned.limit or LONGEST)
    lots = fitted(alike, room, len(JOINT), learned)
    return sorted(packed(lot, JOINT.join(sorted(atom.text for atom in lot))) for lot in lots)


def atoms_in(text: str) -> list[str]:
    """Return the alternatives of a search."""
    return text.split(JOINT)


def _texts(topic: Topic) -> Iterator[str]:
    """Yield the alternatives of a topic. An address cannot be searched for."""
    leaves = [leaf for clause in needs_of(topic, NAME).clauses for leaf in clause.groups[0]]
    for leaf in leaves:
        if not isinstance(leaf, Domain):
            yield from filter(None, (written(form) for form in forms_of(leaf)))


def written(form: str) -> str:
    """Return a way of writing a keyword as a search asks for it; "" when nothing is left of it, or it is too long."""
    said = " ".join(form.replace('"', " ").replace(JOINT, " ").split())
    # A word that begins with a minus would be left out.
    text = f'"{said}"' if " " in said or said.startswith("-") else said
    return text if said and len(text) <= LONGEST else ""
