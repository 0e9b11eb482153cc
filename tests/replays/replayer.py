"""A connection whose every answer is lost a few times, on a clock that stands still or goes on as it is told."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

from monitor.store import connection
from monitor.store.connection import Argument, Connection, one_sentence, script_text
from monitor.store.keys import Keyspace

Call: TypeAlias = Callable[[], object]
"""A call of the product, to be replayed on the state that was prepared for it."""

CLOCK = 1_790_000_000_000
"""The store's time at which every state is made, ms since 1970."""

# The script's own text follows: only its clock is another.
FREEZE = """\
local clock_given, redis_given = table.remove(ARGV), redis
local redis = setmetatable({call = function(name, ...)
  if name == 'TIME' then
    return {string.format('%.0f', math.floor(clock_given / 1000)), string.format('%.0f', clock_given % 1000 * 1000)}
  end
  return redis_given.call(name, ...)
end}, {__index = redis_given})
"""

DUMP = """\
local reads = {
  hash = {'HGETALL'}, zset = {'ZRANGE', 0, -1, 'WITHSCORES'}, string = {'GET'}, list = {'LRANGE', 0, -1},
  set = {'SMEMBERS'}, stream = {'XRANGE', '-', '+'},
}
local found = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local kind = redis.call('TYPE', key).ok
  local read = reads[kind]
  local value = redis.call(read[1], key, unpack(read, 2))
  found[#found + 1] = {key, kind, redis.call('PEXPIRETIME', key), value}
end
return found
"""

ERASE = "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do redis.call('DEL', key) end"

READS = frozenset(
    [
        "HGET",
        "HMGET",
        "HGETALL",
        "HKEYS",
        "HVALS",
        "HLEN",
        "HEXISTS",
        "HSCAN",
        "ZRANGE",
        "ZRANGEBYSCORE",
        "ZREVRANGE",
        "ZSCORE",
        "ZCARD",
        "ZCOUNT",
        "ZSCAN",
        "GET",
        "EXISTS",
        "TYPE",
        "TIME",
        "INFO",
        "CONFIG",
        "PTTL",
        "LRANGE",
        "LLEN",
        "LINDEX",
        "SMEMBERS",
        "SISMEMBER",
        "SCARD",
        "STRLEN",
        "SCAN",
    ]
)
"""Commands that change nothing. All others are replayed as scripts are."""

PROLONGED = frozenset({"leases", "sender"})
"""Hashes of leases, "till fence owner": who asks again holds it from then on, so that `till` may grow with the clock,
as acquire.lua and renew.lua say. Nothing else may differ, here or in any other key."""

Stored: TypeAlias = dict[str, Any]


class Replayed(NamedTuple):
    """A script that did more when it was run again: what was stored before, after the first and after a later run."""

    script: str
    arguments: tuple[object, ...]
    lateness: int
    before: Stored
    once: Stored
    again: Stored

    def __str__(self) -> str:
        differing = sorted(k for k in self.once.keys() | self.again.keys() if self.once.get(k) != self.again.get(k))
        shown = "; ".join(f"{k}: {self.once.get(k)} became {self.again.get(k)}" for k in differing)
        return f"{self.script}{self.arguments} does more when replayed after {self.lateness} ms: {shown}"


