"""The embedded server: any folder, one server, last one out stops it."""

import os
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import StoreError
from monitor.processes.liveness import has_ended
from monitor.store import embedded
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from tests.integration.product import wait_until


def pid_of(store: EmbeddedStore) -> int:
    connection = Connection(store.url)
    try:
        info = connection.execute("INFO", "server")
        return int(info["process_id"] if isinstance(info, dict) else info.split(b"process_id:")[1].split()[0])
    finally:
        connection.close()


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "with space",
        "it's",
        'say "hi"',
        "back\\slash",
        "砸锅卖铁",
        "x" * 120,
        "[a]*",
        "hash#tag",
        "per%20cent",
        "ques?tion=1",
    ],
)
def test_any_folder_will_do(tmp_path: Path, name: str) -> None:
    store = EmbeddedStore(tmp_path / name)
    store.attach()

    server = Connection(store.url).check()

    assert server.is_durable
    store.detach()
    assert (tmp_path / name / "store" / "appendonlydir").is_dir()


def test_the_last_user_stops_the_server_and_the_data_stays(tmp_path: Path) -> None:
    first, second = EmbeddedStore(tmp_path), EmbeddedStore(tmp_path)
    first.attach()
    second.attach()
    Connection(first.url).execute("SET", "k", "v")
    pid = pid_of(first)

    first.detach()
    assert pid_of(second) == pid
    second.detach()
    assert second.cause_of_death() is not None
    third = EmbeddedStore(tmp_path)
    third.attach()

    assert Connection(third.url).execute("GET", "k") == b"v"
    assert pid_of(third) != pid
    third.detach()


def test_many_that_come_at_once_share_one_server(tmp_path: Path) -> None:
    stores = [EmbeddedStore(tmp_path) for _ in range(8)]
    threads = [threading.Thread(target=store.attach) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({pid_of(store) for store in stores}) == 1
    for store in stores:
        store.detach()


def test_a_killed_server_is_revived_with_all_it_acknowledged(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    store.attach()
    Connection(store.url).execute("SET", "k", "v")
    assert not store.revive()
    os.kill(pid_of(store), signal.SIGKILL)
    pause = threading.Event()
    while store.cause_of_death() is None:
        pause.wait(0.01)

    assert store.revive()
    assert Connection(store.url).execute("GET", "k") == b"v"
    store.detach()


def test_a_server_that_hangs_is_said_to_and_can_be_ended_without_a_loss(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    store.attach()
    Connection(store.url).execute("SET", "k", "v")
    pid = pid_of(store)
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()

    with pytest.raises(StoreError, match=rf"does not answer \(process {pid}\)"):
        EmbeddedStore(tmp_path).attach()
    assert time.monotonic() - began < 15
    assert store.state(timedelta(milliseconds=100)) == "silent"
    store.kill()
    assert store.state() == "absent"
    assert store.revive()

    assert Connection(store.url).execute("GET", "k") == b"v"
    store.detach()


def test_a_server_that_hangs_at_the_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "STOP_LIMIT", timedelta(seconds=1))
    store = EmbeddedStore(tmp_path)
    store.attach()
    os.kill(pid_of(store), signal.SIGSTOP)

    store.detach()

    assert store.cause_of_death() is not None


def test_data_that_loads_for_long_is_waited_for_and_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = EmbeddedStore(tmp_path)
    store.attach()
    connection = Connection(store.url)
    for n in range(300):
        connection.execute("SET", f"k{n}", os.urandom(1000))
    # It looks at its clients while it loads what was rewritten, and after each thousand commands that follow.
    connection.execute("BGREWRITEAOF")
    wait_until(lambda: int(connection.execute("INFO", "persistence")["aof_base_size"]) > 100_000)
    store.detach()
    # Ten milliseconds for each key.
    slow = "key-load-delay 10000\nloading-process-events-interval-bytes 1024\n"
    monkeypatch.setattr(embedded, "START_LIMIT", timedelta(seconds=1))
    began = time.monotonic()

    slowly = EmbeddedStore(tmp_path, slow)
    slowly.attach()

    assert time.monotonic() - began > 2
    assert Connection(slowly.url).execute("DBSIZE") == 300
    assert caplog.text.count("loads its data") == 1
    slowly.detach()


def log_of_killed_server(home: Path) -> Path:
    """Return the log of a server that acknowledged a write and was killed."""
    store = EmbeddedStore(home)
    store.attach()
    connection = Connection(store.url)
    connection.execute("SET", "k", "v\0")
    connection.close()
    store.kill()
    store.detach()
    [path] = (home / "store" / "appendonlydir").glob("*.incr.aof")
    return path


@pytest.mark.parametrize(
    "tail",
    [b"\0" * 300, b"\0" * 70_000, b"*3\r\n$3\r\nSET\r\n$5\r\nhal" + b"\0" * 4096],
    ids=["zeros", "long", "half a command"],
)
def test_a_power_cut_that_leaves_zeros_in_the_log_does_not_keep_the_store_from_starting(
    tmp_path: Path, tail: bytes
) -> None:
    path = log_of_killed_server(tmp_path)
    with path.open("ab") as file:
        file.write(tail)
    store = EmbeddedStore(tmp_path)

    store.attach()

    connection = Connection(store.url)
    assert connection.execute("GET", "k") == b"v\0"
    connection.close()
    store.detach()


def test_a_log_that_is_broken_in_its_middle_says_how_to_go_on(tmp_path: Path) -> None:
    path = log_of_killed_server(tmp_path)
    path.write_bytes(b"broken" + path.read_bytes())
    store = EmbeddedStore(tmp_path)

    with pytest.raises(StoreError, match="monitor restore FILE --replace"):
        store.attach()

    assert path.read_bytes().startswith(b"broken")
    store.detach()


def test_a_server_that_another_process_ended_is_buried_when_the_next_one_starts(tmp_path: Path) -> None:
    """Zombies of servers stayed for as long as the process that had started them."""
    store = EmbeddedStore(tmp_path / "ended")
    store.attach()
    pid = pid_of(store)
    os.kill(pid, signal.SIGTERM)  # as the last of its users does, whoever that is
    wait_until(lambda: has_ended(pid))

    following = EmbeddedStore(tmp_path / "next")
    following.attach()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    following.detach()
    store.detach()
