"""The states of a message on its way to a chat, and what each event makes of them.

                    ┌────────────── NotSent, Rejected once (then as plain text) ─────────────┐
                    ▼                                                                        │
    (handed over) ready ──Claimed──► sending ──Arrived──────────────────────► sent           │
                    ▲                   │ └──Rejected, Gone──► dead            ▲             │
                    │                   ├────────────────────────────────────────────────────┘
                    │                   └──Unknown, Abandoned──► ambiguous ────┤ Arrived (the probe found it)
                    └────────────────────────────── Absent ──────────┘  └─ Undecided too often: held, or ready

No method of the Bot API takes a key of idempotency, and an answer can be lost after the message was delivered. So what
may have arrived is looked for before it is sent again: an edit to the same text is refused as "not modified" by the
message that it is, and changes nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

from msgspec.structs import replace

from monitor.models import Delivery

Policy = Literal["hold", "resend"]


class Terms(NamedTuple):
    """How patient deliveries are. `policy` decides about what no probe can decide."""

    policy: Policy = "hold"
    look_after: timedelta = timedelta(seconds=20)
    """From the beginning of an attempt until its request has surely ended: longer than any request may take."""
    late_look_after: timedelta = timedelta(seconds=60)
    """Until a sender that was frozen while sending has woken, or never will."""
    shortest_wait: timedelta = timedelta(seconds=2)
    longest_wait: timedelta = timedelta(minutes=15)
    most_rounds: int = 3
    most_resends: int = 3
    most_attempts: int = 30
    """So often a message is sent that Telegram fails at while it shows that it is not there: for some six hours."""


class Claimed(NamedTuple):
    """The sender is about to send to an address; `base` is the last id known there."""

    address: str
    base: int | None


class Arrived(NamedTuple):
    """The message stands in the chat under this id. `is_written_over`: another message of ours stood there before."""

    message_id: int
    is_written_over: bool = False


class NotSent(NamedTuple):
    """Surely not delivered; again after `wait`, or after a pause of our own."""

    reason: str
    wait: timedelta | None = None


class Rejected(NamedTuple):
    """Refused for what it says."""

    reason: str


class Gone(NamedTuple):
    """The chat does not want it."""

    reason: str


class Unknown(NamedTuple):
    """The answer was lost: it may have arrived."""

    reason: str


class Abandoned(NamedTuple):
    """Its sender was lost while sending."""


class Absent(NamedTuple):
    """The probe proved that it is not there."""


class Interrupted(NamedTuple):
    """The probe could not go on, having come to `scanned`; again after `wait`."""

    scanned: int
    missing: int
    wait: timedelta


class Undecided(NamedTuple):
    """The probe ended at `scanned` without a proof; `hopeless` when more rounds would not help."""

    scanned: int
    missing: int
    is_hopeless: bool = False


class Orphaned(NamedTuple):
    """An earlier part did not arrive, so this one must not."""


class Moved(NamedTuple):
    """The chat has another id: nothing was sent, and ids begin anew."""


Event: TypeAlias = (
    Claimed
    | Arrived
    | NotSent
    | Rejected
    | Gone
    | Unknown
    | Abandoned
    | Absent
    | Interrupted
    | Undecided
    | Orphaned
    | Moved
)

_LEGAL: dict[type, frozenset[str]] = {
    Claimed: frozenset({"ready"}),
    # Also what is ready can have arrived: a sender that was frozen while sending says so when it wakes.
    Arrived: frozenset({"ready", "sending", "ambiguous"}),
    NotSent: frozenset({"sending"}),
    Rejected: frozenset({"sending"}),
    Gone: frozenset({"sending", "ambiguous"}),
    Unknown: frozenset({"sending"}),
    Abandoned: frozenset({"sending"}),
    Absent: frozenset({"ambiguous"}),
    Interrupted: frozenset({"ambiguous"}),
    Undecided: frozenset({"ambiguous"}),
    Orphaned: frozenset({"ready"}),
    Moved: frozenset({"ready", "sending", "ambiguous"}),
}


def is_over(delivery: Delivery) -> bool:
    """Tell whether nothing more is to be done for a message: it arrived, died, or is held."""
    return delivery.state in ("sent", "dead") or delivery.is_held


def is_released(delivery: Delivery) -> bool:
    """Tell whether the posts of a message may go to a later digest; most likely not, where it was told before."""
    return delivery.state == "dead" or (delivery.is_held and not delivery.is_retold)


def may_have_copies(delivery: Delivery, event: Event) -> bool:
    """Tell whether a message that arrives by this event may stand in its chat a second time, now or later.

    After a restore no copies are looked for: a look for them writes over what was sent since the backup.
    """
    if delivery.is_restored:
        return False
    return isinstance(event, Arrived) and delivery.is_doubtful and (delivery.attempts > 1 or event.is_written_over)


def is_legal(delivery: Delivery, event: Event) -> bool:
    """Tell whether an event can befall a message in its state."""
    return not delivery.is_held and delivery.state in _LEGAL[type(event)]


def next_step(delivery: Delivery, event: Event, now: datetime, terms: Terms) -> Delivery:
    """Return what a message becomes by an event. Pure; `now` is the store's clock. An illegal event is our bug."""
    assert is_legal(delivery, event), f"{type(event).__name__} while {delivery.state}"
    match event:
        case Claimed():
            return _claimed(delivery, event, now)
        case Absent() | Interrupted() | Undecided():
            return _probed(delivery, event, now, terms)
        case Moved():
            return _moved(delivery, now, terms)
        case Unknown(reason):
            return _doubtful(delivery, reason, now + terms.look_after)
        case Abandoned():
            # Counted from when it was claimed, as for an answer that was lost: nobody noticed at once.
            return _doubtful(delivery, "the sender was lost", delivery.due + terms.look_after)
        case NotSent(reason, wait):
            due = now + (pause(delivery.attempts, terms) if wait is None else wait)
            return replace(delivery, state="ready", due=due, reason=reason)
        case _:
            return _answered(delivery, event, now)


