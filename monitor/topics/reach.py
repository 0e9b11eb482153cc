"""Whether a topic can find anything where it looks: a query may ask for a source that its sources never bring."""

from collections.abc import Collection

from monitor.digests.platforms import platform_label
from monitor.models import Topic
from monitor.topics.language.hints import hints
from monitor.topics.language.query import And, Node, Not, Or, Origin, leaves
from monitor.topics.rule import node_of

_BROUGHT = {
    "x_stream": ("x",),
    "mastodon": ("mastodon", "bluesky"),
    "mastodon_stream": ("mastodon", "bluesky"),
}
"""The sources of the posts that a source brings, where these are not its own alone: posts come over bridges."""


def notes_of(topic: Topic) -> list[str]:
    """Return sentences on what may be meant otherwise in a topic, disappoints, or can never be found."""
    node = node_of(topic)
    brought = sorted({each for entry in topic.sources for each in _brought(entry.partition(":")[0])})
    if not brought or any(_can_be(node, source, is_true=True) for source in brought):
        return hints(node)
    asked = sorted({platform_label(leaf.source) for leaf in leaves(node) if isinstance(leaf, Origin)})
    looks = " and ".join(map(platform_label, brought))
    return [f"nothing can be found: it asks for {' or '.join(asked)}, and looks at {looks} only", *hints(node)]


def _brought(source: str) -> Collection[str]:
    return _BROUGHT.get(source, (source,))


def _can_be(node: Node, source: str, *, is_true: bool) -> bool:
    """Tell whether a part can hold, or not hold, of some post of a source; of words it can always."""
    match node:
        case Not(part):
            return _can_be(part, source, is_true=not is_true)
        case And(parts) | Or(parts):
            needs_all = isinstance(node, And) is is_true
            return (all if needs_all else any)([_can_be(part, source, is_true=is_true) for part in parts])
        case Origin(asked):
            return (asked == source) is is_true
        case _:
            return True
