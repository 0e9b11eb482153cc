"""Sets right what stands in a chat because senders froze or died: copies of messages, and words in another's place.

A message in doubt is looked for by an edit, and so are copies. A sender that froze just before such an edit makes it
when it wakes, and can hit what its successor sent meanwhile. Who is not sure of the lease after an edit files the id;
the next sender gives the message that is known to stand there its own words back, or deletes what nobody knows. What a
sender wrote over that died before it filed the id is found by the late look for copies, which checks known words too.
An edit whose answer was lost may arrive yet: copies are looked for once more when it has surely ended.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Literal, NamedTuple

from monitor.digests.delivery import MISSING_IN_A_ROW, MOST_IN_A_ROUND
from monitor.errors import DeliveryDelayed, DeliveryError, DeliveryUnknown
from monitor.models import Lease
from monitor.protocols import Edited, Extra, Outlook, Pending
from monitor.services.desk import Desk
from monitor.services.mender import NOW, LeaseLost

log = logging.getLogger(__name__)


class Janitor(NamedTuple):
    """Works in the chat of a lease for as long as `has_time` says; `is_sure` says whether the lease is ours still."""

    desk: Desk
    lease: Lease
    has_time: Callable[[], bool]
    is_sure: Callable[[], bool]

    @property
    def chat(self) -> str:
        """Return the chat."""
        return self.lease.job.subject

    def owner(self, view: Outlook, message_id: int) -> str | None:
        """Return the message that is known to stand under an id."""
        return self.desk.repairs.taken(self.chat, view.address).get(message_id)

    def put_right(self, view: Outlook, extra: Extra, owner: str | None) -> timedelta:
        """Give the message under an id its own words back; delete what stands there and is nobody's."""
        pending = self.desk.outbox.find(self.chat, owner or extra.message)
        wait = NOW
        if pending is not None and owner is not None:
            wait = self._give_back(view, pending, extra.message_id)
        elif pending is not None and not pending.delivery.is_held:
            wait = self._delete(view, extra.message, extra.message_id)
        return wait if wait > NOW else self._clear(extra)

    def look_for_copies(self, view: Outlook, late: Pending) -> timedelta:
        """Delete copies of a message whose senders died before they could tell, and mend what they wrote over."""
        base = late.delivery.base
        if base is None or late.delivery.address != view.address:
            return self._clear(late.id)
        ours = self.desk.outbox.ours(self.chat, base)
        known = self.desk.repairs.taken(self.chat, view.address)
        missing = 0
        for message_id in range(base + 1, base + 1 + MOST_IN_A_ROUND):
            if missing >= MISSING_IN_A_ROW:
                break
            if not self.has_time():
                return NOW
            try:
                found = self._look(view, late, message_id, ours)
                self._check(view, known, message_id)
            except DeliveryError as e:
                self.desk.heed(self.chat, e)
                return self._put_off(e, late)
            missing = missing + 1 if found == "missing" else 0
            if found in ("same", "changed"):
                wait = self._delete(view, late.id, message_id)
                if wait > NOW:
                    return wait
        return self._clear(late.id)

    def _look(self, view: Outlook, late: Pending, message_id: int, ours: Collection[int]) -> Edited | Literal["ours"]:
        if message_id in ours or late.delivery.state != "sent":
            return "ours"  # of what was not sent nothing is a copy too many; what it wrote over is found all the same
        try:
            return self._edit(view, late, message_id)
        except DeliveryUnknown:
            # It may arrive yet, and by then the id may be that of a message sent meanwhile.
            self.desk.doubt(self.chat, late)
            raise

    def _check(self, view: Outlook, known: Mapping[int, str], message_id: int) -> None:
        """Give a known message its own words, if it has others."""
        name = known.get(message_id)
        pending = None if name is None else self.desk.outbox.find(self.chat, name)
        if pending is not None:
            self._mend(view, pending, message_id)

    def _give_back(self, view: Outlook, pending: Pending, message_id: int) -> timedelta:
        try:
            self._mend(view, pending, message_id)
        except (DeliveryDelayed, DeliveryUnknown) as e:
            self.desk.heed(self.chat, e)
            return self._patience(e)
        except DeliveryError as e:
            # Nobody can mend it here; a person who reads this can.
            log.warning("words not given back", extra={"chat": self.chat, "part": pending.id, "reason": e.reason})
        return NOW

    def _mend(self, view: Outlook, pending: Pending, message_id: int) -> None:
        if self._edit(view, pending, message_id) == "changed":
            log.warning("words given back", extra={"chat": self.chat, "part": pending.id, "id": message_id})

    def _edit(self, view: Outlook, pending: Pending, message_id: int) -> Edited:
        """Edit, and file the id when we had perhaps no right to any more."""
        is_plain = pending.delivery.is_plain
        found = self.desk.messenger.edit(pending.parcel, view.address, message_id, is_plain=is_plain)
        if found in ("same", "changed") and not self.is_sure():
            self.desk.confess(self.chat, Extra(pending.id, message_id))
            raise LeaseLost
        return found

    def _delete(self, view: Outlook, message: str, message_id: int) -> timedelta:
        """Delete a copy; return how long to wait before it can be tried again, or no time when it is done with."""
        fields = {"chat": self.chat, "part": message}
        try:
            self.desk.messenger.delete(view.address, message_id)
        except (DeliveryDelayed, DeliveryUnknown) as e:
            self.desk.heed(self.chat, e)
            return self._patience(e)
        except DeliveryError as e:
            # Nobody can mend it here; a person who reads this can.
            log.warning("copy stays", extra=fields | {"reason": e.reason})
            return NOW
        log.warning("copy removed", extra=fields | {"id": message_id})
        return NOW

    def _put_off(self, error: DeliveryError, late: Pending) -> timedelta:
        if isinstance(error, DeliveryDelayed | DeliveryUnknown):
            return self._patience(error)
        return self._clear(late.id)

    def _patience(self, error: DeliveryError) -> timedelta:
        return error.retry_after if isinstance(error, DeliveryDelayed) else self.desk.times.again

    def _clear(self, done: Extra | str) -> timedelta:
        if not self.desk.senders.clear(self.lease, done):
            raise LeaseLost
        return NOW
