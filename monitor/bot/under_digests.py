"""The buttons under a digest or an alert, for everybody in its chat, and what readers say of it."""

from datetime import datetime

from monitor.bot import texts
from monitor.bot.asked import Answer, Asked
from monitor.bot.buttons import Press
from monitor.bot.menus import shared_button
from monitor.models import Button, Topic
from monitor.saying import phrase, say
from monitor.store.feedback import NOT_USEFUL, USEFUL
from monitor.wiring import Monitor

BELOW_DIGEST = (("r", phrase("More")), ("w", phrase("Why")), ("c", phrase("Chart")), ("m", phrase("Mute")))
OPINIONS = (("y", phrase("Useful")), ("n", phrase("Not useful")))
THANKS = {USEFUL: phrase("Thank you. Noted as useful."), NOT_USEFUL: phrase("Thank you. Noted as not useful.")}


def buttons_below(monitor: Monitor, topic: Topic, chat: str, at: datetime) -> tuple[tuple[Button, ...], ...]:
    """Return the rows under a digest; none in channels, where nobody is answered, or where the settings send it."""
    is_subscribed = any(each.topic == topic.name for each in monitor.subscriptions.of(chat))
    if not is_subscribed or monitor.wishes.manners(chat).is_channel:
        return ()
    rows = (BELOW_DIGEST, OPINIONS)
    return tuple(
        tuple(shared_button(monitor, chat, say(label), Press(action, topic.name), at) for action, label in row)
        for row in rows
    )


def useful(asked: Asked) -> Answer:
    """Note that somebody found a digest useful."""
    return _noted(asked, USEFUL)


def not_useful(asked: Asked) -> Answer:
    """Note that somebody found a digest of no use."""
    return _noted(asked, NOT_USEFUL)


def _noted(asked: Asked, sign: str) -> Answer:
    topic = next((each for each in asked.monitor.topics.all() if each.name == asked.words.strip()), None)
    if topic is None:
        return Answer(say(texts.WHICH_OPINION))
    asked.monitor.feedback.say(topic.name, asked.user, sign, asked.now)
    return Answer(say(THANKS[sign]))


def opinion_told(monitor: Monitor, topic: Topic) -> str:
    """Word what readers said of a topic in the last month; "" where nobody said anything."""
    found = monitor.feedback.of(topic.name)
    if not any(found):
        return ""
    counts = {"useful": found.useful, "all": sum(found)}
    return say("Readers of 30 days: useful {useful} of {all} times.", **counts)
