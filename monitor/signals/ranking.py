"""Which posts people reacted to in a window, the link they share most, and who was first.

    score = 1 × likes gained + 2 × reposts gained + 1 × replies gained

A repost puts a post before new readers under the reposter's own name: it weighs double. A reply costs more than a like
but is as often a quarrel of two: it weighs as one. Views are not counted: platforms count them too differently, and
some count their own prefetching.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from functools import partial
from heapq import nsmallest
from typing import NamedTuple

import msgspec

from monitor.models import Engagement, Mention, Observation, Post, PostKey, SharedLink, Window
from monitor.signals.accounts import account_of, count_accounts, written_in
from monitor.signals.duplicates import has_repost_mark
from monitor.signals.voices import count_voices, firsts, said
from monitor.text.urls import canonical, page_key

LIKE, REPOST, REPLY = 1, 2, 1

SAME_SCRIPT = 4
SAME_PLATFORM = 2
"""What a score is divided by for each post already chosen in the same script, on the same platform."""

MOST_COMPARED = 1000
"""Wordings that are weighed against each other; those behind them gained next to nothing."""

FEWEST_SHARERS = 2
"""Accounts that must share a link before it says something about a discussion."""

NO_REACTIONS = Engagement()

History = Mapping[PostKey, Sequence[Observation]]

_SILENT = (0, -1)
"""What a post weighs that nobody reacted to nor copied."""


class _Heard(NamedTuple):
    """The posts of a wording; it weighs its score and its copies, both turned round: the strongest first."""

    weight: tuple[int, int]
    same: Sequence[Mention]


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A post with its reactions.

    `gained` counts the likes gained in the window, None when nothing earlier is known to subtract; `copies` counts the
    post too.
    """

    mention: Mention
    engagement: Engagement
    gained: int | None
    score: int
    copies: int = 1
    copy_accounts: int = 1


def rank(
    mentions: Sequence[Mention],
    history: History,
    window: Window,
    limit: int = 3,
    is_showable: Callable[[Mention], bool] = lambda _: True,
) -> list[Ranked]:
    """Return the posts that gained most in the window, one per account and per wording, of those that can be shown.

    They are chosen from all scripts and platforms and returned strongest first. A wording is represented by its
    earliest original, with the score of its strongest copy. Posts without engagement (feeds) follow, most copied and
    newest first. Withdrawn posts count as copies and are never returned.
    """
    wordings, silent = _heard_and_silent(mentions, history)
    heard = [_weighed(same, history, window) for same in wordings if not all(each.withdrawn for each in same)]
    stand = [_stand_for(each, history, window) for each in _foremost(heard)]
    strongest = sorted([*stand, *_newest(silent, heard)], key=_strength)[:MOST_COMPARED]
    return sorted(_spread(strongest, limit, is_showable), key=_strength)


def most_shared_link(mentions: Sequence[Mention], hidden: Set[str] = frozenset()) -> SharedLink | None:
    """Return the page that is shared most, if two accounts or more do, with its title where a source gave it.

    Addresses of one page are counted together, and shown in the form that most use. Pages are compared by voices (each
    wording once, then each account once), so that no copied text makes one; `count` then says how many accounts share
    it, each once, and `posts` in how many posts. The pages of the addresses in `hidden` are passed over.
    """
    passed_over = {page_key(url) for url in hidden}
    sharers: defaultdict[str, list[Mention]] = defaultdict(list)
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for mention in mentions:
        if not mention.post.links:
            continue
        pages = {key: url for url in sorted(_links(mention.post)) if (key := page_key(url)) is not None}
        for key in pages.keys() - passed_over:
            sharers[key].append(mention)
            forms[key][pages[key]] += 1
    key = _most_shared(sharers)
    if key is None:
        return None
    url = min(forms[key], key=lambda each: (-forms[key][each], each))
    page = page_of(mentions, url)
    return SharedLink(
        url=url,
        count=count_accounts(sharers[key]),
        posts=len(sharers[key]),
        first_seen=_first_seen(sharers[key]),
        title=_first_line(page.post.text) if page else None,
    )


