"""Looking at known posts again: what they gained, and which are gone. The seam; a source that can offers it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

from monitor.models import Post, PostKey


class Reread(NamedTuple):
    """What a second look brought: posts as they are now, and keys of those that their platform shows no more.

    A key that is in neither was not answered for, and is asked again. `cost` is in US dollars.
    """

    posts: tuple[Post, ...] = ()
    gone: tuple[PostKey, ...] = ()
    cost: float = 0.0


@runtime_checkable
class Brings(Protocol):
    """A source that brings posts which are known by the names of others, too: a stream of a platform, a bridge."""

    @property
    def brings(self) -> tuple[str, ...]:
        """Return the sources by whose names (PostKey.source) its posts are known."""
        ...


def brought_by(name: str, source: object) -> tuple[str, ...]:
    """Return the sources by whose names the posts of a source are known: its own, unless it says otherwise."""
    return source.brings if isinstance(source, Brings) else (name,)


@runtime_checkable
class Lookup(Protocol):
    """A source that can be asked for posts by their keys. It never sleeps, never retries, and raises a SourceError."""

    @property
    def most(self) -> int:
        """Return how many posts one request may name."""
        ...

    def look_up(self, keys: Sequence[PostKey], now: datetime) -> Reread:
        """Return some posts of this source as they are now, by one request for at most `most` keys."""
        ...
