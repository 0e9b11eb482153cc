"""A power cut in the middle of a script, and what the server makes of it at its next starts."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.store.connection import Connection
from monitor.store.embedded import CONFIGURATION, server_binary
from monitor.store.restarts import Restarts
from tests.conftest import redis_binary, wait_for
from tests.integration.product import wait_until

Opener = Callable[[], tuple[subprocess.Popen[bytes], Connection]]


@pytest.fixture(params=["valkey", "redis"])
def start(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opener]:
    """Start a server on the same files again and again, as the product configures its own."""
    folder = tmp_path_factory.mktemp("s")
    binary = server_binary() if request.param == "valkey" else redis_binary()
    started: list[tuple[subprocess.Popen[bytes], Connection]] = []

    def open_server() -> tuple[subprocess.Popen[bytes], Connection]:
        process = subprocess.Popen([str(binary), "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert process.stdin is not None
        with process.stdin as words:
            words.write(CONFIGURATION.format(socket=folder / "sock", folder=folder).encode())
        url = f"unix://{folder / 'sock'}"
        wait_for(url, process)
        started.append((process, Connection(url)))
        return started[-1]

    open_server.folder = folder  # type: ignore[attr-defined]
    yield open_server
    for process, connection in started:
        connection.close()
        process.kill()
        process.wait()


def torn(folder: Path) -> None:
    """Cut the newest file off in the middle of the second command of its last transaction."""
    file = max(folder.glob("appendonlydir/*.incr.aof"), key=lambda path: path.stat().st_mtime)
    written = file.read_bytes()
    begun = written.rindex(b"MULTI")
    end = written.index(b"*", written.index(b"*", begun) + 1) + 12
    assert b"EXEC" in written[end:]
    file.write_bytes(written[:end])


def test_what_is_written_after_a_cut_within_a_script_outlives_the_next_restart(start: Opener) -> None:
    process, connection = start()
    connection.check()
    keys = connection.keys.work
    connection.run("wake", (keys.due, keys.due_since, keys.chats), ("deliver:-1001", "-1001", "d"))
    process.kill()
    process.wait()
    torn(start.folder)  # type: ignore[attr-defined]

    process, connection = start()
    assert not connection.execute("EXISTS", keys.chats, keys.due), "the cut must have been within the script"
    restarts = Restarts(connection)
    assert restarts.mend()
    wait_until(lambda: connection._info("persistence")["aof_rewrite_in_progress"] == "0")
    assert not restarts.mend()
    connection.execute("SET", "acknowledged", 1)
    process.kill()
    process.wait()

    _, connection = start()
    assert connection.execute("EXISTS", "acknowledged") == 1
    assert not connection.execute("EXISTS", keys.chats, keys.due), "half a script happened"
    assert Restarts(connection).mend(), "each start is another one"
