"""What a platform teaches about the queries that are packed for it: the seam between a source and the store."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from monitor.topics.queries.fitting import Learned

Teach = Callable[[Callable[[Learned], Learned]], None]
"""Remembers a change of what is known; the plan is packed anew by it."""


@runtime_checkable
class Taught(Protocol):
    """A source that learns how its queries are packed best. Without `teach` it forgets."""

    teach: Teach | None
