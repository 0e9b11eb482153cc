"""Questions put together into as few queries as a platform's longest one allows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from monitor.models import Topic


class Atom(NamedTuple):
    """The smallest thing that a platform is asked for: an alternative, in the platform's own language."""

    text: str
    topics: frozenset[str]
    every: timedelta


class Packed(NamedTuple):
    """A query of a platform: its text, the topics that it serves, and how often the most hurried of them wants it."""

    text: str
    topics: frozenset[str]
    every: timedelta


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform taught about its queries: the longest text that it takes, and alternatives that are too busy.

    A busy one gets a query of its own, so that it starves no other of its pages.
    """

    limit: int | None = None
    busy: frozenset[str] = frozenset()


UNTAUGHT = Learned()


def atoms_of(texts_by_topic: Iterable[tuple[Topic, Sequence[str]]]) -> list[Atom]:
    """Return each alternative once, with all topics that need it and the shortest of their intervals."""
    topics: defaultdict[str, set[str]] = defaultdict(set)
    every: dict[str, timedelta] = {}
    for topic, texts in texts_by_topic:
        for text in texts:
            topics[text].add(topic.name)
            every[text] = min(topic.every, every.get(text, topic.every))
    return [Atom(text, frozenset(names), every[text]) for text, names in topics.items()]


def fitted(atoms: Iterable[Atom], room: int, joint: int, busy: frozenset[str] = frozenset()) -> list[list[Atom]]:
    """Return atoms in as few lots as first-fit-decreasing finds, each of at most `room` characters.

    `joint` is the length of what stands between two of them. Those of other intervals and busy ones stay apart. The
    order of the atoms does not matter. (Johnson, Near-optimal bin packing algorithms, 1973: at most 11/9 of the fewest
    and some.)
    """
    lots: list[list[Atom]] = []
    left: list[int] = []
    for atom in sorted(atoms, key=lambda each: (-len(each.text), each.text)):
        is_alone = atom.text in busy
        needed = len(atom.text) + joint
        fit = next((n for n, lot in enumerate(lots) if left[n] >= needed and lot[0].every == atom.every), None)
        if fit is None or is_alone:
            lots.append([atom])
            left.append(0 if is_alone else room - len(atom.text))
        else:
            lots[fit].append(atom)
            left[fit] -= needed
    return lots


def packed(lot: Sequence[Atom], text: str) -> Packed:
    """Return the query of some atoms."""
    topics = frozenset(name for atom in lot for name in atom.topics)
    return Packed(text, topics, min(atom.every for atom in lot))


LearnedBySource = Mapping[str, Learned]
