"""Which known posts are looked at again, when, and what is believed of the answer. Pure.

    shown in a message   after an hour, then at twice its age, at most 12 h apart, for a week: deletions are followed
    weighty in a topic   after half an hour, then at twice its age, at most 6 h apart, for a day: what has it gained?

Shown ones come first: what their authors took back is read by people.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.models import Engagement, Mention, PostKey

SHOWN_FOR = timedelta(days=7)
SHOWN_FIRST, SHOWN_EVERY = timedelta(hours=1), timedelta(hours=12)
WEIGHTY_FOR = timedelta(days=1)
WEIGHTY_FIRST, WEIGHTY_EVERY = timedelta(minutes=30), timedelta(hours=6)

MOST_KNOWN, MOST_FRESH = 30, 30
"""Posts of a topic that are looked at for what they gain: the strongest that are known, the newest that are not."""

CONFIRM = timedelta(hours=1)
"""So long a platform must insist that all is gone."""

FEW = 3
"""Posts of one look that may all be gone without anybody wondering."""


class Candidate(NamedTuple):
    """A post that may be looked at again: shown, or written, at a time; when it was looked at last, None for never."""

    key: PostKey
    since: datetime
    is_shown: bool
    looked: datetime | None = None


def is_due(candidate: Candidate, now: datetime) -> bool:
    """Tell whether it is time to look at a post again: the older it is, the less changes."""
    age = now - candidate.since
    first, most, life = (
        (SHOWN_FIRST, SHOWN_EVERY, SHOWN_FOR) if candidate.is_shown else (WEIGHTY_FIRST, WEIGHTY_EVERY, WEIGHTY_FOR)
    )
    if age > life:
        return False
    if candidate.looked is None or candidate.looked < candidate.since:
        return age >= first
    known_at = candidate.looked - candidate.since
    return now - candidate.looked >= min(most, max(first, known_at))


def due(candidates: Iterable[Candidate], now: datetime, most: int) -> list[PostKey]:
    """Return the posts to look at now, at most so many: shown ones first, then those not looked at for longest."""
    by_key: dict[PostKey, Candidate] = {}
    for each in candidates:
        known = by_key.get(each.key)
        if is_due(each, now) and (known is None or each.is_shown > known.is_shown):
            by_key[each.key] = each
    ordered = sorted(by_key.values(), key=lambda each: (not each.is_shown, each.looked or each.since, each.key))
    return [each.key for each in ordered[:most]]


def weighty(mentions: Sequence[Mention]) -> list[Mention]:
    """Return the posts of a topic whose gains would change its digest: the strongest known, and the newest unknown."""
    present = [each for each in mentions if not each.withdrawn and not each.backfilled]
    known = sorted(present, key=lambda each: (-_weight(each), each.post.key))[:MOST_KNOWN]
    fresh = [each for each in present if not _weight(each)]
    newest = sorted(fresh, key=lambda each: (each.post.time, each.post.key), reverse=True)[:MOST_FRESH]
    return [*(each for each in known if _weight(each)), *newest]


def believed(
    asked: Collection[PostKey], gone: Sequence[PostKey], since: Mapping[PostKey, datetime], now: datetime
) -> list[PostKey]:
    """Return which of the posts that a platform shows no more are taken for deleted.

    Not all of a look at once, unless they are few, or it says so for an hour: that is how an outage looks, or an answer
    of another shape. `since` is when it said so first of each post.
    """
    if len(gone) <= FEW or 2 * len(gone) <= len(asked):
        return list(gone)
    return [key for key in gone if key in since and now - since[key] >= CONFIRM]


def _weight(mention: Mention) -> int:
    seen: Engagement = mention.post.engagement
    # As ranking.py weighs them: a repost carries a post further than a like.
    return (seen.likes or 0) + 2 * (seen.reposts or 0) + (seen.replies or 0)
