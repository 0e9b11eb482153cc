"""Which post it is: its source, and its id there."""

from typing import NamedTuple


class PostKey(NamedTuple):
    """Identity of a post: the source's name and the platform's own id."""

    source: str
    id: str

    def __str__(self) -> str:
        return f"{self.source}:{self.id}"
