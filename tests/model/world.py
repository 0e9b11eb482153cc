"""The world outside the product: its time, what is on its way in it, and what was seen to go wrong."""

import heapq
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

BEGIN = 2_000_000_000_000
"""When every run begins, ms since 1970: in the future, so that no server thinks that a key has ended long ago."""


class World:
    """One run. Times are ms since 1970; `broken` has a sentence for each promise that was broken.

    `refused` has the texts that Telegram takes from nobody.
    """

    def __init__(self) -> None:
        self.now = BEGIN
        self.broken: list[str] = []
        self.trace: list[str] = []
        self.faults: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.dead: set[str] = set()
        self.refused: set[str] = set()
        self._coming: list[tuple[int, int, Callable[[], object]]] = []
        self._numbers = count()

    def steady(self) -> float:
        """Return seconds that never jump."""
        return self.now / 1000

    def time(self) -> datetime:
        """Return the time."""
        return datetime.fromtimestamp(self.now // 1000, UTC) + timedelta(milliseconds=self.now % 1000)

    def later(self, seconds: float, event: Callable[[], object]) -> None:
        """Let something happen after a while."""
        heapq.heappush(self._coming, (self.now + int(seconds * 1000), next(self._numbers), event))

    def next_event(self) -> int | None:
        """Return when something happens next by itself; None when nothing will."""
        return self._coming[0][0] if self._coming else None

    def happen(self) -> None:
        """Let happen what is due."""
        while self._coming and self._coming[0][0] <= self.now:
            heapq.heappop(self._coming)[2]()

    def accuse(self, *sentences: str) -> None:
        """Note promises that were broken."""
        self.broken += sentences

    def fault(self, kind: str) -> None:
        """Count a fault that was really done."""
        self.faults[kind] += 1

    def note(self, *what: Any) -> None:
        """Keep what was done, for whoever reads a run that broke a promise."""
        self.trace.append(f"{(self.now - BEGIN) / 1000:.1f} s: {' '.join(map(str, what))}")

    def is_dead(self, owner: str) -> bool:
        """Tell whether the process that holds a lease is known to be dead."""
        return owner.partition("/")[0] in self.dead
