"""A worker of the product in a process of its own, with shorter waits: what takes minutes in life takes seconds here.

Nothing of the product is replaced, only how long it waits. The one addition is `freezes`: a process that stops itself
between its last check and its send, as an unlucky one does, where no signal from outside would hit the moment.
"""

import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import partial, wraps
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, NamedTuple

# What a worker imports only when it starts: forks share it, or each start would pay for it anew.
import celery.apps.worker
import celery.concurrency.thread
import celery.worker.consumer  # noqa: F401
import kombu.transport.redis  # noqa: F401

import monitor.sources.rss  # noqa: F401
from monitor import cli, wiring
from monitor.duties import jobs
from monitor.services.desk import Desk, Times
from monitor.sinks.telegram import TelegramSink
from monitor.sources import hackernews
from monitor.store.outbox import OutboxStore
from monitor.store.send_pace import SendPace
from monitor.topics import file
from monitor.topics.polling import breaker, planning
from workers import sweeper
from workers.worker import main


class Waits(NamedTuple):
    """What is shortened; None leaves the product's own. `freezes` is the chance of a process to freeze at a send."""

    look: timedelta | None = timedelta(seconds=1)
    lateness: int | None = 10
    """Seconds by which a search index may be late: the product reads that much again at each look."""
    courier: bool = False
    """Whether deliveries have short waits too: see TIMES and what follows it."""
    freezes: float = 0.0
    frozen_for: float = 15.0
    """Seconds: so long that others take the work up and end it before the frozen one wakes."""
    ahead: float = 0.0
    """Seconds by which the worker's clock is ahead of the store's: the time of a digest comes when it is wanted."""


PATIENCE = timedelta(seconds=1)
TIMES = Times(request=timedelta(seconds=1.5), again=timedelta(seconds=0.5))
LOOK_AFTER = timedelta(seconds=2)
"""Longer than a request may take, as in life."""
LATE_LOOK_AFTER = timedelta(seconds=18)
"""Longer than a freeze, as in life."""
CHAT, GROUP = SendPace(5, timedelta(seconds=1)), SendPace(300, timedelta(seconds=60))


def run(environment: Mapping[str, str], waits: Waits, log: Path, number: int) -> None:
    """Be worker number `number`, until killed or until the parent is gone."""
    threading.Thread(target=_follow, daemon=True).start()
    _become(environment, log)
    shorten(waits)
    if waits.freezes:
        TelegramSink.send = _freezing(TelegramSink.send, waits.freezes, number)  # type: ignore[method-assign]
    sys.exit(main())


def run_bot(environment: Mapping[str, str], waits: Waits, log: Path, number: int) -> None:
    """Be the process that takes in what people ask of the bot; its waits are the product's own."""
    del waits, number
    threading.Thread(target=_follow, daemon=True).start()
    _become(environment, log)
    sys.argv[1:] = ["bot"]
    cli.main()


def _become(environment: Mapping[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab", buffering=0) as lines:
        os.dup2(lines.fileno(), 1)
        os.dup2(lines.fileno(), 2)


def _follow() -> None:
    parent = parent_process()
    assert parent is not None, "a worker is started by the fleet"
    wait([parent.sentinel])
    os._exit(1)


def shorten(waits: Waits) -> None:
    """Give this process shorter waits."""
    if waits.look is not None:
        planning.SOONEST = file.MIN_EVERY = jobs.LOOK_AGAIN = breaker.FIRST_PAUSE = waits.look
        breaker.LONGEST_PAUSE = breaker.PROBE = planning.LONGEST_BACKOFF = 10 * waits.look
    if waits.lateness is not None:
        hackernews._OVERLAP = waits.lateness
    if waits.ahead:
        sweeper.datetime = clock_ahead(waits.ahead)  # type: ignore[attr-defined]
    if waits.courier:
        wiring.TelegramSink = partial(TelegramSink, patience=PATIENCE)  # type: ignore[assignment,misc]
        wiring.OutboxStore = partial(OutboxStore, chat=CHAT, group=GROUP)  # type: ignore[assignment,misc]
        wiring.Monitor.desk = _quick(wiring.Monitor.desk)  # type: ignore[method-assign]


def clock_ahead(seconds: float) -> type[datetime]:
    """Return a clock that is ahead."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + timedelta(seconds=seconds)

    return Ahead


def _quick(desk: Callable[[wiring.Monitor], Desk | None]) -> Callable[[wiring.Monitor], Desk | None]:
    """Return a desk with short times."""

    @wraps(desk)
    def quick(monitor: wiring.Monitor) -> Desk | None:
        found = desk(monitor)
        if found is None:
            return None
        terms = found.terms._replace(look_after=LOOK_AFTER, late_look_after=LATE_LOOK_AFTER, shortest_wait=PATIENCE / 5)
        return found._replace(terms=terms, times=TIMES)

    return quick


def _freezing(send: Callable[..., int], chance: float, number: int) -> Callable[..., int]:
    """Return a send before which the whole process freezes now and then, until somebody thaws it."""
    fate = random.Random(number)

    @wraps(send)
    def frozen(*arguments: Any, **named: Any) -> int:
        if fate.random() < chance:
            os.kill(os.getpid(), signal.SIGSTOP)
        return send(*arguments, **named)

    return frozen
