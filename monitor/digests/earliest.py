"""Who was first with what a digest tells about, when the posts of that time are no longer there."""

import msgspec

from monitor.models import Digest
from monitor.signals.firsts import link_seen


def with_first(digest: Digest) -> Digest:
    """Return a digest that says when its link was first seen, where that was earlier than any post that is here."""
    seen = None if digest.link is None else link_seen(digest.link.url)
    first = next((each for each in digest.trend.firsts if seen == (each.form, each.label)), None)
    if digest.link is None or first is None or first.time >= digest.link.first_seen:
        return digest
    if digest.earliest is not None and digest.earliest.post.time <= first.time:
        return digest
    return msgspec.structs.replace(digest, first=first)
