"""Posts of a topic as its present rule has it: those read under an earlier rule are matched anew when asked for.

So an edit of a topic takes effect at once and backwards, and undoing it brings everything back.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from monitor.models import Mention, Observation, PostKey, Topic, Window
from monitor.protocols import Mentions
from monitor.signals.accounts import in_languages
from monitor.topics.matcher.matching import Matcher, facts_of

Holds = Callable[[Mention], bool]


def rule_of(topic: Topic) -> Holds:
    """Return what tells whether a stored post belongs to a topic by its rule. A withdrawn one has no text: it stays."""
    matcher = Matcher([topic])

    def holds(mention: Mention) -> bool:
        if mention.withdrawn:
            return True
        post = mention.post
        is_found = bool(matcher.match(post.text, facts_of(post), mention.language))
        return is_found and in_languages(mention, topic.languages)

    return holds


def rules_of(*topics: Topic) -> Callable[[Mention], tuple[bool, ...]]:
    """Return what tells to which of several topics a stored post belongs by their rules: its text is read once."""
    named = {f"rule-{number}": topic for number, topic in enumerate(topics)}
    matcher = Matcher([msgspec.structs.replace(topic, name=name) for name, topic in named.items()])

    def belongs(mention: Mention) -> tuple[bool, ...]:
        if mention.withdrawn:
            return (True,) * len(topics)
        post = mention.post
        found = {each.topic for each in matcher.match(post.text, facts_of(post), mention.language)}
        return tuple(name in found and in_languages(mention, topic.languages) for name, topic in named.items())

    return belongs


def adopted_by(topic: Topic) -> Callable[[Mention], Mention | None]:
    """Return what makes a stored post one of a topic, with the places of its keywords; None of what does not fit."""
    matcher = Matcher([topic])

    def adopted(mention: Mention) -> Mention | None:
        post = mention.post
        found = matcher.match(post.text, facts_of(post), mention.language)
        if mention.withdrawn or not found or not in_languages(mention, topic.languages):
            return None
        return msgspec.structs.replace(mention, topic=topic.name, terms=found[0].terms)

    return adopted


class ByPresentRule:
    """The mentions of a store without those that a topic no longer looks for. It reads only.

    Posts seen since the rule is in force were matched by it; only older ones are looked at again.
    """

    def __init__(self, mentions: Mentions, topic: Topic, since: datetime) -> None:
        self._mentions = mentions
        self._since = since
        self._holds = rule_of(topic)
        self.add, self.withdraw, self.prune = mentions.add, mentions.withdraw, mentions.prune

    def between(self, topic: str, window: Window) -> list[Mention]:
        """Return the mentions of a window that the rule holds for."""
        return self.held(self._mentions.between(topic, window))

    def held(self, mentions: Sequence[Mention]) -> list[Mention]:
        """Return the mentions that the rule holds for."""
        return [each for each in mentions if each.post.observed_at >= self._since or self._holds(each)]

    def history(self, topic: str, keys: Sequence[PostKey]) -> list[tuple[Observation, ...]]:
        """Return how the engagement of each post was observed."""
        return self._mentions.history(topic, keys)

    def hourly(self, topic: str, window: Window) -> list[int]:
        """Return counts per hour, for which those before the present rule are never used."""
        return self._mentions.hourly(topic, window)
