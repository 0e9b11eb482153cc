"""The seams: what the pipeline needs of the world, in protocols of one to six methods."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol

from monitor.models import (
    Batch,
    Cursor,
    Delivery,
    Job,
    Lease,
    Mention,
    Message,
    Observation,
    Parcel,
    PostKey,
    Receipt,
    Role,
    Topic,
    Window,
)


class Source(Protocol):
    """A platform that is asked. It never sleeps and never retries: it raises a SourceError."""

    @property
    def name(self) -> str: ...

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        """Fetch one page of what is new for `query` since `cursor` (None: the first look)."""
        ...


class Sink(Protocol):
    """Where messages go."""

    def send(self, message: Message) -> Receipt:
        """Hand the message over; raise DeliveryError when that fails. Sending the same id again is harmless."""
        ...


class LanguageTagger(Protocol):
    """Names the language of texts: a BCP 47 tag each, or "und". Never raises on a text."""

    def __call__(self, texts: Sequence[str], hints: Sequence[str | None]) -> list[str]: ...


class Added(NamedTuple):
    """What an `add` did; for logs only, since a replayed add counts 0 new."""

    new: int
    known: int
    refused: int


class Pruned(NamedTuple):
    """What a `prune` did: posts removed and hours folded into roll-ups."""

    posts: int
    hours: int


class Mentions(Protocol):
    """The posts of a topic, and their counts."""

    def add(self, topic: str, mentions: Sequence[Mention], *, oldest: datetime) -> Added:
        """Store mentions in one atomic, replayable step; refuse those whose time is before `oldest`."""
        ...

    def between(self, topic: str, window: Window) -> list[Mention]:
        """Return the mentions of a window, oldest first, with the newest engagement."""
        ...

    def history(self, topic: str, keys: Sequence[PostKey]) -> list[tuple[Observation, ...]]:
        """Return how the engagement of each post was observed, oldest first; empty when never."""
        ...

    def hourly(self, topic: str, window: Window) -> list[int]:
        """Return counts per whole hour of a window that starts and ends on the hour, roll-ups included."""
        ...

    def withdraw(self, topic: str, keys: Iterable[PostKey]) -> int:
        """Erase text and author of posts deleted by their authors; counts stay."""
        ...

    def prune(self, topic: str, before: datetime) -> Pruned:
        """Remove posts older than `before`, folding them into hourly roll-ups."""
        ...


class Topics(Protocol):
    """The tracked topics, versioned."""

    def all(self) -> list[Topic]: ...

    def version(self) -> int: ...

    def imported(self) -> str | None:
        """Return the hash of the topics file that was imported last."""
        ...

    def since(self, name: str) -> datetime | None:
        """Return since when a topic is followed by its present rule, None when it is not followed."""
        ...

    def retired(self) -> list[Topic]:
        """Return the topics that left the file and whose posts are not all pruned yet."""
        ...

    def replace(self, topics: Sequence[Topic], file_hash: str) -> int:
        """Replace all topics in one step and return the new version; the same hash again changes nothing."""
        ...


class Sight(NamedTuple):
    """What waits and what was done, at one moment of the store's clock.

    `neglected` is for how long the oldest due job waits that nobody works on, `job` which one that is, and `committed`
    how long ago any job ended.
    """

    neglected: timedelta | None = None
    job: Job | None = None
    committed: timedelta | None = None


class Schedule(Protocol):
    """The due list: when each job is due, on the store's clock."""

    def sync(self, jobs: Mapping[Job, timedelta]) -> None:
        """Make `jobs` the whole list: new ones are due after the given delay, unknown ones are removed."""
        ...

    def take(self, limit: int) -> list[Job]:
        """Take jobs that are due, pushing each a few seconds ahead, so that a lost hint comes again."""
        ...

    def due(self) -> list[tuple[Job, datetime]]:
        """Return every job with its next due time, soonest first."""
        ...

    def sight(self) -> Sight:
        """Return what waits, and when something was done."""
        ...


class Leases(Protocol):
    """The right to work on a job, one holder at a time, with a fencing token.

    A time to live is how long the holder may take. Where leases are kept (store/keeper.py) it ends sooner when the
    holder's process is killed or frozen.
    """

    def acquire(self, job: Job, owner: str, ttl: timedelta, *, only_due: bool = False) -> Lease | None:
        """Return a lease; None while somebody else holds it, or with `only_due` when the job is done and not due again.

        Idempotent per owner.
        """
        ...

    def renew(self, lease: Lease, ttl: timedelta) -> bool:
        """Prolong the lease; False when it is no longer ours."""
        ...

    def release(self, lease: Lease) -> None: ...


class Outgoing(Protocol):
    """The messages of each chat, in the order in which they were handed over."""

    def keep(self, message: Message, at: datetime) -> bool:
        """Keep a message under its id; False when it was kept before."""
        ...

    def latest(self, chat: str, limit: int) -> list[tuple[datetime, Message]]:
        """Return the newest messages of a chat, oldest first."""
        ...


class Pending(NamedTuple):
    """A message that is not over, or one to be looked at again: `version` is its record exactly as it was read."""

    parcel: Parcel
    delivery: Delivery
    version: bytes

    @property
    def id(self) -> str:
        """Return the id of the message."""
        return self.parcel.message.id


class Extra(NamedTuple):
    """A message id under which a sender that had lost its lease sent a message after all."""

    message: str
    message_id: int


