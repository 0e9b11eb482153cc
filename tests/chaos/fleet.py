"""Worker processes that are killed and frozen, and replaced at once, as a container runtime does.

They are forked from a server that has everything imported: a start costs tenths of a second, and they can die often.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from monitor.store.connection import Connection
from tests.chaos.worker import Waits, run, run_bot
from tests.simulators.telegram_remote import RemoteSimulator

LOOK_EVERY = 0.05
HUNT_LIMIT = 3.0


class Fleet:
    """So many workers, kept alive while in the `with` block; each writes its lines to a log of its own."""

    kind = "worker"
    body: Callable[[Mapping[str, str], Waits, Path, int], None] = staticmethod(run)

    def __init__(self, environment: Mapping[str, str], waits: Waits, size: int, folder: Path, seed: int) -> None:
        self._environment = dict(environment)
        self._waits = waits
        self._folder = folder
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["tests.chaos.worker"])
        self._chance = random.Random(f"{seed}/fleet")
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._size = size
        self._started = 0
        self._workers: list[ForkServerProcess] = []
        self._frozen: dict[int, float] = {}
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self.kills = self.kills_at_work = self.freezes = self.deaths = 0

    def __enter__(self) -> "Fleet":
        with self._lock:
            self._workers = [self._start() for _ in range(self._size)]
        self._keeper.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill all workers for good: what is looked at now, nobody changes."""
        self._stopped.set()
        self._keeper.join()
        for worker in self._workers:
            worker.kill()
            worker.join()

    def kill_any(self) -> None:
        """Kill a worker, whatever it does."""
        with self._lock:
            self._kill(self._chance.choice(self._workers))

    def kill_at_work(self, connection: Connection) -> bool:
        """Kill a worker of chance while it holds a lease, at a moment of chance; any one when none is caught at it.

        Tell whether it held one.
        """
        ends = time.monotonic() + HUNT_LIMIT
        pause = threading.Event()
        while time.monotonic() < ends:
            # Not the first that is seen: the longest work would never end.
            pause.wait(self._chance.uniform(0.001, 0.03))
            with self._lock:
                victim = self._chance.choice(self._workers)
                held = [lease for holder, lease in leases_of(connection) if holder == victim.pid]
                if held and victim.pid not in self._frozen:
                    # Stopped first, so that what is seen now is what it holds when it dies.
                    os.kill(pid_of(victim), signal.SIGSTOP)
                    is_held = any(lease in held for _, lease in leases_of(connection))
                    self._kill(victim)
                    self.kills_at_work += is_held
                    return is_held
        self.kill_any()
        return False

    def freeze_any(self, seconds: float) -> None:
        """Stop a worker for a time."""
        with self._lock:
            awake = [each for each in self._workers if each.pid not in self._frozen and each.is_alive()]
            if awake:
                self._freeze(self._chance.choice(awake), seconds)

    def calm(self) -> None:
        """Thaw everybody, and let no new worker freeze by itself."""
        with self._lock:
            self._waits = self._waits._replace(freezes=0.0)
            for pid in list(self._frozen):
                self._thaw(pid)

    def _freeze(self, worker: ForkServerProcess, seconds: float) -> None:
        pid = pid_of(worker)
        os.kill(pid, signal.SIGSTOP)
        self._frozen[pid] = time.monotonic() + seconds
        self.freezes += 1

    def _thaw(self, pid: int) -> None:
        del self._frozen[pid]
        if any(each.pid == pid for each in self._workers):
            os.kill(pid, signal.SIGCONT)

    def _kill(self, worker: ForkServerProcess) -> None:
        worker.kill()
        worker.join()
        self._frozen.pop(pid_of(worker), None)
        self._workers[self._workers.index(worker)] = self._start()
        self.kills += 1

    def _start(self) -> ForkServerProcess:
        self._started += 1
        log = self._folder / f"{self.kind}-{self._started:04}.log"
        worker = self._context.Process(target=self.body, args=(self._environment, self._waits, log, self._started))
        worker.start()
        return worker

    def _keep(self) -> None:
        """Replace the dead, and thaw whose time has come, also those who froze by themselves."""
        while not self._stopped.wait(LOOK_EVERY):
            with self._lock:
                for place, worker in enumerate(self._workers):
                    if not worker.is_alive():
                        self.deaths += 1
                        self._workers[place] = self._start()
                    elif worker.pid not in self._frozen and is_stopped(pid_of(worker)):
                        self.freezes += 1
                        self._frozen[pid_of(worker)] = time.monotonic() + self._waits.frozen_for
                for pid in [pid for pid, until in self._frozen.items() if until < time.monotonic()]:
                    self._thaw(pid)


class Bots(Fleet):
    """The process that takes in what people ask of the bot, kept alive as workers are."""

    kind = "bot"
    body = staticmethod(run_bot)

    def kill_with_updates(self, telegram: RemoteSimulator) -> bool:
        """Kill it while it has updates that it has not confirmed; False when it was not caught at that."""
        before, ends = telegram.do("in_hand")["polls"], time.monotonic() + HUNT_LIMIT
        pause = threading.Event()
        while time.monotonic() < ends:
            pause.wait(self._chance.uniform(0.001, 0.03))
            with self._lock:
                victim = self._chance.choice(self._workers)
                os.kill(pid_of(victim), signal.SIGSTOP)
                seen = telegram.do("in_hand")
                if seen["unconfirmed"] and seen["polls"] > before:
                    self._kill(victim)
                    self.kills_at_work += 1
                    return True
                os.kill(pid_of(victim), signal.SIGCONT)
        return False


def pid_of(worker: ForkServerProcess) -> int:
    """Return the process id of a worker that was started."""
    assert worker.pid is not None, "it was started"
    return worker.pid


def is_stopped(pid: int) -> bool:
    """Tell whether a process is stopped by a signal."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "T"


def leases_of(connection: Connection) -> list[tuple[int, bytes]]:
    """Return the process that holds each lease, with what the store has of it."""
    held = connection.execute("HVALS", connection.keys.work.leases)
    owners = ((lease, lease.decode().split(" ", 2)[2]) for lease in held)
    return [
        (int(owner.split("@")[0].removeprefix("worker-")), lease)
        for lease, owner in owners
        if owner.startswith("worker-")
    ]


Settled = Callable[[], bool]


def wait_for(is_settled: Settled, limit: float, every: float = 0.1) -> float | None:
    """Return after how many seconds something came true; None when it did not within the limit."""
    began = time.monotonic()
    pause = threading.Event()
    while time.monotonic() < began + limit:
        if is_settled():
            return time.monotonic() - began
        pause.wait(every)
    return None


def without_processor(pid: int) -> float:
    """Return for how many seconds a process's first thread could have gone on and had no processor.

    The second number of schedstat (https://docs.kernel.org/scheduler/sched-stats.html); 0 where there is none.
    """
    path = Path(f"/proc/{pid}/schedstat")
    return int(path.read_text().split()[1]) / 1e9 if path.exists() else 0.0
