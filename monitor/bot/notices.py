"""What people are told of updates that were not answered: too many of them, or one at which we failed."""

from datetime import datetime

from monitor.bot import texts
from monitor.bot.answer import reply, spoken
from monitor.bot.commands import COMMANDS
from monitor.models import Incoming
from monitor.readers import trouble_texts
from monitor.readers.tongue import language_in
from monitor.readers.troubles import notice_of, tell_owners
from monitor.saying import speaking
from monitor.wiring import Monitor


def slow_down(monitor: Monitor, update: Incoming) -> None:
    """Tell somebody to wait; the inbox lets this happen once an hour for each person."""
    with speaking(language_in(monitor, monitor.chats.home(update.chat), update)):
        reply(monitor, update, f"slow:{update.id}", texts.slow_down())


def own_up(monitor: Monitor, update: Incoming, now: datetime) -> None:
    """Tell somebody whom we know that there will be no answer, and the owners why, once a day for each command."""
    if update.kind not in ("message", "button") or update.user is None or monitor.people.role_of(update.user) is None:
        return
    heard = spoken(update.text) if update.kind == "message" else None
    command = f"/{heard.name}" if heard is not None and heard.name in COMMANDS else ""
    with speaking(language_in(monitor, monitor.chats.home(update.chat), update)):
        reply(monitor, update, f"sorry:{update.id}", texts.sorry(command))
    tell_owners(monitor, notice_of("failed", command or "-", f"{now:%Y%m%d}"), lambda: trouble_texts.failed(command))
