"""Items out of quarantine, tried once more on the normal way: a person mended what broke them, or hopes so."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from monitor.bot.answer import answer
from monitor.errors import SourceError, StoreError
from monitor.models import Author, Mention, Post, SetAside
from monitor.nouns.incoming import Incoming
from monitor.pipeline import oldest_kept
from monitor.seams.quarantine import Care, Quarantined, ReadApart, worded
from monitor.topics.polling.planning import query_of
from monitor.wiring import Monitor


class Outcome(NamedTuple):
    """What became of an item: whether it is done with, and a sentence."""

    is_done: bool
    said: str


def try_again(monitor: Monitor, kept: Quarantined, now: datetime) -> Outcome:
    """Work on an item once more where it can kill nobody, store what it gives, and forget it when that is done.

    Storing a post that is known already changes nothing.
    """
    if kept.size > len(kept.item.raw) or not kept.item.raw:
        return Outcome(False, "its bytes were not kept whole; it can only be dropped")
    if kept.item.kind == "update":
        outcome = _answered(monitor, kept, now)
        if outcome.is_done:
            monitor.quarantine.remove([kept.key])
        return outcome
    if _is_forgotten(monitor, kept.item.author):
        monitor.quarantine.remove([kept.key])
        return Outcome(True, "its author was forgotten, or is gone; it was dropped")
    found: list[SetAside] = []
    try:
        result = _read(monitor, kept, found)
    except (SourceError, msgspec.DecodeError) as e:
        return Outcome(False, f"still broken: {worded(e)}")
    if found:
        return Outcome(False, f"still broken in {found[0].stage}: {found[0].reason}")
    outcome = _stored(monitor, kept, result, now)
    if outcome.is_done:
        monitor.quarantine.remove([kept.key])
    return outcome


def _is_forgotten(monitor: Monitor, author: Author) -> bool:
    """Tell whether nothing of an author may be stored: it was set aside while they were forgotten."""
    stored = frozenset[str]().union(*(each.stored for each in monitor.forgotten.all().values()))
    return author.id is not None and (author.id in stored or author.id in monitor.departed.all())


def _answered(monitor: Monitor, kept: Quarantined, now: datetime) -> Outcome:
    """Answer what somebody told the bot; each update has its effect once."""
    try:
        update = msgspec.msgpack.decode(kept.item.raw, type=Incoming)
        update = msgspec.structs.replace(update, was_restored=False)  # somebody asks for the answer now
        answer(monitor, update, None if update.user is None else monitor.people.role_of(update.user), now)
    except StoreError:
        raise
    except Exception as e:  # noqa: BLE001 - it broke the bot before, in whatever way
        return Outcome(False, f"still broken: {worded(e)}")
    return Outcome(True, "answered")


def _read(monitor: Monitor, kept: Quarantined, found: list[SetAside]) -> ReadApart:
    source = query_of(kept.subject).source
    care = Care(list(monitor.stages().topics.values()), kept.at, frozenset(), found.append)
    if kept.item.kind == "post":
        post = msgspec.json.decode(kept.item.raw, type=Post)
        return monitor.isolation.match(source, [post], care)
    return monitor.isolation.reread(source, kept.item.raw, care)


def _stored(monitor: Monitor, kept: Quarantined, result: ReadApart, now: datetime) -> Outcome:
    """Store the mentions of an item, each in its topic, under the author who was disguised when it was set aside."""
    begun = monitor.progress.resume(query_of(kept.subject)).covered_since
    topics = monitor.stages().topics
    new = known = 0
    for each in result.mentions:
        mention = _as_set_aside(each, kept.item.author, begun)
        added = monitor.mentions.add(each.topic, [mention], oldest=oldest_kept(topics[each.topic], now))
        if added.refused:
            return Outcome(False, "older than its topic keeps posts; it can only be dropped")
        new, known = new + added.new, known + added.known
    if new:
        return Outcome(True, f"stored in {new} topic{'s' * (new > 1)}")
    return Outcome(True, "it was stored before" if known else "read; no topic wants it")


def _as_set_aside(mention: Mention, author: Author, begun: datetime | None) -> Mention:
    post = msgspec.structs.replace(mention.post, author=author)
    return msgspec.structs.replace(mention, post=post, backfilled=begun is not None and post.time < begun)
