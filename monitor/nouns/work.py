"""What is to be done, and who has the right to do it."""

from typing import NamedTuple


class Job(NamedTuple):
    """A member of the due list: what kind of work, and on what."""

    kind: str
    subject: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject}"


class Lease(NamedTuple):
    """The right to work on a job until its time runs out; `fence` grows with every holder."""

    job: Job
    owner: str
    fence: int
