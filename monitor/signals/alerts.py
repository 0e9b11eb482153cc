"""Whether a burst is told at once: the gates that it must pass, and what a chat was told already. Nothing is sent here.

burst ─enough posts, accounts, platforms, baseline?─► ─told in the last 6 h?─► ─told often today?─► ─asleep?─► alert
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from monitor.models import Window
from monitor.nouns.burst import Burst
from monitor.signals.phases import BURST

DAY = timedelta(days=1)


class Gates(msgspec.Struct, frozen=True, kw_only=True):
    """What a burst must reach to be told at once. A quiet time may reach over midnight."""

    posts: int = 20
    accounts: int = 15
    platforms: int = 2
    surprise: float = BURST
    sampled_hours: int = 72
    cooldown: timedelta = timedelta(hours=6)
    again: int = 2
    per_topic: int = 3
    per_chat: int = 5
    quiet_from: time = time(22, 0)
    quiet_to: time = time(7, 30)


class Alerted(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that a chat got: of which topic, when, and at how many posts."""

    topic: str
    at: datetime
    posts: int


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that a chat is being told: of which topic and hour, since when. Its hour makes its id."""

    topic: str
    window: Window
    at: datetime
    again_above: int


class AlertLog(msgspec.Struct, frozen=True, kw_only=True):
    """What a chat was told at once in the last day, and what of it has not been handed over for certain."""

    alerted: tuple[Alerted, ...] = ()
    begun: tuple[Begun, ...] = ()

    def begun_of(self, topic: str) -> Begun | None:
        """Return the alert of a topic that is being told."""
        return next((each for each in self.begun if each.topic == topic), None)

    def ended(self, begun: Begun) -> "AlertLog":
        """Return the log when an alert was handed over, or came too late."""
        return AlertLog(alerted=self.alerted, begun=tuple(each for each in self.begun if each != begun))


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a burst in a chat: told at once, folded into the next digest, or neither; and why, in a sentence.

    `again_above` is the number of posts an hour that the next alert within the cooldown must exceed.
    """

    is_alert: bool
    is_folded: bool
    reason: str
    again_above: int | None = None


def alert_of(
    topic: str, burst: Burst, alerted: Sequence[Alerted], now: datetime, zone: ZoneInfo, gates: Gates | None = None
) -> Verdict:
    """Decide what becomes of the burst of the hour that just ended, in a chat that got these alerts, in its zone.

    The burst is the one that `bursts.measure` finds with that hour as its window. That it was read as it should be is
    decided there: an hour with gaps has no burst.
    """
    gates = gates or Gates()
    refusal = _too_small(burst, gates) or _too_soon(topic, burst, alerted, now, gates)
    refusal = refusal or _too_often(topic, alerted, now, gates)
    if refusal:
        return Verdict(is_alert=False, is_folded=False, reason=refusal)
    if is_quiet_time(now, zone, gates):
        until = f"{gates.quiet_to:%H:%M}"
        return Verdict(is_alert=False, is_folded=True, reason=f"Quiet until {until}: it goes into the next digest.")
    above = gates.again * burst.posts
    return Verdict(
        is_alert=True, is_folded=False, reason=f"All gates passed; again above {above:,}.", again_above=above
    )


def after_alert(topic: str, burst: Burst, alerted: Sequence[Alerted], now: datetime) -> tuple[Alerted, ...]:
    """Return what a chat was told once it got an alert; what is older than a day can refuse nothing and goes."""
    recent = (each for each in alerted if now - each.at < DAY)
    return (*recent, Alerted(topic=topic, at=now, posts=burst.posts))


def is_quiet_time(now: datetime, zone: ZoneInfo, gates: Gates) -> bool:
    """Tell whether it is night for a chat."""
    local = now.astimezone(zone).time()
    if gates.quiet_from <= gates.quiet_to:
        return gates.quiet_from <= local < gates.quiet_to
    return local >= gates.quiet_from or local < gates.quiet_to


def _too_small(burst: Burst, gates: Gates) -> str | None:
    if burst.sampled_hours < gates.sampled_hours:
        return f"Too early: {burst.sampled_hours} of {gates.sampled_hours} h read."
    if burst.surprise < gates.surprise:
        return f"Surprise {burst.surprise:.1f} of {gates.surprise:.1f}."
    if burst.posts < gates.posts:
        return f"{burst.posts} of {gates.posts} posts in the hour."
    if burst.accounts < gates.accounts:
        return f"{burst.accounts} of {gates.accounts} accounts in the hour."
    if burst.platforms < gates.platforms:
        return f"{burst.platforms} of {gates.platforms} platforms in the hour."
    return None


def _too_soon(topic: str, burst: Burst, alerted: Sequence[Alerted], now: datetime, gates: Gates) -> str | None:
    recent = [each for each in alerted if each.topic == topic and now - each.at < gates.cooldown]
    if not recent:
        return None
    needed = gates.again * max(recent, key=lambda each: each.at).posts
    if burst.posts > needed:
        return None
    return (
        f"Told less than {gates.cooldown // timedelta(hours=1)} h ago: {burst.posts:,} posts are not above {needed:,}."
    )


def _too_often(topic: str, alerted: Sequence[Alerted], now: datetime, gates: Gates) -> str | None:
    today = [each for each in alerted if now - each.at < DAY]
    of_topic = sum(each.topic == topic for each in today)
    if of_topic >= gates.per_topic:
        return f"{of_topic} alerts of this topic in 24 h, which is the most."
    if len(today) >= gates.per_chat:
        return f"{len(today)} alerts in 24 h, which is the most of a chat."
    return None
