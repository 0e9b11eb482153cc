"""Answers what waits in the inbox, one update at a time, in order.

next ─► answer ─► next … ─► rest
          ├─ the store fails ─► excused, again in a while
          └─ anything else fails ─► again at once; after three tries to the quarantine, and the others go on

Tries are counted before the work: an update that kills its worker ends in the quarantine too.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import uuid4

from monitor.bot.answer import answer as answer_update
from monitor.bot.notices import slow_down
from monitor.errors import StoreError
from monitor.inbox import Begun
from monitor.models import Incoming, Lease, Role, SetAside
from monitor.store.codec import encode
from monitor.store.inbox import INBOX_JOB
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

Answer: TypeAlias = Callable[[Monitor, Incoming, Role | None, datetime], None]
"""Does what an update asks for, once however often it is called."""

LONGEST_LOOK = timedelta(seconds=15)
"""Then the thread is free for other work. The lease leaves three times as long for the last answer."""

AGAIN = timedelta(seconds=1)
MOST_TRIES = 3
MOST_EXCUSED = 30
"""An update that makes the store fail each time is one that cannot be answered, too."""


class LeaseLost(Exception):
    """Somebody else answers now."""


class Clerk:
    """The one who answers, for as long as the lease lasts. `now` is when the look begins."""

    def __init__(self, monitor: Monitor, lease: Lease, now: datetime, answer: Answer = answer_update) -> None:
        self._monitor = monitor
        self._answer_update = answer
        self._lease = lease
        self._now = now
        self._began = time.monotonic()

    def work(self) -> None:
        """Answer until nothing waits, the look is long enough, the store fails or the lease is lost."""
        try:
            self._answer_all()
        except LeaseLost:
            log.warning("lease lost", extra={"job": str(INBOX_JOB)})

    def _answer_all(self) -> None:
        answered, again = "", timedelta(0)
        while not again and self._elapsed() < LONGEST_LOOK:
            attempt = uuid4().hex
            begun = self._monitor.inbox.next(self._lease, answered, attempt)
            if begun is None:
                raise LeaseLost
            if not begun.id:
                break
            try:
                answered = begun.id if self._is_over(begun) else ""
            except StoreError as e:
                log.warning("not answered yet", extra={"update": begun.id, "reason": str(e)})
                self._monitor.inbox.excuse(self._lease, begun.id, attempt)
                answered, again = "", AGAIN
        if not self._monitor.inbox.rest(self._lease, answered, again):
            raise LeaseLost

    def _is_over(self, begun: Begun) -> bool:
        """Answer an update, or set it aside; False when it is to be tried again."""
        blamed = begun.tries - begun.excused
        if begun.update is None:
            self._set_aside(begun, "its record cannot be read", is_deadly=False)
        elif blamed > MOST_TRIES or begun.tries > MOST_EXCUSED:
            self._set_aside(begun, "every try ended the process, or the store failed", is_deadly=True)
        else:
            return self._is_answered(begun, is_last=blamed >= MOST_TRIES)
        return True

    def _is_answered(self, begun: Begun, *, is_last: bool) -> bool:
        try:
            self._answer(begun)
        except StoreError:
            raise  # no fault of the update
        except Exception as e:
            log.exception("not answered", extra={"update": begun.id, "tries": begun.tries})
            if is_last:
                self._set_aside(begun, f"{type(e).__name__}: {e}", is_deadly=False)
            return is_last
        return True

    def _answer(self, begun: Begun) -> None:
        assert begun.update is not None, "looked at before"
        if begun.is_left_out:
            slow_down(self._monitor, begun.update)
            return
        user = begun.update.user
        role = None if user is None else self._monitor.people.role_of(user)
        self._answer_update(self._monitor, begun.update, role, self._now + self._elapsed())

    def _set_aside(self, begun: Begun, reason: str, *, is_deadly: bool) -> None:
        raw = b"" if begun.update is None else encode(begun.update)
        kept = SetAside(kind="update", id=begun.id, raw=raw, reason=reason, stage="answer", is_deadly=is_deadly)
        # Kept before it is forgotten: a kill between the two keeps it once more under the same name.
        self._monitor.quarantine.put([kept], str(INBOX_JOB), begun.tries)
        log.error("set aside", extra={"update": begun.id, "tries": begun.tries, "reason": reason})

    def _elapsed(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self._began)
