"""Tells chats at once of what rises: decided by the gates, written down before its first word leaves, told once.

burst ─gates of the chat─► begun, written down ─► posts claimed, outbox ─► wake ─► ended

Whoever is killed in between leaves an alert that is begun. The next look hands over that very one: its hour makes its
id, and a chat takes an id once. One that was begun longer ago than LATEST is no news any more: the digest tells of it.
"""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from monitor.digests.alert import render_alert
from monitor.digests.compose import compose
from monitor.digests.wishing import gates_of, stricter, takes_alerts
from monitor.duties.rounds import MOST_COMPOSED, brief_of, candidates, preview_chat, shown_in
from monitor.models import Digest, Parcel, Topic, Window
from monitor.nouns.wishes import Wishes
from monitor.pipeline import Gathered, gather
from monitor.readers.greeting import greet
from monitor.readers.recipients import recipient_of
from monitor.readers.reviewing import is_reviewed
from monitor.readers.shelves import shelf_in
from monitor.readers.tongue import language_in
from monitor.readers.under_digests import buttons_below_alert
from monitor.saying import speaking
from monitor.signals.alerts import AlertLog, Begun, Verdict, after_alert, alert_of
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

KIND = "alert"

LATEST = timedelta(minutes=30)
"""So long after it was decided an alert may still be handed over."""


class Taker(NamedTuple):
    """Who takes the alerts of a topic: a chat, the topic of its forum, its time of day, and what it wants to be told.

    The local page is one.
    """

    chat: str
    thread: int | None
    zone: ZoneInfo
    wishes: Wishes = Wishes()
    is_page: bool = False


def alert(monitor: Monitor, topic: Topic, gathered: Gathered, now: datetime) -> list[str]:
    """Tell each taker of the hour that was gathered, where its gates let it; return the chats for which that failed."""
    failed = []
    heard: dict[tuple[str, ...], Gathered] = {(): gathered}
    for chat in [preview_chat(topic), *candidates(monitor, topic)]:
        try:
            taker = taker_of(monitor, topic, chat, now)
            if taker is not None:
                _consider(monitor, topic, taker, _as_heard(monitor, topic, taker, heard, now), now)
        except Exception:
            # As for digests: whatever is wrong with one chat stays with it.
            log.exception("alert not handed over", extra={"chat": chat, "topic": topic.name})
            failed.append(chat)
    return failed


def taker_of(monitor: Monitor, topic: Topic, chat: str, now: datetime) -> Taker | None:
    """Return how a chat takes alerts of a topic; None where it takes none.

    Everybody who gets the digest of a topic takes its alerts, unless they switched them off, of what is said in their
    languages, in their zone and not in their quiet hours. A chat whose digests are looked at first takes none: there is
    no time for it.
    """
    if chat == preview_chat(topic):
        return Taker(chat, None, ZoneInfo(topic.timezone), is_page=True)
    recipient = recipient_of(monitor, topic, chat)
    wishes = None if recipient is None else monitor.wishes.of(recipient.chat, topic.name)
    if recipient is None or not takes_alerts(wishes, now) or is_reviewed(monitor, recipient.chat):
        return None
    zone = topic.timezone if wishes is None or wishes.timezone is None else wishes.timezone
    return Taker(*recipient, ZoneInfo(zone), wishes or Wishes())


def _as_heard(
    monitor: Monitor, topic: Topic, taker: Taker, heard: dict[tuple[str, ...], Gathered], now: datetime
) -> Gathered:
    """Return the hour as it is for who reads some languages only; `heard` holds it for those that were asked before.

    Where the topic as a whole does not rise, it is not asked: what is usual in some languages is counted from all posts
    that are stored, and this comes every few minutes.
    """
    whole, languages = heard[()], taker.wishes.languages
    if whole.trend.burst is None:
        return whole
    if languages not in heard:
        heard[languages] = _gather(monitor, topic, taker, whole.trend.window, now)
    return heard[languages]


