"""What people do to the bot on its way in: the nouns and the seams of the inbox."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple, Protocol

from monitor.models import Incoming, Lease


class Taken(NamedTuple):
    """What an intake did, for logs: updates that wait now, that were too many, and that were known."""

    waiting: int
    left_out: int
    known: int


class Intake(Protocol):
    """Where updates of the bot are kept before the platform forgets them."""

    def offset(self, bot: str) -> int | None:
        """Return from which id on updates are asked for; None: from the oldest that there is."""
        ...

    def take_in(self, bot: str, updates: Sequence[Incoming], offset: int | None, lease: Lease | None) -> Taken | None:
        """Keep updates in their order, once each, and let a worker look at them; None when the lease was lost.

        `offset` is asked for next. Without a lease nobody is asked for one: updates that are pushed.
        """
        ...


class Begun(NamedTuple):
    """An update to be answered: its id, its tries, and how many of them failed by chance.

    `update` is None when its record cannot be read. With `is_left_out` it was one too many; its sender is to be told.
    """

    id: str
    update: Incoming | None
    tries: int
    excused: int
    is_left_out: bool


class Done(NamedTuple):
    """What was answered since the last step: ids of updates, and by chat what it is to be looked at for."""

    answered: tuple[str, ...] = ()
    woken: Mapping[str, str] = MappingProxyType({})


NOTHING = Done()


class Inbox(Protocol):
    """What waits to be answered; each step under the fence of the lease of the one who answers."""

    def next(self, lease: Lease, done: Done, attempt: str, most: int) -> list[Begun] | None:
        """Forget what is answered, wake its chats, and begin what waits first; None when the lease was lost.

        What was begun before, and not ended, comes alone.
        """
        ...

    def excuse(self, lease: Lease, begun: Sequence[str], attempt: str) -> bool:
        """Do not hold a try against updates; False when the lease was lost."""
        ...

    def rest(self, lease: Lease, done: Done, again: timedelta) -> bool:
        """End a look: due again soon while updates wait, at once when some come; False when the lease was lost."""
        ...

    def waiting(self) -> int: ...
