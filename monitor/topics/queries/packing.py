"""Sources that are asked by keywords: their queries are made here, of the keywords of all topics that name them.

topics ─needs (asking.py)─► alternatives ─first fit (fitting.py)─► queries, each with the topics that it serves
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from monitor.models import Query, Topic
from monitor.topics.queries import mastodon_queries, reddit_queries, x_queries, youtube_queries
from monitor.topics.queries.fitting import UNTAUGHT, Learned, LearnedBySource, Packed

Packer = Callable[[Sequence[Topic], Learned], list[Packed]]

PACKERS: Mapping[str, Packer] = {
    mastodon_queries.NAME: mastodon_queries.pack,
    reddit_queries.NAME: reddit_queries.pack,
    x_queries.NAME: x_queries.pack,
    youtube_queries.NAME: youtube_queries.pack,
}
"""Who makes the queries of a source, by its name: pure, and the same for the same topics in any order."""

ATOMS: Mapping[str, Callable[[str], list[str]]] = {
    mastodon_queries.NAME: mastodon_queries.atoms_in,
    reddit_queries.NAME: reddit_queries.atoms_in,
    x_queries.NAME: x_queries.atoms_in,
    youtube_queries.NAME: youtube_queries.atoms_in,
}
"""Who takes such a query apart again, so that places survive a new packing (repacking.py)."""

NOTHING_LEARNED: LearnedBySource = {}

KEPT = 16


def is_packed(source: str) -> bool:
    """Tell whether a source is asked by keywords of topics."""
    return source in PACKERS


def packed_of(source: str, topics: Sequence[Topic], learned: LearnedBySource = NOTHING_LEARNED) -> tuple[Packed, ...]:
    """Return the queries of a source for the topics that name it."""
    asking = tuple(topic for topic in topics if source in topic.sources)
    return _packed(source, asking, learned.get(source, UNTAUGHT)) if asking else ()


def atoms_in(query: Query) -> frozenset[str]:
    """Return the alternatives of a query; of a source that packs none, the query is one."""
    apart = ATOMS.get(query.source)
    return frozenset((query.text,) if apart is None else apart(query.text))


def asked_alone(query: Query, topics: Sequence[Topic], learned: LearnedBySource = NOTHING_LEARNED) -> list[str]:
    """Return the topics whose own keywords are all that a query asks for: what is counted of it is theirs."""
    atoms = atoms_in(query)
    return [topic.name for topic in topics if atoms and atoms <= _own_atoms(topic, query.source, learned)]


def _own_atoms(topic: Topic, source: str, learned: LearnedBySource) -> frozenset[str]:
    packs = packed_of(source, [topic], learned)
    return frozenset(atom for each in packs for atom in atoms_in(Query(source, each.text)))


@lru_cache(KEPT)
def _packed(source: str, topics: tuple[Topic, ...], learned: Learned) -> tuple[Packed, ...]:
    return tuple(PACKERS[source](topics, learned))
