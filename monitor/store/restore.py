"""A restore: a backup's data under some prefix, complete and checked, and told that time has passed since.

What was not over in the outbox may have been sent meanwhile, and what was sent meanwhile is not known: each chat is
surveyed before anything is sent to it (digests/restoring.py). So may what waited in the inbox have been answered: it is
done again, and its answer is sent only where it is proved that nothing was. Leases end, and fences jump far ahead of
any that may still be held by somebody who slept.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from monitor.digests.delivery import is_over, is_released
from monitor.digests.restoring import begun, doubted
from monitor.digests.wording import many
from monitor.errors import StoreError
from monitor.models import Delivery
from monitor.nouns.message import part_id
from monitor.store.backup import Step
from monitor.store.backup_file import Chunk, Header, Trailer, read
from monitor.store.codec import decode_delivery, encode, to_ms
from monitor.store.connection import SCHEMA, Argument, Connection, store_now
from monitor.store.fsck import check, topic_of
from monitor.store.inbox import restored
from monitor.store.keys import Keyspace
from monitor.store.repairs import RepairStore

ENDED = frozenset({"leases", "due-since", "bot-sends", "sender", "sends", "extras", "late"})
"""Keys that meant something to processes of their own time only. Copies that were looked for then are not looked for
now: such a look writes over what was sent since."""


class Restored(NamedTuple):
    """What a backup held, and what became of it: messages whose fate is open, and broken invariants."""

    header: Header
    trailer: Trailer
    in_doubt: int
    findings: list[str]


def restore_into(connection: Connection, path: Path, step: Step) -> Restored:
    """Load a backup into an empty prefix, let time pass for it, and check it; raise StoreError when it is not whole."""
    if next(connection.scan(f"{connection.keys.prefix}*"), None) is not None:
        raise StoreError(f"there is data under {connection.keys.prefix} already")
    loaded = _load(connection, path, step)
    header, trailer = loaded.header, loaded.trailer
    in_doubt = _let_time_pass(connection, store_now(connection))
    return Restored(header, trailer, in_doubt, [*check(connection), *_counted(connection, loaded)])


class _Loaded(NamedTuple):
    """What was read from a backup: its ends, how many keys of each family, and the keys that have no end."""

    header: Header
    trailer: Trailer
    keys: Counter[str]
    lasting: frozenset[str]


def _load(connection: Connection, path: Path, step: Step) -> _Loaded:
    done = step("restoring", path.stat().st_size if path.exists() else 0)
    header = trailer = None
    ends: dict[str, int | None] = {}
    for frame in read(path, done):
        match frame:
            case Header():
                header = frame
                if frame.schema > SCHEMA:
                    said = f"{path}: holds data of schema {frame.schema}, this version knows {SCHEMA}"
                    raise StoreError(f"{said}; install a newer one")
            case Chunk():
                _put(connection, frame)
                ends[connection.keys.prefix + frame.key] = frame.ends_at
            case Trailer():
                trailer = frame
    assert header is not None and trailer is not None, "read() yields both or raises"  # noqa: PT018
    keys = Counter(_family(connection, name) for name in ends)
    lasting = (name for name, end in ends.items() if end is None and _family(connection, name) not in ENDED)
    return _Loaded(header, trailer, keys, frozenset(lasting))


def _family(connection: Connection, name: str) -> str:
    kind = connection.keys.kind_of(name)
    return "unknown" if kind is None else kind.name


def _put(connection: Connection, chunk: Chunk) -> None:
    name = connection.keys.prefix + chunk.key
    if _family(connection, name) in ENDED:
        return
    connection.execute(*_command(name, chunk))
    if chunk.ends_at is not None:
        connection.execute("PEXPIREAT", name, chunk.ends_at)


def _command(name: str, chunk: Chunk) -> tuple[Argument, ...]:
    match chunk.type:
        case "hash":
            return ("HSET", name, *chunk.values)
        case "zset":
            scored = zip(chunk.values[1::2], chunk.values[::2], strict=True)
            return ("ZADD", name, *chain.from_iterable(scored))
        case "string":
            return ("SET", name, chunk.values[0])


def _counted(connection: Connection, loaded: _Loaded) -> Iterator[str]:
    """Yield a sentence for each family of which the file holds other keys than it says, or the store not all of them.

    What has an end may be over by now: a backup that is a minute old has some of that.
    """
    for name, count in loaded.trailer.keys.items():
        if loaded.keys[name] != count:
            yield f"{name}: the backup holds {loaded.keys[name]} of {count} keys"
    missing = loaded.lasting - set(connection.scan(f"{connection.keys.prefix}*"))
    for name, count in sorted(Counter(_family(connection, each) for each in missing).items()):
        yield f"{name}: {many(count, 'key')} not restored"


def _let_time_pass(connection: Connection, now: datetime) -> int:
    """Change what was written for its own time, and return how many messages are in doubt."""
    keys: Keyspace = connection.keys
    names = list(connection.scan(f"{keys.prefix}*"))
    _jump(connection, keys.work.fence, now)
    RepairStore(connection).note_restore(now)
    for id_, record in list(connection.pairs("HSCAN", keys.work.inbox)):
        connection.execute("HSET", keys.work.inbox, id_, restored(record))
    chats = {topic_of(name) for name in names if (kind := keys.kind_of(name)) and kind.slot == "chat"}
    return sum(_doubt(connection, chat, now) for chat in sorted(chats))


def _doubt(connection: Connection, chat: str, now: datetime) -> int:
    keys = connection.keys.chat(chat)
    if not connection.execute("EXISTS", keys.outbox, keys.ids):
        return 0  # the local page's, or one to which nothing was ever sent
    last = connection.execute("ZREVRANGE", keys.ids, 0, 0)
    last_id = int(last[0]) if last else None
    repairs = RepairStore(connection)
    shown, survey = repairs.address(chat), repairs.own_survey(chat)
    open_, bases = 0, [] if last_id is None else [last_id]
    records = {name.decode(): decode_delivery(packed) for name, packed in connection.pairs("HSCAN", keys.outbox)}
    for message, before in records.items():
        if not is_over(before) and not _is_orphaned(message, before, records):
            open_ += 1
            after = doubted(before, shown, last_id, now, was_restored=survey is not None)
            connection.execute("HSET", keys.outbox, message, encode(after))
            # An id that is known need not be of a message that is: a survey may have found it, and nobody looked at it.
            bases += [after.base] if after.base is not None and after.address == shown else []
    _jump(connection, keys.sender_fence, now)
    repairs.begin_survey(chat, begun(now, min(bases, default=None), survey))
    return open_


def _is_orphaned(message: str, delivery: Delivery, records: Mapping[str, Delivery]) -> bool:
    """Tell whether a part waits to be given up because an earlier one did not arrive: nor did it, since the backup."""
    digest = message.removesuffix(f"-{delivery.part}")
    if not _waits(delivery):
        return False
    for part in reversed(range(delivery.part)):
        earlier = records.get(part_id(digest, part))
        if earlier is None or not _waits(earlier):
            return earlier is not None and is_released(earlier)
    return False


def _waits(delivery: Delivery) -> bool:
    """Tell whether a part was never sent yet, as far as a backup knows."""
    return delivery.state == "ready" and not delivery.is_doubtful


def _jump(connection: Connection, fence: str, now: datetime) -> None:
    """Let a fence jump beyond all that were given since the backup, also by a restore of the same one before this."""
    found = connection.execute("GET", fence)
    # They are counted from the time in ms (acquire.lua), and nobody takes a thousand leases a second for long, so each
    # restore comes out above the last one.
    connection.execute("SET", fence, max(int(found or 0) + 1, to_ms(now)))
