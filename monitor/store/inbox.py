"""The inbox: what people did to the bot, kept from before Telegram forgets it until it is answered.

getUpdates ─intake─► waiting ─next─► begun ─answer─► next or rest: forgotten, text and all
                        │              └─ fails again and again ─► quarantine
                        └─ too many of one person, of one group, of strangers: left out

Three lanes: owners, people with a role, all others. What becomes of a chat is in the first, whoever did it: were it
overtaken by what is asked there since, the bot would be out of a group that let it in again. https://core.telegram.org/bots/api#getting-updates
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from monitor.models import Incoming, Job, Lease
from monitor.seams.inbox import Begun, Done, Taken
from monitor.services.courier import deliver_job
from monitor.store.codec import encode, to_ms
from monitor.store.connection import Argument, Connection, store_now
from monitor.store.keys import UPDATES_KNOWN
from monitor.store.schedule import ms

INBOX_JOB = Job("commands", "inbox")
IDLE = timedelta(hours=1)

FORGET_AFTER = timedelta(days=6)
"""After a week without updates Telegram begins with any number, also a smaller one; what was last is then no guide."""

TELL = b"!"
"""Begins the record of an update that was one too many; that of any other begins with a dot."""


class Limits(NamedTuple):
    """How many updates of a minute of Telegram's time are taken, and how many may wait."""

    window: timedelta = timedelta(minutes=1)
    person: int = 20
    stranger: int = 5
    group: int = 40
    strangers: int = 60
    waiting: int = 10_000
    waiting_of_strangers: int = 1_000
    tell_again: timedelta = timedelta(hours=1)
    told: int = 20


LIMITS = Limits()


class InboxStore:
    """Implements the Intake and the Inbox protocols."""

    def __init__(self, connection: Connection, limits: Limits = LIMITS) -> None:
        self._connection = connection
        self._limits = limits

    def offset(self, bot: str) -> int | None:
        """Return from which id on updates are asked for; None: from the oldest that Telegram has."""
        keys = self._connection.keys.work
        kept_for, offset, at = self._connection.execute("HMGET", keys.inbox_state, "bot", "next", "at")
        if offset is None or kept_for.decode() != bot:
            return None
        is_old = to_ms(store_now(self._connection)) - int(at) > ms(FORGET_AFTER)
        return None if is_old else int(offset)

    def take_in(self, bot: str, updates: Sequence[Incoming], offset: int | None, lease: Lease | None) -> Taken | None:
        """Keep updates in their order, once each, and let a worker look at them; None when the lease was lost.

        `offset` is asked for next. Without a lease nobody is asked for one: updates that Telegram pushes.
        """
        keys = self._connection.keys
        work, held = keys.work, ("", 0) if lease is None else (str(lease.job), lease.fence)
        names = [work.inbox, work.inbox_order, work.inbox_known, work.inbox_state, work.inbox_told]
        names += [work.people, work.tokens, work.due, work.due_since, work.leases, keys.inbox_pace("strangers")]
        args: list[Argument] = [*held, bot, str(INBOX_JOB), "" if offset is None else offset, *self._rules()]
        for update in updates:
            names += [keys.inbox_pace(f"person:{update.user}"), keys.inbox_pace(f"chat:{update.chat}")]
            args += _asked(update)
        counts = self._connection.run("intake", names, args)
        return None if counts is None else Taken(*map(int, counts))

    def next(self, lease: Lease, done: Done, attempt: str, most: int) -> list[Begun] | None:
        """Forget what is answered, wake its chats, and begin what waits first; None when the lease was lost.

        What was begun before, and not ended, comes alone: it may be what ended its worker.
        """
        keys = self._connection.keys.work
        names = (keys.leases, keys.inbox, keys.inbox_order, keys.inbox_tries, keys.due, keys.due_since, keys.chats)
        args = (str(lease.job), lease.fence, attempt, most, *_done(done))
        found = self._connection.run("next_updates", names, args)
        return None if found is None else [_begun(*each) for each in found]

    def excuse(self, lease: Lease, begun: Sequence[str], attempt: str) -> bool:
        """Do not hold a try against updates; False when the lease was lost."""
        keys = self._connection.keys.work
        args: list[Argument] = [str(lease.job), lease.fence, attempt, *begun]
        return bool(self._connection.run("excuse", (keys.leases, keys.inbox_tries), args))

    def rest(self, lease: Lease, done: Done, again: timedelta) -> bool:
        """End a look at the inbox: due again soon while updates wait; False when the lease was lost."""
        keys = self._connection.keys.work
        own = (keys.inbox, keys.inbox_order, keys.inbox_tries)
        names = (keys.due, keys.due_since, keys.leases, keys.committed, *own, keys.chats)
        args = (str(lease.job), lease.fence, ms(again), ms(IDLE), *_done(done))
        return bool(self._connection.run("rest_inbox", names, args))

    def waiting(self) -> int:
        """Return how many updates wait."""
        return int(self._connection.execute("ZCARD", self._connection.keys.work.inbox_order))

    def _rules(self) -> tuple[int, ...]:
        rules = self._limits
        return (
            ms(FORGET_AFTER),
            UPDATES_KNOWN,
            rules.waiting,
            rules.waiting_of_strangers,
            ms(rules.window),
            rules.person,
            rules.stranger,
            rules.group,
            rules.strangers,
            ms(rules.tell_again),
            rules.told,
        )


def restored(record: bytes) -> bytes:
    """Return the record of an update that waited in a backup: what was said to it since is said nowhere else."""
    update = _update(record)
    return record if update is None else record[:1] + encode(replace(update, was_restored=True))


def _done(done: Done) -> Iterator[Argument]:
    yield len(done.answered)
    yield from done.answered
    for chat, token in done.woken.items():
        yield from (str(deliver_job(chat)), chat, token)


def _begun(id_: bytes, record: bytes, tries: int, excused: int) -> Begun:
    return Begun(id_.decode(), _update(record), int(tries), int(excused), is_left_out=record[:1] == TELL)


def _asked(update: Incoming) -> tuple[Argument, ...]:
    if update.kind == "other":
        return (update.id, b"", "", 0, 0, 0, "", 0)
    is_private = update.chat_type == "private"
    at = 0 if update.at is None else to_ms(update.at)
    can_be_told = update.kind == "message" and is_private
    place = (at, int(not is_private), int(can_be_told))
    is_about_chat = update.kind in ("membership", "moved")
    return (update.id, encode(update), update.user or "", *place, _token(update), int(is_about_chat))


def _token(update: Incoming) -> str:
    """Return the hash of the one-time token that a message brings, as the people's store keeps it; empty for none."""
    command, _, token = update.text.partition(" ")
    return hashlib.sha256(token.strip().encode()).hexdigest() if command == "/start" and token else ""


def _update(record: bytes) -> Incoming | None:
    try:
        return _decoder.decode(record[1:])
    except msgspec.DecodeError:
        return None


_decoder = msgspec.msgpack.Decoder(Incoming)
