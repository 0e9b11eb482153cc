"""Sends what waits in a chat's outbox, one step at a time. It does what the states in digests/delivery.py say.

acquire ─► outlook ─► a copy too many? ─► late look due? ─► head of the queue: send │ probe │ wait ─► settle ─┐
              ▲                                                                                              │
              └──────────────────────── while there is something to do now ──────────────────────────────────┘

Every step is settled under the fence of the sender's lease. A sender that was frozen while sending finds its lease
lost; it notes the id of what it sent, and the next sender takes it for the message or deletes it.
"""

import logging
from datetime import timedelta

from monitor.digests.delivery import (
    Abandoned,
    Arrived,
    Claimed,
    Event,
    Gone,
    Interrupted,
    Moved,
    NotSent,
    Orphaned,
    Rejected,
    Seen,
    Undecided,
    Unknown,
    is_dense,
    is_legal,
    is_released,
    judge,
    may_have_copies,
    next_step,
)
from monitor.errors import (
    DeliveryDelayed,
    DeliveryError,
    DeliveryUnknown,
    MessageRejected,
    RecipientGone,
    RecipientMoved,
)
from monitor.models import Delivery, Job, Lease
from monitor.protocols import (
    Edited,
    Extra,
    Outlook,
    Pending,
)
from monitor.services.desk import Desk
from monitor.services.janitor import Janitor
from monitor.services.mender import NOW, LeaseLost, Mender

log = logging.getLogger(__name__)

IDLE = timedelta(hours=1)


def deliver_job(chat: str) -> Job:
    """Return the job that sends what waits for a chat."""
    return Job("deliver", chat)


def in_doubt(pending: Pending) -> bool:
    """Tell whether a message may stand in its chat under an id that is not known yet."""
    return pending.delivery.state in ("sending", "ambiguous")


def deliver(desk: Desk, chat: str, owner: str) -> timedelta:
    """Send what is due for a chat; return after how long there is something to do again."""
    halt = NOW if desk.floods is None else desk.floods.wait()
    if halt > NOW:
        return halt
    began = desk.clock()
    lease = desk.senders.acquire(chat, owner, desk.times.lease)
    if lease is None:
        return desk.times.again
    courier = Courier(desk, lease, began + (desk.times.lease - desk.times.margin).total_seconds())
    try:
        return courier.work()
    except LeaseLost:
        log.warning("lease lost", extra={"chat": chat})
        return desk.times.again
    finally:
        desk.senders.release(lease)


