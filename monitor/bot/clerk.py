"""Answers what waits in the inbox, some updates at a time, in the order of each chat.

next ─► decide, decide … ─► give ─► next … ─► rest
          ├─ the store fails ─► excused, again in a while
          └─ anything else fails ─► again at once, alone; after three tries to the quarantine, and the others go on

Each write waits for the disk, so the answers of several chats are given together. What is asked in one of them again,
or changes more than its chat, finds all given that was asked before.

Tries are counted before the work: an update that kills its worker ends in the quarantine too. What was begun with it is
begun anew one by one.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import uuid4

from monitor.bot.answer import Ready, give, stands_alone
from monitor.bot.answer import decide as decide_update
from monitor.bot.notices import own_up, slow_down
from monitor.errors import StoreError
from monitor.models import Incoming, Lease, Role, SetAside
from monitor.seams.inbox import NOTHING, Begun, Done
from monitor.services.mender import LeaseLost
from monitor.store.codec import encode
from monitor.store.inbox import INBOX_JOB
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

Decide: TypeAlias = Callable[[Monitor, Incoming, Role | None, datetime], Ready | None]
"""Says what an update is answered, the same however often it is called; None when that is done."""

LONGEST_LOOK = timedelta(seconds=15)
"""Then the thread is free for other work. The lease leaves three times as long for the last answer."""

AT_ONCE = 20
"""Updates that are begun together. An owner who writes meanwhile waits for them."""

AGAIN = timedelta(seconds=1)
MOST_TRIES = 3
MOST_EXCUSED = 30
"""An update that makes the store fail each time is one that cannot be answered, too."""


class TryAgain(Exception):
    """An update failed by itself, and is to be tried alone."""

    def __init__(self, id_: str) -> None:
        super().__init__(id_)
        self.id = id_


class PendingAnswers:
    """Answers that are decided on and not given yet, of a chat each, and what is done of all that was begun."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._ready: dict[str, Ready] = {}
        self._chats: set[str] = set()
        self._answered: list[str] = []
        self._woken: dict[str, str] = {}

    def must_give(self, update: Incoming) -> bool:
        """Tell whether what is ready must be given before an update is looked at."""
        return bool(self._ready) and (update.chat in self._chats or stands_alone(update))

    def is_empty(self) -> bool:
        """Tell whether nothing is decided on that is not given."""
        return not self._ready

    def add(self, begun: Begun, ready: Ready | None) -> None:
        """Take an answer; without one the update is over."""
        if ready is None:
            self._answered.append(begun.id)
            return
        assert begun.update is not None, "somebody was answered"
        self._ready[begun.id] = ready
        # Two addresses of one chat are one chat.
        self._chats |= {begun.update.chat, *(() if ready.order is None else (ready.order.chat,))}
        if ready.press is not None:
            self.give()  # somebody looks at a button that turns

    def give(self) -> None:
        """Give all answers that are ready."""
        if self._ready:
            self._woken |= give(self._monitor, list(self._ready.values()))
            self._answered += self._ready
            self._ready.clear()
            self._chats.clear()

    def give_up(self, begun: Begun) -> None:
        """Take an update as over that cannot be answered."""
        self._ready.pop(begun.id, None)
        self._answered.append(begun.id)

    def done(self) -> Done:
        """Return what is over."""
        return Done(tuple(self._answered), self._woken)


