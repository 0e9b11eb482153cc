"""The buttons under a digest or an alert, for everybody in its chat."""

from collections.abc import Sequence
from datetime import datetime

from monitor.models import Button, Topic
from monitor.readers.buttons import Press
from monitor.readers.shared_buttons import shared_button
from monitor.readers.topic_names import mark_of
from monitor.saying import phrase, say
from monitor.wiring import Monitor

BELOW_DIGEST = (("r", phrase("More")), ("w", phrase("Why")), ("c", phrase("Chart")), ("m", phrase("Mute")))
BELOW_ALERT = (("w", phrase("Why")), ("m", phrase("Mute 24 h")))
OPINIONS = (("y", phrase("Useful")), ("n", phrase("Not useful")))

OF_ALERTS = "!"
"""Ends the id of an opinion of an alert, which names its topic by a hash: names of topics leave no room for it."""


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
