"""Writes to the store by the product's own classes, and notes outside of it what the store acknowledged."""

import threading
from pathlib import Path

from monitor.errors import StoreError
from monitor.models import PostKey
from monitor.store.connection import Connection
from monitor.store.mentions import MentionStore
from monitor.store.outbox import OutboxStore
from tests.build import NOW, a_mention
from tests.integration.couriers import parcels

TOPIC = "direct"
CHAT = "-1009"
PAUSE = 0.02


class Producer:
    """Two threads that write while in the `with` block: one posts, one digests. Each call is repeated until it returns.

    A line is appended to the ledger after a call returned: `post KEY`, or `digest ID`.
    """

    def __init__(self, url: str, ledger: Path) -> None:
        self._url = url
        self._ledger = ledger.open("a", buffering=1, encoding="utf-8")
        self._path = ledger
        self._stopped = threading.Event()
        works = (self._write_posts, self._write_digests)
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]
        self.failures = 0

    def __enter__(self) -> "Producer":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self._ledger.close()

    def acknowledged(self) -> list[str]:
        """Return what was acknowledged up to now."""
        return self._path.read_text(encoding="utf-8").splitlines()

    def _write_posts(self) -> None:
        store = MentionStore(Connection(self._url))
        for number in self._numbers():
            mention = a_mention(str(number), topic=TOPIC)
            if self._is_done(lambda mention=mention: store.add(TOPIC, [mention], oldest=NOW)):  # type: ignore[misc]
                self._ledger.write(f"post {mention.post.key}\n")

    def _write_digests(self) -> None:
        store = OutboxStore(Connection(self._url))
        for number in self._numbers():
            parts = parcels(CHAT, f"d{number}", parts=2)
            if self._is_done(lambda parts=parts: store.hand_over(CHAT, parts)):  # type: ignore[misc]
                self._ledger.write(f"digest d{number}\n")

    def _numbers(self):  # type: ignore[no-untyped-def]
        number = 0
        while not self._stopped.is_set():
            number += 1
            yield number

    def _is_done(self, call) -> bool:  # type: ignore[no-untyped-def]
        while not self._stopped.is_set():
            try:
                call()
            except StoreError:
                self.failures += 1
                self._stopped.wait(PAUSE)
            else:
                return True
        return False


def lost(connection: Connection, acknowledged: list[str]) -> list[str]:
    """Return what was acknowledged and is not stored, whole."""
    keys = connection.keys.chat(CHAT)
    posts = {key.decode() for key in connection.execute("HKEYS", connection.keys.topic(TOPIC).posts)}
    parts = {key.decode() for key in connection.execute("HKEYS", keys.outbox)}
    claims = {key.decode() for key in connection.execute("HKEYS", keys.claims)}

    def is_stored(line: str) -> bool:
        kind, _, name = line.partition(" ")
        if kind == "post":
            return name in posts
        wanted = parcels(CHAT, name, parts=2)
        is_claimed = all(str(PostKey(*post)) in claims for each in wanted for post in each.posts)
        return is_claimed and all(each.message.id in parts for each in wanted)

    return [line for line in acknowledged if not is_stored(line)]
