"""Messages that were held or died, in the hands of a person: shown, sent once more, given up."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from monitor.digests.delivery import is_over
from monitor.errors import StoreError
from monitor.models import Delivery
from monitor.protocols import Pending
from monitor.store.codec import decode_parcel, encode, to_ms
from monitor.store.connection import Argument, Connection, store_now
from monitor.store.fsck import topic_of
from monitor.store.repairs import find

GIVEN_UP = "given up by hand"
TOO_OLD = "not delivered in time"
ENDED = frozenset({GIVEN_UP, TOO_OLD})


class Stopped(NamedTuple):
    """A message that was not delivered, and its chat."""

    chat: str
    pending: Pending


class UndeliveredStore:
    """What was not delivered, of all chats or one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def chats(self) -> list[str]:
        """Return every chat that has any key."""
        keys = self._connection.keys
        found = ((each, keys.kind_of(each)) for each in self._connection.scan(f"{keys.prefix}*"))
        return sorted({topic_of(each) for each, kind in found if kind is not None and kind.slot == "chat"})

    def all(self, chat: str | None = None) -> list[Stopped]:
        """Return what was held or died, and was not given up, oldest first."""
        found = [each for name in ([chat] if chat else self.chats()) for each in self._of(name)]
        return [each for each in found if each.pending.delivery.reason not in ENDED]

    def digest(self, chat: str, message: str) -> list[Pending]:
        """Return the parts of the digest of a message, or of that id, in their order."""
        parcels = self._connection.pairs("HSCAN", self._connection.keys.chat(chat).parcels)
        shown = {id_.decode(): decode_parcel(packed).message.digest_id for id_, packed in parcels}
        digest = shown.get(message, message)
        parts = [find(self._connection, chat, id_) for id_, own in shown.items() if own == digest]
        return sorted((each for each in parts if each is not None), key=lambda each: each.delivery.part)

    def resend(self, chat: str, parts: Sequence[Pending]) -> bool:
        """Hand parts over once more; False when they changed meanwhile, or another digest tells of their posts."""
        now = store_now(self._connection)
        args: list[Argument] = []
        for each in parts:
            args += _change(each, fresh(each.delivery, now))
        keys = self._connection.keys.chat(chat)
        return bool(self._connection.run("resend", (keys.outbox, keys.queue, keys.claims, keys.undelivered), args))

    def drop(self, chat: str, parts: Sequence[Pending], reason: str = GIVEN_UP) -> int:
        """Give parts up, and free their posts; return how many were."""
        args: list[Argument] = []
        for each in parts:
            gone = replace(each.delivery, state="dead", is_held=False, reason=reason)
            args += _change(each, gone)
        keys = self._connection.keys.chat(chat)
        return int(self._connection.run("drop", (keys.outbox, keys.queue, keys.claims, keys.undelivered), args))

    def drop_old(self, chat: str, before: datetime) -> int:
        """Give up what was handed over before a time and still waits: its posts are pruned by now."""
        handed = self._connection.keys.chat(chat).handed
        old = self._connection.execute("ZRANGE", handed, "-inf", f"({to_ms(before)}", "BYSCORE")
        return self.drop_waiting(chat, [each.decode() for each in old])

    def drop_waiting(self, chat: str, messages: Sequence[str]) -> int:
        """Give up those messages that still wait: what they tell of is kept no longer."""
        found = [find(self._connection, chat, each) for each in messages]
        waiting = [each for each in found if each is not None and not is_over(each.delivery)]
        return self.drop(chat, [each for each in waiting if each.delivery.state != "sending"], TOO_OLD)

    def _of(self, chat: str) -> list[Stopped]:
        name = self._connection.keys.chat(chat).undelivered
        found = [find(self._connection, chat, each.decode()) for each, _ in self._connection.pairs("ZSCAN", name)]
        stopped = [Stopped(chat, each) for each in found if each is not None]
        return sorted(stopped, key=lambda each: (each.pending.delivery.due, each.pending.delivery.part))


def may_be_resent(parts: Sequence[Pending]) -> Sequence[Pending]:
    """Return the parts of a digest that are to be sent once more: from the first that was not delivered to the last.

    Raises StoreError when there is none. Readers never see the end of a digest without its beginning.
    """
    stopped = [each for each in parts if is_stopped(each.delivery)]
    if not stopped:
        raise StoreError("nothing of it was held or died; see `monitor outbox list`")
    return stopped


def is_stopped(delivery: Delivery) -> bool:
    """Tell whether a message was held or died."""
    return delivery.state == "dead" or delivery.is_held


def fresh(delivery: Delivery, now: datetime) -> Delivery:
    """Return what a message is that is handed over once more."""
    return Delivery(
        state="ready", due=now, part=delivery.part, parts=delivery.parts, is_plain=delivery.is_plain, reason="once more"
    )


def _change(pending: Pending, after: Delivery) -> list[Argument]:
    posts = list(map(str, pending.parcel.posts))
    return [pending.id, pending.version, encode(after), len(posts), *posts]
