"""How many speak for themselves: neither one loud account nor one copied text may look like many.

posts ─the first of each wording─► accounts of these, each once ─► voices
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from monitor.models import Mention, PostKey
from monitor.signals.accounts import Account, account_of


class Said(NamedTuple):
    """What of a post counts here: when, by whom, and in which wording. What names no author speaks for its outlet."""

    time: datetime
    key: PostKey
    account: Account
    wording: str


def said(mention: Mention) -> Said:
    """Return what of a mention counts."""
    post = mention.post
    return Said(post.time, post.key, account_of(post) or outlet_of(mention), mention.group or str(post.key))


def outlet_of(mention: Mention) -> Account:
    """Return who stands for posts without an author: the site that they are on, else their platform."""
    post = mention.post
    return Account(post.key.source, f"//{urlsplit(post.url).netloc}" if post.url else "")


def firsts(all_said: Iterable[Said]) -> dict[str, Said]:
    """Return what was said first in each wording, whatever the order; among equals the one with the smaller key."""
    found: dict[str, Said] = {}
    for each in all_said:
        known = found.get(each.wording)
        if known is None or each < known:
            found[each.wording] = each
    return found


def firsts_of_all(hours: Sequence[Mapping[str, Said]]) -> dict[str, Said]:
    """Return the firsts of several hours, oldest first, from those of each."""
    found = dict(hours[-1]) if hours else {}
    for hour in reversed(hours[:-1]):
        found.update(hour)
    return found


def speaking_first(first_said: Mapping[str, Said]) -> set[PostKey]:
    """Return the posts that are voices: of what each account said first in its own words the earliest."""
    by_account: dict[Account, Said] = {}
    for each in first_said.values():
        known = by_account.get(each.account)
        if known is None or each < known:
            by_account[each.account] = each
    return {each.key for each in by_account.values()}


def count_voices(first_said: Mapping[str, Said]) -> int:
    """Return how many accounts said something first in their own words."""
    return len({each.account for each in first_said.values()})


def spread(labels: Iterable[Hashable]) -> float:
    """Return how many labels there would be, were all as frequent: 1 ÷ Σ share², 0 without any.

    That is the diversity of order 2 of Hill, "Diversity and evenness", Ecology 54, 1973.
    """
    counts = Counter(labels).values()
    total = sum(counts)
    return total * total / sum(count * count for count in counts) if total else 0.0
