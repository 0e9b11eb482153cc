"""What a topic asks of a post, whether it is written as a query or as lists."""

from collections.abc import Iterator
from functools import lru_cache

from monitor.models import Topic
from monitor.topics.language.parse import parse
from monitor.topics.language.query import Node, Tag, Term, from_lists, sought_leaves

KEPT = 4096
"""Queries whose trees are kept: more topics than one file has."""


def node_of(topic: Topic) -> Node:
    """Return the tree of a topic. Raises QueryError for one that asks for nothing, or is no query."""
    if topic.query:
        return _tree(topic.query)
    return from_lists(topic.any, topic.all, topic.none)


def spoken_names(topic: Topic) -> Iterator[str]:
    """Yield the words, phrases and hashtags that a topic looks for: people call it by them."""
    return (leaf.text for leaf in sought_leaves(node_of(topic)) if isinstance(leaf, Term | Tag))


@lru_cache(KEPT)
def _tree(query: str) -> Node:
    return parse(query)
