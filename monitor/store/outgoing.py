"""The messages that were handed to each chat."""

from collections.abc import Sequence
from datetime import datetime

from monitor.models import Message
from monitor.store.codec import decode_message, encode, from_ms, to_ms
from monitor.store.connection import Connection
from monitor.store.keys import MESSAGES_KEPT
from monitor.store.mentions import pages
from monitor.store.shown import ShownPosts, quoted_in

PRUNED_AT_ONCE = 200


class OutgoingStore:
    """Implements the Outgoing protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, message: Message, at: datetime) -> bool:
        """Keep a message under its id; False when it was kept before."""
        keys = self._connection.keys.chat(message.chat)
        ShownPosts(self._connection).note(quoted_in(message))
        args = (message.id, encode(message), to_ms(at), MESSAGES_KEPT)
        return bool(self._connection.run("keep", (keys.messages, keys.order), args))

    def prune(self, chat: str, before: datetime) -> int:
        """Forget messages that were kept before a time, and return how many."""
        keys = self._connection.keys.chat(chat)
        forgotten = 0
        while found := int(
            self._connection.run("unkeep", (keys.messages, keys.order), (to_ms(before), PRUNED_AT_ONCE))
        ):
            forgotten += found
        return forgotten

    def forget(self, chat: str, ids: Sequence[str]) -> None:
        """Forget messages by their ids."""
        keys = self._connection.keys.chat(chat)
        for page in pages(ids):
            self._connection.run("unkeep", (keys.messages, keys.order), (0, 0, *page))

    def latest(self, chat: str, limit: int) -> list[tuple[datetime, Message]]:
        """Return the newest messages of a chat, oldest first."""
        keys = self._connection.keys.chat(chat)
        found = self._connection.execute("ZREVRANGE", keys.order, 0, limit - 1, "WITHSCORES")
        if not found:
            return []
        packed = self._connection.execute("HMGET", keys.messages, *found[::2])
        rows = zip(found[1::2], packed, strict=True)
        return [
            (from_ms(int(float(at))), decode_message(each)) for at, each in reversed(list(rows)) if each is not None
        ]
