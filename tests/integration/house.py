"""The product in one process, on a clock of its own: what people write goes through inbox, clerk, outbox and courier.

people ─► strict Telegram ─getUpdates─► parse ─► inbox ─► clerk ─► outbox ─► courier ─► strict Telegram ─► readers

The clock stands still but for a second where something has to wait, so that every answer is the same each time.
"""

import contextlib
import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from monitor.bot.updates import ASKED_FOR, parse
from monitor.duties import jobs
from monitor.models import Batch, Coverage, Post, Query
from monitor.pipeline import mentions_of, store_mentions
from monitor.settings import load
from monitor.store.codec import to_ms
from monitor.store.connection import READS, Argument, Call, Connection, one_sentence, script_text
from monitor.store.fsck import check
from monitor.store.inbox import INBOX_JOB
from monitor.store.keys import Keyspace
from monitor.topics.polling.planning import poll_job
from monitor.wiring import Monitor
from tests.conftest import redis_binary, wait_for
from tests.data import data_path
from tests.replays.replayer import FREEZE
from tests.simulators.telegram_api import TOKEN, Simulator

BEGIN = datetime.fromisoformat("2026-03-10T12:00:00+00:00")
A_MOMENT = timedelta(seconds=13)
"""So long people take for each step: no chat is written to more often than Telegram lets us."""

FOLLOWED_FOR = timedelta(days=40)
MOST_STEPS = 400
PATIENCE = timedelta(minutes=10)
"""So long is waited for what a sender puts off; it rests for an hour where nothing waits."""


