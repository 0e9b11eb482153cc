"""Which topic somebody means, or the question back, with a button for each."""

from collections.abc import Sequence

from monitor.bot import texts
from monitor.bot.asked import Answer, Asked
from monitor.bot.menus import button, column
from monitor.digests.wording import plain
from monitor.models import Button, Topic
from monitor.readers.topic_names import LONGEST_TITLE, find_topics, title_of
from monitor.saying import say

MOST_BUTTONS = 30
WITHOUT_QUESTION = frozenset("rwcd")
"""Actions that take the only topic of a chat without asking: they change nothing."""


def topic_meant(asked: Asked, action: str) -> Topic | Answer:
    """Return the topic that is meant, or the question back."""
    topics = asked.monitor.topics.all()
    if not topics:
        return Answer(say(texts.NO_TOPICS))
    if not asked.words:
        only = only_topic(asked, topics) if action in WITHOUT_QUESTION else None
        return only or Answer(say(texts.WHICH), buttons=topic_menu(asked, action, topics))
    if asked.is_press:
        found = [each for each in topics if each.name == asked.words]
        return found[0] if found else Answer(say(texts.NOT_FOLLOWED), buttons=topic_menu(asked, action, topics))
    found = find_topics(asked.words, topics)
    if len(found) == 1:
        return found[0]
    if not found:
        titles = [title_of(each) for each in topics[:MOST_BUTTONS]]
        return Answer(
            texts.unknown_topic(plain(asked.words, LONGEST_TITLE), titles), buttons=topic_menu(asked, action, topics)
        )
    return Answer(texts.which_of([title_of(each) for each in found]), buttons=topic_menu(asked, action, found))


def only_topic(asked: Asked, topics: Sequence[Topic]) -> Topic | None:
    """Return the one topic that there is, or that comes here."""
    here = {each.topic for each in asked.monitor.subscriptions.of(asked.chat)}
    mine = [each for each in topics if each.name in here]
    return next((some[0] for some in (topics, mine) if len(some) == 1), None)


def topic_menu(asked: Asked, action: str, topics: Sequence[Topic]) -> tuple[tuple[Button, ...], ...]:
    """Return a button for each topic, which only this person can press."""
    return column(button(asked, title_of(each), action, each.name) for each in topics[:MOST_BUTTONS])
