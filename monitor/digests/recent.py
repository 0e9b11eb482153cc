"""The newest posts of a topic, as an answer: exact quotes, permalinks, and the rules for people that digests have."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from msgspec.structs import replace

from monitor.digests.compose import reaction_of
from monitor.digests.draft import LONGEST_TEXT, MOST_ENTITIES, Draft
from monitor.digests.people import Policy, classify, show
from monitor.digests.platforms import is_web
from monitor.digests.reactions import write_reaction
from monitor.digests.wording import hashtag, posts
from monitor.models import Mention, Observation, PostKey, Reaction, Topic, Window
from monitor.saying import say, say_many
from monitor.signals.copies import are_copies
from monitor.signals.ranking import Ranked

DAY = timedelta(hours=24)


class Rules(NamedTuple):
    """How much of people is shown, and who may be named (see people.py)."""

    policy: Policy = "default"
    named: frozenset[str] = frozenset()


class Recent(NamedTuple):
    """What is told: posts that may be shown, and how many were posted in the day before `now`.

    `skip` posts come before them; they are the newest, or those that gained most; `only` names the script or the
    languages that are shown alone.
    """

    topic: Topic
    reactions: Sequence[Reaction]
    posts: int
    now: datetime
    skip: int = 0
    by_gain: bool = False
    only: str = ""


def choose(mentions: Iterable[Mention], rules: Rules, most: int) -> list[Reaction]:
    """Return the first of the mentions that may be shown, one per wording."""
    chosen: list[Reaction] = []
    for mention in mentions:
        if mention.withdrawn or any(are_copies(mention, each.mention) for each in chosen):
            continue
        reaction = _shown(mention, rules)
        if reaction is not None:
            chosen.append(reaction)
        if len(chosen) == most:
            break
    return chosen


def with_gains(reactions: Sequence[Reaction], history: Sequence[Sequence[Observation]]) -> list[Reaction]:
    """Return posts with what each gained since it was seen first, where that is anything; `history` is theirs."""
    gained = [_gained_since_seen(each) or None for each in history]
    return [replace(each, gained=likes) for each, likes in zip(reactions, gained, strict=True)]


def _gained_since_seen(history: Sequence[Observation]) -> int | None:
    """Return the likes that a post gained since it was seen first; None where it was seen once, or likes are none."""
    likes = [each.engagement.likes for each in history if each.engagement.likes is not None]
    return likes[-1] - likes[0] if len(likes) > 1 else None


def write(recent: Recent, zone: tzinfo) -> Draft:
    """Write the answer, in the reader's zone; the oldest posts are left out where it would be too long."""
    for most in range(len(recent.reactions), 0, -1):
        draft = _written(recent, recent.reactions[:most], zone)
        if draft.length <= LONGEST_TEXT and len(draft.entities()) <= MOST_ENTITIES:
            return draft
    return _written(recent, (), zone)


def _shown(mention: Mention, rules: Rules) -> Reaction | None:
    """Return what may be shown of a post; None when that is nothing."""
    key: PostKey = mention.post.key
    shown = show(classify(mention, rules.named), rules.policy, key.source)
    if not any(shown):
        return None
    ranked = Ranked(mention=mention, engagement=mention.post.engagement, gained=None, score=0)
    reaction = reaction_of(ranked, shown)
    return reaction if reaction.quote is not None or is_web(mention.post.url) else None


def _written(recent: Recent, reactions: Sequence[Reaction], zone: tzinfo) -> Draft:
    draft = Draft()
    with draft.marked("bold"):
        topic = " · ".join(each for each in (hashtag(recent.topic.title), recent.only) if each)
        draft.write(say("{topic}: {said}", topic=topic, said=_headline(recent, len(reactions))))
    has_gains = any(each.gained not in (None, each.engagement.likes) for each in reactions)
    legend = say("(+): since I first saw the post") if has_gains else ""
    counted = say("{posts} in the last 24 h", posts=posts(recent.posts))
    draft.write("\n" + " · ".join(each for each in (counted, legend) if each))
    # Longer than a day, so that each time says its day.
    window = Window(recent.now - 2 * DAY, recent.now)
    for reaction in reactions:
        draft.write("\n")
        write_reaction(draft, reaction, window, zone)
    return draft


def _headline(recent: Recent, count: int) -> str:
    if count == 0:
        return say("nothing to show")
    if recent.skip:
        first, last = recent.skip + 1, recent.skip + count
        places = str(first) if first == last else f"{first}–{last}"
        return (
            say("{places}, by gain", places=places) if recent.by_gain else say("{places}, newest first", places=places)
        )
    if recent.by_gain:
        return say_many("the post that gained most", "the {count} posts that gained most", count)
    return say_many("the newest post", "the {count} newest posts", count)
