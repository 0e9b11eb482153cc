"""A group of real processes: restarted when they do nothing, and only then."""

import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.models import Job
from monitor.processes import supervisor
from monitor.processes.stalls import Rules
from monitor.processes.supervisor import CANNOT_HEAL, ProcessRole, supervise
from monitor.protocols import Sight
from monitor.settings import child_environment
from tests.data import ROOT
from tests.integration.product import wait_until

RULES = Rules(silence=timedelta(seconds=1.5), start=timedelta(seconds=30), idleness=timedelta(seconds=1.5))
WAITS = Sight(neglected=timedelta(seconds=9), job=Job("poll", "hackernews:"))

ROLE = """
import signal, sys, threading
from pathlib import Path
from monitor.processes.stalls import Beat
from monitor.processes.supervisor import join_group
signal.signal(signal.SIGTERM, {on_term})
pulse, moves, pause = join_group(is_supervised=True), 0, threading.Event()
with Path({starts!r}).open("a") as starts:
    starts.write("started\\n")
while True:
    {body}
    pause.wait(0.1)
"""


class Group:
    """Roles under supervision in a thread of this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sight: Sight | None = Sight()
        self.code: int | None = None

    def role(self, name: str, body: str, rules: Rules = RULES, on_term: str = "signal.SIG_DFL") -> ProcessRole:
        text = ROLE.format(body=body, starts=str(self.folder / name), on_term=on_term)
        return ProcessRole(name, (sys.executable, "-c", text), rules)

    def starts(self, name: str) -> int:
        path = self.folder / name
        return len(path.read_text().splitlines()) if path.exists() else 0

    @contextmanager
    def running(self, *roles: ProcessRole) -> Iterator[None]:
        stopped = threading.Event()

        def run() -> None:
            self.code = supervise(roles, child_environment(PYTHONPATH=str(ROOT)), stopped, lambda: self.sight)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def group(tmp_path: Path) -> Group:
    return Group(tmp_path)


def test_who_is_well_is_left_alone_and_who_is_silent_is_restarted(
    group: Group, caplog: pytest.LogCaptureFixture
) -> None:
    well = group.role("well", "moves += 1; pulse(Beat(moves=moves))")
    silent = group.role("silent", "pulse(Beat()) if moves == 0 else None; moves += 1")
    group.sight = WAITS

    with group.running(well, silent):
        wait_until(lambda: group.starts("silent") == 2, 60)

    assert group.starts("well") == 1
    restarts = [each for each in caplog.records if each.getMessage() == "restarted"]
    assert [(each.role, each.reason[:27]) for each in restarts][:1] == [("silent", "it gave no sign of life for")]  # type: ignore[attr-defined]


def test_who_does_nothing_while_work_waits_is_restarted_even_when_deaf_to_the_request(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STOP_LIMIT", timedelta(seconds=1))
    with group.running(group.role("deaf", "pulse(Beat(moves=7))", on_term="signal.SIG_IGN")):
        wait_until(lambda: group.starts("deaf") == 1, 60)
        group.sight = WAITS
        wait_until(lambda: group.starts("deaf") == 2, 60)


def test_nobody_is_restarted_while_the_store_is_away(group: Group) -> None:
    group.sight = None
    with group.running(group.role("waits", "pulse(Beat()) if moves == 0 else None; moves += 1")):
        wait_until(lambda: group.starts("waits") == 1, 60)
        threading.Event().wait(3 * RULES.silence.total_seconds())

    assert group.starts("waits") == 1


def test_a_group_that_nobody_can_heal_ends(group: Group) -> None:
    with group.running(group.role("wrong", "raise SystemExit(2)")):
        wait_until(lambda: group.code is not None, 60)

    assert group.code == CANNOT_HEAL
    assert group.starts("wrong") == 1


def test_a_role_ends_with_a_supervisor_that_was_killed_with_a_sign_unread(group: Group) -> None:
    """Its line was reset rather than closed, and the role lived on without anybody, holding the page's port."""
    ours, theirs = socket.socketpair()
    command = group.role("lasting", "pulse(Beat())").command
    with theirs:
        process = subprocess.Popen(command, stdin=theirs.fileno(), env=child_environment(PYTHONPATH=str(ROOT)))
    select.select([ours], [], [], 60)
    ours.close()

    assert process.wait(20) == -signal.SIGTERM
