"""What a topic asks, as a tree."""

from monitor.models import Topic
from monitor.topics.query import Node, from_lists


def node_of(topic: Topic) -> Node:
    """Return what a topic asks. Raises QueryError for one that looks for nothing."""
    return from_lists(topic.any, topic.all, topic.none)
