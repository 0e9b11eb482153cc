"""The running network: PostgreSQL, Bluesky's servers, and people who write there by its own API."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.bluesky.install import HOME, environment, node, postgres

STARTS = 240.0
"""Seconds; on an idle machine it takes seven."""
PASSWORD = "hunter2-hunter2"
NOBODY = 65534


class Network(NamedTuple):
    """Where the network is."""

    pds: str
    appview: str
    jetstream: str


class Person:
    """Somebody with an account."""

    def __init__(self, pds: str, handle: str) -> None:
        self.handle = handle
        self._http = httpx.Client(base_url=f"{pds}/xrpc/", timeout=30)
        said = {"handle": handle, "email": f"{handle}@example.com", "password": PASSWORD}
        made = self._call("com.atproto.server.createAccount", said)
        self.did: str = made["did"]
        self._http.headers["Authorization"] = f"Bearer {made['accessJwt']}"

    def post(self, text: str, **record: object) -> str:
        """Write a post and return its address."""
        said = {"$type": "app.bsky.feed.post", "text": text, "createdAt": now(), **record}
        asked = {"repo": self.did, "collection": "app.bsky.feed.post", "record": said}
        uri: str = self._call("com.atproto.repo.createRecord", asked)["uri"]
        return uri

    def like(self, uri: str, cid: str) -> None:
        """Like a post."""
        said = {"$type": "app.bsky.feed.like", "subject": {"uri": uri, "cid": cid}, "createdAt": now()}
        self._call(
            "com.atproto.repo.createRecord", {"repo": self.did, "collection": "app.bsky.feed.like", "record": said}
        )

    def delete(self, uri: str) -> None:
        """Delete a post."""
        collection, rkey = uri.split("/")[-2:]
        self._call("com.atproto.repo.deleteRecord", {"repo": self.did, "collection": collection, "rkey": rkey})

    def leave(self) -> None:
        """Deactivate the account."""
        self._call("com.atproto.server.deactivateAccount", {})

    def __enter__(self) -> "Person":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def _call(self, method: str, said: dict[str, object]) -> dict[str, Any]:
        answer = self._http.post(method, json=said)
        assert answer.is_success, f"{method}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}


def now() -> str:
    """Return the time as records write it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@contextmanager
def database() -> Iterator[str]:
    """Run a PostgreSQL and yield its address. It refuses a superuser, so then it runs as nobody."""
    who = NOBODY if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="bluesky-") as folder:
        binaries, data = Path(folder) / "postgres", Path(folder) / "data"
        shutil.copytree(postgres(), binaries, symlinks=True)  # nobody may not read where it was installed
        data.mkdir(mode=0o700)
        if who is not None:
            Path(folder).chmod(0o755)
            os.chown(data, who, who)
        initdb = [str(binaries / "bin/initdb"), "-D", str(data), "-U", "pg", "-A", "trust", "-E", "UTF8", "--no-locale"]
        done = subprocess.run(initdb, user=who, cwd=data, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"PostgreSQL made no database: {done.stdout}{done.stderr}"
        port = free_port()
        options = ["-p", str(port), "-k", str(data), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        command = [str(binaries / "bin/postgres"), "-D", str(data), *options]
        with (Path(folder) / "log").open("wb") as log:
            server = subprocess.Popen(command, user=who, cwd=data, stdout=log, stderr=log)
        try:
            _wait_for_port(port, server)
            yield f"postgresql://pg@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(20)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(folder: Path, redis_url: str) -> Iterator[Network]:
    """Run the network and yield where it is."""
    shutil.copy(Path(__file__).with_name("network.mjs"), HOME / "network.mjs")
    own = {"REDIS_HOST": redis_url.removeprefix("redis://").partition("/")[0], "LOG_ENABLED": "false"}
    with database() as postgres_url, (folder / "network.log").open("wb") as log:
        own |= {"DB_POSTGRES_URL": postgres_url, "TMPDIR": str(folder)}
        command = [str(node()), "network.mjs"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
        with subprocess.Popen(command, cwd=HOME, env=environment() | own, **pipes) as servers:  # type: ignore[call-overload]
            killer = threading.Timer(STARTS, servers.kill)
            killer.start()
            try:
                line = servers.stdout.readline()
                killer.cancel()
                assert line, f"the network did not start: {(folder / 'network.log').read_text()[-2000:]}"
                yield Network(**json.loads(line))
            finally:
                killer.cancel()
                servers.kill()  # it keeps nothing that anybody needs


def _wait_for_port(port: int, server: "subprocess.Popen[bytes]") -> None:
    pause = threading.Event()
    for _ in range(300):
        assert server.poll() is None, "PostgreSQL died at its start"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            pause.wait(0.1)
        else:
            return
    raise AssertionError("no answer from PostgreSQL")
