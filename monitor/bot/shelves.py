"""What digests and answers are made from: the posts of a topic as its present rule has it."""

from monitor.models import Topic
from monitor.pipeline import Shelf
from monitor.services.rules import ByPresentRule
from monitor.text.authors import hashed
from monitor.wiring import Monitor, author_key


def shelf_of(monitor: Monitor, topic: Topic) -> Shelf:
    """Return what the digests and answers about a topic are made from."""
    mentions = rule_for(monitor, topic) or monitor.mentions
    since, firsts = monitor.topics.since(topic.name), monitor.firsts.of(topic.name)
    queries, names = monitor.queries_of(topic), monitor.names.all()
    return Shelf(
        mentions, monitor.progress, since, queries, monitor.mentions, monitor.scores, firsts, monitor.tallies, names
    )


def named_in(monitor: Monitor) -> frozenset[str]:
    """Return who may be named, as the configuration says it and as stored posts know it, with ids hashed."""
    named, key = monitor.settings.people.named, author_key(monitor.settings.home)
    hashes = (f"{entry.partition(':')[0]}:{hashed(key, entry)}" for entry in named if ":" in entry)
    return frozenset((*named, *hashes))


def rule_for(monitor: Monitor, topic: Topic) -> ByPresentRule | None:
    """Return the view of a topic whose rule was edited here; None where all posts were matched by the present one."""
    edited = monitor.proposals.edited_at(topic.name)
    return None if edited is None else ByPresentRule(monitor.mentions, topic, edited)
