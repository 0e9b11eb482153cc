"""The newest message id that the bot's account is known to have had.

Private chats and basic groups share the numbers of the account, so what is sent later to any of them has a greater one:
a probe there may begin at it, however long its own chat was silent
(https://core.telegram.org/api/updates#message-related-event-sequences). Any id that was ever known is right, the newest
saves most, so two who write at once need no order. Another bot begins anew: see intake.lua.
"""

from monitor.digests.delivery import is_dense
from monitor.store.connection import Connection

FIELD = "newest"
STEP = 20
"""Ids that may pass before the next is written: a probe that begins so much earlier finds it all the same."""


class AccountIds:
    """What a process knows of it; the store knows more."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._written = 0

    def note(self, address: str, message_id: int | None) -> None:
        """Know of a message in a chat, where that tells of others."""
        if message_id is None or is_dense(address) or message_id < self._written + STEP:
            return
        self._written = max(self._newest(), message_id)
        self._connection.execute("HSET", self._connection.keys.work.inbox_state, FIELD, self._written)

    def begin_after(self, address: str, last_id: int | None) -> int | None:
        """Return after which id what is sent now will stand, where the last id of its chat is known."""
        return last_id if last_id is None or is_dense(address) else max(last_id, self._newest())

    def _newest(self) -> int:
        found = self._connection.execute("HGET", self._connection.keys.work.inbox_state, FIELD)
        return 0 if found is None else int(found)
