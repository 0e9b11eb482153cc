"""Who was first with what a digest tells about, when the posts of that time are no longer there."""

import msgspec

from monitor.models import Digest
from monitor.signals.firsts import Firsts, link_seen


def with_firsts(digest: Digest, firsts: Firsts) -> Digest:
    """Return a digest that says when its link was first seen, where that was earlier than any post that is here."""
    seen = None if digest.link is None else link_seen(digest.link.url)
    first = None if seen is None else firsts.get(seen)
    if digest.link is None or first is None or first.time >= digest.link.first_seen:
        return digest
    if digest.earliest is not None and digest.earliest.post.time <= first.time:
        return digest
    return msgspec.structs.replace(digest, first=first)
