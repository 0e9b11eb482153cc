"""The buttons under a digest or an alert, for everybody in its chat."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitor.models import Button, Topic, Window
from monitor.readers.buttons import Press
from monitor.readers.shared_buttons import shared_button
from monitor.readers.topic_names import mark_of
from monitor.saying import phrase, say
from monitor.signals.alerts import Begun
from monitor.wiring import Monitor

BELOW_DIGEST = (("r", phrase("More")), ("w", phrase("Why")), ("c", phrase("Chart")), ("m", phrase("Mute")))
WHY, MUTE = phrase("Why"), phrase("Mute 24 h")
OPINIONS = (("y", phrase("Useful")), ("n", phrase("Not useful")))

OF_ALERTS = "!"
"""Ends the id of an opinion of an alert, which names its topic by a hash: names of topics leave no room for it."""


AT = "@"
"""Stands between the topic of an alert and the end of its hour, of which [Why] under it tells."""

HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def alert_named(topic: Topic, window: Window) -> str:
    """Name the alert of a topic and an hour, for a button."""
    return f"{mark_of(topic)}{AT}{(window.end - _EPOCH) // _MINUTE:x}"


def hour_named(topic: Topic, name: str) -> Window | None:
    """Return the hour of a topic's alert that a button names; None where it names something else."""
    mark, at, minutes = name.partition(AT)
    if not at or mark != mark_of(topic):
        return None
    end = _EPOCH + int(minutes, 16) * _MINUTE
    return Window(end - HOUR, end)


def buttons_below(monitor: Monitor, topic: Topic, chat: str, at: datetime) -> tuple[tuple[Button, ...], ...]:
    """Return the rows under a digest; none in channels, where nobody is answered, or where the settings send it."""
    first = [(label, Press(action, topic.name)) for action, label in BELOW_DIGEST]
    return _rows(monitor, topic, chat, at, (first, topic.name))


def buttons_below_alert(monitor: Monitor, topic: Topic, chat: str, begun: Begun) -> tuple[tuple[Button, ...], ...]:
    """Return the rows under an alert, where a digest has some."""
    first = [(WHY, Press("w", alert_named(topic, begun.window))), (MUTE, Press("m", topic.name))]
    return _rows(monitor, topic, chat, begun.at, (first, f"{mark_of(topic)}{OF_ALERTS}"))


def _rows(
    monitor: Monitor, topic: Topic, chat: str, at: datetime, kind: tuple[Sequence[tuple[str, Press]], str]
) -> tuple[tuple[Button, ...], ...]:
    is_subscribed = any(each.topic == topic.name for each in monitor.subscriptions.of(chat))
    if not is_subscribed or monitor.wishes.manners(chat).is_channel:
        return ()
    first, opinion = kind
    wanted = (first, [(label, Press(action, opinion)) for action, label in OPINIONS])
    return tuple(tuple(shared_button(monitor, chat, say(label), press, at) for label, press in row) for row in wanted)
