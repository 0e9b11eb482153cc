"""The quarantine: items that broke their readers, with what a person needs to look at them and to try again.

It is small on purpose: the newest 5,000 items, at most 32 MB, for 30 days; what had to go early is counted.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

import msgspec

from monitor.models import PostKey, SetAside
from monitor.seams.quarantine import Quarantined, QuarantineTally, is_of, key_of, words_of, written_key
from monitor.store.codec import encode, storable, to_ms
from monitor.store.connection import Argument, Connection, store_now
from monitor.store.keys import QUARANTINE_DAYS
from monitor.store.schedule import ms
from monitor.text.profiles import platform_of

MOST_ITEMS = 5_000
MOST_BYTES = 32 * 2**20
MOST_RAW = 64 * 2**10
"""Bytes kept of one item; a longer one is cut, and cannot be tried again."""

LONGEST_TEXT = 500
LONGEST_ID = 400
PUT_AT_ONCE = 100

decode_quarantined = msgspec.msgpack.Decoder(Quarantined).decode


class QuarantineStore:
    """Implements the Quarantine protocol. `most_items` and `most_bytes` bound it."""

    def __init__(self, connection: Connection, most_items: int = MOST_ITEMS, most_bytes: int = MOST_BYTES) -> None:
        self._connection = connection
        self._limits = (most_items, most_bytes)
        self._version = _version()
        self._words: dict[str, tuple[str, frozenset[str]]] = {}

    def put(self, items: Sequence[SetAside], subject: str, tries: int) -> int:
        """Keep items that were tried so often, and return how many are new; one that lies there stays as it is."""
        now, new = store_now(self._connection), 0
        for start in range(0, len(items), PUT_AT_ONCE):
            args: list[Argument] = [ms(timedelta(days=QUARANTINE_DAYS)), *self._limits]
            for item in items[start : start + PUT_AT_ONCE]:
                kept = self._kept(item, subject, tries, now)
                packed = encode(kept)
                args += [kept.key, packed, len(packed)]
            new += int(self._connection.run("quarantine", self._keys(), args))
        return new

    def all(self) -> list[Quarantined]:
        """Return what lies there, oldest first."""
        items, order, _ = self._keys()
        found: list[Quarantined] = []
        keys = self._connection.execute("ZRANGE", order, 0, -1)
        for start in range(0, len(keys), PUT_AT_ONCE):
            packed = self._connection.execute("HMGET", items, *keys[start : start + PUT_AT_ONCE])
            found += [decode_quarantined(each) for each in packed if each is not None]
        return found

    def keys(self) -> frozenset[str]:
        """Return the short names of what lies there."""
        return frozenset(key.decode() for key in self._connection.execute("ZRANGE", self._keys()[1], 0, -1))

    def remove(self, keys: Sequence[str]) -> int:
        """Forget items by their short names; return how many there were."""
        return int(self._connection.run("release", self._keys(), (0, *keys)))

    def withdraw(self, posts: Collection[PostKey]) -> int:
        """Forget items that are of posts which their authors deleted; return how many there were."""
        held = self.keys()
        if not held:
            return 0
        names = {key_of("post", written_key(each)) for each in posts}
        for key, (source, words) in self._known(held).items():
            if any(each.source == source and is_of(words, each) for each in posts):
                names.add(key)
        gone = sorted(names & held)
        return self.remove(gone) if gone else 0

    def _known(self, held: frozenset[str]) -> dict[str, tuple[str, frozenset[str]]]:
        """Return whose item each is and how it names itself: read once a process, for deletions come every second."""
        new = sorted(held - self._words.keys())
        words = {key: each for key, each in self._words.items() if key in held}
        for start in range(0, len(new), PUT_AT_ONCE):
            page = new[start : start + PUT_AT_ONCE]
            for packed in self._connection.execute("HMGET", self._keys()[0], *page):
                if packed is not None:
                    kept = decode_quarantined(packed)
                    source = platform_of(kept.item.id.partition(":")[0])
                    words[kept.key] = (source, words_of(kept.item) if kept.item.kind == "item" else frozenset())
        self._words = words
        return words

    def tally(self) -> QuarantineTally:
        """Return how many items lie there, their bytes, and how many had to go early."""
        _, order, sizes = self._keys()
        held, crowded_out = self._connection.execute("HMGET", sizes, "bytes", "crowded_out")
        return QuarantineTally(int(self._connection.execute("ZCARD", order)), int(held or 0), int(crowded_out or 0))

    def prune(self, before: datetime) -> int:
        """Forget what was set aside before a time; return how many."""
        return int(self._connection.run("release", self._keys(), (to_ms(before),)))

    def _keys(self) -> tuple[str, str, str]:
        work = self._connection.keys.work
        return work.quarantine, work.quarantine_order, work.quarantine_sizes

    def _kept(self, item: SetAside, subject: str, tries: int, now: datetime) -> Quarantined:
        return Quarantined(
            key=key_of(item.kind, item.id),
            item=SetAside(
                kind=item.kind,
                id=storable(item.id, LONGEST_ID),
                raw=item.raw[:MOST_RAW],
                reason=storable(item.reason, LONGEST_TEXT),
                stage=item.stage,
                author=item.author,
                is_deadly=item.is_deadly,
            ),
            subject=storable(subject, LONGEST_TEXT),
            tries=tries,
            at=now,
            size=len(item.raw),
            version=self._version,
        )


def _version() -> str:
    try:
        return version("discussion-monitor")
    except PackageNotFoundError:
        return "unknown"
