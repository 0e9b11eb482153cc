"""The circuit breakers of the sources, on the store's clock; what they do is decided in topics/polling/breaker.py."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import msgspec

from monitor.errors import SourceError, StoreError
from monitor.models import Query
from monitor.store.codec import encode
from monitor.store.connection import Connection, store_now
from monitor.topics.polling.breaker import CLOSED, Breaker, ask, scope_of, told

MOST_TRIES = 20


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A breaker as it lies there. The mark tells steps apart that come to the same: only one of them was taken."""

    breaker: Breaker
    mark: str


decode_kept = msgspec.msgpack.Decoder(Kept).decode


class Change(NamedTuple):
    """A breaker after a step, and what the step says."""

    after: Breaker
    wait: timedelta = timedelta(0)


class BreakerStore:
    """Implements the Breakers protocol. `settings_of` returns a hash of what a source was set to."""

    def __init__(self, connection: Connection, settings_of: Callable[[str], str]) -> None:
        self._connection = connection
        self._settings_of = settings_of

    def admit(self, query: Query) -> tuple[timedelta, str]:
        """Return how long a query must wait, zero when it may ask now, and why."""

        def step(breaker: Breaker, now: datetime) -> Change:
            verdict = ask(breaker, query, self._settings_of(query.source), now)
            return Change(verdict.after, verdict.wait)

        if self._packed(scope_of(query)) == b"":
            return timedelta(0), ""  # as it nearly always is
        change = self._step(scope_of(query), step)
        return change.wait, change.after.reason

    def note(self, query: Query, error: SourceError | None) -> None:
        """Note how it went when a query asked."""
        scope, settings = scope_of(query), self._settings_of(query.source)
        if error is None and self._packed(scope) == b"":
            return
        self._step(scope, lambda breaker, now: Change(told(breaker, scope, error, settings, now)))

    def reset(self, query: Query) -> None:
        """Let the queries of a scope ask again: a person says so."""
        self._step(scope_of(query), lambda breaker, now: Change(CLOSED))  # noqa: ARG005 - whatever it was

    def all(self) -> dict[str, Breaker]:
        """Return the breakers that are not as new, by scope."""
        found = self._connection.execute("HGETALL", self._key)
        pairs = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        return {scope.decode(): decode_kept(packed).breaker for scope, packed in pairs}

    def _step(self, scope: str, step: Callable[[Breaker, datetime], Change]) -> Change:
        """Apply a step to what the store has, again when somebody else was faster."""
        for _ in range(MOST_TRIES):
            packed = self._packed(scope)
            before = decode_kept(packed).breaker if packed else CLOSED
            change = step(before, store_now(self._connection))
            if change.after == before:
                return change
            after = b"" if change.after == CLOSED else encode(Kept(change.after, uuid4().hex))
            if self._connection.run("replace", (self._key,), (scope, packed, after)):
                return change
        raise StoreError(f"the breaker of {scope} was changed {MOST_TRIES} times while it was looked at")

    def _packed(self, scope: str) -> bytes:
        found: bytes | None = self._connection.execute("HGET", self._key, scope)
        return found or b""

    @property
    def _key(self) -> str:
        return self._connection.keys.work.breakers
