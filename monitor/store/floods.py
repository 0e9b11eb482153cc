"""Chats that Telegram lets wait, and the whole bot with them when they are several."""

from datetime import timedelta

from monitor.store.codec import from_ms, to_ms
from monitor.store.connection import Connection, store_now

MOST_FLOODED = 3
"""Chats that have to wait at once, from which on the whole bot waits."""


class FloodList:
    """Implements the Floods protocol, for all processes together.

    A wait that is asked for in one chat is that chat's; when several have to wait at once, it is the bot that is too
    fast, or the platform that is not well, and going on with the other chats makes it longer
    (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).
    """

    def __init__(self, connection: Connection, most: int = MOST_FLOODED) -> None:
        self._connection = connection
        self._most = most

    def heed(self, chat: str, wait: timedelta) -> None:
        """Note that sending to a chat has to wait."""
        key, now = self._connection.keys.work.floods, store_now(self._connection)
        self._connection.execute("ZADD", key, "GT", to_ms(now + wait), chat)
        self._connection.execute("ZREMRANGEBYSCORE", key, "-inf", to_ms(now))

    def wait(self) -> timedelta:
        """Return how long the bot must send nothing to anybody: until fewer than `most` chats have to wait."""
        key, place = self._connection.keys.work.floods, self._most - 1
        found = self._connection.execute("ZRANGE", key, place, place, "REV", "WITHSCORES")
        if not found:
            return timedelta(0)
        return max(timedelta(0), from_ms(int(float(found[1]))) - store_now(self._connection))
