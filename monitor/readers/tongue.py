"""In which language a chat is spoken to: the one that it chose, else its asker's, else the installation's."""

from monitor.models import Incoming
from monitor.saying import language_of
from monitor.wiring import Monitor


def language_in(monitor: Monitor, chat: str, update: Incoming | None = None) -> str:
    """Return the language for a chat, and for whoever asks there.

    What nobody asked for just now, a digest or a notice, is said as its person was answered last.
    """
    manners = monitor.wishes.manners(chat)
    asked = None if update is None else language_of(update.language)
    return manners.language or asked or manners.heard or monitor.settings.telegram.language
