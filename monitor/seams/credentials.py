"""Sources that need a key: what is missing is said, not failed on. The seam; a source that needs one offers it."""

from typing import Protocol, runtime_checkable

from monitor.errors import AccessDenied

NO_KEY = "no key"
NO_BUDGET = "no budget"
NOT_SET_UP = (NO_KEY, NO_BUDGET)
"""Why a source is not read that nobody set up: that is no outage, and began at no time."""


@runtime_checkable
class Keyed(Protocol):
    """A source that cannot be read without something that a person must get: a token, an account."""

    @property
    def missing(self) -> str | None:
        """Return what to do about it ("set token_file in [sources.x]"); None when nothing is missing.

        While something is, `fetch` is never called: digests and `monitor doctor` list the source as "Not read: X (no
        key)", and everything else goes on.
        """
        ...


def keyless(source: str) -> AccessDenied:
    """Return the error of a source whose key is missing. Once it is set, the source is asked at once."""
    return AccessDenied(source, NO_KEY)


def missing_of(source: object) -> str | None:
    """Return what a source lacks, and what to do about it; None when nothing."""
    return source.missing if isinstance(source, Keyed) else None
