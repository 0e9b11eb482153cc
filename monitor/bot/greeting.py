"""The first words in a chat."""

from monitor.bot import texts
from monitor.bot.topic_names import some_titles
from monitor.models import Message, Parcel
from monitor.wiring import Monitor


def greet(monitor: Monitor, chat: str, thread: int | None, digest_id: str) -> None:
    """Say hello first in a chat of which no message is known: a probe for a lost digest could begin nowhere."""
    view = monitor.outbox.outlook(chat)
    if view.last_id is not None or view.head is not None:
        return
    id_ = f"hello:{digest_id}"
    text = texts.hello_chat(some_titles(monitor.topics.all()))
    message = Message(id=id_, chat=chat, digest_id=id_, part=0, text=text, thread=thread)
    monitor.outbox.hand_over(chat, [Parcel(message=message)])
