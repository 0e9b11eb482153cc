"""Answers updates: what one changes and what is said happen once, however often it comes.

Everything is decided from what is stored; then one script in the chat's slot applies it and hands over the answer,
guarded by the update's id. Roles and invitations are guarded the same way where they are kept. A kill at any place
repeats what was not done; whoever comes second, or late, changes nothing.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from monitor.bot import texts
from monitor.bot.admission import NOBODY, Verdict, judge
from monitor.bot.asked import Answer, Asked, Command
from monitor.bot.channels import for_channel
from monitor.bot.commands import ACTIONS, COMMANDS
from monitor.bot.language import language_heard
from monitor.bot.membership import membership, moved
from monitor.digests.draft import LONGEST_TEXT, utf16_length
from monitor.errors import DeliveryDelayed, DeliveryError, DeliveryUnknown
from monitor.models import Incoming, Message, Parcel, Role
from monitor.readers.buttons import ANYBODY, Signer
from monitor.readers.tongue import language_in
from monitor.readers.topic_names import nearest
from monitor.saying import say, speaking
from monitor.store.subscriptions import Order
from monitor.store.wishes import CHAT
from monitor.text.folding import fold
from monitor.wiring import Monitor

log = logging.getLogger(__name__)


class Ready(NamedTuple):
    """An answer that is decided on and not given yet: to which command, and what a pressed button says, if one was.

    `order` is None where only the button is to stop turning.
    """

    order: Order | None
    command: str
    press: str | None = None
    said: str = ""


class Spoken(NamedTuple):
    """A command as it was written: its name, whom it is for (empty: whoever hears it), and the words after it."""

    name: str
    addressee: str
    words: str


def answer(monitor: Monitor, update: Incoming, role: Role | None, now: datetime) -> None:
    """Do what an update asks for; the same update again does nothing more. Raises StoreError alone."""
    ready = decide(monitor, update, role, now)
    if ready is not None:
        for chat, token in give(monitor, [ready]).items():
            monitor.chats.wake(chat, token)


def decide(monitor: Monitor, update: Incoming, role: Role | None, now: datetime) -> Ready | None:
    """Return the answer to an update; None when all is done already, as it is where nobody waits for words.

    Roles and invitations are changed here, each once for an update.
    """
    chat = home_of(monitor, update.chat)
    with speaking(language_in(monitor, chat, update)):
        return _decide(Asked(monitor, update, chat, role, "", now))


def _decide(asked: Asked) -> Ready | None:
    monitor, update, chat, role, _, _ = asked
    match update.kind:
        case "message":
            return _message(asked)
        case "button":
            return _press(asked)
        case "membership":
            membership(monitor, update, chat, role)
        case "moved":
            moved(monitor, update, chat)
        case _:
            _overhear(asked)
    return None


def give(monitor: Monitor, ready: Sequence[Ready]) -> dict[str, str]:
    """Give answers, all at once; return the chats to be woken, and what for.

    They are to be woken after that: a kill between the two repeats both.
    """
    woken: dict[str, str] = {}
    orders = [(each.order, each.command) for each in ready if each.order is not None]
    outcomes = monitor.subscriptions.apply_all([order for order, _ in orders])
    for (order, command), outcome in zip(orders, outcomes, strict=True):
        if outcome.is_first_refusal:
            user = order.refused.split()[0]
            log.warning("refused", extra={"user": user, "chat": order.chat, "command": command})
        if order.answer is not None and (outcome.is_answered or not outcome.is_new):
            woken[order.chat] = order.answer.id
    for each in ready:
        _acknowledge(monitor, each)
    return woken


def stands_alone(update: Incoming) -> bool:
    """Tell whether an update changes more than its own chat: what was asked before it must be answered by then."""
    if update.kind != "message":
        return update.kind != "button"
    heard = spoken(update.text)
    command = None if heard is None or not heard.words else COMMANDS.get(heard.name)
    return command is not None and command.appoints


def home_of(monitor: Monitor, chat: str) -> str:
    """Return under which id a chat is kept. Updates name chats by number, the settings perhaps by "@name"."""
    named = monitor.settings.telegram.chat or ""
    if named.startswith("@") and chat.startswith("-") and not monitor.chats.has_moved(named):
        assert monitor.telegram is not None, "there is a bot that was spoken to"
        try:
            monitor.chats.move(named, monitor.telegram.chat_id(named))
        except DeliveryError as e:
            log.warning("chat of the settings not found", extra={"chat": named, "reason": e.reason})
    home = monitor.chats.home(chat)
    if home != chat:
        monitor.subscriptions.carry(chat, home)
    return home


def reply(monitor: Monitor, update: Incoming, id_: str, text: str) -> None:
    """Hand a message over to the chat that an update came from, once for its id."""
    chat = monitor.chats.home(update.chat)
    message = Message(id=id_, chat=chat, digest_id=id_, part=0, text=text, thread=update.thread)
    monitor.outbox.hand_over(chat, [Parcel(message=message)], told_by=update.told_by)
    monitor.chats.wake(chat, id_)


def spoken(text: str) -> Spoken | None:
    """Return the command that a text begins with; None where there is none. Full-width letters are letters."""
    head, *rest = text.split(None, 1)[:2] or [""]
    folded = fold(head)
    if not folded.startswith("/") or len(folded) < 2:
        return None
    name, _, addressee = folded[1:].partition("@")
    return Spoken(name, addressee, rest[0].strip() if rest else "")


def _message(asked: Asked) -> Ready | None:
    heard = spoken(asked.update.text)
    if heard is None:
        return _chatter(asked)
    command = COMMANDS.get(heard.name)
    asked = asked._replace(words=heard.words)
    try:
        if heard.addressee and not _is_us(asked.monitor, heard.addressee):
            return None
        if command is None:
            return _unknown(asked, heard)
        verdict = judge(command, asked.update, asked.role, lambda: _standing(asked))
    except (DeliveryDelayed, DeliveryUnknown):
        return _say(asked, Answer(say(texts.UNSURE)))
    if verdict != "yes":
        return _refuse(asked, verdict, command)
    return _say(asked, for_channel(asked, command) or command.run(asked))


def _press(asked: Asked) -> Ready:
    """Do what a button asks for, for whom and where it was made, if they may still do it."""
    update = asked.update
    user = update.user or ""
    signer = Signer(asked.monitor.signing_key(), user, asked.chat)
    press = signer.read(update.text, asked.now) or signer._replace(user=ANYBODY).read(update.text, asked.now)
    command = None if press is None else COMMANDS.get(ACTIONS.get(press.action, ""))
    if press is None or command is None:
        return _only_pressed(asked, say(texts.TOO_OLD))
    asked = asked._replace(words=press.id)
    try:
        verdict = judge(command, update, asked.role, lambda: _standing(asked))
    except (DeliveryDelayed, DeliveryUnknown):
        return _only_pressed(asked, say(texts.UNSURE))
    if verdict != "yes":
        said = _refusal(asked, verdict, command)
        return _refuse(asked, verdict, command)._replace(press=update.button, said=said)
    return _say(asked, command.run(asked))._replace(press=update.button)


def _only_pressed(asked: Asked, said: str) -> Ready:
    """Return the answer to a press that can mean nothing now."""
    return Ready(None, "", asked.update.button, said)


def _chatter(asked: Asked) -> Ready | None:
    """Answer words that are no command: in private with a hint, before others not at all."""
    if asked.place == "group":
        _overhear(asked)
        return None
    if asked.role is None:
        return _refuse(asked, "stranger", COMMANDS["help"])
    return _say(asked, Answer(say(texts.NOT_WORDS)))


def _overhear(asked: Asked) -> None:
    """Note the id of what somebody else said in a chat that gets digests: a probe then begins after it."""
    has_moved = asked.chat != asked.update.chat
    if asked.update.message_id is not None and (has_moved or asked.monitor.subscriptions.of(asked.chat)):
        asked.monitor.subscriptions.apply(Order(asked.chat, asked.update))


def _unknown(asked: Asked, heard: Spoken) -> Ready | None:
    """Answer a command that there is not: before others it may be another bot's."""
    if asked.place == "group":
        _overhear(asked)
        return None
    if asked.role is None:
        return _refuse(asked, "stranger", COMMANDS["help"])
    return _say(asked, Answer(texts.unknown_command(heard.name[:32], nearest(heard.name, list(COMMANDS)))))


