"""A flood of commands fills nothing and delays no owner."""

import random
import resource
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.duties import jobs
from monitor.models import Incoming
from monitor.store.fsck import check
from monitor.store.inbox import INBOX_JOB
from monitor.wiring import Monitor
from tests.integration.room import Room, a_room

COMMANDS, PEOPLE, BATCH = 100_000, 1_000, 100
OWNER = "77"
OWNERS_EVERY = 100
MOST_BYTES = 20_000_000
LONGEST = 2.0
WORDS = ("/topics", "/recent", "/status", "/help", "/subscribe pots", "/nothing", "/" + "x" * 4_000)


class Owner:
    """Asks while others flood, and notes after how many seconds each question was answered."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._asked: dict[int, float] = {}
        self.waits: list[float] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def asks(self, number: int, at: datetime) -> Incoming:
        self._asked[number] = time.monotonic()
        return update(number, OWNER, "/people", at)

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def is_waiting(self) -> bool:
        return bool(self._asked)

    def _look(self) -> None:
        while not self._stopped.wait(0.01):
            for number, began in list(self._asked.items()):
                if self._monitor.outbox.find(OWNER, f"reply:{number}") is not None:
                    self.waits.append(time.monotonic() - began)
                    del self._asked[number]


def update(number: int, user: str, text: str, at: datetime) -> Incoming:
    return Incoming(
        id=number, kind="message", chat=user, chat_type="private", user=user, text=text, message_id=number, at=at
    )


def flood(owner: Owner, began: datetime) -> Iterator[list[Incoming]]:
    """Yield batches as Telegram gives them: a minute of its time, an owner's question among every hundredth of them."""
    chance = random.Random(2)
    for first in range(0, COMMANDS, BATCH):
        numbers = range(first, first + BATCH)
        times = [began + timedelta(seconds=60) * (n / COMMANDS) for n in numbers]
        batch = [
            update(n, str(1_000 + chance.randrange(PEOPLE)), chance.choice(WORDS), at)
            for n, at in zip(numbers, times, strict=True)
        ]
        if first // BATCH % OWNERS_EVERY == OWNERS_EVERY // 2:
            batch.append(owner.asks(COMMANDS + first, times[-1]))
        yield batch


def answering(monitor: Monitor, stopped: threading.Event) -> None:
    """Answer as a worker does whenever the inbox is due."""
    turn = 0
    while not stopped.wait(0.01):
        turn += 1
        monitor.schedule.sync({INBOX_JOB: timedelta(0)})
        jobs.answer_commands(monitor, INBOX_JOB.subject, f"worker {turn}", datetime.now(UTC))


def poured(room: Room, owner: Owner) -> float:
    """Pour the flood in while it is answered; return the seconds it took."""
    stopped = threading.Event()
    worker = threading.Thread(target=answering, args=(room.monitor, stopped), daemon=True)
    worker.start()
    began = time.monotonic()
    for batch in flood(owner, datetime.now(UTC) - timedelta(minutes=1)):
        assert room.monitor.inbox.take_in("7000001", batch, None, None) is not None
    seconds = time.monotonic() - began
    for _ in range(200):
        if owner.is_waiting:
            stopped.wait(0.05)
    stopped.set()
    worker.join(60)
    owner.stop()
    return seconds


@pytest.mark.chaos
@pytest.mark.parametrize("role", [None, "reader"])
def test_a_flood_of_commands_fills_nothing_and_delays_no_owner(
    valkey_url: str, tmp_path: Path, role: str | None
) -> None:
    """100,000 commands of 1,000 people within a minute: S2. People with a role may ask twenty times a minute each."""
    with a_room(valkey_url, tmp_path) as room:
        room.monitor.people.grant(OWNER, "owner")
        for user in range(1_000, 1_000 + PEOPLE) if role else ():
            room.monitor.people.grant(str(user), "reader")
        owner = Owner(room.monitor)
        before, resident = room.monitor.connection.size(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        seconds = poured(room, owner)

        grown = room.monitor.connection.size() - before
        process = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident) * 1024
        said = f"{seconds:.0f} s, store +{grown:,}, process +{process:,}, slowest {max(owner.waits, default=0):.2f} s"
        print(said)
        assert len(owner.waits) == COMMANDS // BATCH // OWNERS_EVERY, said
        assert max(owner.waits) < LONGEST, said
        assert grown < MOST_BYTES, said
        assert process < MOST_BYTES, said
        assert seconds < 60, f"slower than the flood: {said}"
        assert check(room.monitor.connection) == []
