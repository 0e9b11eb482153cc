"""What the supervisor sees of the store, once a second; it starts an embedded one again that died or hangs."""

import logging
import threading
import time
from datetime import timedelta

from monitor.errors import StoreError
from monitor.processes.stalls import Beat, Rules, stall, watched, watched_from
from monitor.protocols import Schedule, Sight
from monitor.store.embedded import EmbeddedStore

log = logging.getLogger(__name__)

SILENCE = timedelta(seconds=12)
"""So long a store may say nothing; twice as long once it was killed for it: its disk may be that slow."""

LONGEST_SILENCE = timedelta(seconds=24)
"""No longer, or a store that hangs again and again keeps everything waiting for too long."""

SAME_TROUBLE = timedelta(minutes=10)
ANSWER_LIMIT = timedelta(seconds=1)


class StoreKeeper:
    """Keeps the embedded store running, and says what it did. Every `now` is a monotonic time in seconds."""

    def __init__(self, embedded: EmbeddedStore) -> None:
        self._embedded = embedded
        self._trouble = ""
        self._known = watched_from(0)
        self._silence = SILENCE
        self._killed_at = float("-inf")

    def tend(self, now: float) -> None:
        """Start the store when it is dead, kill it when it hangs."""
        try:
            # Before it is started: then its log tells of the start.
            reason = self._embedded.cause_of_death()
            if self._embedded.revive():
                log.error("the store had died and was started again", extra={"reason": reason or "unknown"})
            self._trouble = ""
        except (StoreError, OSError) as e:
            if str(e) != self._trouble:
                log.critical("%s", e)
            self._trouble = str(e)
            return
        is_well = self._embedded.state(ANSWER_LIMIT) in ("answers", "loading")
        self._known = watched(self._known, Beat() if is_well else None, Sight(), now)
        reason = stall(self._known, Rules(self._silence, self._silence), now)
        if reason is not None:
            self._kill(reason, now)

    def _kill(self, reason: str, now: float) -> None:
        log.error("restarted", extra={"role": "store", "reason": reason})
        is_same = now - self._killed_at < SAME_TROUBLE.total_seconds()
        self._silence = min(self._silence * 2, LONGEST_SILENCE) if is_same else SILENCE
        self._killed_at = now
        self._known = watched_from(now)
        self._embedded.kill()


class Lookout:
    """Looks at the store: what waits there, or nothing while it does not answer."""

    def __init__(self, schedule: Schedule, embedded: EmbeddedStore | None) -> None:
        self._schedule = schedule
        self._keeper = None if embedded is None else StoreKeeper(embedded)

    def __call__(self) -> Sight | None:
        """Look, within some seconds."""
        if self._keeper is not None:
            self._keeper.tend(time.monotonic())
        try:
            return self._schedule.sight()
        except StoreError:
            return None  # whoever works with it says so


def end_left_behind(embedded: EmbeddedStore) -> None:
    """End a server that an earlier run left behind and that hangs; return at once when there is none."""
    keeper = StoreKeeper(embedded)
    pause = threading.Event()
    while embedded.state(ANSWER_LIMIT) == "silent":
        keeper.tend(time.monotonic())
        pause.wait(ANSWER_LIMIT.total_seconds())
