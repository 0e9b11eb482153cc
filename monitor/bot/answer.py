"""What a command does. For now: says what there is."""

from datetime import datetime

from monitor.models import Incoming, Message, Parcel, Role
from monitor.wiring import Monitor

HELP = "This bot sends digests of public discussions. It answers those whom its owner invited."


def answer(monitor: Monitor, update: Incoming, role: Role | None, now: datetime) -> None:
    """Do what an update asks for, once however often it is called, and reply through the outbox."""
    del now, role
    if update.kind != "message" or update.chat_type != "private":
        return
    if update.text.split(" ")[0] in ("/start", "/help"):
        reply(monitor, update, f"reply:{update.id}", HELP)


def reply(monitor: Monitor, update: Incoming, id_: str, text: str) -> None:
    """Hand a reply over to the chat that an update came from, once for its id."""
    message = Message(id=id_, chat=update.chat, digest_id=id_, part=0, text=text)
    monitor.outbox.hand_over(update.chat, [Parcel(message=message)])
    monitor.chats.wake(update.chat, id_)
