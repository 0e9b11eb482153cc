"""How many speak for themselves: each wording counts once, then each account, so that neither one loud account nor one
copied text looks like many.

posts ─the first of each wording─► accounts of these, each once ─► voices
"""

from collections import Counter
from collections.abc import Hashable, Iterable
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


def count_voices(all_said: Iterable[Said]) -> int:
    """Return the accounts that said something first in their own words, whatever the order of what was said."""
    firsts: dict[str, Said] = {}
    for each in all_said:
        known = firsts.get(each.wording)
        if known is None or each < known:
            firsts[each.wording] = each
    return len({each.account for each in firsts.values()})


def spread(labels: Iterable[Hashable]) -> float:
    """Return how many labels there would be, were all as frequent: 1 ÷ Σ share², 0 without any.

    That is the diversity of order 2 of Hill, "Diversity and evenness", Ecology 54, 1973.
    """
    counts = Counter(labels).values()
    total = sum(counts)
    return total * total / sum(count * count for count in counts) if total else 0.0