def _say(asked: Asked, said: Answer) -> Ready:
    order = Order(
        asked.chat,
        asked.update,
        _written(asked, said),
        said.changes if _changes_manners(said) else (*said.changes, *language_heard(asked, said)),
        photo=said.photo,
        document=said.document,
        file_name=said.file_name,
    )
    if said.refused:
        # What a stranger hears first must not keep them from hearing that their invitation is too old.
        who = asked.user if said.refused == "start" else f"{asked.user} {said.refused}"
        order = order._replace(refused=who)
    return Ready(order, "start")


def _changes_manners(said: Answer) -> bool:
    return any(each.topic == CHAT for each in said.changes)


def _refuse(asked: Asked, verdict: Verdict, command: Command) -> Ready:
    """Say why not: to a stranger once an hour, before others once an hour for all of them."""
    update = asked.update
    who = update.user if update.user is not None and update.user not in NOBODY else "nobody"
    said = None if update.kind == "button" else _written(asked, Answer(_refusal(asked, verdict, command)))
    order = Order(asked.chat, update, said, refused=who)
    if verdict in ("role", "place"):
        # Known people are told each time, and that is no reason to be silent should they become strangers.
        order = order._replace(refused=f"{who} {verdict}", told="always")
    elif asked.place == "group":
        order = order._replace(told="chat")
    return Ready(order, command.name)


