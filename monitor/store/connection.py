"""The way to the server: one client per process, scripts by name, errors in one sentence."""

import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, TypeAlias

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from monitor.errors import StoreError
from monitor.store.keys import LIVE_KEYS, Keyspace

SCHEMA = 4
"""The version of stored data that this program writes; migration.py brings older data to it."""
OLDEST_REDIS = (7, 0)
OLDEST_VALKEY = (8, 0)

Argument: TypeAlias = str | bytes | int | float

READS = frozenset(("EXISTS", "GET", "HGET", "HGETALL", "HKEYS", "HMGET", "HVALS"))
READS |= {"TIME", "ZCARD", "ZCOUNT", "ZRANGE", "ZREVRANGE", "ZSCORE"}
READING_SCRIPTS = frozenset(("hourly", "sight"))
"""After these commands and scripts what was read ahead is still so; all others may change something."""


class Patience(NamedTuple):
    """How long an answer is waited for, and how often a command is tried again."""

    answer: timedelta = timedelta(seconds=30)
    again: int = 3


PATIENCE = Patience()
QUICK = Patience(timedelta(seconds=1), 1)
"""For what is worth nothing when it comes late."""


class Call(NamedTuple):
    """A script with its keys and arguments; without a script, `args` are a command."""

    script: str
    keys: Sequence[str]
    args: Sequence[Argument]


class Server(NamedTuple):
    """What answers at the other end."""

    name: str
    version: str
    appendonly: str
    appendfsync: str
    eviction: str

    @property
    def is_durable(self) -> bool:
        """Say whether an acknowledged write survives a power cut, and nothing is thrown away."""
        return self.appendonly == "yes" and self.appendfsync == "always" and self.eviction == "noeviction"


@contextmanager
def one_sentence() -> Iterator[None]:
    """Translate the client's errors into a StoreError that says what to do."""
    try:
        yield
    except redis.exceptions.AuthenticationError as e:
        raise StoreError("the store refuses the password; check MONITOR_REDIS_URL") from e
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError) as e:
        raise StoreError(f"the store cannot be reached ({e}); is it running, and is its disk full?") from e
    except redis.exceptions.ResponseError as e:
        raise StoreError(refusal(str(e))) from e


def refusal(message: str) -> str:
    """Word a refused command for a person."""
    if message.startswith("MISCONF"):
        return f"the store cannot write to its disk; free some space, nothing that it acknowledged is lost ({message})"
    if message.startswith("OOM"):
        return "the store's memory is full; raise its maxmemory or shorten the topics' retention"
    return f"the store refused a command: {message}"


@cache
def script_text(name: str) -> str:
    """Return a Lua script of store/scripts/ by its name."""
    return files("monitor.store").joinpath("scripts", f"{name}.lua").read_text(encoding="utf-8")


@cache
def script_hash(name: str) -> str:
    """Return the name under which the server keeps a script."""
    return hashlib.sha1(script_text(name).encode()).hexdigest()  # noqa: S324 - the server's choice, no secret of ours


