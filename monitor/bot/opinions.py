"""What readers say of digests and alerts, by the buttons under them."""

from monitor.bot import texts
from monitor.bot.asked import Answer, Asked
from monitor.digests.wording import sentences
from monitor.models import Topic
from monitor.readers.topic_names import mark_of
from monitor.readers.under_digests import OF_ALERTS
from monitor.saying import phrase, say
from monitor.store.feedback import NOT_USEFUL, USEFUL, Kind
from monitor.wiring import Monitor

THANKS = {USEFUL: phrase("Thank you. Noted as useful."), NOT_USEFUL: phrase("Thank you. Noted as not useful.")}


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
