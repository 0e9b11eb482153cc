"""The way of a worker to the store, on the day's clock. It dies when it is told to, and is dead until it is reborn."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.store.connection import Argument, Call, Connection, script_text
from monitor.store.keys import Keyspace
from tests.replays.replayer import FREEZE

BEGIN = 2_000_000_000_000
"""When every day begins, ms since 1970: in the future, so that no server thinks that a key has ended long ago."""


class Killed(BaseException):
    """The process is gone: nothing catches this, and nothing is tidied up."""


class Clock:
    """The time of the day, ms since 1970."""

    def __init__(self) -> None:
        self.now = BEGIN

    def time(self) -> datetime:
        """Return the time."""
        return datetime.fromtimestamp(self.now / 1000, UTC)

    def hours(self) -> float:
        """Return how much of the day is over."""
        return (self.now - BEGIN) / 3_600_000

    def advance(self, to: datetime) -> None:
        """Let time pass; it never goes back."""
        self.now = max(self.now, int(to.timestamp() * 1000))


def at(hours: float) -> datetime:
    """Return a time of the day."""
    return datetime.fromtimestamp(BEGIN / 1000, UTC) + timedelta(hours=hours)


class DayConnection(Connection):
    """Runs scripts on the day's clock. `kill_in`: the process dies so many calls from now, before one or after it."""

    def __init__(self, url: str, keys: Keyspace, clock: Clock) -> None:
        super().__init__(url, keys)
        self.clock = clock
        self.kill_in: int | None = None
        self.is_after = False
        self.is_dead = False
        self.calls = 0
        self._fate = threading.Lock()  # a stream works in threads: nobody is reborn between a call and its death

    def reborn(self) -> None:
        """Be the connection of a new process."""
        with self._fate:
            self.is_dead, self.kill_in = False, None

    def is_spared(self) -> bool:
        """Let the process live on if it still does; False when it has died."""
        with self._fate:
            self.kill_in = None
            return not self.is_dead

    def run(self, script: str, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        """Run a script at the day's time."""
        self.forget_ahead()
        command = ("EVAL", FREEZE + script_text(script), len(keys), *keys, *args, self.clock.now)
        return self._fated(lambda: Connection.execute(self, *command))

    def execute(self, *command: Argument) -> Any:
        """Run a command; time is the day's."""
        if command[0] == "TIME":
            return [self.clock.now // 1000, self.clock.now % 1000 * 1000]
        return self._fated(lambda: Connection.execute(self, *command))

    def together(self, calls: Sequence[Call]) -> list[Any]:
        """Do calls one by one: a process can die between any two of them."""
        return [self.run(*each) if each.script else self.execute(*each.args) for each in calls]

    def _fated(self, call: Callable[[], Any]) -> Any:
        with self._fate:
            if self.is_dead:
                raise Killed
            self.calls += 1
            self.kill_in = None if self.kill_in is None else self.kill_in - 1
            if self.kill_in is None or self.kill_in > 0:
                return call()
            if self.is_after:
                call()
            self.is_dead = True
            raise Killed
