"""What digests and answers are made from: the posts of a topic as its present rule has it."""

from collections.abc import Sequence
from datetime import datetime

from monitor.digests.wishing import in_wished_languages
from monitor.home import author_key
from monitor.models import Mention, Observation, PostKey, Topic, Window
from monitor.nouns.wishes import Wishes
from monitor.pipeline import Shelf, oldest_kept
from monitor.protocols import Mentions
from monitor.services.rules import ByPresentRule
from monitor.signals.bursts import by_hour
from monitor.text.authors import hashed
from monitor.wiring import Monitor


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


def shelf_in(monitor: Monitor, topic: Topic, wishes: Wishes, now: datetime) -> Shelf:
    """Return what a chat's digests are made from: in other languages than it reads, nothing was said.

    What is usual is then counted from stored posts, for roll-ups and platforms' own counts know no languages.
    """
    shelf = shelf_of(monitor, topic)
    if not wishes.languages:
        return shelf
    since = max(oldest_kept(topic, now), shelf.followed_since or oldest_kept(topic, now))
    return shelf._replace(mentions=_InLanguages(shelf.mentions, wishes), followed_since=since, tallies=None)


class _InLanguages:
    """The mentions of a store in some languages. It reads only."""

    def __init__(self, mentions: Mentions, wishes: Wishes) -> None:
        self._mentions = mentions
        self._wishes = wishes
        self.add, self.withdraw, self.prune = mentions.add, mentions.withdraw, mentions.prune

    def between(self, topic: str, window: Window) -> list[Mention]:
        return in_wished_languages(self._mentions.between(topic, window), self._wishes)

    def history(self, topic: str, keys: Sequence[PostKey]) -> list[tuple[Observation, ...]]:
        return self._mentions.history(topic, keys)

    def hourly(self, topic: str, window: Window) -> list[int]:
        mentions = [each for each in self.between(topic, window) if not each.backfilled]
        return list(map(len, by_hour(window, mentions)))