class Outlook(NamedTuple):
    """A chat at one moment of the store's clock.

    `head` is the first message that is not over, `before` the part before it, `late` one whose copies are to be looked
    for, `next_late` when the next such is due. `address` is the chat's id at the platform. What is sent now will stand
    after `last_id`; None when no message of the chat is known.
    """

    now: datetime
    address: str
    last_id: int | None
    head: Pending | None = None
    before: Delivery | None = None
    extras: tuple[Extra, ...] = ()
    late: Pending | None = None
    next_late: datetime | None = None


class Outbox(Protocol):
    """The messages of a chat that are to be sent, in their order, and what became of each."""

    def hand_over(self, chat: str, parcels: Sequence[Parcel], *, told_by: datetime | None = None) -> frozenset[PostKey]:
        """Take the parts of a digest and claim their posts, all or nothing; return posts that were claimed before.

        What is returned is refused, and the digest must be composed again without them; nothing returned is taken, now
        or, by the same id, before. A digest that would have been `told_by` a time before the chat was restored from a
        backup is taken as one that may stand there already.
        """
        ...

    def outlook(self, chat: str) -> Outlook: ...

    def find(self, chat: str, message: str) -> Pending | None: ...

    def ours(self, chat: str, after: int) -> frozenset[int]:
        """Return the ids in the chat after one that are known to be of messages of ours."""
        ...

    def move(self, chat: str, address: str) -> None:
        """Send to another id of the same chat from now on; the ids of messages begin anew."""
        ...


class Senders(Protocol):
    """What only the one sender of a chat may do: each step under the fence of its lease."""

    def acquire(self, chat: str, owner: str, ttl: timedelta) -> Lease | None: ...

    def release(self, lease: Lease) -> None: ...

    def claim(self, lease: Lease, pending: Pending, claimed: Delivery) -> timedelta | None:
        """Let the head of the queue be sent now: zero. Longer: so long must the chat wait. None: the lease was lost."""
        ...

    def settle(self, lease: Lease, pending: Pending, settled: Delivery, look_at: datetime | None = None) -> bool:
        """Write what became of a message, with all that follows; False when the lease or the record is another's.

        With `look_at` its copies are looked for at that time.
        """
        ...

    def file_extra(self, chat: str, extra: Extra) -> None:
        """Note what was sent without the right to; needs no lease."""
        ...

    def clear(self, lease: Lease, done: Extra | str) -> bool:
        """Forget an extra that is dealt with, or the late look for copies of a message."""
        ...


Edited = Literal["same", "changed", "missing", "foreign"]
"""What a chat said to an edit: it was so already, it is so now, there is no such message, it is not ours."""


class Messenger(Protocol):
    """A platform on which messages are sent, edited and deleted; each raises DeliveryError when that fails."""

    def send(self, parcel: Parcel, address: str, *, is_plain: bool) -> int:
        """Send and return the id there. DeliveryUnknown says that it may have arrived, all other errors that not."""
        ...

    def edit(self, parcel: Parcel, address: str, message_id: int, *, is_plain: bool) -> Edited:
        """Give a message this text."""
        ...

    def delete(self, address: str, message_id: int) -> None:
        """Delete a message; one that is gone already is no error."""
        ...


class Chats(Protocol):
    """Every chat that was written to, when it is looked at again, and the pace of the bot over all of them."""

    def all(self) -> list[str]: ...

    def wake(self, chat: str, token: str) -> None:
        """Let a chat be looked at now, because of what the token names; the same token again wakes nobody."""
        ...

    def token(self, chat: str) -> str:
        """Return what a chat was woken for last; empty when never."""
        ...

    def rest(self, lease: Lease, due_in: timedelta, token: str) -> bool:
        """End a look at a chat that began under `token`: due after a while, at once if it was woken since."""
        ...

    def move(self, chat: str, address: str) -> None:
        """Know a chat by another id too: what comes from there is this chat's."""
        ...

    def admit(self, attempt: str) -> timedelta:
        """Let the bot send once more: zero, or how long it must wait; the same attempt again counts once."""
        ...


class Floods(Protocol):
    """Chats for which the platform asked to wait, and whether that means the bot as a whole."""

    def heed(self, chat: str, wait: timedelta) -> None:
        """Note that sending to a chat has to wait."""
        ...

    def wait(self) -> timedelta:
        """Return how long the bot must send nothing to anybody; zero while few chats have to wait."""
        ...


class People(Protocol):
    """Who may do what with the bot. Ids of persons are the platform's, as text."""

    def role_of(self, user: str) -> Role | None:
        """Return what a person may do; None: nothing."""
        ...

    def owners(self) -> list[str]: ...

    def grant(self, user: str, role: Role) -> bool:
        """Give a person a role instead of the one they have; False: the last owner stays one."""
        ...

    def revoke(self, user: str) -> bool:
        """Take a person's role away, if they have one; False: the last owner stays one."""
        ...

    def issue(self, role: Role, ttl: timedelta) -> str:
        """Return a token that gives a role to the first who redeems it in time."""
        ...

    def redeem(self, token: str, user: str, update_id: int) -> Role | None:
        """Return the role that a token gives to a person by this update; None when it is unknown, used or too old.

        A greater role that the person has already is kept. The same update again gets the same answer.
        """
        ...