def _claimed(delivery: Delivery, event: Claimed, now: datetime) -> Delivery:
    """Begin an attempt. After a doubtful one the base stays: its copy may turn up late, and below a newer base."""
    stays = delivery.is_doubtful and delivery.address == event.address
    base = delivery.base if stays else event.base
    attempts = delivery.attempts + 1
    return replace(delivery, state="sending", due=now, attempts=attempts, address=event.address, base=base)


def _answered(delivery: Delivery, event: Arrived | Rejected | Gone | Orphaned, now: datetime) -> Delivery:
    match event:
        case Arrived(message_id):
            return replace(delivery, state="sent", message_id=message_id, due=now, reason="")
        case Rejected(reason) if not delivery.is_plain:
            return replace(delivery, state="ready", due=now, is_plain=True, reason=reason)
        case Rejected(reason) | Gone(reason):
            return _ended(delivery, reason, now)
        case Orphaned():
            return replace(delivery, state="dead", due=now, reason="an earlier part did not arrive")


def pause(attempts: int, terms: Terms) -> timedelta:
    """Return how long to wait after so many attempts: doubling, from the shortest to the longest."""
    doubled: timedelta = terms.shortest_wait * 2 ** min(max(attempts - 1, 0), 20)
    return min(terms.longest_wait, doubled)


def _ended(delivery: Delivery, reason: str, now: datetime) -> Delivery:
    """End what cannot be delivered. What may have arrived before is held: its fate stays unknown."""
    if delivery.state == "ambiguous":
        return replace(delivery, is_held=True, due=now, reason=reason)
    return replace(delivery, state="dead", due=now, reason=reason)


def _doubtful(delivery: Delivery, reason: str, due: datetime) -> Delivery:
    return replace(
        delivery,
        state="ambiguous",
        due=due,
        reason=reason,
        is_doubtful=True,
        scanned=delivery.base,
        missing=0,
        rounds=0,
    )