def _most_shared(sharers: Mapping[str, Sequence[Mention]]) -> str | None:
    """Return the page with most voices, then most accounts, then the earliest; None where none has two accounts."""
    accounts = {page: count for page, shared in sharers.items() if (count := count_accounts(shared)) >= FEWEST_SHARERS}
    best: tuple[int, int, float, str] | None = None
    for page in sorted(accounts, key=lambda each: -accounts[each]):
        if best is not None and accounts[page] < -best[0]:
            break  # no page has more voices than accounts
        voices = count_voices(firsts(map(said, sharers[page])))
        rank = -voices, -accounts[page], _first_seen(sharers[page]).timestamp(), page
        best = rank if best is None else min(best, rank)
    return None if best is None else best[-1]


def page_of(mentions: Iterable[Mention], url: str) -> Mention | None:
    """Return a source's own post for an address: the feed's entry, or the story of a link site."""
    pages = [each for each in mentions if _is_page(each, url) and not each.withdrawn and each.post.text.strip()]
    return min(pages, key=lambda each: (each.post.key.source != "rss", each.post.time, each.post.key), default=None)


def about_link(mentions: Sequence[Mention], url: str) -> list[Mention]:
    """Return the posts that share an address, its own page, and the posts with the same wording as one of these."""
    key = page_key(url)
    direct = [each for each in mentions if _is_page(each, url) or key in set(map(page_key, _links(each.post)))]
    wordings = {each.group for each in direct} - {""}
    keys = {each.post.key for each in direct}
    return [each for each in mentions if each.post.key in keys or each.group in wordings]


def earliest(mentions: Iterable[Mention]) -> Mention | None:
    """Return the first post by its time; among equals the one with the smaller key, so that replays agree."""
    return min(mentions, key=_age, default=None)


def _heard_and_silent(mentions: Sequence[Mention], history: History) -> tuple[list[list[Mention]], list[Mention]]:
    """Return the mentions by their wording, and those, most of them, that nobody copied nor reacted to."""
    sizes = Counter([each.group for each in mentions])
    several = {group for group, size in sizes.items() if size > 1 and group}
    heard: defaultdict[str, list[Mention]] = defaultdict(list)
    silent: list[Mention] = []
    for mention in mentions:
        if mention.group in several:
            heard[mention.group].append(mention)
        elif _is_silent(mention, history):
            silent.append(mention)
        else:
            heard[str(mention.post.key)].append(mention)
    return list(heard.values()), silent


def _newest(silent: Iterable[Mention], heard: Iterable[_Heard]) -> list[Ranked]:
    """Return as many of the posts that nobody reacted to nor copied as there is room behind the others: the newest."""
    room = MOST_COMPARED - sum(each.weight < _SILENT for each in heard)
    if room <= 0:
        return []
    present = (each for each in silent if not each.withdrawn)
    newest = nsmallest(room, present, key=lambda each: (-each.post.time.timestamp(), each.post.key))
    return [Ranked(mention=each, engagement=NO_REACTIONS, gained=None, score=0) for each in newest]


def _weighed(same: list[Mention], history: History, window: Window) -> _Heard:
    score = max(_score(_reactions(each, history, window)[1]) for each in same if not each.withdrawn)
    return _Heard((-score, -len(same)), same)


def _foremost(heard: Sequence[_Heard]) -> Sequence[_Heard]:
    """Return those that may be among the first: of no others is it worked out which post stands for them."""
    if len(heard) <= MOST_COMPARED:
        return heard
    last = sorted(each.weight for each in heard)[MOST_COMPARED - 1]
    return [each for each in heard if each.weight <= last]


def _stand_for(heard: _Heard, history: History, window: Window) -> Ranked:
    same = heard.same
    present = [each for each in same if not each.withdrawn]
    first = min(present, key=lambda each: (_is_repost(each.post), *_age(each))) if len(present) > 1 else present[0]
    now, gain = _reactions(first, history, window)
    return Ranked(
        mention=first,
        engagement=now,
        gained=gain.likes if gain else None,
        score=-heard.weight[0],
        copies=len(same),
        copy_accounts=max(1, count_accounts(same)),
    )


def _is_silent(mention: Mention, history: History) -> bool:
    """Tell whether nothing is known of reactions to a post: most posts, of which nothing needs to be worked out."""
    return mention.post.engagement == NO_REACTIONS and mention.post.key not in history


def _is_repost(post: Post) -> bool:
    return post.repost_of is not None or has_repost_mark(post.text)


def _seen(mention: Mention, history: History, window: Window) -> list[Observation]:
    """Return what was known of a post's engagement when the window ended, oldest first."""
    post = mention.post
    observations = history.get(post.key) or (Observation(at=post.observed_at, engagement=post.engagement),)
    return [each for each in sorted(observations, key=lambda each: each.at) if each.at <= window.end]


