"""`monitor up`: everything in one supervised group. `monitor page`: the preview page alone."""

import fcntl
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from monitor import jobs
from monitor.cli.view import Views
from monitor.errors import ConfigError, StoreError
from monitor.logs import set_up
from monitor.settings import Settings, child_environment, load
from monitor.sinks.preview import serve
from monitor.store.embedded import EmbeddedStore, is_locked
from monitor.supervisor import Role, follow_parent, stop_on_signals, supervise
from monitor.wiring import Monitor, on_disk, opened

log = logging.getLogger(__name__)

ALREADY_RUNNING = 5


@click.command(epilog="\b\nExamples:\n  monitor up\n  MONITOR_HOME=/srv/monitor monitor up")
def up() -> None:
    """Start store, worker and preview page, and keep them running. Ctrl-C stops all within ten seconds."""
    set_up("up")
    settings = load()
    with only_one(settings.home), opened(settings) as monitor:
        jobs.read_topics(monitor, datetime.now(UTC))
        _greet(monitor)
        stopped = threading.Event()
        stop_on_signals(stopped)
        environment = child_environment(MONITOR_HOME=str(settings.home.resolve()), MONITOR_SUPERVISED="1")
        keep_store = (lambda: None) if monitor.embedded is None else StoreKeeper(monitor.embedded)
        supervise(roles_of(settings), environment, stopped, keep_store)
    log.info("stopped")


@click.command(hidden=True)
def page() -> None:
    """Serve the preview page until told to stop."""
    set_up("page")
    settings = load()
    stopped = threading.Event()
    stop_on_signals(stopped)
    if settings.supervised:
        follow_parent()
    with opened(settings) as monitor:
        preview = settings.preview
        try:
            server = serve(preview.port, Views(monitor), host=preview.host)
        except OSError as e:
            raise ConfigError(
                [f"port {preview.port} is taken ({e.strerror}); set MONITOR_PREVIEW__PORT to a free one"]
            ) from e
        threading.Thread(target=server.serve_forever, name="page", daemon=True).start()
        log.info("page on %s", server.url)
        stopped.wait()
        server.shutdown()
        server.server_close()


ROLES = (
    Role("worker", (sys.executable, "-m", "workers")),
    Role("page", (sys.executable, "-m", "monitor.cli", "page")),
)
BOT = Role("bot", (sys.executable, "-m", "monitor.cli", "bot"))


def roles_of(settings: Settings) -> tuple[Role, ...]:
    """Return what runs: with a bot's token, what takes in commands too."""
    return ROLES if settings.telegram.token is None else (*ROLES, BOT)


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the lock that says that this data is being worked on; refuse when somebody else holds it."""
    with on_disk(home):
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "up.lock").open("a+b", buffering=0)
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            refuse_second(home, lock.read().decode().strip())
        with on_disk(home):
            lock.truncate(0)
            lock.write(str(os.getpid()).encode())
        yield


def is_running(home: Path) -> bool:
    """Say whether somebody holds the lock."""
    path = home / "up.lock"
    return path.exists() and is_locked(path)


def refuse_second(home: Path, pid: str) -> NoReturn:
    """End, saying who works on this data."""
    said = f"monitor is already running on {home} (process {pid or 'unknown'})"
    click.secho(f"{said}; stop it first, or set MONITOR_HOME to another folder", fg="red", err=True)
    sys.exit(ALREADY_RUNNING)


class StoreKeeper:
    """Starts the embedded store again when it died, and says so once."""

    def __init__(self, embedded: EmbeddedStore) -> None:
        self._embedded = embedded
        self._trouble = ""

    def __call__(self) -> None:
        """Look after the store."""
        try:
            if self._embedded.revive():
                log.error("the store had died and was started again")
            self._trouble = ""
        except (StoreError, OSError) as e:
            if str(e) != self._trouble:
                log.critical("%s", e)
            self._trouble = str(e)


def _greet(monitor: Monitor) -> None:
    followed = ", ".join(f"{topic.title} ({len(topic.sources)} sources)" for topic in monitor.topics.all())
    server = monitor.connection.server()
    log.info("following %s", followed)
    log.info("store is %s %s, appendfsync %s", server.name, server.version, server.appendfsync)
    if monitor.telegram is not None and not monitor.people.owners():
        log.warning(
            "the bot obeys nobody yet: run `monitor owner` in another terminal, and open the link that it prints"
        )
