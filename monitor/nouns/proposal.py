"""A change of the topics file that waits for somebody's yes, or was made and can be undone."""

from datetime import datetime

import msgspec


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """The file before and after, whose change it is, of which topic, and what it drops of the stored posts.

    `id` is what its buttons send. `version` is the one in force when it was made. `is_new`: it follows a new topic.
    """

    id: str
    user: str
    topic: str
    at: datetime
    before: str
    after: str
    said: str
    drops: int = 0
    version: int = 0
    is_new: bool = False


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the record of what people changed, by which update: the same is one line."""

    update: int
    user: str
    what: str
