"""How a source writes its place into a cursor, and reads it there: as JSON of a struct of its own."""

from typing import TypeVar

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Cursor

Place = TypeVar("Place", bound=msgspec.Struct)


def place_in(source: str, cursor: Cursor, kind: type[Place]) -> Place:
    """Return the place that a cursor says; raise PayloadChanged for one that the source did not write."""
    try:
        return msgspec.json.decode(cursor, type=kind)
    except msgspec.DecodeError as e:
        raise PayloadChanged(source, f"the stored cursor cannot be read: {e}") from e


def resumed(source: str, cursor: Cursor | None, first: Place) -> Place:
    """Return the place that a cursor says, `first` where there is none. Raise PayloadChanged."""
    return first if cursor is None else place_in(source, cursor, type(first))


def cursor_of(place: msgspec.Struct) -> Cursor:
    """Return the cursor that says a place."""
    return Cursor(msgspec.json.encode(place).decode())
