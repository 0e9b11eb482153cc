"""Digests that a chat gets by a plan of its own: its hours and days, its languages, and only what it wishes to hear.

wishes ─► plan: topic, chat, times ─► job ─► gather for this chat ─► compose ─► wished? ─► outbox

Who never wished for anything gets the topic's digest with all others (rounds.py). A chat's own plan begins where the
topic's was told when the chat first wished for something, so nothing is missing between the two, or doubled.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from monitor.digests.compose import compose
from monitor.digests.schedule import DueDigest, next_digest
from monitor.digests.wishing import (
    is_muted,
    is_wished,
    quiet_until,
    times_of,
    wished,
)
from monitor.duties.bylines import look_up_names
from monitor.duties.rounds import Edition, brief_of, serve
from monitor.models import Job, Topic
from monitor.nouns.wishes import Wishes
from monitor.pipeline import gather
from monitor.readers.recipients import is_configured, recipient_of
from monitor.readers.reviewing import due_for
from monitor.readers.shelves import shelf_in
from monitor.store.wishes import Plan
from monitor.wiring import Monitor


def edition_job(plan: Plan) -> Job:
    """Return the job of a chat's own digest. Its times are part of its name: a new hour is a new job."""
    return Job("edition", f"{plan.topic} {plan.chat} {plan.times}")


def plan_of_job(subject: str) -> Plan:
    """Return the plan that a job works on."""
    return Plan(*subject.split(" "))


def planned(plans: Iterable[Plan], topics: Mapping[str, Topic], now: datetime) -> dict[Job, timedelta]:
    """Return the jobs of plans, with the delay of each new one."""
    known = [each for each in plans if each.topic in topics]
    return {edition_job(each): next_digest(_at_times(topics[each.topic], each.times), now) - now for each in known}


def _at_times(topic: Topic, times: str) -> Topic:
    at, *zone, days = times.split("/")
    told_on = () if days == "daily" else tuple(map(int, days))
    return replace(topic, digest_at=at, timezone="/".join(zone), digest_days=told_on)


def followed_plan(monitor: Monitor, topic: Topic, plan: Plan) -> Wishes | None:
    """Return the wishes behind a plan, which is mended where it is no longer true; None where nobody is subscribed."""
    wishes = monitor.wishes.of(plan.chat, topic.name)
    is_here = is_configured(monitor, plan.chat) or any(
        each.topic == topic.name for each in monitor.subscriptions.of(plan.chat)
    )
    if wishes is None or not is_here:
        monitor.wishes.drop_plans([plan])
        monitor.told.forget([plan.name])
        return None
    true = plan._replace(times=times_of(wished(topic, wishes)))
    if true != plan:
        monitor.wishes.set_plan(true)
    return wishes


def quiet_for(topic: Topic, wishes: Wishes, now: datetime) -> timedelta:
    """Return how long a chat is to be left in peace."""
    until = quiet_until(wishes.quiet, topic.timezone, now)
    return timedelta(0) if until is None else until - now


def hand_to(monitor: Monitor, topic: Topic, due: DueDigest, now: datetime, chat: str) -> list[str]:
    """Hand a digest to the one chat that gets it by its own plan; return the chat when that failed."""
    wishes = monitor.wishes.of(chat, topic.name)
    if wishes is None or recipient_of(monitor, topic, chat) is None or is_muted(wishes, now):
        return []
    edition = edition_for(monitor, topic, due_for(monitor, topic, due, chat), now, chat)
    # Asked again: it took a while, and who unsubscribed meanwhile was told that nothing comes any more.
    recipient = recipient_of(monitor, topic, chat)
    if recipient is None or not is_wished(edition.digest, wishes):
        return []
    return [] if serve(monitor, recipient, edition) else [chat]


def edition_for(monitor: Monitor, topic: Topic, due: DueDigest, now: datetime, chat: str) -> Edition:
    """Return the digest of a window as a chat wishes it."""
    wishes = monitor.wishes.of(chat, topic.name) or Wishes()
    brief = replace(brief_of(monitor, topic, due.window, due.kind), chat=chat, is_whole=wishes.mode == "all")
    look_up_names(monitor, brief, now)
    gathered = gather(topic, due.window, shelf_in(monitor, topic, wishes, now), now)
    return Edition(brief, gathered, compose(brief, *gathered), now)
