"""When a machine's topics file is put in force: when it changed there, never because another machine's differs."""

from typing import NamedTuple


class Seen(NamedTuple):
    """What is known of a topics file from earlier looks, as hashes of its text; None: nothing."""

    in_force: str | None
    """The file that was imported last, whichever machine's it was."""
    before: str | None
    """What this process saw when it last looked."""
    noted: str | None
    """What some process of this home saw when it last looked."""


def is_news(found: str, seen: Seen, *, is_only: bool) -> bool:
    """Say whether the file that was found is to be put in force. `is_only`: the store is this home's own.

    A process that has just started asks what its home saw. A home that never looked is a new machine: it obeys what is
    in force, unless no other machine can have put it there.
    """
    if found == seen.in_force:
        return False
    if seen.in_force is None:
        return True
    if seen.before is None and (is_only or seen.noted is None):
        return is_only
    return found not in (seen.before, seen.noted)
