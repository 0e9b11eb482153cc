"""F12: every script of the store, replayed one to four times on random states, leaves what it left the first time."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.store.embedded import server_binary
from monitor.store.keys import Keyspace
from tests.chaos import Figure, Plan
from tests.conftest import redis_binary, wait_for
from tests.replays.cases import CASES, faults_of, replay
from tests.replays.replayer import Replayer

STATES, STATES_IN_SHORT = 500, 40


def measure(plan: Plan) -> Figure:
    """Replay every script on both servers."""
    states = STATES if plan.is_long else STATES_IN_SHORT
    broken: list[str] = []
    reached: dict[str, float | int | str] = {"scripts": len(CASES), "states_each": states, "replayed": 0, "acted": 0}
    for name, binary in (("valkey", server_binary()), ("redis", redis_binary())):
        with a_server(binary, plan.folder / f"{name}.sock") as url:
            store = Replayer(url, Keyspace("f12:"))
            for script in CASES:
                store.more.clear()
                replay(script, store, plan.seed, states)
                broken += [f"{name}: {each}" for each in faults_of(script, store, states)[:3]]
            reached["replayed"] = int(reached["replayed"]) + store.ran.total()
            reached["acted"] = int(reached["acted"]) + store.changed.total()
            store.close()
    wanted = f"{len(CASES)} scripts x {states} states x 1-4 replays on Valkey and Redis: identical dumps"
    return Figure(name="F12 replays", wanted=wanted, reached=reached, broken=tuple(broken[:20]))


@contextmanager
def a_server(binary: Path, socket: Path) -> Iterator[str]:
    """Run a server that keeps nothing: what a script does to the data is the same with a disk and without."""
    options = [
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(socket.parent),
    ]
    process = subprocess.Popen([str(binary), *options], stdout=subprocess.DEVNULL)
    try:
        url = f"unix://{socket}"
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(10)