def _refusal(asked: Asked, verdict: Verdict, command: Command) -> str:
    if verdict == "stranger" or asked.role is None:
        user = asked.update.user or ""
        is_seen = verdict != "hidden"
        stranger = texts.stranger(user) if asked.place == "private" else texts.stranger_in_group(user)
        return stranger if is_seen else say(texts.HIDDEN)
    match verdict:
        case "hidden":
            return say(texts.HIDDEN)
        case "role":
            return texts.role_too_low(command.name, command.needs, asked.role)
        case "place":
            return texts.not_here(command.name)
        case _:
            return say(texts.NOT_ADMIN)


def _written(asked: Asked, said: Answer) -> Message:
    id_ = f"reply:{asked.update.id}"
    assert not said.entities or utf16_length(said.text) <= LONGEST_TEXT, (
        "what has entities is measured where it is made"
    )
    return Message(
        id=id_,
        chat=asked.chat,
        digest_id=id_,
        part=0,
        text=_fitting(said.text),
        entities=said.entities,
        quotes=said.quotes,
        silent=False,
        thread=asked.update.thread,
        buttons=said.buttons,
    )


def _fitting(text: str) -> str:
    """Cut a text to what one message may hold."""
    while utf16_length(text) > LONGEST_TEXT:
        text = text[: len(text) - max(1, (utf16_length(text) - LONGEST_TEXT) // 2) - 1].rstrip() + "…"
    return text


def _standing(asked: Asked) -> str:
    """Return what the person is in the chat, in Telegram's words."""
    assert asked.monitor.members is not None, "there is a bot that was spoken to"
    try:
        return asked.monitor.members.standing(asked.update.chat, asked.user)
    except (DeliveryDelayed, DeliveryUnknown):
        raise
    except DeliveryError as e:
        log.info("standing not told", extra={"chat": asked.chat, "reason": e.reason})
        return "left"


def _is_us(monitor: Monitor, addressee: str) -> bool:
    assert monitor.telegram is not None, "there is a bot that was spoken to"
    return addressee == fold(monitor.telegram.username())


def _acknowledge(monitor: Monitor, ready: Ready) -> None:
    """Let a button stop turning. It is done for the eye only: what was asked for is done already."""
    if ready.press is None or monitor.telegram is None:
        return
    try:
        monitor.telegram.acknowledge(ready.press, ready.said)
    except DeliveryError as e:
        log.info("press not acknowledged", extra={"press": ready.press, "reason": e.reason})
