"""Where a query that was packed anew begins: with what its keywords were read up to by earlier queries."""

from datetime import UTC, datetime

from msgspec.structs import replace

from monitor.errors import PayloadChanged
from monitor.models import Cursor
from monitor.sources.cursors import Place, resumed
from monitor.topics.queries.repacking import begin_of


def resumed_or_begun(source: str, cursor: Cursor | None, first: Place) -> Place:
    """Return the place that a cursor says, or `first`, which is read `until` where a query that was packed anew begins.

    Raise PayloadChanged.
    """
    begin = None if cursor is None else _begin_in(source, cursor)
    return resumed(source, cursor, first) if begin is None else replace(first, until=begin)


def _begin_in(source: str, cursor: Cursor) -> int | None:
    """Return the time, in epoch seconds, that such a query begins at; None for a cursor of the source's own.

    Raise PayloadChanged.
    """
    try:
        begin = begin_of(cursor, datetime.min.replace(tzinfo=UTC))
        return None if begin is None else int(begin.timestamp())
    except (ValueError, OverflowError) as e:
        raise PayloadChanged(source, f"the stored cursor cannot be read: {e}") from e
