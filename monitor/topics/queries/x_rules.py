"""All topics' keywords as the rules of X's filtered stream, and what makes those that X holds be these. Pure.

    (word OR "two words" OR #台積電) -is:retweet

https://docs.x.com/x-api/posts/filtered-stream/integrate/build-a-rule. A rule is written like a query of recent search
and may be twice as long. The stream still tells of reposts, which recent search gave up: each would be paid for.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from monitor.models import Topic
from monitor.topics.queries.fitting import atoms_of, fitted
from monitor.topics.queries.x_queries import JOINT, alternatives

LONGEST, MOST = 1024, 1000
"""Characters of a rule, and rules of an app that is paid by use (docs of X, 2026-08-22)."""

NO_REPOSTS = " -is:retweet"
OURS = "discussion-monitor:"
_HASHED = 12


class Rule(NamedTuple):
    """A rule. Its tag says whose it is, and tells of which alternatives it is made by their hash."""

    value: str
    tag: str


class Held(NamedTuple):
    """A rule that X holds, under X's id."""

    id: str
    rule: Rule


class Change(NamedTuple):
    """What leads from the rules that X holds to those that are wanted; rules of others are left alone."""

    add: tuple[Rule, ...]
    delete: tuple[str, ...]
    foreign: int


def rules_of(topics: Iterable[Topic]) -> list[Rule]:
    """Return the fewest rules that find whatever these topics accept, the same for the same topics in any order."""
    room = LONGEST - len(NO_REPOSTS) - 2
    atoms = atoms_of((topic, list(alternatives(topic, room))) for topic in topics)
    # How often a topic is looked at means nothing where posts come by themselves.
    lots = fitted([atom._replace(every=timedelta(0)) for atom in atoms], room, len(JOINT))
    return sorted(_rule(sorted(atom.text for atom in lot)) for lot in lots)


def change_of(held: Sequence[Held], wanted: Sequence[Rule]) -> Change:
    """Return what to add and to delete."""
    ours = [each for each in held if each.rule.tag.startswith(OURS)]
    known = {each.rule for each in ours}
    return Change(
        add=tuple(rule for rule in wanted if rule not in known),
        delete=tuple(each.id for each in ours if each.rule not in wanted),
        foreign=len(held) - len(ours),
    )


def _rule(texts: Sequence[str]) -> Rule:
    value = f"({JOINT.join(texts)}){NO_REPOSTS}"
    return Rule(value, OURS + hashlib.sha256(value.encode()).hexdigest()[:_HASHED])
