"""Where a query that was packed anew begins: with what its keywords were read up to by earlier queries."""

from datetime import UTC, datetime

from monitor.errors import PayloadChanged
from monitor.models import Cursor
from monitor.topics.queries.repacking import begin_of


def begin_in(source: str, cursor: Cursor) -> int | None:
    """Return the time, in epoch seconds, that such a query begins at; None for a cursor of the source's own.

    Raise PayloadChanged.
    """
    try:
        begin = begin_of(cursor, datetime.min.replace(tzinfo=UTC))
        return None if begin is None else int(begin.timestamp())
    except (ValueError, OverflowError) as e:
        raise PayloadChanged(source, f"the stored cursor cannot be read: {e}") from e