def _reactions(mention: Mention, history: History, window: Window) -> tuple[Engagement, Engagement | None]:
    """Return the engagement at the end of the window, and what of it was gained in the window, None when unknown."""
    if _is_silent(mention, history):
        return NO_REACTIONS, None
    seen = _seen(mention, history, window)
    if not seen:
        return NO_REACTIONS, None
    now = seen[-1].engagement
    if mention.post.created_at is not None and mention.post.time >= window.start:
        return now, now
    before = [each for each in seen if each.at <= window.start]
    base = before[-1] if before else seen[0]
    if base is seen[-1] and not before:
        return now, None
    return now, _difference(now, base.engagement)


def _difference(now: Engagement, base: Engagement) -> Engagement:
    """Subtract what both observations know; a number that one of them lacks stays unknown."""
    likes, reposts, replies = (
        None if new is None or old is None else new - old for new, old in zip(_counts(now), _counts(base), strict=True)
    )
    return Engagement(likes=likes, reposts=reposts, replies=replies)


def _counts(engagement: Engagement) -> tuple[int | None, ...]:
    return engagement.likes, engagement.reposts, engagement.replies


def _score(gain: Engagement | None) -> int:
    if gain is None:
        return 0
    return LIKE * (gain.likes or 0) + REPOST * (gain.reposts or 0) + REPLY * (gain.replies or 0)


def _strength(ranked: Ranked) -> tuple[int, int, float, PostKey]:
    post = ranked.mention.post
    return -ranked.score, -ranked.copies, -post.time.timestamp(), post.key


def _spread(ranked: Sequence[Ranked], limit: int, is_showable: Callable[[Mention], bool]) -> list[Ranked]:
    """Choose greedily: each choice makes posts of its script and platform weigh less, and of its account nothing.

    `ranked` are strongest first, so only the first of each script and platform can be the next.
    """
    chosen: list[Ranked] = []
    remaining = list(ranked)
    while remaining and len(chosen) < limit:
        best = max(_first_of_each_kind(remaining), key=partial(_weight, chosen=chosen))
        if not is_showable(best.mention):
            remaining.remove(best)
            continue
        chosen.append(best)
        remaining = [each for each in remaining if each is not best and not _same_account(each, best)]
    return chosen


def _first_of_each_kind(ranked: Iterable[Ranked]) -> list[Ranked]:
    firsts_by_kind: dict[tuple[str, str], Ranked] = {}
    for each in ranked:
        firsts_by_kind.setdefault((written_in(each.mention), each.mention.post.key.source), each)
    return list(firsts_by_kind.values())


def _weight(ranked: Ranked, chosen: Sequence[Ranked]) -> float:
    script, platform = written_in(ranked.mention), ranked.mention.post.key.source
    scripts = sum(written_in(each.mention) == script for each in chosen)
    platforms = sum(each.mention.post.key.source == platform for each in chosen)
    return (max(ranked.score, 0) + 1) / float(SAME_SCRIPT**scripts * SAME_PLATFORM**platforms)


def _same_account(one: Ranked, other: Ranked) -> bool:
    account = account_of(one.mention.post)
    return account is not None and account == account_of(other.mention.post)


def _is_page(mention: Mention, url: str) -> bool:
    post, key = mention.post, page_key(url)
    if post.key.source == "rss":
        return post.url is not None and page_key(post.url) == key
    return post.key.source == "hackernews" and post.in_reply_to is None and [page_key(e) for e in post.links] == [key]


def _links(post: Post) -> set[str]:
    """Return the addresses that a post shares, each in its one form; its own is none of them."""
    if not post.links:
        return set()
    is_near = post.url is not None and any(_site(link) == _site(post.url) for link in post.links)
    own = canonical(post.url) if is_near and post.url is not None else None
    return {url for link in post.links if (url := canonical(link)) is not None and url != own}


def _site(url: str) -> str:
    """Return the part of an address before its path: what differs there is not the same address."""
    return url.lower().split("/", 3)[2] if url.count("/") > 1 else ""


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0].strip()


def _first_seen(mentions: Iterable[Mention]) -> datetime:
    return min(mention.post.time for mention in mentions)


def _age(mention: Mention) -> tuple[datetime, PostKey]:
    return mention.post.time, mention.post.key
