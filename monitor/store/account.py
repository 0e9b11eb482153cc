"""The newest message id that the bot's account is known to have had.

Private chats and basic groups share the numbers of the account, so what is sent later to any of them has a greater one:
a probe there may begin at it, however long its own chat was silent
(https://core.telegram.org/api/updates#message-related-event-sequences). Any id that was ever known is right, the newest
saves most, so two who write at once need no order. Another bot begins anew: see intake.lua.
"""

from monitor.digests.delivery import is_dense
from monitor.store.connection import Connection

FIELD = "newest"


def note_id(connection: Connection, address: str, message_id: int | None) -> None:
    """Know of a message in a chat, where that tells of others."""
    if message_id is not None and not is_dense(address) and message_id > newest_id(connection):
        connection.execute("HSET", connection.keys.work.inbox_state, FIELD, message_id)


def newest_id(connection: Connection) -> int:
    """Return the newest id known; 0 for none."""
    found = connection.execute("HGET", connection.keys.work.inbox_state, FIELD)
    return 0 if found is None else int(found)


def begin_after(connection: Connection, address: str, last_id: int | None) -> int | None:
    """Return after which id what is sent now will stand, where the last id of its chat is known."""
    return last_id if last_id is None or is_dense(address) else max(last_id, newest_id(connection))