def _consider(monitor: Monitor, topic: Topic, taker: Taker, gathered: Gathered, now: datetime) -> None:
    """End the alert that somebody began, else begin one where the gates let it."""
    known = monitor.alerts.of(taker.chat)
    begun = known.begun_of(topic.name)
    if begun is None:
        begun, known = _begin(monitor, topic, taker, gathered, now) or (None, known)
    if begun is None:
        return
    if now - begun.at <= LATEST:
        is_this = begun.window == gathered.trend.window
        again = gathered if is_this else _gather(monitor, topic, taker, begun.window, now)
        with speaking(language_in(monitor, taker.chat)):
            _hand(monitor, topic, taker, begun, again)
    else:
        log.warning("alert too late", extra={"topic": topic.name, "chat": taker.chat})
    # Where another topic's alert was faster with the log, this one stays begun: the next look ends it.
    monitor.alerts.move(taker.chat, known, known.ended(begun))


def _begin(
    monitor: Monitor, topic: Topic, taker: Taker, gathered: Gathered, now: datetime
) -> tuple[Begun, AlertLog] | None:
    """Decide, and write an alert down as begun; None where there is none, or somebody else wrote meanwhile."""
    burst = gathered.trend.burst
    if burst is None:
        return None
    known = monitor.alerts.of(taker.chat)
    verdict = alert_of(topic.name, burst, known.alerted, now, taker.zone, gates_of(taker.wishes))
    if not verdict.is_alert or verdict.again_above is None:
        _note(topic, taker, verdict)
        return None
    begun = Begun(topic=topic.name, window=gathered.trend.window, at=now, again_above=verdict.again_above)
    after = AlertLog(alerted=after_alert(topic.name, burst, known.alerted, now), begun=(*known.begun, begun))
    return (begun, after) if monitor.alerts.move(taker.chat, known, after) else None


def _note(topic: Topic, taker: Taker, verdict: Verdict) -> None:
    what = "alert left to the digest" if verdict.is_folded else "no alert"
    log.info(what, extra={"topic": topic.name, "chat": taker.chat, "reason": verdict.reason})


def _gather(monitor: Monitor, topic: Topic, taker: Taker, window: Window, now: datetime) -> Gathered:
    return gather(topic, window, shelf_in(monitor, topic, taker.wishes, now), now)


def _hand(monitor: Monitor, topic: Topic, taker: Taker, begun: Begun, gathered: Gathered) -> None:
    """Put an alert into the outbox of a chat, with a post that no other message showed there, else without one."""
    burst = gathered.trend.burst
    if burst is None:
        return  # posts were withdrawn, or read later than they seemed to be: there is nothing to tell any more
    brief = brief_of(monitor, topic, begun.window, KIND)
    people = stricter(brief.people, monitor.wishes.manners(taker.chat).people)
    brief = msgspec.structs.replace(brief, chat=taker.chat, people=people)
    for most in (*[1] * MOST_COMPOSED, 0):
        made = _with_posts(compose(brief, *gathered), most)
        message = render_alert(made, burst, begun.again_above, taker.chat, taker.zone)
        if taker.is_page:
            monitor.sink.send(message)
            return
        greet(monitor, taker.chat, taker.thread, made.id)
        below = buttons_below_alert(monitor, topic, taker.chat, begun)
        message = msgspec.structs.replace(message, thread=taker.thread, buttons=below)
        parcel = Parcel(message=message, posts=shown_in(made))
        # What rose when a backup was restored was told before, perhaps by an hour that ended earlier.
        refused = monitor.outbox.hand_over(taker.chat, [parcel], told_by=begun.window.start)
        if not refused:
            monitor.chats.wake(taker.chat, made.id)
            log.info("alert", extra={"topic": topic.name, "chat": taker.chat, "posts": burst.posts, "id": made.id})
            return
        brief = msgspec.structs.replace(brief, told=brief.told | refused)


def _with_posts(made: Digest, most: int) -> Digest:
    """Return a digest with so many of its posts: no others are claimed by it."""
    return msgspec.structs.replace(made, reactions=made.reactions[:most])
