"""The buttons under a digest or an alert, for everybody in its chat, and what readers say of it."""

from collections.abc import Sequence
from datetime import datetime

from monitor.bot import texts
from monitor.bot.asked import Answer, Asked
from monitor.bot.buttons import Press
from monitor.bot.chat_settings import mark_of
from monitor.bot.menus import shared_button
from monitor.digests.wording import sentences
from monitor.models import Button, Topic
from monitor.saying import phrase, say
from monitor.store.feedback import NOT_USEFUL, USEFUL, Kind
from monitor.wiring import Monitor

BELOW_DIGEST = (("r", phrase("More")), ("w", phrase("Why")), ("c", phrase("Chart")), ("m", phrase("Mute")))
BELOW_ALERT = (("w", phrase("Why")), ("m", phrase("Mute 24 h")))
OPINIONS = (("y", phrase("Useful")), ("n", phrase("Not useful")))
OF_ALERTS = "!"
"""Ends the id of an opinion of an alert, which names its topic by a hash: names of topics leave no room for it."""

THANKS = {USEFUL: phrase("Thank you. Noted as useful."), NOT_USEFUL: phrase("Thank you. Noted as not useful.")}


def buttons_below(monitor: Monitor, topic: Topic, chat: str, at: datetime) -> tuple[tuple[Button, ...], ...]:
    """Return the rows under a digest; none in channels, where nobody is answered, or where the settings send it."""
    return _rows(monitor, topic, chat, at, (BELOW_DIGEST, topic.name))


def buttons_below_alert(monitor: Monitor, topic: Topic, chat: str, at: datetime) -> tuple[tuple[Button, ...], ...]:
    """Return the rows under an alert, where a digest has some."""
    return _rows(monitor, topic, chat, at, (BELOW_ALERT, f"{mark_of(topic)}{OF_ALERTS}"))


def _rows(
    monitor: Monitor, topic: Topic, chat: str, at: datetime, kind: tuple[Sequence[tuple[str, str]], str]
) -> tuple[tuple[Button, ...], ...]:
    is_subscribed = any(each.topic == topic.name for each in monitor.subscriptions.of(chat))
    if not is_subscribed or monitor.wishes.manners(chat).is_channel:
        return ()
    first, opinion = kind
    wanted = [[(label, Press(action, topic.name)) for action, label in first]]
    wanted.append([(label, Press(action, opinion)) for action, label in OPINIONS])
    return tuple(tuple(shared_button(monitor, chat, say(label), press, at) for label, press in row) for row in wanted)


def useful(asked: Asked) -> Answer:
    """Note that somebody found a digest or an alert useful."""
    return _noted(asked, USEFUL)


def not_useful(asked: Asked) -> Answer:
    """Note that somebody found a digest or an alert of no use."""
    return _noted(asked, NOT_USEFUL)


def _noted(asked: Asked, sign: str) -> Answer:
    words = asked.words.strip()
    topic = next(
        (each for each in asked.monitor.topics.all() if words in (each.name, f"{mark_of(each)}{OF_ALERTS}")), None
    )
    if topic is None:
        return Answer(say(texts.WHICH_OPINION))
    of: Kind = "alert" if words != topic.name else "digest"
    asked.monitor.feedback.say(topic.name, asked.user, sign, asked.now, of)
    return Answer(say(THANKS[sign]))


def opinion_told(monitor: Monitor, topic: Topic) -> str:
    """Word what readers said of a topic in the last month, of digests and of alerts; "" where nobody said anything."""
    digests, alerts = (monitor.feedback.of(topic.name, of) for of in ("digest", "alert"))
    lines = []
    if any(digests):
        lines.append(
            say("Readers of 30 days: useful {useful} of {all} times.", useful=digests.useful, all=sum(digests))
        )
    if any(alerts):
        lines.append(say("Of alerts: useful {useful} of {all} times.", useful=alerts.useful, all=sum(alerts)))
    return sentences(*lines)
