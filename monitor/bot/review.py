"""What waits for somebody's yes before a channel gets it: the buttons under it, and /review."""

from msgspec.structs import replace

from monitor.bot import texts
from monitor.bot.asked import Answer, Asked
from monitor.models import Topic
from monitor.nouns.proposal import Audited
from monitor.readers.recipients import recipient_of
from monitor.readers.reviewing import DROP, SEND, review_chat, send
from monitor.readers.topic_names import title_of
from monitor.saying import say
from monitor.store.reviews import Review

MOST_LISTED = 30


def review(asked: Asked) -> Answer:
    """Decide on a digest by its button; without one, list what waits."""
    if not asked.is_press:
        return Answer(_listed(asked))
    id_, sign = asked.words[:-1], asked.words[-1:]
    found = next((each for each in asked.monitor.reviews.all() if each.id == id_), None)
    if found is None or asked.chat != review_chat(asked.monitor) or sign not in (SEND, DROP):
        return Answer(say(texts.TOO_OLD))
    return _sent(asked, found) if sign == SEND else _dropped(asked, found)


def _sent(asked: Asked, found: Review) -> Answer:
    """Write down that a digest is to be sent, then hand it over. Whoever presses again ends what was begun."""
    topic = next((each for each in asked.monitor.topics.all() if each.name == found.topic), None)
    recipient = None if topic is None else recipient_of(asked.monitor, topic, found.chat)
    if topic is None or recipient is None:
        return Answer(say("{chat} gets no digest on {topic} any more.", chat=found.chat, topic=found.topic))
    decided = _decided(asked, found, "sent")
    if decided.state == "dropped":
        return Answer(say("It was dropped before."))
    outcome = send(asked.monitor, decided, recipient.thread) if decided.state == "sent" else "shown"
    if outcome == "shown":
        asked.monitor.reviews.move(decided, replace(decided, state="stale"))
        return Answer(say("Some of it was shown there meanwhile. It is not sent; the next digest tells of the rest."))
    if outcome == "lost":
        return Answer(say(texts.TOO_OLD))
    _audit(asked, decided, "→")
    return Answer(say("The digest on {title} goes to {chat}.", title=title_of(topic), chat=found.chat))


def _dropped(asked: Asked, found: Review) -> Answer:
    decided = _decided(asked, found, "dropped")
    if decided.state == "sent":
        return Answer(say("It was sent before."))
    _audit(asked, decided, "×")
    return Answer(say("Dropped. {chat} does not get it.", chat=found.chat))


def _decided(asked: Asked, found: Review, state: str) -> Review:
    """Return what is decided: by this press, or before it. The first word stands."""
    after = replace(found, state=state, by=asked.user)
    if found.state != "waits" or asked.monitor.reviews.move(found, after):
        return after if found.state == "waits" else found
    known = asked.monitor.reviews.of(found.topic, found.chat)
    return known if known is not None and known.id == found.id else replace(found, state="stale")


def _audit(asked: Asked, decided: Review, sign: str) -> None:
    if decided.by == asked.user:
        what = f"{sign} {decided.topic} {decided.chat} {decided.window.end:%Y-%m-%d %H:%M}"
        asked.monitor.proposals.audit(Audited(update=asked.update.id, user=asked.user, what=what), asked.now)


def _listed(asked: Asked) -> str:
    if review_chat(asked.monitor) is None:
        return say("Digests for channels go there at once: no review chat is set.")
    titles: dict[str, Topic] = {each.name: each for each in asked.monitor.topics.all()}
    waiting = [each for each in asked.monitor.reviews.all() if each.state == "waits" and each.topic in titles]
    lines = [
        say("{title} for {chat} waits in the review chat.", title=title_of(titles[each.topic]), chat=each.chat)
        for each in waiting[:MOST_LISTED]
    ]
    return "\n".join(lines) or say("No digest waits to be approved.")
