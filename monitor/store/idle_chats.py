"""Forgets chats of which nothing is kept: a stranger who wrote once is known no longer than the answer is.

no message, no subscription ─► off the list of chats ─► off the due list (sync) ; ids and fences go
"""

from uuid import uuid4

from monitor.store.chats import ChatList
from monitor.store.connection import Connection


def forget_idle(connection: Connection, chat: str) -> bool:
    """Forget a chat of which nothing is kept, and say whether it was. One that another id leads to stays.

    What is handed over meanwhile is delivered: the chat is then on the list again.
    """
    keys, chats = connection.keys.chat(chat), ChatList(connection)
    kept = (keys.outbox, keys.subscriptions, keys.address, keys.extras, keys.late, keys.survey)
    token = chats.token(chat)
    if not int(connection.execute("EXISTS", *kept)):
        connection.run("replace", (connection.keys.work.chats,), (chat, token, b""))
        known = (keys.sender, keys.ids, keys.sender_fence, keys.episode, keys.away, keys.wishes)
        if connection.run("forget_chat", (*known, *kept)):
            return True
    if connection.execute("EXISTS", keys.queue) and not chats.token(chat):
        chats.wake(chat, f"kept {uuid4().hex}")
    return False
