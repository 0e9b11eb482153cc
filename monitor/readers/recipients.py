"""Whereto in a chat the digests of a topic go, if they go there at all."""

from typing import NamedTuple

from monitor.models import Topic
from monitor.wiring import Monitor


class Recipient(NamedTuple):
    """A chat that gets a digest, and the topic of its forum."""

    chat: str
    thread: int | None = None


def recipient_of(monitor: Monitor, topic: Topic, chat: str) -> Recipient | None:
    """Return whereto in a chat the digests of a topic go: where it subscribed, else where the settings say."""
    home = monitor.chats.home(chat)
    if home != chat:
        monitor.subscriptions.carry(chat, home)
    known = monitor.subscriptions.find(home, topic.name)
    if known is not None and is_let_in(monitor, home):
        return Recipient(home, known.thread)
    return Recipient(home) if is_configured(monitor, home) else None


def is_configured(monitor: Monitor, chat: str) -> bool:
    """Say whether the settings name a chat for all digests."""
    configured = monitor.settings.telegram.chat
    return configured is not None and monitor.chats.home(configured) == chat


def is_let_in(monitor: Monitor, chat: str) -> bool:
    """Say whether a chat may get digests: a private one is its person's, who may have lost access."""
    return chat.startswith(("-", "@")) or monitor.people.role_of(chat) is not None
