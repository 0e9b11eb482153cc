"""Server-sent events, as they arrive: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream."""

from collections.abc import Iterator
from typing import NamedTuple

LARGEST = 2_000_000
"""Bytes of one event; a status has some thousands."""


class Garble(Exception):
    """What arrives is no stream of events."""


class Event(NamedTuple):
    """An event; a comment, by which a server says that it is there, is one without a kind."""

    kind: str
    data: bytes = b""


class Events:
    """Takes the bytes of a connection, whatever their pieces, and gives the events in them."""

    def __init__(self) -> None:
        self._rest = b""
        self._kind = "message"
        self._data: list[bytes] = []
        self._size = 0

    def fed(self, chunk: bytes) -> Iterator[Event]:
        """Yield the events that are whole with these bytes. Raise Garble when one grows beyond all measure."""
        *lines, self._rest = (self._rest + chunk).replace(b"\r\n", b"\n").split(b"\n")
        for line in lines:
            self._size += len(line)
            event = self._line(line.rstrip(b"\r"))
            if event is not None:
                yield event
        if self._size + len(self._rest) > LARGEST:
            raise Garble(f"an event is larger than {LARGEST:,} bytes")

    def _line(self, line: bytes) -> Event | None:
        if not line:
            return self._whole()
        if line.startswith(b":"):
            self._size -= len(line)
            return Event("")
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._kind = value.decode("utf-8", "replace")
        elif name == b"data":
            self._data.append(value)
        return None

    def _whole(self) -> Event | None:
        event = Event(self._kind, b"\n".join(self._data)) if self._data else None
        self._kind, self._data, self._size = "message", [], 0
        return event
