"""In which sense a keyword is meant: words around it that speak for or against, written by a person or learned."""

import msgspec


class Clue(msgspec.Struct, frozen=True, array_like=True):
    """A word, and what it adds to the log-odds that the post is on topic: above 0 it speaks for, below against.

    "被…" counts just before the keyword only, "…掉" just after it; all others anywhere near.
    """

    word: str
    weight: float


class Sense(msgspec.Struct, frozen=True, kw_only=True):
    """What a topic's keywords are to mean. `lean` is the log-odds where no clue is found.

    Posts that score below `require`, of 0 to 1, are left out of the digest and counted.
    """

    clues: tuple[Clue, ...] = ()
    lean: float = 0.0
    require: float = 0.5
