"""Pollers in this process, each in a thread with a loop of its own, as the process of the bot has it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from monitor.bot.poller import Ended, Poller
from monitor.protocols import Leases
from monitor.seams.inbox import Intake
from monitor.sinks.telegram_line import Account

KEEP_OPEN = timedelta(seconds=1)


class Polling:
    """A poller that runs in a thread; `ended` is what it raised, `done` says that it is over."""

    def __init__(self, account: Account, intake: Intake, leases: Leases) -> None:
        self.ended: BaseException | None = None
        self.done = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._poller = Poller(account, intake, leases, KEEP_OPEN)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop it as SIGTERM does, and wait for its end."""
        if not self.done.is_set():
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(30)
        assert self.done.is_set()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._poller.run(self._stopped))
        except BaseException as e:  # noqa: BLE001 - the test looks at it
            self.ended = e
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
            self.done.set()

    @property
    def has_given_up(self) -> bool:
        """Say whether it ended in words."""
        return self.done.is_set() and isinstance(self.ended, Ended)


@contextmanager
def polling(account: Account, intake: Intake, leases: Leases) -> Iterator[Polling]:
    """Poll while in the block."""
    running = Polling(account, intake, leases)
    try:
        yield running
    finally:
        running.stop()
