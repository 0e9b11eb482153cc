"""The invariants of a chat's outbox, checked for `monitor fsck`.

What was sent has an id, and no two messages have the same; what is not over waits in the queue and nothing else does;
what was held or died is listed, to be told; parts went in order; a claimed post belongs to a message that shows it, and
none that is released holds a claim.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from monitor.digests.delivery import is_released
from monitor.models import Delivery, Parcel

STATES = frozenset({"ready", "sending", "sent", "ambiguous", "dead"})


def check_outbox(
    records: Mapping[str, Delivery],
    parcels: Mapping[str, Parcel],
    queue: Mapping[str, float],
    claims: Mapping[str, str],
    undelivered: Collection[str],
) -> Iterator[str]:
    """Yield one sentence per broken invariant."""
    lost = {id_ for id_, record in records.items() if record.state == "dead" or record.is_held}
    for id_ in lost ^ set(undelivered):
        yield f"message {id_} is {'lost' if id_ in lost else 'not lost'}, and its list of the lost says otherwise"
    for id_ in records.keys() ^ parcels.keys():
        yield f"message {id_} is in the {'outbox' if id_ in records else 'parcels'} only"
    whole = {id_: (record, parcels[id_]) for id_, record in records.items() if id_ in parcels}
    for id_, (record, _) in whole.items():
        yield from _state(id_, record, is_queued=id_ in queue)
    for id_ in queue.keys() - records.keys():
        yield f"message {id_} is in the queue without a record"
    yield from _twice(records)
    yield from _order(whole)
    yield from _claims(whole, claims)


def _state(id_: str, record: Delivery, *, is_queued: bool) -> Iterator[str]:
    if record.state not in STATES:
        yield f"message {id_}: no such state as {record.state}"
    if (record.state == "sent") != (record.message_id is not None):
        yield f"message {id_} is {record.state} with the id {record.message_id}"
    if record.is_held and record.state != "ambiguous":
        yield f"message {id_} is held and {record.state}"
    is_over = record.state in ("sent", "dead") or record.is_held
    if is_over == is_queued:
        yield f"message {id_} is {'over, and' if is_over else 'not over, and not'} in the queue"


def _twice(records: Mapping[str, Delivery]) -> Iterator[str]:
    sent = Counter((each.address, each.message_id) for each in records.values() if each.message_id is not None)
    for (address, message_id), count in sent.items():
        if count > 1:
            yield f"id {message_id} in {address} belongs to {count} messages"


def _order(whole: Mapping[str, tuple[Delivery, Parcel]]) -> Iterator[str]:
    by_part = {(parcel.message.digest_id, record.part): record for record, parcel in whole.values()}
    for (digest, part), record in by_part.items():
        before = by_part.get((digest, part - 1))
        if record.attempts and before is not None and before.state != "sent":
            yield f"digest {digest}: part {part} was tried while part {part - 1} is {before.state}"


def _claims(whole: Mapping[str, tuple[Delivery, Parcel]], claims: Mapping[str, str]) -> Iterator[str]:
    for post, id_ in claims.items():
        if id_ not in whole:
            yield f"post {post} is claimed by the unknown message {id_}"
            continue
        record, parcel = whole[id_]
        if is_released(record):
            yield f"post {post} is claimed by {id_}, which was not delivered"
        if post not in map(str, parcel.posts):
            yield f"post {post} is claimed by {id_}, which does not show it"
    for id_, (record, parcel) in whole.items():
        if not is_released(record):
            yield from (f"post {each} of {id_} is not claimed" for each in map(str, parcel.posts) if each not in claims)
