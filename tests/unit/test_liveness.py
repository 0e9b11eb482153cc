"""Whether a worker is dead, asked of real processes."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from monitor.processes.liveness import has_ended, is_dead, poller_name, space_of_ids, worker_name
from tests.integration.product import wait_until


@pytest.mark.skipif(not space_of_ids(), reason="this system does not tell its spaces of process ids apart")
@pytest.mark.parametrize("name_of", [worker_name, poller_name])
def test_a_process_is_dead_once_it_has_ended_buried_or_not(name_of: Callable[[int], str]) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        owner = f"{name_of(process.pid)}/task/run"
        assert not is_dead(owner)

        process.kill()
        wait_until(lambda: has_ended(process.pid))  # nobody has waited for it yet

        assert is_dead(owner)
    assert is_dead(owner)


@pytest.mark.parametrize(
    "owner", ["", "me", "worker-999999@box/task", "worker-999999@box.00000000/task", "worker-x@box.1a2b3c4d/task"]
)
def test_of_workers_elsewhere_and_of_other_owners_nothing_is_known(owner: str) -> None:
    assert not is_dead(owner)


def test_a_process_of_somebody_else_lives() -> None:
    assert not has_ended(1)
    assert not has_ended(os.getpid())
