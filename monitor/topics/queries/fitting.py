"""Questions put together into as few queries as a platform's longest one allows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from monitor.models import Topic

CLOSE = 24
"""Characters that are not worth another try."""

SHORTEST = 128
"""A text of so many characters is not refused for its length."""


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
    """What a platform taught about its queries: lengths that it took and refused, and alternatives that are too busy.

    A busy one gets a query of its own, so that it starves no other of its pages. Of `counted` ones not all posts are
    read: they share queries only with those of the same topics, so that a count is a topic's. `took` is known only
    after a refusal.
    """

    took: int = 0
    refused: int | None = None
    busy: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()

    @property
    def limit(self) -> int | None:
        """Return the longest text to try: half way between what was taken and what was refused; None: no limit."""
        if self.refused is None:
            return None
        if self.refused - self.took <= CLOSE:
            return max(self.took, SHORTEST)
        return max((self.took + self.refused) // 2, SHORTEST)

    def with_refusal(self, length: int) -> "Learned":
        """Return what is known after a text of this length was refused."""
        refused = length if self.refused is None else min(length, self.refused)
        return msgspec.structs.replace(self, refused=refused, took=min(self.took, refused - 1))

    def with_success(self, length: int) -> "Learned":
        """Return what is known after a text of this length was taken: nothing new where none was ever refused."""
        if self.refused is None or not self.took < length < self.refused:
            return self
        return msgspec.structs.replace(self, took=length)

    def with_busy(self, atoms: Iterable[str]) -> "Learned":
        """Return what is known after alternatives crowded out the others."""
        return msgspec.structs.replace(self, busy=self.busy | frozenset(atoms))

    def with_counted(self, atoms: Iterable[str]) -> "Learned":
        """Return what is known when posts of alternatives are counted and not all are read."""
        return msgspec.structs.replace(self, counted=self.counted | frozenset(atoms))


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


def fitted(atoms: Iterable[Atom], room: int, joint: int, learned: Learned = UNTAUGHT) -> list[list[Atom]]:
    """Return atoms in as few lots as first-fit-decreasing finds, each of at most `room` characters.

    `joint` is the length of what stands between two of them. Those of other intervals, busy and counted ones stay
    apart. The order of the atoms does not matter. (Johnson, Near-optimal bin packing algorithms, 1973: at most 11/9 of
    the fewest and some.)
    """
    lots: list[list[Atom]] = []
    left: list[int] = []
    for atom in sorted(atoms, key=lambda each: (-len(each.text), each.text)):
        is_alone = atom.text in learned.busy
        needed = len(atom.text) + joint
        fit = next((n for n, lot in enumerate(lots) if left[n] >= needed and _is_alike(lot[0], atom, learned)), None)
        if fit is None or is_alone:
            lots.append([atom])
            left.append(0 if is_alone else room - len(atom.text))
        else:
            lots[fit].append(atom)
            left[fit] -= needed
    return lots


def _is_alike(one: Atom, other: Atom, learned: Learned) -> bool:
    """Tell whether two may stand in one query."""
    is_counted = one.text in learned.counted or other.text in learned.counted
    return one.every == other.every and (one.topics == other.topics or not is_counted)


def packed(lot: Sequence[Atom], text: str) -> Packed:
    """Return the query of some atoms."""
    topics = frozenset(name for atom in lot for name in atom.topics)
    return Packed(text, topics, min(atom.every for atom in lot))


LearnedBySource = Mapping[str, Learned]
