"""Groups of posts that say the same: exact and near copies, reposts and bridged posts.

    same fingerprint, repost of, bridged from ─► wordings ─most posts first, then earliest─► a copy of the leader of
                                                           a group, found by a band that they share, or a leader itself

Groups are found when posts are read, from these posts alone. So they depend on no batch and on no order of arrival, and
a chain of small changes cannot join what is not alike: every wording was compared with the one that leads its group.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from heapq import nlargest
from itertools import chain

import msgspec

from monitor.models import CopyGroup, Mention, Post, PostKey
from monitor.signals.accounts import count_accounts, count_platforms
from monitor.signals.duplicates import ALGORITHM, fingerprint, fingerprint_of, own_letters, said
from monitor.signals.sameness import Text, is_copy, is_part_or_slip, state_the_same
from monitor.signals.sketches import (
    APART,
    CLOSE,
    SHORTEST,
    Band,
    common_rows,
    is_current,
    rows_of,
    share_an_edge,
    shared_bands,
    sketch,
    tells_pieces,
)
from monitor.text.folding import fold

MOST_COMPARED = 8
"""Leaders that a wording is compared with, those first that share most bands: a flood of near copies stays cheap."""

MOST_IN_BAND = 64
"""Leaders found by one band; more share it only where it says nothing, as a common beginning."""

_PLACE = 2**32 - 1

MOST_STEPS = 8
"""Reposts of reposts that are followed."""

_BLUESKY = re.compile(r"(?:app\.bsky\.feed\.post|bsky\.app/profile/[^/\s]+/post)/([0-9a-z]{13})\b")
"""The key of a Bluesky record, in its own addresses and in those that a bridge made of them: a time of 53 bits."""


class Wording(msgspec.Struct, frozen=True, gc=False):
    """What is kept of a text beside it: its fingerprint, and the sketch by which near copies are found."""

    group: str
    sketch: bytes


class _Leader(Text):
    """A wording that leads its group, or is to be compared with those that do."""

    def __init__(self, group: str, sketched: bytes, text: str) -> None:
        super().__init__(text)
        self.group = group
        self.sketch = sketched
        self.rows = rows_of(sketched)

    @cached_property
    def tells_pieces(self) -> bool:
        """Tell whether the sketch says how many pieces it has in common with another one."""
        return tells_pieces(self.sketch, self.said)


def wording_of(text: str) -> Wording:
    """Return the wording of a text."""
    folded = fold(text)
    meant = said(folded)
    return Wording(fingerprint_of(folded, meant), sketch(meant))


def grouped(mentions: Iterable[Mention]) -> list[Mention]:
    """Return mentions, each with its final group among these: the fingerprint of the wording that leads it.

    The same mentions get the same groups in whatever order they come. Withdrawn ones keep what they have.
    """
    current = [_current(each) for each in mentions]
    groups = _passed_on(current)
    wordings = [groups.get(each.post.key, each.group) for each in current]
    leaders = _leaders(_earliest_by_group(zip(current, wordings, strict=True)), Counter(wordings))
    return [_in_group(each, leaders.get(group, group)) for each, group in zip(current, wordings, strict=True)]


def are_copies(one: Mention, other: Mention) -> bool:
    """Tell whether two posts say the same, of which more than the texts need not be known."""
    if one.group == other.group != "":
        return True
    return bool(one.sketch and other.sketch) and is_copy(Text(one.post.text), Text(other.post.text))


def group_copies(mentions: Iterable[Mention], limit: int | None = None) -> list[CopyGroup]:
    """Return the groups of two or more posts that say the same, largest first, then earliest; all, or so many."""
    mentions = list(mentions)
    # Most wordings are of one post: no list is made for these, nor for groups that are too small to be returned.
    sizes = Counter([each.group for each in mentions])
    del sizes[""]
    fewest = max(2, min(nlargest(limit, sizes.values()), default=2) if limit else 2)
    wanted = {group for group, size in sizes.items() if size >= fewest}
    members: defaultdict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        if mention.group in wanted:
            members[mention.group].append(mention)
    groups = [_copy_group(group, same) for group, same in members.items()]
    return sorted(groups, key=lambda each: (-each.count, each.first_seen, each.group))[:limit]


def _copy_group(group: str, same: Sequence[Mention]) -> CopyGroup:
    first = min(same, key=_age)
    return CopyGroup(
        group=group,
        count=len(same),
        accounts=count_accounts(same),
        platforms=count_platforms(same),
        earliest=first.post.key,
        first_seen=first.post.time,
        last_seen=max(each.post.time for each in same),
    )


def _current(mention: Mention) -> Mention:
    """Return a mention with fingerprint and sketch of this algorithm; older ones are made anew from the text."""
    if mention.withdrawn or not mention.group:
        return mention
    if mention.group.startswith(ALGORITHM) and (not mention.sketch or is_current(mention.sketch)):
        return mention
    wording = wording_of(mention.post.text)
    return msgspec.structs.replace(mention, group=wording.group, sketch=wording.sketch)


def _in_group(mention: Mention, group: str) -> Mention:
    return mention if mention.group == group else msgspec.structs.replace(mention, group=group)


def _earliest_by_group(worded: Iterable[tuple[Mention, str]]) -> dict[str, Mention]:
    """Return the earliest post of each wording that still says it, and does not only pass it on."""
    earliest: dict[str, Mention] = {}
    for mention, group in worded:
        if not group or group != mention.group or mention.withdrawn:
            continue
        first = earliest.get(group)
        if first is None or _age(mention) < _age(first):
            earliest[group] = mention
    return earliest


def _leaders(earliest: Mapping[str, Mention], posts: Mapping[str, int]) -> dict[str, str]:
    """Return which wording leads the group of each, for those that do not lead their own.

    The wording of most posts comes first, for what was changed was changed from there; then the earliest.
    """
    shared = shared_bands({group: each.sketch for group, each in earliest.items() if each.sketch})
    leaders: list[_Leader] = []
    leading: defaultdict[Band, list[int]] = defaultdict(list)
    led: dict[str, str] = {}
    for group in sorted(shared, key=lambda each: (-posts[each], _age(earliest[each]))):
        own = _Leader(group, earliest[group].sketch, earliest[group].post.text)
        candidates = (leaders[each] for each in _most_alike(shared[group], leading))
        leader = next((each for each in candidates if _says_the_same(each, own)), None)
        if leader is not None:
            led[group] = leader.group
            continue
        for band in shared[group]:
            if len(leading[band]) < MOST_IN_BAND:
                leading[band].append(len(leaders))
        leaders.append(own)
    return led


def _says_the_same(leader: _Leader, own: _Leader) -> bool:
    """Tell whether a wording is a copy of a leader, by their texts where their sketches do not rule it out."""
    rows = common_rows(leader.rows, own.rows)
    if rows < CLOSE and not share_an_edge(leader.sketch, own.sketch):
        return False
    if rows > APART or not (own.tells_pieces and leader.tells_pieces):
        return is_copy(leader, own)
    return is_part_or_slip(leader, own) and state_the_same(leader, own)


def _most_alike(own: Iterable[Band], leading: Mapping[Band, Sequence[int]]) -> Sequence[int]:
    """Return the places of the leaders to compare with: those with most bands in common, then the first."""
    places = [leading[band] for band in own if band in leading]
    if len(places) <= 1:  # as most have it: all have the same number of bands in common, and stand in order
        return places[0][:MOST_COMPARED] if places else []
    found = Counter(chain.from_iterable(places))
    # One number of each: the count in front, turned round, and the place behind it.
    return [each & _PLACE for each in sorted(each - (shared << 32) for each, shared in found.items())[:MOST_COMPARED]]


def _passed_on(mentions: Sequence[Mention]) -> dict[PostKey, str]:
    """Return the groups of posts that only pass on another: reposts without words of their own, and bridged posts."""
    passing = [each for each in mentions if not each.withdrawn and (each.post.repost_of or _record_of(each.post))]
    if not passing:
        return {}
    by_name = _by_name(mentions)
    return {each.post.key: group for each in passing if (group := _group_passed_on(each, by_name))}


def _by_name(mentions: Iterable[Mention]) -> dict[str, Mention]:
    """Return the earliest post by each of the names that reposts and bridges call it."""
    by_name: dict[str, Mention] = {}
    for mention in sorted((each for each in mentions if not each.withdrawn), key=_age):
        post = mention.post
        for name in (str(post.key), f"{post.key.source} {post.key.id}", post.url, _record_of(post)):
            if name:
                by_name.setdefault(name, mention)
    return by_name


def _group_passed_on(mention: Mention, by_name: Mapping[str, Mention]) -> str | None:
    """Return the group of the post that a post passes on, None when it says something itself."""
    origin = mention
    for _ in range(MOST_STEPS):
        found = _origin(origin.post, by_name)
        if found is None or found is origin:
            break
        origin = found
    if origin is not mention:
        return origin.group
    if mention.post.repost_of is None or len(said(fold(mention.post.text)).letters) >= SHORTEST:
        return None
    return fingerprint(f"{mention.post.key.source} {mention.post.repost_of}")


def _origin(post: Post, by_name: Mapping[str, Mention]) -> Mention | None:
    if post.repost_of is None:
        record = _record_of(post)
        return by_name[record] if record else None
    if len(own_letters(post.text)) >= SHORTEST:
        return None
    return by_name.get(f"{post.key.source} {post.repost_of}") or by_name.get(post.repost_of)


def _record_of(post: Post) -> str | None:
    """Return the key of the Bluesky record that a post is, there or behind a bridge; None for all others."""
    for name in (post.key.id, post.url or ""):
        if "bsky" in name and (found := _BLUESKY.search(name)):
            return found[1]
    return None


def _age(mention: Mention) -> tuple[datetime, PostKey]:
    return mention.post.time, mention.post.key
