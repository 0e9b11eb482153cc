"""The invariants of the inbox, checked for `monitor fsck`.

What waits has a place and a record of its own, what was begun still waits, and no more is known than is kept.
"""

from collections.abc import Iterator, Mapping
from itertools import islice

import msgspec

from monitor.models import Incoming
from monitor.store.keys import UPDATES_KNOWN

FINDINGS_SHOWN = 20
_decoder = msgspec.msgpack.Decoder(Incoming)


def check_inbox(
    records: Mapping[str, bytes], order: Mapping[str, float], tries: Mapping[str, bytes], known: Mapping[str, float]
) -> Iterator[str]:
    """Yield one sentence per broken invariant, of each kind the first ones."""
    for id_ in islice(records.keys() ^ order.keys(), FINDINGS_SHOWN):
        yield f"update {id_} is in the {'inbox' if id_ in records else 'order of the inbox'} only"
    for id_ in islice(tries.keys() - records.keys(), FINDINGS_SHOWN):
        yield f"update {id_} was begun and is not in the inbox"
    yield from islice((f for id_, record in records.items() if (f := _record(id_, record))), FINDINGS_SHOWN)
    if len(known) > UPDATES_KNOWN:
        yield f"{len(known)} updates are known, and at most {UPDATES_KNOWN} may be"


def _record(id_: str, record: bytes) -> str | None:
    try:
        update = _decoder.decode(record[1:])
    except msgspec.DecodeError as e:
        return f"update {id_} cannot be read: {e}"
    return None if str(update.id) == id_ else f"update {id_} is kept as {update.id}"
