"""What to read of a query on X for the money there is. Pure.

    all       every post, by search with since_id: an empty answer is free
    stream    every post as it is written: the same price, for topics that cannot wait
    sample    the number of posts by counts, once an hour, and of the posts those that are liked most
    counts    the number of posts only

Prices are per post, so what is read decides, not how often it is asked.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from monitor.seams.budget import Prices

Mode = Literal["all", "stream", "sample", "counts"]

SAMPLE_EVERY = timedelta(hours=1)
SAMPLE_WINDOW = timedelta(hours=24)
"""A post is liked after it was written: so long it is looked for."""

LEAST_SAMPLE = 20
"""Posts in a day; with fewer the money is better spent on counts."""

MOST_SAMPLE = 500
"""Posts in a day; more of them tell nothing new about what is liked most."""

HURRIED = timedelta(seconds=60)
"""Whoever wants to look more often than this is better served by the stream."""

RESERVE = 0.8
"""The share of the money up to which a plan may be expected to go: days differ."""

MOST_AHEAD = 4.0
FIRST_LIKES = 10


class Facts(NamedTuple):
    """What is known of a query: posts in a day, micro-dollars that a day may cost, and that are left of this one."""

    posts: float
    allowance: float
    left: float
    every: timedelta = timedelta(minutes=10)
    can_stream: bool = False


class Plan(NamedTuple):
    """A way of reading: how many posts of a day are read, and what that costs in micro-dollars."""

    mode: Mode
    posts: int
    cost: int


class Planned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The plan in force: `likes` is the fewest of a post in the sample, `posts` how many of a day are wanted.

    `fits`: no more posts than that were counted with so many likes. `counted` says how many there were at all since
    they were counted before, `at` when that was asked (ms since 1970).
    """

    mode: Mode = "all"
    likes: int = FIRST_LIKES
    posts: int = 0
    fits: bool = False
    counted: int = 0
    at: int = 0


def plans(facts: Facts, prices: Prices) -> list[Plan]:
    """Return every plan and its price, the one that reads most first."""
    every_post = round(facts.posts * prices.post)
    counting = round(timedelta(days=1) / SAMPLE_EVERY) * prices.count
    # The window of a day is read at once, then what joins it; at midnight what is still in it is paid for again.
    affordable = int((facts.left * RESERVE - counting) / (2 * prices.post))
    sample = max(0, min(MOST_SAMPLE, affordable, round(facts.posts)))
    streams = [Plan("stream", round(facts.posts), every_post)] if facts.can_stream else []
    return [
        *streams,
        Plan("all", round(facts.posts), every_post),
        Plan("sample", sample, counting + 2 * sample * prices.post),
        Plan("counts", 0, counting),
    ]


def choose(facts: Facts, prices: Prices) -> Plan:
    """Return the plan that reads most for the money; counts only when nothing fits."""
    known = {plan.mode: plan for plan in plans(facts, prices)}
    if known["all"].cost <= facts.allowance * RESERVE:
        return known["stream"] if "stream" in known and facts.every < HURRIED else known["all"]
    return known["sample"] if known["sample"].posts >= LEAST_SAMPLE else known["counts"]


def allowance(left: int, now: datetime) -> float:
    """Return what a whole day may cost when so much is left of this one: what was not needed early may be spent late.

    At most MOST_AHEAD times what is left, so that the last minutes of a day promise nothing.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return left * min(MOST_AHEAD, timedelta(days=1) / max(midnight - now, timedelta(seconds=1)))


def probed(plan: Planned, found: int) -> Planned:
    """Return the plan after so many posts of a day were counted with its likes: it fits, or asks for more likes.

    Likes are distributed by a power law of about 1 / likes (doubling them halves the posts), so one guess is near.
    """
    if found <= plan.posts:
        return msgspec.structs.replace(plan, fits=True)
    return msgspec.structs.replace(plan, likes=plan.likes * max(2, -(-found // max(1, plan.posts))))


def sampled(plan: Planned, found: int, *, is_cut: bool) -> Planned:
    """Return the plan after a sample was read: with too few posts half as many likes are tried, and counted first."""
    if is_cut or found > plan.posts:
        return msgspec.structs.replace(plan, likes=plan.likes * 2, fits=False)
    if found * 3 < plan.posts and plan.likes > 1:
        return msgspec.structs.replace(plan, likes=plan.likes // 2, fits=False)
    return plan