class Replayer(Connection):
    """Runs scripts as the product asks, on a clock of ours, and again while `replaying`."""

    def __init__(self, url: str, keys: Keyspace) -> None:
        super().__init__(url, keys)
        self.ran: Counter[str] = Counter()
        self.changed: Counter[str] = Counter()
        self.more: list[Replayed] = []
        self._lateness: tuple[int, ...] | None = None

    @contextmanager
    def replaying(self, lateness: Sequence[int]) -> Iterator[None]:
        """Lose answers: each command is sent again at so many ms after the first time."""
        self._lateness = tuple(lateness)
        yield
        self._lateness = None

    def run(self, script: str, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        """Run a script on the frozen clock, several times when its answers are to be lost; return the first answer."""
        text = FREEZE + script_text(script)

        def command(clock: int) -> tuple[Argument, ...]:
            return ("EVAL", text, len(keys), *keys, *args, clock)

        return self._send(script, tuple(args), command)

    def execute(self, *command: Argument) -> Any:
        """Run a command; what changes something is replayed too."""
        if command[0] == "TIME":
            return [CLOCK // 1000, CLOCK % 1000 * 1000]
        if self._lateness is None or command[0] in READS:
            return super().execute(*command)
        return self._send(str(command[0]), command[1:], lambda _: command)

    def together(self, calls: Sequence[connection.Call]) -> list[Any]:
        """Do calls one by one: each is a step of its own, after which what follows may fail."""
        return [self.run(*each) if each.script else self.execute(*each.args) for each in calls]

    def stored(self) -> Stored:
        """Return all that is stored, as it means: fields of a hash have no order."""
        return as_stored(super().execute("EVAL", DUMP, 0, self.keys.prefix))

    def clear(self) -> None:
        """Remove everything."""
        super().execute("EVAL", ERASE, 0, self.keys.prefix)

    def _send(self, name: str, args: tuple[object, ...], command: Callable[[int], tuple[Argument, ...]]) -> Any:
        if self._lateness is None:
            return super().execute(*command(CLOCK))
        with one_sentence():
            pipeline = self._client.pipeline(transaction=False)
            pipeline.execute_command("EVAL", DUMP, 0, self.keys.prefix)
            for late in (0, *self._lateness):
                pipeline.execute_command(*command(CLOCK + late))
                pipeline.execute_command("EVAL", DUMP, 0, self.keys.prefix)
            answers = pipeline.execute()
        dumps = [as_stored(each) for each in answers[::2]]
        self._judge(name, args, dumps)
        return answers[1]

    def _judge(self, name: str, args: tuple[object, ...], dumps: Sequence[Stored]) -> None:
        """Note what did more than once.

        A call that was refused at first may succeed later (a wait is over, a job has come due): then that was the one.
        """
        assert self._lateness is not None, "only what is replayed is judged"
        self.ran[name] += 1
        self.changed[name] += dumps[0] != dumps[-1]
        first, lateness = dumps[1], (0, *self._lateness)
        has_acted = dumps[0] != first
        for late, dump in zip(lateness[1:], dumps[2:], strict=True):
            if not has_acted and late > 0:
                has_acted, first = dump != first, dump
            elif not is_same(first, dump, late):
                self.more.append(Replayed(name, args, late, dumps[0], first, dump))
                return


def is_same(once: Stored, again: Stored, late: int) -> bool:
    """Tell whether two states mean the same, leases that were asked for again `late` ms later included."""
    if once == again:
        return True
    if once.keys() != again.keys():
        return False
    return all(
        once[key] == again[key] or (key.rpartition(":")[2] in PROLONGED and _is_prolonged(once[key], again[key], late))
        for key in once
    )


def _is_prolonged(once: Any, again: Any, late: int) -> bool:
    leases, later = once[2], again[2]
    if once[:2] != again[:2] or leases.keys() != later.keys():
        return False
    for field, lease in leases.items():
        till, _, holder = lease.partition(b" ")
        till_later, _, holder_later = later[field].partition(b" ")
        if holder != holder_later or not 0 <= int(till_later) - int(till) <= late:
            return False
    return True


def as_stored(found: Any) -> Stored:
    """Return a dump by key: type, time at which it expires, and value."""
    return {key.decode(): (kind.decode(), expires, _value(kind, value)) for key, kind, expires, value in found}


def _value(kind: bytes, value: Any) -> Any:
    if kind == b"hash":
        return dict(zip(value[::2], value[1::2], strict=True))
    return sorted(value) if kind == b"set" else value
