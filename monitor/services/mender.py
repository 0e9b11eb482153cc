"""What a courier sets right before it sends: the gap that a restored backup left, and words to be taken back."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from msgspec.structs import replace

from monitor.digests.delivery import Absent, Arrived, Interrupted, Undecided, is_dense
from monitor.digests.restoring import candidates, not_among, seen
from monitor.errors import DeliveryDelayed, DeliveryError, DeliveryUnknown
from monitor.models import Lease
from monitor.protocols import Edited, Extra, Pending
from monitor.seams.repairs import Correction, Survey
from monitor.services.desk import Desk

log = logging.getLogger(__name__)

NOW = timedelta(0)


class LeaseLost(Exception):
    """Somebody else sends to this chat now, or answers."""


class Mender(NamedTuple):
    """Sets right what is wrong in the chat of a lease, for as long as `has_time` says."""

    desk: Desk
    lease: Lease
    has_time: Callable[[], bool]

    @property
    def chat(self) -> str:
        """Return the chat."""
        return self.lease.job.subject

    def mend(self, address: str) -> timedelta | None:
        """Set one thing right and return how long to wait then; None when all is well."""
        survey = self.desk.repairs.survey(self.chat)
        if survey is not None and not survey.is_done:
            return self._survey(address, survey)
        correction = self.desk.repairs.correction(self.chat)
        return None if correction is None else self._correct(address, correction)

    def recall(self, address: str, head: Pending) -> Arrived | Absent | Undecided | Interrupted:
        """Find out whether a message of a restored backup, or one made anew after it, was sent before the restore."""
        survey, delivery = self.desk.repairs.survey(self.chat), head.delivery
        if survey is None or delivery.address != address:
            return Undecided(delivery.scanned or 0, 0, is_hopeless=True)
        left = candidates(survey, self.desk.repairs.taken(self.chat, address))
        if delivery.is_retold:
            return not_among(survey, left)
        for message_id in left:
            if not self.has_time():
                return Interrupted(delivery.scanned or 0, 0, NOW)
            found = self._edit(head, address, message_id)
            if found in ("same", "changed"):
                return Arrived(message_id, is_written_over=found == "changed")
        return not_among(survey, ())

    def _survey(self, address: str, survey: Survey) -> timedelta:
        """Look which of the ids that came after a restored backup are ours; nothing is sent before that is known."""
        wait = NOW
        while not survey.is_done and wait == NOW and self.has_time():
            asked = (survey.scanned or 0) + 1
            try:
                what = self.desk.scout.stands(address, asked)
            except (DeliveryDelayed, DeliveryUnknown) as e:
                wait = self._patience(e)
            except DeliveryError as e:
                log.warning("survey ended", extra={"chat": self.chat, "reason": e.reason})
                survey = replace(survey, is_done=True)
            else:
                survey = seen(survey, asked, what, is_dense=is_dense(address))
        if not self.desk.repairs.surveyed(self.lease, survey):
            raise LeaseLost
        if survey.is_done:
            log.info("surveyed", extra={"chat": self.chat, "found": len(survey.found), "whole": survey.is_whole})
        return wait

    def _correct(self, address: str, correction: Correction) -> timedelta:
        """Edit a message whose words must be read no more; its new ones stand in the outbox already."""
        pending = correction.pending
        delivery, fields = pending.delivery, {"chat": self.chat, "part": pending.id}
        edited: Extra | None = None
        if delivery.message_id is not None and delivery.address == address:
            try:
                found = self._exchange(pending, address, delivery.message_id)
                edited = Extra(pending.id, delivery.message_id)
                log.info("corrected", extra=fields | {"found": found})
            except (DeliveryDelayed, DeliveryUnknown) as e:
                if isinstance(e, DeliveryUnknown) and not self.has_time():
                    self.desk.confess(self.chat, Extra(pending.id, delivery.message_id))
                return self._patience(e)
            except DeliveryError as e:
                log.warning("not corrected", extra=fields | {"reason": e.reason})
        elif delivery.is_held or delivery.message_id is not None:
            log.warning("not corrected", extra=fields | {"reason": "its id in the chat is not known"})
        if not self.desk.repairs.corrected(self.lease, correction):
            if edited is not None:
                # Our words may be older than those that another gave it meanwhile.
                self.desk.confess(self.chat, edited)
            raise LeaseLost
        return NOW

    def _exchange(self, pending: Pending, address: str, message_id: int) -> Edited:
        """Edit a message. A file with words that must be read no more is deleted; where it stays, it asks for that."""
        if pending.parcel.document is not None:
            try:
                self.desk.messenger.delete(address, message_id)
            except (DeliveryDelayed, DeliveryUnknown):
                raise
            except DeliveryError as e:
                log.warning("file not deleted", extra={"chat": self.chat, "id": message_id, "reason": e.reason})
        return self._edit(pending, address, message_id)

    def _edit(self, pending: Pending, address: str, message_id: int) -> Edited:
        is_plain = pending.delivery.is_plain
        return self.desk.messenger.edit(pending.parcel, address, message_id, is_plain=is_plain)

    def _patience(self, error: DeliveryError) -> timedelta:
        return error.retry_after if isinstance(error, DeliveryDelayed) else self.desk.times.again