class Clock:
    """A time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = BEGIN

    def seconds(self) -> float:
        return self.now.timestamp()

    def ms(self) -> int:
        return to_ms(self.now)


class ClockedConnection(Connection):
    """Runs commands and scripts on a clock of ours."""

    def __init__(self, url: str, keys: Keyspace, clock: Clock) -> None:
        super().__init__(url, keys)
        self._clock = clock
        self._hashes: dict[str, str] = {}
        self._wire = threading.local()
        self._wires: list[Any] = []

    def under(self, keys: Keyspace) -> Connection:
        return ClockedConnection(self.url, keys, self._clock)

    def run(self, script: str, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        self.forget_ahead()
        return self._ask(*self._evaluated(script, keys, args))

    def execute(self, *command: Argument) -> Any:
        if command[0] == "TIME":
            return self._time()
        known: dict[tuple[Argument, ...], Any] = getattr(self._known, "answers", {})
        if command in known:
            return known[command]
        if command[0] not in READS:
            self.forget_ahead()
        return self._ask(*command)

    def close(self) -> None:
        for each in self._wires:
            each.disconnect()
        super().close()

    def _ask(self, *command: Argument) -> Any:
        """Run a command as the client does, without its pool and its retries, which take half of the time."""
        if getattr(self._wire, "way", None) is None:
            self._wire.way = self._client.connection_pool.make_connection()
            self._wires.append(self._wire.way)
        with one_sentence():
            self._wire.way.send_command(*command)
            answer = self._wire.way.read_response()
        told = self._client.response_callbacks.get(command[0])
        return answer if told is None else told(answer)

    def together(self, calls: Sequence[Call]) -> list[Any]:
        self.forget_ahead()
        pipeline: Any = self._client.pipeline(transaction=False)
        for each in calls:
            pipeline.execute_command(*(self._evaluated(*each) if each.script else each.args))
        with one_sentence():
            answers = pipeline.execute()
        return [self._time() if each.args == ("TIME",) else said for each, said in zip(calls, answers, strict=True)]

    def _time(self) -> list[int]:
        return [self._clock.ms() // 1000, self._clock.ms() % 1000 * 1000]

    def _evaluated(self, script: str, keys: Sequence[str], args: Sequence[Argument]) -> tuple[Argument, ...]:
        if script not in self._hashes:
            self._hashes[script] = self._client.script_load(FREEZE + script_text(script))
        return ("EVALSHA", self._hashes[script], len(keys), *keys, *args, self._clock.ms())


class Due(NamedTuple):
    """When something is to be done in a chat."""

    at: datetime
    chat: str


class House:
    """The product, its Telegram and its clock."""

    def __init__(self, monitor: Monitor, telegram: Simulator, clock: Clock) -> None:
        self.monitor = monitor
        self.telegram = telegram
        self.clock = clock
        self._settings = monitor.settings
        self._asked_from = 0
        self._turns = 0
        self._undoing: list[Callable[[], object]] = []
        self._kept: dict[str, list[tuple[str, int, bytes]]] = {}

    def begin_anew(self, topics: str, plant: Callable[["House"], None]) -> None:
        """Forget everybody and everything, and follow the topics of a file, with what `plant` stores of them."""
        connection = self.monitor.connection
        connection.erase()
        self.monitor.settings = self._settings
        self.clock.now = BEGIN
        self.telegram.state.faults.stop()
        self.monitor.settings.topics_file.write_text(topics, encoding="utf-8")
        if topics in self._kept:
            connection.together([Call("", (), ("RESTORE", *each)) for each in self._kept[topics]])
            return
        self.clock.now = BEGIN - FOLLOWED_FOR
        jobs.read_topics(self.monitor, self.clock.now)
        self.clock.now = BEGIN
        plant(self)
        names = list(connection.scan(f"{connection.keys.prefix}*"))
        self._kept[topics] = [
            (name, max(0, connection.execute("PTTL", name)), connection.execute("DUMP", name)) for name in names
        ]

    def until_mended(self, undo: Callable[[], object]) -> None:
        """Have something undone by `mend`."""
        self._undoing.append(undo)

    def mend(self) -> None:
        """Undo what was broken."""
        while self._undoing:
            self._undoing.pop()()

    def settle(self) -> None:
        """Let everything be answered that people did, and everything be sent that waits."""
        self.clock.now += A_MOMENT
        self._take_in()
        self._turns += 1
        jobs.answer_commands(self.monitor, INBOX_JOB.subject, f"clerk {self._turns}", self.clock.now)
        for _ in range(MOST_STEPS):
            due = self._due()
            if not due:
                return
            self.clock.now = max(self.clock.now, due[0].at)
            self._turns += 1
            jobs.deliver(self.monitor, due[0].chat, f"courier {self._turns}", self.clock.now)
        raise AssertionError(f"there is always something to do in {due}")

    def learn(self, posts: Sequence[Post]) -> None:
        """Store posts under the topics that they are about."""
        stages = self.monitor.stages()
        store_mentions(mentions_of(posts, stages, None), stages, self.monitor.mentions, self.clock.now)

    def read(self, query: Query, since: timedelta) -> None:
        """Note that a query was read without a gap up to now."""
        lease = self.monitor.leases.acquire(poll_job(query), f"reader {query}", timedelta(minutes=1))
        assert lease is not None
        batch = Batch(coverage=Coverage(start=self.clock.now - since, end=self.clock.now))
        assert self.monitor.progress.complete(lease, query, batch, timedelta(minutes=10))

    def fail(self, query: Query, reason: str) -> None:
        """Note that a query could not be read."""
        lease = self.monitor.leases.acquire(poll_job(query), f"reader {query}", timedelta(minutes=1))
        assert lease is not None
        assert self.monitor.progress.fail(lease, query, reason, timedelta(minutes=10))

    def _take_in(self) -> None:
        asked = {"offset": self._asked_from, "limit": 100, "allowed_updates": list(ASKED_FOR)}
        raw = json.loads(json.dumps(self.telegram.state.updates.poll(asked, lambda: False)))
        if raw:
            self._asked_from = raw[-1]["update_id"] + 1
            updates = [each for each in map(parse, raw) if each is not None]
            assert self.monitor.inbox.take_in("7000001", updates, self._asked_from, None) is not None
            self.telegram.state.updates.poll(asked | {"offset": self._asked_from}, lambda: False)

    def _due(self) -> list[Due]:
        """Return the chats in which there is something to do before long, in their order."""
        found = [Due(at, job.subject) for job, at in self.monitor.schedule.due() if job.kind == "deliver"]
        return sorted(each for each in found if each.at < self.clock.now + PATIENCE)


@contextlib.contextmanager
def a_store(folder: Path) -> Iterator[str]:
    """Run a store that writes nothing to its disk: nobody is killed here, and each write would wait for it."""
    socket = folder / "store.sock"
    command = [str(redis_binary()), "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"unix://{socket}", process)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait(60)


@contextlib.contextmanager
def a_house(folder: Path) -> Iterator[House]:
    """Open the product; at the end nothing must be wrong with its store, nor with what Telegram was asked."""
    with a_store(folder) as url, _opened(url, folder) as house:
        yield house


@contextlib.contextmanager
def _opened(url: str, folder: Path) -> Iterator[House]:
    clock = Clock()
    spec = data_path("specs/telegram_bot_api_10.1.json.gz")
    with (
        Simulator(spec, seed=11, clock=clock.seconds) as telegram,
        pytest.MonkeyPatch.context() as patch,
    ):
        table = f'[telegram]\ntoken = "{TOKEN}"\napi_url = "{telegram.url}"\n'
        paid = "[sources.x]\nbudget = 1.0\nbudget_topic = 0.5\n"
        (folder / "monitor.toml").write_text(table + paid, encoding="utf-8")
        (folder / "topics.toml").write_text('[topics.pots]\nany = ["砸锅卖铁"]\n', encoding="utf-8")
        for name, value in {"CONFIG": str(folder), "HOME": str(folder), "REDIS_URL": url}.items():
            patch.setenv(f"MONITOR_{name}", value)
        patch.setenv("PTB_TIMEDELTA", "true")
        patch.setattr("monitor.wiring.quick", lambda connection: connection.under(connection.keys))
        connection = ClockedConnection(url, Keyspace(f"{folder.name}:"), clock)
        monitor = Monitor(load(), connection, None)
        try:
            yield House(monitor, telegram, clock)
            found = check(monitor.connection)
            assert found == []
            assert telegram.breaches == []
        finally:
            monitor.connection.erase()
            monitor.close()