def _moved(delivery: Delivery, now: datetime, terms: Terms) -> Delivery:
    """Go on under the new id. What may have arrived under the old one cannot be looked for any more."""
    if delivery.state == "ambiguous":
        return _given_up(delivery, now, terms)
    return replace(delivery, state="ready", due=now, base=None, reason="the chat has a new id")


def _probed(delivery: Delivery, event: Absent | Interrupted | Undecided, now: datetime, terms: Terms) -> Delivery:
    match event:
        case Absent():
            return _absent(delivery, now, terms)
        case Interrupted(scanned, missing, wait):
            return replace(delivery, scanned=scanned, missing=missing, due=now + wait)
        case Undecided(scanned, missing, is_hopeless):
            seen = replace(delivery, scanned=scanned, missing=missing, rounds=delivery.rounds + 1)
            if seen.rounds < terms.most_rounds and not is_hopeless:
                return replace(seen, due=now + terms.look_after)
            return _given_up(seen, now, terms)


def _absent(delivery: Delivery, now: datetime, terms: Terms) -> Delivery:
    """Go on with what is surely not there, ever more rarely; one that fails each time must not keep others waiting."""
    if delivery.attempts >= terms.most_attempts:
        reason = f"failed {delivery.attempts} times: {delivery.reason}"
        return replace(delivery, state="dead", due=now, reason=reason, scanned=None, missing=0)
    # One of a backup that was not sent before the backup waits for nothing.
    due = now + pause(delivery.attempts, terms) if delivery.attempts else now
    fresh = replace(delivery, is_restored=False, is_retold=False)
    return replace(fresh, state="ready", due=due, reason="not there", scanned=None, missing=0)


def _given_up(delivery: Delivery, now: datetime, terms: Terms) -> Delivery:
    if delivery.is_retold:
        return replace(delivery, is_held=True, due=now, reason="told before the restore, most likely")
    if terms.policy == "resend" and delivery.attempts <= terms.most_resends:
        return replace(delivery, state="ready", due=now, reason="sent again without a proof", scanned=None)
    return replace(delivery, is_held=True, due=now, reason="nobody can tell whether it arrived")


class Seen(NamedTuple):
    """What an edit to the message's own text told about an id."""

    message_id: int
    what: Literal["same", "changed", "missing", "foreign", "ours"]
    """same: it is the message; changed: a message of ours that nobody knew, which now has this text; ours: known."""


MISSING_IN_A_ROW = 20
"""So many ids in a row that are nobody's, in a chat that counts its own messages: no message came after them."""
MOST_IN_A_ROUND = 70
"""Ids looked at in one round: with three rounds some 200, as many as other chats may have used meanwhile."""


class Verdict(NamedTuple):
    """What a probe found out, having come to `scanned`; `decision` is None while it must go on."""

    decision: Arrived | Absent | Undecided | None
    scanned: int
    missing: int


def judge(delivery: Delivery, seen: Iterable[Seen], *, is_dense: bool) -> Verdict:
    """Return what the ids seen so far in this round prove. `is_dense`: the chat numbers its messages by itself."""
    scanned, missing, looked = delivery.scanned or 0, delivery.missing, 0
    for scanned, what in seen:
        looked += what != "ours"
        missing = missing + 1 if what == "missing" else 0
        if what in ("same", "changed"):
            return Verdict(Arrived(scanned, what == "changed"), scanned, missing)
        if is_dense and missing >= MISSING_IN_A_ROW:
            return Verdict(Absent(), scanned, missing)
    is_over = looked >= MOST_IN_A_ROUND
    return Verdict(Undecided(scanned, missing) if is_over else None, scanned, missing)


LAST_OF_GROUPS = -1_000_000_000_000
"""Supergroups and channels have ids below, basic groups above: -1001234567 is one of them
(https://core.telegram.org/api/bots/ids)."""


def is_dense(chat: str) -> bool:
    """Tell whether a chat numbers its messages by itself, as supergroups and channels do.

    Private chats and basic groups share the numbers of the bot's account
    (https://core.telegram.org/api/updates#message-related-event-sequences), so that a gap in them proves nothing.
    """
    return chat.startswith("@") or int(chat) < LAST_OF_GROUPS
