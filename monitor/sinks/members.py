"""What people are in chats, asked of the platform at most once a minute."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

KEPT = timedelta(seconds=60)
MOST_KEPT = 10_000


class _Known(NamedTuple):
    standing: str
    until: float


class Members:
    """A memory in front of `ask(address, user)`. Thread-safe; what raises is not remembered."""

    def __init__(self, ask: Callable[[str, str], str], clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[tuple[str, str], _Known] = {}
        self._lock = threading.Lock()

    def standing(self, address: str, user: str) -> str:
        """Return what somebody is in a chat, as it was at most a minute ago."""
        now = self._clock()
        with self._lock:
            known = self._known.get((address, user))
        if known is not None and now < known.until:
            return known.standing
        standing = self._ask(address, user)
        with self._lock:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[address, user] = _Known(standing, now + KEPT.total_seconds())
        return standing
