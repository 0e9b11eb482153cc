"""What the owners are told when something does not arrive: once per matter, in their private chats."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

from monitor.models import Message, Parcel
from monitor.protocols import Pending
from monitor.readers import trouble_texts
from monitor.readers.tongue import language_in
from monitor.readers.topic_names import title_of
from monitor.saying import speaking
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

Matter: TypeAlias = Literal["gone", "rights", "closed", "deleted", "held", "refused"]

_WORDS: dict[Matter, tuple[str, ...]] = {
    "closed": ("topic_closed",),
    "deleted": ("thread not found", "topic_deleted"),
    "rights": ("not enough rights", "need administrator rights", "have no rights", "chat_write_forbidden"),
    "gone": ("forbidden", "chat not found", "kicked", "blocked", "deactivated", "not a member", "peer_id_invalid"),
}
"""How Telegram words each of them; the first that fits."""

OURS = ("reply:", "slow:", "sorry:", "notice:", "hello:")
"""Whose answer did not arrive asks again, and may be a stranger; a notice about a notice would never end."""


class Trouble(NamedTuple):
    """A message that did not arrive, and why as far as we know."""

    chat: str
    pending: Pending
    matter: Matter

    @property
    def thread(self) -> int | None:
        """Return the topic of the forum into which it was to go."""
        return self.pending.parcel.message.thread


def notice_of(matter: str, chat: str, what: str) -> str:
    """Return the id of the notice about a matter: the same for the same matter, so that it is told once."""
    return f"notice:{matter}:{chat}:{what}"


def tell_owners(monitor: Monitor, id_: str, word: Callable[[], str]) -> None:
    """Write to each owner in private, in their language; nothing where the same id was written within 60 days."""
    for owner in monitor.people.owners():
        with speaking(language_in(monitor, owner)):
            message = Message(id=id_, chat=owner, digest_id=id_, part=0, text=word(), silent=False)
        monitor.outbox.hand_over(owner, [Parcel(message=message)])
        monitor.chats.wake(owner, id_)


def tell_of_rival(monitor: Monitor, reason: str, now: datetime) -> None:
    """Tell the owners, once a day, that somebody else takes what people write."""
    tell_owners(monitor, f"notice:rival:{now:%Y-%m-%d}", lambda: trouble_texts.rival(reason))


def tell_of_troubles(monitor: Monitor, chat: str) -> None:
    """Tell the owners of what did not arrive in a chat. A kill at any place repeats it under the same ids."""
    for id_ in monitor.outbox.untold(chat):
        pending = monitor.outbox.find(chat, id_)
        if pending is not None and not id_.startswith(OURS):
            _tell(monitor, Trouble(chat, pending, matter_of(pending)))
        monitor.outbox.tell(chat, id_)


def matter_of(pending: Pending) -> Matter:
    """Return what kind of trouble kept a message from its chat."""
    if pending.delivery.is_held:
        return "held"
    reason = pending.delivery.reason.lower()
    return next((matter for matter, words in _WORDS.items() if any(each in reason for each in words)), "refused")


def _tell(monitor: Monitor, trouble: Trouble) -> None:
    if trouble.matter == "deleted":
        _end_in_thread(monitor, trouble)
    elif trouble.matter != "refused" or trouble.pending.delivery.part == 0:
        tell_owners(monitor, notice_of(trouble.matter, trouble.chat, _what(monitor, trouble)), lambda: _worded(trouble))


def _what(monitor: Monitor, trouble: Trouble) -> str:
    """Return what makes a matter another one than the last of its kind."""
    match trouble.matter:
        case "gone" | "rights":
            return monitor.outbox.episode(trouble.chat) or trouble.pending.id
        case "closed":
            return str(trouble.thread)
        case _:
            return trouble.pending.id


def _worded(trouble: Trouble) -> str:
    place = trouble_texts.place_of(trouble.chat)
    match trouble.matter:
        case "gone":
            return trouble_texts.gone(place, [])
        case "rights":
            return trouble_texts.no_rights(place)
        case "closed":
            return trouble_texts.topic_closed(place)
        case "held":
            return trouble_texts.held(place)
        case _:
            return trouble_texts.refused(place, trouble.pending.delivery.reason)


def _end_in_thread(monitor: Monitor, trouble: Trouble) -> None:
    """End the subscriptions whose topic of a forum was deleted: nobody chose another place for them."""
    for each in monitor.subscriptions.of(trouble.chat):
        if each.thread is not None and each.thread == trouble.thread:
            title = next((title_of(t) for t in monitor.topics.all() if t.name == each.topic), each.topic)
            id_ = notice_of(trouble.matter, trouble.chat, f"{each.topic} {each.thread}")
            tell_owners(monitor, id_, partial(_deleted, trouble.chat, title))
            monitor.subscriptions.end(trouble.chat, each)


def _deleted(chat: str, title: str) -> str:
    return trouble_texts.topic_deleted(trouble_texts.place_of(chat), title)
