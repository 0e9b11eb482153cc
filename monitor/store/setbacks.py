"""What is left of a clock that was ahead and was set back: due times, leases and paces of a time that has not come yet.

A machine whose clock has no battery, or whose other system keeps local time in it, may be hours ahead until it asks
the network. What was planned meanwhile would not be done for as many hours, and chats would be written to as late.

newest time known ─┬─► later than now by more than a minute? ─► jobs come now, paces and waits begin anew
                   └─► earlier than now by an hour or more?  ─► nothing is pruned for a while: the clock may be ahead
"""

import logging
from datetime import datetime, timedelta

from msgspec.structs import replace

from monitor.store.chats import ChatList
from monitor.store.codec import encode, from_ms, to_ms
from monitor.store.connection import Connection, store_now
from monitor.store.repairs import find
from monitor.store.schedule import ms

log = logging.getLogger(__name__)

SLACK = timedelta(minutes=1)
"""Smaller corrections of the clock cost no more than themselves. No lease lasts longer, either."""

LEAP = timedelta(hours=1)
"""So long nobody looked, or the clock leapt: nothing here can tell which. What is pruned for less is hardly missed."""

UNSURE = timedelta(minutes=30)
"""So long after a leap a wrong clock is waited for to be set right: the network's time is asked within minutes."""


class Setbacks:
    """Notices that the store's clock was set back, or leapt ahead; asked with each sweep."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._newest: datetime | None = None

    def mend(self) -> timedelta:
        """Return by how much the clock was set back since anybody looked, and let nothing wait for the time it showed.

        A kill on the way leaves chats waiting, but no jobs; two at once do the same.
        """
        now = store_now(self._connection)
        back = (self._newest or self._last_commit() or now) - now
        if -back >= LEAP:
            self._connection.execute("SET", self._connection.keys.work.leapt, to_ms(now), "PX", ms(UNSURE))
        if back <= SLACK:
            self._newest = max(now, self._newest or now)
            return timedelta(0)
        keys = self._connection.keys.work
        self._connection.run("set_back", (keys.due, keys.due_since, keys.leases), (ms(SLACK),))
        for chat in ChatList(self._connection).all():
            self._mend_chat(chat, now)
        buckets = self._connection.scan(f"{self._connection.keys.bucket('')}*")
        self._connection.execute("UNLINK", keys.bot_sends, keys.floods, keys.leapt, *buckets)
        self._newest = now
        log.warning("the store's clock was set back", extra={"by": f"{back.total_seconds():.0f}s"})
        return back

    def may_be_ahead(self) -> bool:
        """Tell whether the clock leapt a short while ago, so that what looks old may be young."""
        before = self._newest or self._last_commit()
        if before is not None and store_now(self._connection) - before >= LEAP:
            return True  # nobody swept since
        return bool(self._connection.execute("EXISTS", self._connection.keys.work.leapt))

    def _last_commit(self) -> datetime | None:
        at = self._connection.execute("GET", self._connection.keys.work.committed)
        return None if at is None else from_ms(int(at))

    def _mend_chat(self, chat: str, now: datetime) -> None:
        """Let what waits in a chat be sent now: its pace and its due times are of another time."""
        keys = self._connection.keys.chat(chat)
        self._connection.execute("UNLINK", keys.sends, keys.late_digests)
        for each in self._connection.execute("ZRANGE", keys.queue, 0, -1):
            pending = find(self._connection, chat, each.decode())
            if pending is None or pending.delivery.due <= now + SLACK or pending.delivery.state == "sending":
                continue
            due = encode(replace(pending.delivery, due=now))
            # "replace" does nothing where the sender wrote meanwhile what became of it.
            self._connection.run("replace", (keys.outbox,), (pending.id, pending.version, due))
