"""What a sender works with: the seams of the store and the platform, and how long each thing may take."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from monitor.digests.delivery import Terms
from monitor.errors import DeliveryDelayed, DeliveryError
from monitor.models import Lease
from monitor.protocols import Chats, Extra, Floods, Messenger, Outbox, Pending, Senders
from monitor.seams.repairs import Repairs, Scout


class Times(NamedTuple):
    """How long a sender may send at a stretch, and how long one request may take: less than half of it."""

    lease: timedelta = timedelta(seconds=30)
    request: timedelta = timedelta(seconds=12)
    margin: timedelta = timedelta(seconds=2)
    again: timedelta = timedelta(seconds=5)


class Desk(NamedTuple):
    """What a courier works with. `clock` counts seconds and never jumps.

    `holds` says whether a lease is certainly ours still, for leases that are shorter than a courier may work, and kept.
    `look_again` takes out of a message that is about to be sent what was taken back while it was composed.
    """

    outbox: Outbox
    senders: Senders
    chats: Chats
    messenger: Messenger
    scout: Scout
    repairs: Repairs
    clock: Callable[[], float]
    terms: Terms = Terms()
    times: Times = Times()
    floods: Floods | None = None
    holds: Callable[[Lease], bool] = lambda lease: True  # noqa: ARG005 - one that is not kept lasts as long as its work
    look_again: Callable[[str, str], object] = lambda chat, message: None  # noqa: ARG005 - where nothing is taken back

    def heed(self, chat: str, error: DeliveryError) -> None:
        """Let all senders know of a wait that was asked for in a chat."""
        if isinstance(error, DeliveryDelayed) and self.floods is not None:
            self.floods.heed(chat, error.retry_after)

    def confess(self, chat: str, extra: Extra) -> None:
        """File what was sent or edited without the right to, and let somebody who has it look at it now."""
        self.senders.file_extra(chat, extra)
        self.chats.wake(chat, f"extra {extra.message_id} {extra.message}")

    def doubt(self, chat: str, edited: Pending) -> None:
        """Let copies of a message, and what it wrote over, be looked for when an edit without an answer has ended.

        Not after a restore: a look writes over what the backup does not know.
        """
        if not (edited.delivery.is_restored or edited.delivery.is_retold):
            self.repairs.look_again(chat, edited.id, self.terms.look_after)
