"""All topics' keywords as hashtags of Mastodon, five to a request: https://docs.joinmastodon.org/methods/timelines/#tag.

    #smashpots #砸锅卖铁 #砸鍋賣鐵

What is said without a hashtag is found among what is trending, which is asked for beside them.
"""

import re
from collections.abc import Iterator, Sequence

from monitor.models import Topic
from monitor.topics.language.query import Domain
from monitor.topics.queries.asking import forms_of, needs_of
from monitor.topics.queries.fitting import UNTAUGHT, Learned, Packed, atoms_of, packed

NAME = "mastodon"

MOST = 5
"""One hashtag, and up to four more by `any[]`."""

TRENDS = "trends"
_NOT_IN_TAGS = re.compile(r"\W+")


def pack(topics: Sequence[Topic], learned: Learned = UNTAUGHT) -> list[Packed]:
    """Return the fewest requests for all hashtags, and one for what is trending."""
    del learned
    if not topics:
        return []
    atoms = sorted(atoms_of((topic, list(_tags(topic))) for topic in topics), key=lambda each: (each.every, each.text))
    lots = [
        some[start : start + MOST]
        for every in dict.fromkeys(atom.every for atom in atoms)
        for some in [[atom for atom in atoms if atom.every == every]]
        for start in range(0, len(some), MOST)
    ]
    trends = Packed(TRENDS, frozenset(topic.name for topic in topics), min(topic.every for topic in topics))
    return sorted([*(packed(lot, " ".join(atom.text for atom in lot)) for lot in lots), trends])


def atoms_in(text: str) -> list[str]:
    """Return the hashtags of a query that `pack` wrote, and any other text whole."""
    return text.split() if text.startswith("#") else [text]


def _tags(topic: Topic) -> Iterator[str]:
    """Yield the hashtags that find a topic, each once: case does not matter, and a number alone is none."""
    leaves = [leaf for clause in needs_of(topic, NAME).clauses for leaf in clause.groups[0]]
    forms = [form for leaf in leaves if not isinstance(leaf, Domain) for form in forms_of(leaf)]
    tags = dict.fromkeys(_NOT_IN_TAGS.sub("", form).casefold() for form in forms)
    yield from (f"#{tag}" for tag in tags if tag and not tag.isdecimal())
