"""What becomes of a chat when the bot is put out of it, let in again, or the chat gets another id."""

from msgspec.structs import replace

from monitor.bot import texts
from monitor.bot.topic_names import title_of
from monitor.bot.troubles import notice_of, tell_owners
from monitor.models import Incoming, Message, Role
from monitor.store.subscriptions import Change, Order, Outcome
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
    is_configured = _is_configured(monitor, chat)
    if not titles and not is_configured:
        return
    outcome = monitor.subscriptions.apply(Order(chat, update, changes=(Change("leave"),)))
    if outcome.episode:
        tell_owners(monitor, notice_of("gone", chat, outcome.episode), texts.gone(texts.place_of(chat), titles))


def _return(monitor: Monitor, update: Incoming, chat: str, role: Role | None) -> None:
    titles = _titles(monitor, chat)
    was_away = monitor.subscriptions.is_away(chat)
    said = _greeting(update, chat, role, titles if was_away else [])
    if update.chat_type == "channel":
        said = ""
        if role is not None and not _is_configured(monitor, chat):
            tell_owners(monitor, notice_of("channel", chat, ""), texts.channel_found(chat))
    outcome = _apply(monitor, update, chat, said) if said or was_away or titles else None
    if said and outcome is not None:
        monitor.chats.wake(chat, f"reply:{update.id}")


def _greeting(update: Incoming, chat: str, role: Role | None, titles: list[str]) -> str:
    """Word what is said on coming into a chat: nothing where nobody whom we know let us in."""
    if titles:
        return texts.back(titles)
    is_new_group = role is not None and chat.startswith("-") and update.chat_type != "channel"
    return texts.GROUP_HELLO if is_new_group and update.status != "restricted" else ""


def _apply(monitor: Monitor, update: Incoming, chat: str, said: str) -> Outcome:
    id_ = f"reply:{update.id}"
    message = Message(id=id_, chat=chat, digest_id=id_, part=0, text=said) if said else None
    return monitor.subscriptions.apply(Order(chat, update, message, (Change("return"),)))


def _titles(monitor: Monitor, chat: str) -> list[str]:
    names = {each.topic for each in monitor.subscriptions.of(chat)}
    known = {each.name: title_of(each) for each in monitor.topics.all()}
    return [known.get(name, name) for name in sorted(names)]


def _is_configured(monitor: Monitor, chat: str) -> bool:
    configured = monitor.settings.telegram.chat
    return configured is not None and monitor.chats.home(configured) == chat
