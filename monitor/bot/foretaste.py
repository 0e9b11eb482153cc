"""What a new topic will cost and would have found: told before it is followed.

Found is looked for among the posts that are stored for other topics, which takes no network and no money. What fits no
topic is not stored, so this says that the keywords find what is meant, not how much there is.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.bot.asked import Asked
from monitor.bot.cost import amount
from monitor.digests.draft import Draft
from monitor.digests.platforms import platform_label
from monitor.digests.reactions import write_reaction
from monitor.digests.recent import Rules, choose
from monitor.digests.wording import listed, posts, sentences
from monitor.models import Mention, Reaction, Topic, Window
from monitor.processes.undisturbed import undisturbed
from monitor.readers.shelves import named_in
from monitor.saying import say, say_many
from monitor.services.rules import adopted_by
from monitor.wiring import Monitor

LOOK_BACK = timedelta(days=7)
MOST_LOOKED_AT = 2_000
"""Stored posts that are matched, which takes 0.05 s of processor: somebody waits."""

SHOWN = 2


class Found(NamedTuple):
    """How many stored posts were looked at, how many of them fit, and some that may be shown, newest first."""

    read: int
    fitting: int
    shown: list[Reaction]


def write_foretaste(draft: Draft, asked: Asked, topic: Topic) -> None:
    """Write where a new topic looks, what that costs, and what of the stored posts it would have found."""
    places = sorted({each.partition(":")[0] for each in topic.sources})
    said = listed(list(dict.fromkeys(map(platform_label, places))))
    draft.write("\n" + say("Finds it in any script and spelling. Looks at: {places}.", places=said))
    draft.write("\n" + told_cost(asked.monitor, topic))
    found = _found(asked, topic)
    if found.read:
        draft.write("\n" + _told(found))
    draft.write("\n" if found.shown else "")
    window = Window(asked.now - LOOK_BACK, asked.now)
    for each in found.shown:
        write_reaction(draft, each, window, ZoneInfo(topic.timezone))


def told_cost(monitor: Monitor, topic: Topic) -> str:
    """Word what a day of a topic can cost: nothing, or what the budget of each paid source allows one topic."""
    places = {each.partition(":")[0] for each in topic.sources}
    paid = [
        say("{platform} up to {budget}", platform=platform_label(source), budget=amount(spend.budget.topic))
        for source, spend in monitor.spending.items()
        if source in places
    ]
    return say("A day costs: {costs}.", costs=listed(paid)) if paid else say("That costs nothing.")


@undisturbed
def _found(asked: Asked, topic: Topic) -> Found:
    """Match what is stored of the last days as it would have been matched for the topic."""
    stored = {each.post.key: each for each in _stored(asked)}
    adopted = adopted_by(topic)
    fitting = [each for each in map(adopted, stored.values()) if each is not None]
    fitting.sort(key=lambda each: each.post.time, reverse=True)
    return Found(len(stored), len(fitting), choose(fitting, Rules(asked.policy, named_in(asked.monitor)), SHOWN))


def _stored(asked: Asked) -> Iterator[Mention]:
    """Yield the newest posts of the topics that are followed, as many of each."""
    topics = asked.monitor.topics.all()
    for topic in topics:
        for each in asked.monitor.mentions.latest(topic.name, 0, MOST_LOOKED_AT // len(topics)):
            if each.post.time >= asked.now - LOOK_BACK and not each.withdrawn:
                yield each


def _told(found: Found) -> str:
    tried = say("Tried on {posts} of the last 7 days that were kept for other topics:", posts=posts(found.read))
    fit = say_many("{count} fits.", "{count} fit.", found.fitting) if found.fitting else say("none fits.")
    return sentences(tried, fit, say("What fits no topic is not kept, so there may be more."))