class Courier:
    """The one sender of a chat, for as long as its lease lasts."""

    def __init__(self, desk: Desk, lease: Lease, ends_at: float) -> None:
        self._desk = desk
        self._lease = lease
        self._chat = lease.job.subject
        self._ends_at = ends_at
        self._mender = Mender(desk, lease, self._has_time)
        self._janitor = Janitor(desk, lease, self._has_time, self._is_sure)

    def work(self) -> timedelta:
        """Take steps until there is nothing to do now, or no time left for a request."""
        while self._has_time():
            wait = self._step(self._desk.outbox.outlook(self._chat))
            if wait > NOW:
                return wait
        return NOW

    def _has_time(self) -> bool:
        is_early = self._desk.clock() + self._desk.times.request.total_seconds() < self._ends_at
        return is_early and self._is_sure()

    def _is_sure(self) -> bool:
        """Say whether nobody else can have had the right to send since we have it."""
        return self._desk.clock() < self._ends_at and self._desk.holds(self._lease)

    def _step(self, view: Outlook) -> timedelta:
        wait = self._mender.mend(view.address)
        if wait is not None:
            return wait
        if view.extras:
            return self._take_up(view, view.extras[0])
        # While a message is in doubt, an id that nobody knows may be its own: a look for others would write over it.
        if view.late is not None and not (view.head and in_doubt(view.head)):
            return self._janitor.look_for_copies(view, view.late)
        if view.head is None:
            return IDLE if view.next_late is None else view.next_late - view.now
        return self._advance(view, view.head)

    def _advance(self, view: Outlook, head: Pending) -> timedelta:
        delivery = head.delivery
        if delivery.state == "ready" and view.before is not None and is_released(view.before):
            return self._settle(view, head, Orphaned())
        if delivery.state == "sending":
            # We hold the lease, so whoever began this is dead or frozen.
            return self._settle(view, head, Abandoned())
        if delivery.due > view.now:
            late = None if in_doubt(head) else view.next_late
            return min(delivery.due, late or delivery.due) - view.now
        if delivery.state == "ambiguous":
            return self._settle(view, head, self._probe(view, head))
        return self._send(view, head)

    def _send(self, view: Outlook, head: Pending) -> timedelta:
        attempt = f"{self._chat} {head.id} {head.delivery.attempts} {self._lease.fence}"
        wait = self._desk.chats.admit(attempt)
        if wait > NOW:
            return wait
        # Before it is claimed: whoever takes words back later finds that readers may have it, and has it edited.
        self._desk.look_again(self._chat, head.id)
        claimed = next_step(head.delivery, Claimed(view.address, view.last_id), view.now, self._desk.terms)
        allowed = self._desk.senders.claim(self._lease, head, claimed)
        if allowed is None:
            raise LeaseLost
        if allowed > NOW:
            return allowed
        sending = self._desk.outbox.find(self._chat, head.id)
        if sending is None or sending.delivery != claimed:
            raise LeaseLost
        return self._settle(view, sending, self._attempt(view, sending))

    def _attempt(self, view: Outlook, sending: Pending) -> Event:
        if not self._has_time():
            return NotSent("no time was left", NOW)
        try:
            arrived = self._desk.messenger.send(sending.parcel, view.address, is_plain=sending.delivery.is_plain)
        except DeliveryError as e:
            self._desk.heed(self._chat, e)
            return self._failed(e)
        return Arrived(arrived)

    def _failed(self, error: DeliveryError) -> Event:
        match error:
            case DeliveryDelayed():
                return NotSent(error.reason, error.retry_after)
            case RecipientMoved():
                self._desk.chats.move(self._chat, error.chat)
                self._desk.outbox.move(self._chat, error.chat)
                return Moved()
            case RecipientGone():
                return Gone(error.reason)
            case MessageRejected():
                return Rejected(error.reason)
            case _:
                return Unknown(error.reason)

    def _probe(self, view: Outlook, head: Pending) -> Event:
        """Look for a message whose answer was lost, among the ids that came after those known."""
        delivery = head.delivery
        if delivery.is_restored or delivery.is_retold:
            return self._recall(view, head)
        if delivery.base is None or delivery.address != view.address:
            return Undecided(delivery.scanned or 0, 0, is_hopeless=True)
        ours = self._desk.outbox.ours(self._chat, delivery.base)
        dense = is_dense(view.address)
        seen: list[Seen] = []
        verdict = judge(delivery, seen, is_dense=dense)
        while verdict.decision is None:
            if not self._has_time():
                return Interrupted(verdict.scanned, verdict.missing, NOW)
            asked = verdict.scanned + 1
            try:
                seen.append(Seen(asked, "ours" if asked in ours else self._edit(view, head, asked)))
            except DeliveryError as e:
                self._desk.heed(self._chat, e)
                return self._interrupted(e, verdict.scanned, verdict.missing)
            verdict = judge(delivery, seen, is_dense=dense)
        log.info("probed", extra={"chat": self._chat, "part": head.id, "found": type(verdict.decision).__name__})
        return verdict.decision

    def _recall(self, view: Outlook, head: Pending) -> Event:
        """Find out whether a message in doubt was sent before a backup was restored."""
        try:
            return self._mender.recall(view.address, head)
        except DeliveryError as e:
            return self._interrupted(e, head.delivery.scanned or 0, 0)

    def _interrupted(self, error: DeliveryError, scanned: int, missing: int) -> Event:
        match error:
            case DeliveryDelayed():
                return Interrupted(scanned, missing, error.retry_after)
            case DeliveryUnknown():
                return Interrupted(scanned, missing, self._desk.times.again)
            case MessageRejected():
                return Undecided(scanned, missing, is_hopeless=True)
            case _:
                return self._failed(error)

    def _edit(self, view: Outlook, pending: Pending, message_id: int) -> Edited:
        try:
            return self._desk.messenger.edit(
                pending.parcel, view.address, message_id, is_plain=pending.delivery.is_plain
            )
        except DeliveryUnknown:
            # It may have given its words to another message, which is then found under them as if it were this one.
            self._desk.doubt(self._chat, pending)
            raise

    def _settle(self, view: Outlook, pending: Pending, event: Event) -> timedelta:
        settled = next_step(pending.delivery, event, view.now, self._desk.terms)
        is_unsure = may_have_copies(pending.delivery, event)
        look_at = view.now + self._desk.terms.late_look_after if is_unsure else None
        if not self._desk.senders.settle(self._lease, pending, settled, look_at):
            if isinstance(event, Arrived):
                self._desk.confess(self._chat, Extra(pending.id, event.message_id))
            raise LeaseLost
        self._tell(pending, settled)
        return NOW

    def _tell(self, pending: Pending, settled: Delivery) -> None:
        fields = {"chat": self._chat, "part": pending.id, "attempts": settled.attempts}
        if settled.state == "sent":
            log.info("sent", extra=fields | {"id": settled.message_id})
        elif is_released(settled):
            log.error("held" if settled.is_held else "not deliverable", extra=fields | {"reason": settled.reason})
        elif settled.reason:
            log.warning("not sent yet", extra=fields | {"state": settled.state, "reason": settled.reason})

    def _take_up(self, view: Outlook, extra: Extra) -> timedelta:
        """Take what a frozen sender sent for the message; the janitor sees to what else it did."""
        pending = self._desk.outbox.find(self._chat, extra.message)
        owner = self._janitor.owner(view, extra.message_id)
        arrived = Arrived(extra.message_id)
        if owner is None and pending is not None and is_legal(pending.delivery, arrived):
            return self._settle(view, pending, arrived)
        if owner is None and view.head is not None and in_doubt(view.head):
            # It may be that message, with other words: its own probe gives it its words back.
            return self._advance(view, view.head)
        return self._janitor.put_right(view, extra, owner)
