"""What a sender is told whose updates are too many."""

from monitor.bot import texts
from monitor.bot.answer import reply
from monitor.bot.tongue import language_in
from monitor.models import Incoming
from monitor.saying import speaking
from monitor.wiring import Monitor


def slow_down(monitor: Monitor, update: Incoming) -> None:
    """Tell somebody to wait; the inbox lets this happen once an hour for each person."""
    with speaking(language_in(monitor, monitor.chats.home(update.chat), update)):
        reply(monitor, update, f"slow:{update.id}", texts.slow_down())
