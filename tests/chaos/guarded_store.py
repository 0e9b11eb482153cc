"""An outside store behind a password, which keeps every command that it was sent."""

import hashlib
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import redis

from tests.conftest import redis_binary, wait_for

ROOT_PASSWORD = "of-the-judge"


class GuardedStore:
    """The server, running while in the `with` block; it can be stopped and started again with another password."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder = folder
        self._password = password
        folder.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def __enter__(self) -> "GuardedStore":
        self.start(self._password)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def url(self, password: str | None = None) -> str:
        """Return the product's address of the store."""
        return f"redis://monitor:{quote(password or self._password, safe='')}@127.0.0.1:{self.port}/0"

    @property
    def _root_url(self) -> str:
        return f"redis://root:{ROOT_PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self, password: str) -> None:
        """Start the server with a password for the product, of which it knows a hash."""
        hidden = hashlib.sha256(password.encode()).hexdigest()
        users = (
            "user default off",
            f"user monitor on #{hidden} ~* &* +@all",
            f"user root on >{ROOT_PASSWORD} ~* &* +@all",
        )
        (self.folder / "users.acl").write_text("\n".join(users) + "\n")
        files = ("--dir", str(self.folder), "--aclfile", str(self.folder / "users.acl"))
        durable = ("--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--save", "")
        readable = ("--aof-use-rdb-preamble", "no", "--rdbcompression", "no")
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0")
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(redis_binary()), *where, *files, *durable, *readable], stdout=log, stderr=log
            )
        wait_for(self._root_url, self._process)
        self._line = self._listen()

    def stop(self) -> None:
        """Stop the server; what it was sent is on the disk then."""
        self._process.terminate()
        self._process.wait(10)
        self._line.join(10)

    def _listen(self) -> threading.Thread:
        """Let the server tell of every command to come, as it is sent; passwords are the one thing it leaves out."""
        line = socket.create_connection(("127.0.0.1", self.port))
        line.sendall(f"AUTH root {ROOT_PASSWORD}\r\nMONITOR\r\n".encode())
        assert line.recv(10) == b"+OK\r\n+OK\r\n" or line.recv(10), "the server tells"

        def keep() -> None:
            with line, (self.folder / "commands").open("ab") as file:
                while told := line.recv(1 << 16):
                    file.write(told)

        thread = threading.Thread(target=keep, name="listener", daemon=True)
        thread.start()
        return thread

    def kept(self) -> Iterator[tuple[str, bytes]]:
        """Yield every key with all of its values."""
        readers = {b"string": "get", b"hash": "hgetall", b"list": "lrange", b"set": "smembers", b"zset": "zrange"}
        with redis.Redis.from_url(self._root_url) as client:
            for key in client.scan_iter(count=1000):
                kind = client.type(key)
                place = (0, -1) if kind in {b"list", b"zset"} else ()
                value = getattr(client, readers[kind])(key, *place)
                parts = (
                    value.items()
                    if isinstance(value, dict)
                    else [(b"", value)]
                    if kind == b"string"
                    else ((b"", v) for v in value or ())
                )
                yield (
                    f"key {key.decode(errors='replace')}",
                    key + b"\n" + b"\n".join(a + b" " + (b or b"") for a, b in parts),
                )
