"""Hands the digest of a topic to everybody who gets it: chats that subscribed, and the one that the settings name.

gather once ─► compose once ─┬─► chat: claim its posts ─► outbox ─► wake
                             └─► chat that was shown some of them: compose again without them ─► …

The id of a digest is made of chat, topic and window, so a chat takes each once, however often the round is begun anew.
"""

import logging
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from monitor.digests.compose import Brief, compose, for_chat
from monitor.digests.render import render
from monitor.digests.schedule import DueDigest
from monitor.digests.wishing import stricter, times_of, wished
from monitor.duties.bylines import look_up_names
from monitor.errors import StoreError
from monitor.models import Digest, Parcel, PostKey, Topic, Window
from monitor.pipeline import Gathered, gather
from monitor.readers.greeting import greet
from monitor.readers.recipients import Recipient, recipient_of
from monitor.readers.reviewing import due_for, is_reviewed, offer, taken
from monitor.readers.shelves import named_in, shelf_of
from monitor.readers.tongue import language_in
from monitor.readers.under_digests import buttons_below
from monitor.saying import speaking
from monitor.store.reviews import Review
from monitor.store.wishes import Plan
from monitor.wiring import Monitor

log = logging.getLogger(__name__)

MOST_COMPOSED = 10


class Edition(NamedTuple):
    """A digest for all chats, and what it was made from, for those that were shown some of its posts before."""

    brief: Brief
    gathered: Gathered
    digest: Digest
    now: datetime


def hand_over(monitor: Monitor, topic: Topic, due: DueDigest, now: datetime) -> list[str]:
    """Hand a digest to each chat that gets it; return the chats for which that failed.

    One chat's failure holds back nobody else's digest.
    """
    chats = candidates(monitor, topic)
    if not chats:
        return []
    brief = brief_of(monitor, topic, due.window, due.kind)
    gathered = gather(topic, due.window, shelf_of(monitor, topic), now)
    edition = Edition(brief, gathered, compose(brief, *gathered), now)
    return [each for each in chats if not _is_served(monitor, each, edition)]


def candidates(monitor: Monitor, topic: Topic) -> list[str]:
    """Return the chats that may get the digests of a topic."""
    if monitor.telegram is None:
        return []
    configured = monitor.settings.telegram.chat
    named = set() if configured is None else {monitor.chats.home(configured)}
    return sorted(named | set(monitor.subscriptions.chats(topic.name)))


def shown_in(made: Digest) -> tuple[PostKey, ...]:
    """Return the posts that a digest shows."""
    return tuple(each.mention.post.key for each in made.reactions)


def brief_of(monitor: Monitor, topic: Topic, window: Window, kind: str = "daily") -> Brief:
    """Return what the digest of a topic and a window is asked to be, for the local page."""
    people = monitor.settings.people
    return Brief(
        topic=topic,
        window=window,
        kind=kind,
        chat=preview_chat(topic),
        people=people.policy,
        named=named_in(monitor),
    )


def preview_chat(topic: Topic) -> str:
    """Return the chat that a topic has on the local page."""
    return f"preview-{topic.name}"


def _is_served(monitor: Monitor, chat: str, edition: Edition) -> bool:
    """Serve a chat that has no plan of its own; one that has is told by it from the start of this window on."""
    topic = edition.brief.topic
    try:
        recipient = recipient_of(monitor, topic, chat)
        wishes = None if recipient is None else monitor.wishes.of(recipient.chat, topic.name)
    except Exception:
        # Whatever is wrong with one chat stays with it: see `serve`.
        log.exception("digest not handed over", extra={"chat": chat, "topic": topic.name})
        return False
    if recipient is None:
        return True
    if wishes is None:
        return serve(monitor, recipient, edition)
    plan = Plan(topic.name, recipient.chat, times_of(wished(topic, wishes)))
    monitor.told.begin({plan.name: edition.brief.window.start})
    monitor.wishes.set_plan(plan)
    return True


def serve(monitor: Monitor, recipient: Recipient, edition: Edition) -> bool:
    """Hand a digest to a chat, and say whether that went well."""
    try:
        _hand(monitor, recipient, _reaching_back(monitor, recipient.chat, edition))
    except Exception:
        # The round is the top of as many tasks as there are chats: whatever is wrong with one of them stays with it.
        log.exception("digest not handed over", extra={"chat": recipient.chat, "topic": edition.brief.topic.name})
        return False
    return True


def _reaching_back(monitor: Monitor, chat: str, edition: Edition) -> Edition:
    """Return an edition that tells also of a digest on which nobody decided, where a chat's are looked at first."""
    brief, gathered, _, now = edition
    due = due_for(monitor, brief.topic, DueDigest(window=brief.window, kind=brief.kind), chat)
    if due.window == brief.window:
        return edition
    brief = msgspec.structs.replace(brief, window=due.window)
    look_up_names(monitor, brief, now)
    gathered = gather(brief.topic, due.window, shelf_of(monitor, brief.topic), now)
    return Edition(brief, gathered, compose(brief, *gathered), now)


def _hand(monitor: Monitor, recipient: Recipient, edition: Edition) -> None:
    """Put a digest into the outbox of a chat.

    A post that the chat was shown by another digest is refused; the digest is composed again without it. A digest that
    was handed over before is not composed differently: its id is known, and nothing is taken.
    """
    with speaking(language_in(monitor, recipient.chat)):
        _hand_in_language(monitor, recipient, edition)


def _hand_in_language(monitor: Monitor, recipient: Recipient, edition: Edition) -> None:
    chat, thread = recipient
    people = stricter(edition.brief.people, monitor.wishes.manners(chat).people)
    brief = msgspec.structs.replace(edition.brief, chat=chat, people=people)
    same = people == edition.brief.people
    made = for_chat(edition.digest, brief) if same else compose(brief, *edition.gathered)
    told = edition.brief.window.end
    if is_reviewed(monitor, chat):
        _offer(monitor, brief, edition, made)
        return
    greet(monitor, chat, thread, made.id)
    for _ in range(MOST_COMPOSED):
        message = render(made, chat, ZoneInfo(brief.topic.timezone))
        below = buttons_below(monitor, brief.topic, chat, brief.window.end)
        message = msgspec.structs.replace(message, thread=thread, buttons=below)
        # A digest that shows the best of its window in any case claims nothing: what it tells of stands in its quotes.
        posts = () if brief.is_whole else shown_in(made)
        refused = monitor.outbox.hand_over(chat, [Parcel(message=message, posts=posts)], told_by=told)
        if not refused:
            # The chat is woken after its outbox is filled: a kill between the two repeats both.
            monitor.chats.wake(chat, made.id)
            return
        brief = msgspec.structs.replace(brief, told=brief.told | refused)
        made = compose(brief, *edition.gathered)
    raise StoreError(f"chat {chat}: its posts were claimed {MOST_COMPOSED} times while a digest was composed")


def _offer(monitor: Monitor, brief: Brief, edition: Edition, made: Digest) -> None:
    """Let a digest be looked at before its chat gets it, without posts that the chat was shown or is about to be."""
    told = frozenset[PostKey]() if brief.is_whole else taken(monitor, brief.topic.name, brief.chat)
    if told.intersection(shown_in(made)):
        made = compose(msgspec.structs.replace(brief, told=brief.told | told), *edition.gathered)
    message = render(made, brief.chat, ZoneInfo(brief.topic.timezone))
    review = Review(id=made.id, topic=brief.topic.name, chat=brief.chat, window=brief.window, claims=not brief.is_whole)
    offer(monitor, review, message, edition.now)