class Clerk:
    """The one who answers, for as long as the lease lasts. `now` is when the look begins."""

    def __init__(self, monitor: Monitor, lease: Lease, now: datetime, decide: Decide = decide_update) -> None:
        self._monitor = monitor
        self._decide = decide
        self._lease = lease
        self._now = now
        self._began = time.monotonic()

    def work(self) -> None:
        """Answer until nothing waits, the look is long enough, the store fails or the lease is lost."""
        try:
            self._answer_all()
        except LeaseLost:
            log.warning("lease lost", extra={"job": str(INBOX_JOB)})
        finally:
            self._monitor.connection.forget_ahead()  # this thread's next job may come much later

    def _answer_all(self) -> None:
        done, again = NOTHING, timedelta(0)
        while not again and self._elapsed() < LONGEST_LOOK:
            attempt = uuid4().hex
            begun = self._monitor.inbox.next(self._lease, done, attempt, AT_ONCE)
            if begun is None:
                raise LeaseLost
            if not begun:
                done = NOTHING
                break
            done, again = self._answer_some(begun, attempt)
        if not self._monitor.inbox.rest(self._lease, done, again):
            raise LeaseLost

    def _answer_some(self, begun: Sequence[Begun], attempt: str) -> tuple[Done, timedelta]:
        """Answer updates that were begun together; return what is over, and after which time to go on."""
        batch, failed, again = PendingAnswers(self._monitor), "", timedelta(0)
        try:
            self._answer_each(begun, batch)
        except TryAgain as e:
            failed = e.id
        except StoreError as e:
            log.warning("not answered yet", extra={"update": begun[0].id, "reason": str(e)})
            again = AGAIN
        done = batch.done()
        left = [each.id for each in begun if each.id not in done.answered and each.id != failed]
        if left:
            self._monitor.inbox.excuse(self._lease, left, attempt)
        return done, again

    def _answer_each(self, begun: Sequence[Begun], batch: PendingAnswers) -> None:
        for place, each in enumerate(begun):
            if self._elapsed() >= LONGEST_LOOK:
                break
            if each.update is not None and batch.must_give(each.update):
                self._give(batch)
            if batch.is_empty():
                self._read_ahead([known.update for known in begun[place:] if known.update is not None])
            self._take(each, batch)
        self._give(batch)

    def _read_ahead(self, updates: Sequence[Incoming]) -> None:
        """Ask at once what answers begin with: they wait for the disk of others as often as for each other."""
        monitor, configured = self._monitor, self._monitor.settings.telegram.chat
        commands = [("TIME",), monitor.topics.reads()]
        if configured is not None:
            commands.append(monitor.chats.reads(configured))
        for each in updates:
            commands += [monitor.chats.reads(each.chat), *monitor.subscriptions.reads(each.chat)]
            commands.append(monitor.wishes.reads(each.chat))
            if each.user is not None:
                commands.append(monitor.people.reads(each.user))
        monitor.connection.read_ahead(commands)

    def _take(self, begun: Begun, batch: PendingAnswers) -> None:
        """Answer an update, or set it aside; what fails in it is its own fault, unless the store does."""
        self._be_sure()
        blamed = begun.tries - begun.excused
        if begun.update is None:
            self._set_aside(begun, "its record cannot be read", is_deadly=False)
        elif blamed > MOST_TRIES or begun.tries > MOST_EXCUSED:
            self._set_aside(begun, "every try ended the process, or the store failed", is_deadly=True)
        else:
            return self._try(begun, batch, is_last=blamed >= MOST_TRIES)
        return batch.add(begun, None)

    def _try(self, begun: Begun, batch: PendingAnswers, *, is_last: bool) -> None:
        try:
            ready = self._ready(begun)
            batch.add(begun, ready)
            if begun.tries > 1:
                batch.give()  # alone: what fails now is its fault
        except StoreError:
            raise  # no fault of the update
        except Exception as e:
            log.exception("not answered", extra={"update": begun.id, "tries": begun.tries})
            if not is_last:
                raise TryAgain(begun.id) from e
            self._set_aside(begun, f"{type(e).__name__}: {e}", is_deadly=False)
            batch.give_up(begun)

    def _give(self, batch: PendingAnswers) -> None:
        """Give what is ready; a failure is of one of several updates, and shows when each is tried alone."""
        self._be_sure()
        try:
            batch.give()
        except StoreError:
            raise
        except Exception as e:
            log.exception("not answered")
            raise TryAgain("") from e

    def _be_sure(self) -> None:
        """End a look of a process that stood still: another one answers, perhaps what was asked long after."""
        if not self._monitor.leases.is_sure(self._lease):
            raise LeaseLost

    def _ready(self, begun: Begun) -> Ready | None:
        assert begun.update is not None, "looked at before"
        if begun.is_left_out:
            slow_down(self._monitor, begun.update)
            return None
        user = begun.update.user
        role = None if user is None else self._monitor.people.role_of(user)
        return self._decide(self._monitor, begun.update, role, self._now + self._elapsed())

    def _set_aside(self, begun: Begun, reason: str, *, is_deadly: bool) -> None:
        raw = b"" if begun.update is None else encode(begun.update)
        kept = SetAside(kind="update", id=begun.id, raw=raw, reason=reason, stage="answer", is_deadly=is_deadly)
        # Kept before it is forgotten: a kill between the two keeps it once more under the same name.
        self._monitor.quarantine.put([kept], str(INBOX_JOB), begun.tries)
        log.error("set aside", extra={"update": begun.id, "tries": begun.tries, "reason": reason})
        if begun.update is not None:
            own_up(self._monitor, begun.update, self._now)

    def _elapsed(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self._began)
