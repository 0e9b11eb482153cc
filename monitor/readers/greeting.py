"""The first words in a chat."""

from collections.abc import Sequence

from monitor.digests.wording import listed
from monitor.models import Message, Parcel
from monitor.readers.recipients import is_configured
from monitor.readers.topic_names import some_titles
from monitor.saying import say
from monitor.wiring import Monitor


def greet(monitor: Monitor, chat: str, thread: int | None, digest_id: str) -> None:
    """Say hello first in a chat of which no message is known: a probe for a lost digest could begin nowhere."""
    view = monitor.outbox.outlook(chat)
    if view.last_id is not None or view.head is not None:
        return
    id_ = f"hello:{digest_id}"
    here = {each.topic for each in monitor.subscriptions.of(chat)}
    topics = monitor.topics.all()
    # A chat that the settings name gets every topic's digest.
    told = topics if is_configured(monitor, chat) else [each for each in topics if each.name in here]
    text = hello_chat(some_titles(told or topics))
    message = Message(id=id_, chat=chat, digest_id=id_, part=0, text=text, thread=thread)
    monitor.outbox.hand_over(chat, [Parcel(message=message)])


def hello_chat(titles: Sequence[str]) -> str:
    """Word the first message to a chat that gets digests by the settings."""
    return say("Hello! I send one short digest a day here, on {titles}.", titles=listed(titles))