class Connection:
    """A client and a keyspace. Thread-safe. Every script is a no-op when replayed, so lost answers are tried again."""

    def __init__(self, url: str, keys: Keyspace = LIVE_KEYS, patience: Patience = PATIENCE) -> None:
        self.url = url
        self.keys = keys
        self._client = redis.Redis.from_url(
            url,
            protocol=2,
            socket_timeout=patience.answer.total_seconds(),
            socket_connect_timeout=2,
            health_check_interval=15,
            retry=Retry(ExponentialWithJitterBackoff(cap=1.0, base=0.05), patience.again),
        )
        self._scripts: dict[str, Any] = {}
        self._known = threading.local()

    def under(self, keys: Keyspace) -> "Connection":
        """Return a connection to the same server under another prefix."""
        return Connection(self.url, keys)

    def run(self, script: str, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        """Run a script of store/scripts/ and return its raw answer."""
        if script not in self._scripts:
            self._scripts[script] = self._client.register_script(script_text(script))
        if script in READING_SCRIPTS:
            return self._read(self._scripts[script], keys, args)
        self.forget_ahead()
        with one_sentence():
            return self._scripts[script](keys=list(keys), args=list(args))

    def _read(self, script: Any, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run a script as one that may only read, so that users who may only read can run it."""
        given = (len(keys), *keys, *args)
        with one_sentence():
            try:
                return self._client.execute_command("EVALSHA_RO", script.sha, *given)  # type: ignore[no-untyped-call]
            except redis.exceptions.NoScriptError:
                return self._client.execute_command("EVAL_RO", script.script, *given)  # type: ignore[no-untyped-call]

    def execute(self, *command: Argument) -> Any:
        """Run one command that changes nothing, or is a no-op when replayed, and return its raw answer.

        What this thread read ahead is not asked again.
        """
        answers: dict[tuple[Argument, ...], Any] = getattr(self._known, "answers", {})
        if command in answers:
            return answers[command]
        if command[0] not in READS:
            self.forget_ahead()
        with one_sentence():
            return self._client.execute_command(*command)  # type: ignore[no-untyped-call]

    def read_ahead(self, commands: Iterable[tuple[Argument, ...]]) -> None:
        """Ask at once what this thread is going to ask; the answers count until it writes anything, or reads ahead.

        An answer costs little; waiting for one behind the disk does not.
        """
        asked = list(dict.fromkeys(commands))
        self._known.answers = dict(zip(asked, self.together([Call("", (), each) for each in asked]), strict=True))

    def forget_ahead(self) -> None:
        """Ask again what this thread read ahead."""
        self._known.answers = {}

    def together(self, calls: Sequence[Call]) -> list[Any]:
        """Send calls at once and return their raw answers: done in their order, and the disk is waited for once.

        Each is whole, all of them are not: a failure leaves some of the first ones done. So each must be a no-op when
        replayed, as in `run` and `execute`.
        """
        self.forget_ahead()
        with one_sentence():
            answers = self._sent(calls)
            if any(isinstance(each, redis.exceptions.NoScriptError) for each in answers):
                for script in {each.script for each in calls if each.script}:
                    self._client.script_load(script_text(script))
                answers = self._sent(calls)
            for each in answers:
                if isinstance(each, Exception):
                    raise each
        return answers

    def _sent(self, calls: Sequence[Call]) -> list[Any]:
        pipeline: Any = self._client.pipeline(transaction=False)
        for script, keys, args in calls:
            command = ("EVALSHA", script_hash(script), len(keys), *keys, *args) if script else args
            pipeline.execute_command(*command)
        answers: list[Any] = pipeline.execute(raise_on_error=False)
        return answers

    def scan(self, pattern: str) -> Iterator[str]:
        """Yield the names of all keys that match, each once."""
        seen: set[bytes] = set()
        with one_sentence():
            for key in self._client.scan_iter(match=pattern, count=1000):
                if key not in seen:
                    seen.add(key)
                    yield key.decode()

    def pairs(self, command: str, key: str) -> Iterator[tuple[bytes, Any]]:
        """Yield the fields and values of a hash (HSCAN), or members and scores of a sorted set (ZSCAN), each once."""
        cursor, seen = 0, set()
        while True:
            answer = self.execute(command, key, cursor, "COUNT", 1000)
            cursor, rows = int(answer[0]), answer[1]
            for member, value in rows.items() if isinstance(rows, dict) else _twos(rows):
                if member not in seen:
                    seen.add(member)
                    yield member, value
            if cursor == 0:
                return

    def erase(self) -> int:
        """Remove every key under this connection's prefix and return how many there were."""
        removed = 0
        for key in list(self.scan(f"{self.keys.prefix}*")):
            removed += int(self.execute("UNLINK", key))
        return removed

    def server(self) -> Server:
        """Return name, version and durability settings of the server."""
        info = self._info("server")
        is_valkey = info.get("server_name") == "valkey"
        version = info["valkey_version"] if is_valkey else info["redis_version"]
        return Server("Valkey" if is_valkey else "Redis", version, *self._durability())

    def check(self) -> Server:
        """Refuse a server that is too old, and mark new data with our version; return the server."""
        server = self.server()
        number = tuple(int(part) for part in server.version.split(".")[:2])
        if number < (OLDEST_VALKEY if server.name == "Valkey" else OLDEST_REDIS):
            raise StoreError(f"{server.name} {server.version} is too old; Redis 7.0 or Valkey 8.0 is the least")
        key = self.keys.work.schema
        # The page's user may only read.
        if self.execute("GET", key) is None:
            self.execute("SET", key, SCHEMA, "NX")
        return server

    @property
    def database(self) -> int:
        """Return the number of the database on the server."""
        return int(self._client.connection_pool.connection_kwargs.get("db") or 0)

    def size(self) -> int:
        """Return how many bytes of memory the server's data takes, roughly the size of its snapshot."""
        return int(self._info("memory").get("used_memory_dataset", 0))

    @contextmanager
    def line(self) -> Iterator[Any]:
        """Yield a connection for the caller alone, logged in, and closed afterwards: for what is no command."""
        pool = self._client.connection_pool
        line: Any = pool.get_connection()
        try:
            yield line
        finally:
            line.disconnect()
            pool.release(line)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run_id(self) -> str:
        """Return what changes with each start of the server."""
        return self._info("server")["run_id"]

    def close(self) -> None:
        """Close all sockets."""
        self._client.close()

    def _info(self, section: str) -> dict[str, str]:
        raw = self.execute("INFO", section)
        if isinstance(raw, dict):
            return {str(name): str(value) for name, value in raw.items()}
        lines = (line.partition(":") for line in raw.decode().splitlines() if ":" in line)
        return {name: value for name, _, value in lines}

    def _durability(self) -> tuple[str, str, str]:
        try:
            answers = [self.execute("CONFIG", "GET", n) for n in ("appendonly", "appendfsync", "maxmemory-policy")]
        except StoreError:
            # A hosted server may forbid CONFIG; what it does with our writes is then unknown, and said so.
            return "unknown", "unknown", "unknown"
        first, second, third = (_setting(answer) for answer in answers)
        return first, second, third


def store_now(connection: Connection) -> datetime:
    """Return the store's clock."""
    seconds, micros = connection.execute("TIME")
    return datetime.fromtimestamp(int(seconds), UTC) + timedelta(milliseconds=int(micros) // 1000)


def _twos(rows: list[Any]) -> Iterator[tuple[Any, Any]]:
    if rows and isinstance(rows[0], tuple):
        yield from rows
        return
    yield from zip(rows[::2], rows[1::2], strict=True)


def _setting(answer: Any) -> str:
    values = list(answer.values()) if isinstance(answer, dict) else list(answer)[1:]
    if not values:
        return "unknown"
    return values[0].decode() if isinstance(values[0], bytes) else str(values[0])
