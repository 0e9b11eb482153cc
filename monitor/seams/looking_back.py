"""Reading what was said before a topic was followed. The seam; a source that can offers it."""

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec

from monitor.models import Batch, Cursor, Window


class Price(NamedTuple):
    """What a look-back will take: requests, US dollars, posts; None where nobody can tell before.

    `reach` is how far back the platform lets anybody look, None when without an end.
    """

    requests: int | None = None
    dollars: float | None = 0.0
    posts: int | None = None
    reach: datetime | None = None


@runtime_checkable
class LookBack(Protocol):
    """A source whose past can be read. It never sleeps and never retries: it raises a SourceError."""

    def price(self, query: str, window: Window, now: datetime) -> Price:
        """Return what reading a window costs."""
        ...

    def back(self, query: str, window: Window, cursor: Cursor | None, now: datetime) -> Batch:
        """Return one page of a window, resumed at `cursor` (None: its beginning); `more` until the window is read."""
        ...


class Progressed(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """How far a look-back at a window came: where its next page begins, and what the pages so far brought.

    `posts` counts what was read, `new` what was stored, `covered` what of the window was read, `cost` US dollars.
    """

    start: datetime
    end: datetime
    cursor: Cursor | None = None
    pages: int = 0
    posts: int = 0
    new: int = 0
    covered: timedelta = timedelta(0)
    cost: float = 0.0

    @property
    def window(self) -> Window:
        """Return the window that is looked back at."""
        return Window(self.start, self.end)
