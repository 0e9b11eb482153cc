"""The invariants of roles and one-time tokens, checked for `monitor fsck`."""

import re
from collections.abc import Iterator, Mapping

from monitor.store.people import ROLES

_HASH = re.compile(r"[0-9a-f]{64}")
_RECORD = re.compile(rb"(owner|editor|reader) \d+( -?\d+ \S+)?")


def check_people(people: Mapping[str, bytes], tokens: Mapping[str, bytes]) -> Iterator[str]:
    """Yield one sentence per broken invariant: known roles, tokens kept as hashes only."""
    for user, role in people.items():
        if role.decode() not in ROLES:
            yield f"person {user}: no such role as {role.decode()}"
    for name, record in tokens.items():
        if not _HASH.fullmatch(name):
            yield "a token is kept as it is, and only its hash may be"
        if not _RECORD.fullmatch(record):
            yield f"token {name[:8]}…: its record says {record.decode(errors='replace')}"
