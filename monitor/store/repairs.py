"""What the sender of a chat sets right: the gap that a restored backup left, and messages that must say less."""

from datetime import datetime, timedelta

from monitor.digests.delivery import is_over
from monitor.digests.restoring import begun
from monitor.models import Lease
from monitor.protocols import Pending
from monitor.seams.repairs import Correction, Survey
from monitor.store.codec import decode_delivery, decode_parcel, decode_survey, encode, from_ms, to_ms
from monitor.store.connection import Argument, Call, Connection, store_now
from monitor.store.keys import DELIVERIES_DAYS, IDS_KEPT
from monitor.store.schedule import ms

SURVEY_LIFE = timedelta(days=DELIVERIES_DAYS)
LOOKED_THROUGH = 10


class RepairStore:
    """Implements the Repairs protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def survey(self, chat: str) -> Survey | None:
        """Return the survey of a chat since a backup was restored, None where none was.

        In a chat that the backup did not know nothing can be proved of the time before.
        """
        own, restored = self._connection.keys.chat(chat).survey, self._connection.keys.work.restored
        packed, at = self._connection.together([Call("", (), ("GET", each)) for each in (own, restored)])
        if packed is not None:
            return decode_survey(packed)
        return None if at is None else begun(from_ms(int(at)), None)

    def address(self, chat: str) -> str:
        """Return the id under which messages of a chat are sent."""
        found = self._connection.execute("GET", self._connection.keys.chat(chat).address)
        return chat if found is None else str(found.decode())

    def own_survey(self, chat: str) -> Survey | None:
        """Return the survey of a chat that a restored backup knew, None of any other."""
        packed = self._connection.execute("GET", self._connection.keys.chat(chat).survey)
        return None if packed is None else decode_survey(packed)

    def restored_at(self) -> datetime | None:
        """Return when a backup was restored last, None when none was."""
        at = self._connection.execute("GET", self._connection.keys.work.restored)
        return None if at is None else from_ms(int(at))

    def note_restore(self, at: datetime) -> None:
        """Note that a backup was restored: whatever is told of the time before may have been told."""
        self._connection.execute("SET", self._connection.keys.work.restored, to_ms(at), "PX", ms(SURVEY_LIFE))

    def begin_survey(self, chat: str, survey: Survey) -> None:
        """Let a chat be surveyed before anything is sent to it."""
        self._connection.execute("SET", self._connection.keys.chat(chat).survey, encode(survey), "PX", ms(SURVEY_LIFE))

    def surveyed(self, lease: Lease, survey: Survey) -> bool:
        """Write how far a survey is; from now on what it found is known to be ours. False when the lease was lost."""
        keys = self._connection.keys.chat(lease.job.subject)
        args: list[Argument] = [str(lease.job), lease.fence, encode(survey), IDS_KEPT, *survey.found]
        return bool(self._connection.run("surveyed", (keys.sender, keys.survey, keys.ids), args))

    def taken(self, chat: str, address: str) -> dict[int, str]:
        """Return the ids at an address of the chat that are of messages in its outbox, and of which."""
        found = self._connection.execute("HGETALL", self._connection.keys.chat(chat).outbox)
        pairs = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        records = {name.decode(): decode_delivery(record) for name, record in pairs}
        return {
            each.message_id: name
            for name, each in records.items()
            if each.message_id is not None and each.address == address
        }

    def look_again(self, chat: str, message: str, after: timedelta) -> None:
        """Let copies of a message, and words that it wrote over others, be looked for after a while; needs no lease."""
        at = to_ms(store_now(self._connection) + after)
        self._connection.execute("ZADD", self._connection.keys.chat(chat).late, "GT", at, message)

    def correction(self, chat: str) -> Correction | None:
        """Return a message that is over and to be edited; one whose fate is open yet waits for it."""
        waiting = self._connection.keys.chat(chat).corrections
        found = self._connection.execute("ZRANGE", waiting, 0, LOOKED_THROUGH - 1, "WITHSCORES")
        for message, since in zip(found[::2], found[1::2], strict=True):
            pending = find(self._connection, chat, message.decode())
            if pending is not None and is_over(pending.delivery):
                return Correction(pending, from_ms(int(float(since))))
        return None

    def corrected(self, lease: Lease, done: Correction) -> bool:
        """Forget that a message is to be edited, unless it changed again since; False when the lease was lost."""
        keys = self._connection.keys.chat(lease.job.subject)
        args = (str(lease.job), lease.fence, done.pending.id, to_ms(done.since))
        return bool(self._connection.run("corrected", (keys.sender, keys.corrections), args))


def find(connection: Connection, chat: str, message: str) -> Pending | None:
    """Return a message and what became of it; None when nothing is known of it."""
    keys = connection.keys.chat(chat)
    version = connection.execute("HGET", keys.outbox, message)
    parcel = connection.execute("HGET", keys.parcels, message)
    if version is None or parcel is None:
        return None
    return Pending(decode_parcel(parcel), decode_delivery(version), version)
