"""Defects that a model worth its time must find: each breaks one promise of the product, while it is in force.

Scripts are changed in the text that is sent to the server, functions where they are called; nothing else knows of it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from monitor.digests import delivery
from monitor.seams.ledger import Resume
from monitor.services import courier, looks
from monitor.store import connection as store
from monitor.store import restore
from monitor.store.outbox import OutboxStore
from monitor.store.progress import ProgressStore
from tests.model import seams

Defect = Callable[[], Any]


def script(name: str, before: str, after: str) -> Defect:
    """Return a defect: a script with another text in one place."""

    def changed(asked: str) -> str:
        text: str = store.script_text(asked)
        if asked != name:
            return text
        assert before in text, f"{name}.lua says no more: {before}"
        return text.replace(before, after)

    def defect() -> Any:
        changed(name)  # a script of another name would have none
        return patch.object(seams, "script_text", changed)

    return defect


def _sent_at_once(first: Any) -> Any:
    """Take a lost answer for one that says that nothing was sent."""

    def step(record: Any, event: Any, *rest: Any) -> Any:
        if isinstance(event, delivery.Unknown):
            event = delivery.NotSent(event.reason)
        return first(record, event, *rest)

    return step


def _believed(first: Any) -> Any:
    """Take a message whose sender was lost for one that was rejected: it is given up."""

    def step(record: Any, event: Any, *rest: Any) -> Any:
        if isinstance(event, delivery.Abandoned):
            event = delivery.Gone("its sender was lost")
        return first(record, event, *rest)

    return step


def _read_further(first: Any) -> Any:
    """Begin a look one post further than the last one ended."""

    def begin(self: Any, *arguments: Any) -> Resume:
        found: Resume = first(self, *arguments)
        return found if found.cursor is None else found._replace(cursor=str(int(found.cursor) + 1))  # type: ignore[arg-type]

    return begin


def _stored_later(reading: Any, page: Any) -> Any:
    """Move the place before the posts are stored."""
    reading.parts.progress.complete(
        reading.lease,
        reading.look.query,
        page.batch,
        looks.next_look(reading.look.query, page.batch, reading.look.every, reading.now),
    )
    return _STORE(reading, page)


_STORE = looks._store

LEASE_GUARD = "if not lease or lease:match('^%d+ (%d+) ') ~= ARGV[2] then return 0 end"

RECORD_GUARD = """\
local record = redis.call('HGET', KEYS[2], ARGV[3])
if record == ARGV[5] then return 1 end
if record ~= ARGV[4] then return 0 end"""

SABOTAGES: dict[str, Defect] = {
    "a lease is given to whoever asks": script("acquire", "tonumber(till) > now then return 0", "false then return 0"),
    "fences do not grow": script("acquire", "redis.call('INCR', KEYS[2])", "1"),
    "the end of a job asks for no lease": script("finish", LEASE_GUARD.replace("ARGV[2]", "fence"), ""),
    "due jobs are taken off the list": script(
        "take", "redis.call('ZADD', KEYS[1], now + ARGV[2], job)", "redis.call('ZREM', KEYS[1], job)"
    ),
    "a place is written before its posts are stored": lambda: patch.object(looks, "_store", _stored_later),
    "a look begins one post too far": lambda: patch.object(ProgressStore, "begin", _read_further(ProgressStore.begin)),
    "a post is stored under its time": script(
        "add", "local key, time = ARGV[i], ", "local key, time = ARGV[i] .. ARGV[i + 4], "
    ),
    "claims refuse nobody": script("hand_over", "if #refused > 0 then return refused end", "refused = {}"),
    "a known digest is taken again": script("hand_over", "== 1 then return {} end", "== 2 then return {} end"),
    "a lost answer means that nothing was sent": lambda: patch.object(
        courier, "next_step", _sent_at_once(courier.next_step)
    ),
    "a lost sender means that nothing will arrive": lambda: patch.object(
        courier, "next_step", _believed(courier.next_step)
    ),
    "a sender who woke too late says nothing": lambda: patch.object(OutboxStore, "file_extra", lambda *_: None),
    "nobody looks for late copies": lambda: patch.object(courier, "may_have_copies", lambda *_: False),
    "settling asks for no lease and no record": script("settle", f"{LEASE_GUARD}\n{RECORD_GUARD}", ""),
    "a part goes without the one before": lambda: patch.object(courier, "is_released", lambda _: False),
    "an update is forgotten before it is answered": script(
        "next_updates",
        "local tries, excused, name",
        "redis.call('HDEL', KEYS[2], id)\nredis.call('ZREM', KEYS[3], id)\nlocal tries, excused, name",
    ),
    "an answer is kept, and its change is not": script("apply", "redis.call('HSET', subscriptions, topic, packed)", ""),
    "what waited in a backup is answered as if it were new": lambda: patch.object(restore, "restored", lambda r: r),
    "every third update is overlooked": script(
        "intake", "packed == '' then", "packed ~= '' and math.fmod(id, 3) == 0 then"
    ),
}
"""Each by what it does. tests/chaos/f13_model.py finds all of them in its long form, the ordinary suite some."""


@contextmanager
def sabotaged(name: str) -> Iterator[None]:
    """Have a defect in force."""
    with SABOTAGES[name]():
        yield
