"""A worker's thread that stops before every call to the world and goes on when, and as, it is told."""

import threading
from collections.abc import Callable
from typing import Literal, TypeAlias

from monitor.errors import StoreError

Kind: TypeAlias = Literal["store", "telegram", "feed"]
"""To whom a call goes."""

GO = "go"
KILL = "kill"


class Killed(BaseException):
    """The process of an actor was killed: nothing that it would do on its way out is done."""


class Actor:
    """One thread of the product at a time: begun, it stops before its first call, and again when it may go no further.

    `pending` says before which call it stands, None when it has nothing to do.
    """

    def __init__(self) -> None:
        self.pending: tuple[Kind, str] | None = None
        self.error: BaseException | None = None
        self.ended: BaseException | None = None
        self._is_dead = False
        self._fate = GO
        self._calls = 0
        self._job: Callable[[], object] | None = None
        self._turn, self._ours = threading.Lock(), threading.Lock()
        self._turn.acquire()
        self._ours.acquire()
        threading.Thread(target=self._live, name="actor", daemon=True).start()

    @property
    def is_busy(self) -> bool:
        """Tell whether it stands before a call."""
        return self.pending is not None

    def begin(self, job: Callable[[], object]) -> None:
        """Begin a piece of work, up to its first call."""
        assert self._job is None, "one at a time"
        self._job, self._is_dead, self._calls, self.ended = job, False, 0, None
        self._switch()

    def go(self, calls: int = 1, fate: str = GO) -> None:
        """Let it do so many calls; the first one ends as `fate` says."""
        assert self.pending is not None, "there is something to go on with"
        self._fate, self._calls = fate, calls - 1
        self._switch()

    def end(self) -> None:
        """End the thread; what it was doing is killed."""
        if self.is_busy:
            self.go(fate=KILL)
        self._turn.release()

    def gate(self, kind: Kind, what: str) -> str:
        """Wait before a call, in the actor's thread; return what becomes of it. Raise Killed when it died."""
        if self._is_dead:
            raise Killed
        if self._calls > 0:
            self._calls -= 1
            return GO
        self.pending = kind, what
        self._ours.release()
        self._turn.acquire()
        self.pending = None
        fate, self._fate = self._fate, GO
        if fate == KILL:
            self.die()
        return fate

    def die(self) -> None:
        """Die here, in the actor's thread."""
        self._is_dead = True
        raise Killed

    def _switch(self) -> None:
        self._turn.release()
        self._ours.acquire()

    def _live(self) -> None:
        while True:
            self._turn.acquire()
            if self._job is None:
                return
            try:
                self._job()
            except (Killed, StoreError) as e:
                self.ended = e  # as a task of Celery ends that failed, of which nobody hears
            except BaseException as e:  # noqa: BLE001 - told of where it is judged
                self.error = e
            self._job = None
            self._ours.release()
