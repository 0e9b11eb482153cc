"""Channels that are managed from a private chat: "/subscribe @channel TOPIC", by who is an administrator there."""

import re

from monitor.bot import texts
from monitor.bot.admission import ADMINS
from monitor.bot.asked import Answer, Asked, Command
from monitor.errors import DeliveryDelayed, DeliveryError, DeliveryUnknown
from monitor.nouns.wishes import with_manners
from monitor.readers.reviewing import is_reviewed
from monitor.saying import phrase, say, spoken_language
from monitor.store.subscriptions import Change, Order
from monitor.store.wishes import CHAT
from monitor.wiring import Monitor

REMOTE = frozenset(("subscribe", "unsubscribe", "settings", "mute", "language"))
"""What can be said about another chat."""

NOT_ADMIN_THERE = phrase("You are no admin of {chat}, or I am not in it. Add me there as an admin, then try again.")
_COMMAND = re.compile(rf"/(?:{'|'.join(sorted(REMOTE))})\b")
_CHANNEL = re.compile(r"@[A-Za-z]\w{3,31}|-100\d{5,16}")


def for_channel(asked: Asked, command: Command) -> Answer | None:
    """Do a command for the channel that its first word names; None when it names none.

    Its changes are made in the channel's slot, once for the update; what is said comes back here, without buttons.
    """
    name, _, words = asked.words.partition(" ")
    if command.name not in REMOTE or asked.place != "private" or not _CHANNEL.fullmatch(name):
        return None
    try:
        chat = _home(asked, name)
        standing = "" if asked.monitor.members is None else asked.monitor.members.standing(chat, asked.user)
        is_channel = asked.monitor.telegram is not None and asked.monitor.telegram.is_channel(chat)
    except (DeliveryDelayed, DeliveryUnknown):
        return Answer(say(texts.UNSURE))
    except DeliveryError:
        standing, is_channel = "", False
    if standing not in ADMINS:
        return Answer(say(NOT_ADMIN_THERE, chat=name))
    said = command.run(asked._replace(chat=chat, words=words.strip()))
    if said.changes:
        asked.monitor.subscriptions.apply(
            Order(chat, asked.update, None, (*said.changes, _manners(asked, chat, is_channel=is_channel)))
        )
    return Answer(_there(asked.monitor, name, chat, said))


def _there(monitor: Monitor, name: str, chat: str, said: Answer) -> str:
    """Word an answer about another chat: which one, and its name in each command that would be said about it."""
    text = _COMMAND.sub(lambda found: f"{found[0]} {name}", said.text)
    is_new = any(each.verb == "subscribe" for each in said.changes)
    seen_first = say("Each digest is shown in the review chat first.") if is_new and is_reviewed(monitor, chat) else ""
    return "\n".join(line for line in (say("In {chat}:", chat=name), text, seen_first) if line)


def _home(asked: Asked, name: str) -> str:
    assert asked.monitor.telegram is not None, "there is a bot that was spoken to"
    chat = asked.monitor.telegram.chat_id(name) if name.startswith("@") else name
    return asked.monitor.chats.home(chat)


def _manners(asked: Asked, chat: str, *, is_channel: bool) -> Change:
    """Return how the chat is spoken to from now on: groups can be named, too, and there people can be answered."""
    manners = asked.monitor.wishes.manners(chat)
    language = manners.language or spoken_language()
    return Change("wish", CHAT, wishes=with_manners(manners, is_channel=is_channel, language=language))
