"""`monitor up`: everything in one supervised group. `monitor page`: the preview page alone."""

import errno
import fcntl
import logging
import os
import socket
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import click

from monitor.cli.lookout import Lookout, end_left_behind
from monitor.cli.pulse import pulse_while_answering
from monitor.cli.stream import is_asked_for
from monitor.cli.view import Views
from monitor.duties import jobs
from monitor.errors import ConfigError, StoreError
from monitor.home import on_disk
from monitor.logs import set_level, set_up
from monitor.processes.stalls import Rules
from monitor.processes.supervisor import ProcessRole, join_group, stop_on_signals, supervise
from monitor.settings import Settings, child_environment, load
from monitor.sinks.preview import serve
from monitor.store.embedded import EmbeddedStore, is_locked
from monitor.store.schedule import DueList
from monitor.stores import Stores
from monitor.topics_file import read_topics_file
from monitor.wiring import Monitor, opened, quick

log = logging.getLogger(__name__)

ALREADY_RUNNING = 5

IDLENESS = timedelta(seconds=25)
"""So long a worker with free hands may do nothing while work waits; its start takes some seconds more."""

ROLES = (
    # Its progress is known: hints taken up and ended, while work waits.
    ProcessRole("worker", (sys.executable, "-m", "workers"), Rules(idleness=IDLENESS)),
    # It gives signs of life as long as each stream makes progress. It is started when a topic names such a platform.
    ProcessRole("stream", (sys.executable, "-m", "monitor", "stream")),
    # It only answers: once a second it asks itself, and an answer is all that is known of it.
    ProcessRole("page", (sys.executable, "-m", "monitor", "page")),
    # Its loop turns; every question it asks has an end of its own. Pushed updates: as the page.
    ProcessRole("bot", (sys.executable, "-m", "monitor", "bot")),
)


MANY = frozenset({"worker", "stream"})

UP_EXAMPLES = """\b
Examples:
  monitor up
  MONITOR_HOME=/srv/monitor monitor up
  monitor up --only worker          one role, as a container runs it
"""


@click.command(epilog=UP_EXAMPLES)
@click.option("--only", multiple=True, type=click.Choice([role.name for role in ROLES]), help="Run this role alone.")
def up(only: tuple[str, ...]) -> None:
    """Start store, worker and preview page, and keep them running. Ctrl-C stops all within ten seconds.

    A role that dies, or lives and does nothing, is started again. With --only, once for each role, the others run
    elsewhere; the store is started unless MONITOR_REDIS_URL names one.
    """
    set_up("up")
    settings = load()
    set_level(settings.log.level)
    if not settings.config.is_dir():
        read_topics_file(settings.topics_file)  # before anything is made: this is hardly the folder that was meant
    roles = roles_of(settings, only)
    with only_one(settings, roles):
        if any(role.name == "page" for role in roles):
            check_port(settings)
        if settings.redis_url is None:
            end_left_behind(EmbeddedStore(settings.home))
        code = run(settings, roles)
    log.info("stopped")
    sys.exit(code)


def roles_of(settings: Settings, only: Collection[str]) -> list[ProcessRole]:
    """Return the roles that were asked for; all, and of these the bot only when it has a token."""
    if only:
        return [role for role in ROLES if role.name in only]
    return [role for role in ROLES if role.name != "bot" or settings.telegram.token is not None]


def run(settings: Settings, roles: Sequence[ProcessRole]) -> int:
    """Supervise roles until told to stop; return the exit code."""
    with opened(settings) as monitor:
        jobs.read_topics(monitor, datetime.now(UTC))
        _greet(monitor)
        stopped = threading.Event()
        stop_on_signals(stopped)
        environment = child_environment(MONITOR_HOME=str(settings.home.resolve()), MONITOR_SUPERVISED="1")
        with quick(monitor.connection) as connection:
            lookout = Lookout(DueList(connection), monitor.embedded)
            return supervise(roles, environment, stopped, lookout, Needs(Stores(connection)))


class Needs:
    """Says whether a role has anything to do; while the store is away, what was true before.

    The supervisor waits for its answer, so its stores are those on which nobody waits for long.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._has_streams = False

    def __call__(self, role: ProcessRole) -> bool:
        """Look at the topics: they may change at any time."""
        if role.name == "stream" and not self._has_streams:
            with suppress(StoreError):  # the lookout says so
                self._has_streams = is_asked_for(self._stores)
        return role.name != "stream" or self._has_streams


@click.command(hidden=True)
def page() -> None:
    """Serve the preview page until told to stop."""
    set_up("page")
    settings = load()
    set_level(settings.log.level)
    stopped = threading.Event()
    stop_on_signals(stopped)
    pulse = join_group(is_supervised=settings.supervised)
    with opened(settings) as monitor:
        preview = settings.preview
        try:
            server = serve(preview.port, Views(monitor), host=preview.host)
        except OSError as e:
            raise _taken(settings, e) from e
        threading.Thread(target=server.serve_forever, name="page", daemon=True).start()
        log.info("page on %s", server.url)
        pulse_while_answering(server, pulse, stopped)
        stopped.wait()
        server.shutdown()
        server.server_close()


def check_port(settings: Settings) -> None:
    """Raise ConfigError when the page could not be served, before anything is started."""
    with socket.socket(socket.AF_INET6 if ":" in settings.preview.host else socket.AF_INET) as tried:
        tried.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as the page does: a page that just ended is no harm
        try:
            tried.bind((settings.preview.host, settings.preview.port))
        except OSError as e:
            raise _taken(settings, e) from e


def _taken(settings: Settings, error: OSError) -> ConfigError:
    place, port = settings.config / "monitor.toml", settings.preview.port
    if error.errno != errno.EADDRINUSE:
        return ConfigError(
            [f"{settings.preview.host} port {port} cannot be used ({error.strerror}); see [preview] in {place}"]
        )
    return ConfigError([f"port {port} is taken; set [preview] port in {place} (0 takes a free one)"])


@contextmanager
def only_one(settings: Settings, roles: Sequence[ProcessRole]) -> Iterator[None]:
    """Hold the locks that say that these roles run on this home; refuse when somebody else holds one of them.

    Of workers on an outside store there may be many, and of those who follow streams: each stream has one holder.
    """
    with ExitStack() as locks:
        for role in roles:
            if role.name not in MANY or settings.redis_url is None:
                locks.enter_context(_locked(settings.home, f"up-{role.name}.lock"))
        yield


@contextmanager
def _locked(home: Path, name: str) -> Iterator[None]:
    with on_disk(home):
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / name).open("a+b", buffering=0)
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
    """Say whether any role runs on this home."""
    return any(is_locked(path) for path in home.glob("up-*.lock"))


def refuse_second(home: Path, pid: str) -> NoReturn:
    """End, saying who works on this data."""
    said = f"monitor is already running on {home} (process {pid or 'unknown'})"
    click.secho(f"{said}; stop it first, or set MONITOR_HOME to another folder", fg="red", err=True)
    sys.exit(ALREADY_RUNNING)


def _greet(monitor: Monitor) -> None:
    followed = ", ".join(f"{topic.title} ({len(topic.sources)} sources)" for topic in monitor.topics.all())
    server = monitor.connection.server()
    log.info("following %s", followed)
    log.info("store is %s %s, appendfsync %s", server.name, server.version, server.appendfsync)
    if monitor.telegram is not None and not monitor.people.owners():
        log.warning(
            "the bot obeys nobody yet: run `monitor owner` in another terminal, and open the link that it prints"
        )
