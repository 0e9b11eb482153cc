"""In which language a chat is spoken to: the one that it chose, else its asker's, else the installation's."""

from monitor.bot.asked import Answer, Asked
from monitor.models import Incoming
from monitor.nouns.wishes import with_manners
from monitor.saying import language_of, spoken_language
from monitor.store.subscriptions import Change
from monitor.store.wishes import CHAT
from monitor.wiring import Monitor


def language_in(monitor: Monitor, chat: str, update: Incoming | None = None) -> str:
    """Return the language for a chat, and for whoever asks there.

    What nobody asked for just now, a digest or a notice, is said as its person was answered last.
    """
    manners = monitor.wishes.manners(chat)
    asked = None if update is None else language_of(update.language)
    return manners.language or asked or manners.heard or monitor.settings.telegram.language


def language_heard(asked: Asked, said: Answer) -> tuple[Change, ...]:
    """Remember the language of somebody whom we answer in their private chat, where it is not known yet.

    Strangers are refused; who is let in by this very message is answered.
    """
    if asked.place != "private" or (asked.role is None and said.refused):
        return ()
    manners, spoken = asked.monitor.wishes.manners(asked.chat), spoken_language()
    if spoken == (manners.tongue or asked.monitor.settings.telegram.language):
        return ()
    return (Change("wish", CHAT, wishes=with_manners(manners, heard=spoken)),)
