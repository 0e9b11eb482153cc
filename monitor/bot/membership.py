"""What becomes of a chat when the bot is put out of it, let in again, or the chat gets another id."""

from msgspec.structs import replace

from monitor.bot import texts
from monitor.models import Incoming, Message, Parcel, Role
from monitor.readers import trouble_texts
from monitor.readers.recipients import is_configured
from monitor.readers.topic_names import title_of
from monitor.readers.troubles import notice_of, tell_owners
from monitor.saying import say
from monitor.store.subscriptions import Change, Order
from monitor.wiring import Monitor

OUT = frozenset(("left", "kicked"))


def membership(monitor: Monitor, update: Incoming, chat: str, role: Role | None) -> None:
    """Stop the digests of a chat that put the bot out, and go on when it is let in again; tell the owners."""
    if update.status in OUT:
        _leave(monitor, update, chat)
    elif update.status:
        _return(monitor, update, chat, role)


def moved(monitor: Monitor, update: Incoming, chat: str) -> None:
    """Go on under the new id of a chat: all that is kept stays where it is, only the address changes."""
    if update.moved_to is None:
        return
    monitor.chats.move(chat, update.moved_to)
    monitor.outbox.move(chat, update.moved_to)
    if update.message_id is not None:
        # Said in the new chat: what is sent there comes after it, and can be looked for from there.
        monitor.subscriptions.apply(Order(chat, replace(update, chat=update.moved_to)))
    monitor.chats.wake(chat, f"moved {update.moved_to}")


def _leave(monitor: Monitor, update: Incoming, chat: str) -> None:
    titles = _titles(monitor, chat)
    if not titles and not is_configured(monitor, chat):
        return
    outcome = monitor.subscriptions.apply(Order(chat, update, changes=(Change("leave"),)))
    if outcome.episode:
        tell_owners(
            monitor,
            notice_of("gone", chat, outcome.episode),
            lambda: trouble_texts.gone(trouble_texts.place_of(chat), titles),
        )


def _return(monitor: Monitor, update: Incoming, chat: str, role: Role | None) -> None:
    id_ = f"reply:{update.id}"
    is_repeated = monitor.outbox.find(chat, id_) is not None  # perhaps nobody was woken for it
    if not is_repeated and not monitor.subscriptions.is_away(chat):
        _arrive(monitor, update, chat, role)
        return
    titles = _titles(monitor, chat)
    message = Message(id=id_, chat=chat, digest_id=id_, part=0, text=texts.back(titles))
    is_heard = bool(titles) and update.chat_type != "channel"
    monitor.subscriptions.apply(Order(chat, update, message if is_heard else None, (Change("return"),)))
    if is_heard:
        monitor.chats.wake(chat, id_)


def _arrive(monitor: Monitor, update: Incoming, chat: str, role: Role | None) -> None:
    """Say hello where somebody whom we know let us in, once: the same is heard when our rights there change."""
    if role is None or monitor.subscriptions.of(chat) or is_configured(monitor, chat):
        return
    if update.chat_type == "channel":
        tell_owners(monitor, notice_of("channel", chat, ""), lambda: texts.channel_found(chat))
    elif update.chat_type != "private":
        id_ = f"hello:{chat}"
        message = Message(id=id_, chat=chat, digest_id=id_, part=0, text=say(texts.GROUP_HELLO))
        monitor.outbox.hand_over(chat, [Parcel(message=message)], told_by=update.told_by)
        monitor.chats.wake(chat, id_)


def _titles(monitor: Monitor, chat: str) -> list[str]:
    names = {each.topic for each in monitor.subscriptions.of(chat)}
    known = {each.name: title_of(each) for each in monitor.topics.all()}
    return [known.get(name, name) for name in sorted(names)]
