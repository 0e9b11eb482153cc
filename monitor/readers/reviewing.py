"""Digests for channels wait for a person's yes, where the settings name a review chat.

composed ─► written down ─► copy and question in the review chat ─┬─[Send]─► written down ─► the channel's outbox
                                                                  ├─[Drop]─► written down
                                                                  └─ nobody ─► the next one takes its place and posts

Each step is done once however often it is repeated: records change from exactly what was known, a chat takes a digest's
id once. What is sent is the copy, so whatever was taken back in it meanwhile is not sent.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from monitor.digests.draft import utf16_length
from monitor.digests.schedule import DueDigest, reaching_back
from monitor.errors import StoreError
from monitor.models import Entity, Message, Parcel, PostKey, Quoted, Topic
from monitor.nouns.message import part_id
from monitor.readers.buttons import Press
from monitor.readers.greeting import greet
from monitor.readers.shared_buttons import shared_button
from monitor.readers.tongue import language_in
from monitor.saying import say, speaking
from monitor.store.reviews import Review
from monitor.wiring import Monitor

SEND, DROP = "y", "n"
TAIL = "expandable_blockquote"
Sent = Literal["sent", "shown", "lost"]


def review_chat(monitor: Monitor) -> str | None:
    """Return the chat in which digests for channels are looked at first; None where they are not."""
    named = monitor.settings.telegram.review
    return None if named is None else monitor.chats.home(named)


def is_reviewed(monitor: Monitor, chat: str) -> bool:
    """Tell whether a chat gets digests only when somebody approved them.

    Channels are those that are managed from a private chat, and the chat of the settings unless it is private: nobody
    asks Telegram what it is.
    """
    review = review_chat(monitor)
    if review is None or chat == review:
        return False
    named = monitor.settings.telegram.chat
    is_named = named is not None and monitor.chats.home(named) == chat and chat.startswith(("-", "@"))
    return is_named or monitor.wishes.manners(chat).is_channel


def due_for(monitor: Monitor, topic: Topic, due: DueDigest, chat: str) -> DueDigest:
    """Return a digest that is due for a chat, reaching back over one on which nobody decided."""
    known = monitor.reviews.of(topic.name, chat)
    if known is None or not is_reviewed(monitor, chat):
        return due
    if known.window.end == due.window.end:
        return replace(due, window=known.window)  # begun anew: its window makes its id
    restored_at = monitor.repairs.restored_at()
    if not known.is_open or (restored_at is not None and known.window.end <= restored_at):
        return due  # it was decided, perhaps after the backup that was restored
    since = max(known.window.start, due.window.end - topic.retention)  # older posts are not kept
    return replace(due, window=reaching_back(due.window, since))


def taken(monitor: Monitor, topic: str, chat: str) -> frozenset[PostKey]:
    """Return the posts that a chat was shown, or may soon be by other topics' digests that wait."""
    others = [each for each in monitor.reviews.all() if each.chat == chat and each.topic != topic and each.is_open]
    waiting = [key for each in others for key in claimed_by(each, _copy(monitor, each))]
    return monitor.outbox.claimed(chat) | frozenset(waiting)


def offer(monitor: Monitor, fresh: Review, message: Message, now: datetime) -> None:
    """Show a digest in the review chat, in the place of the one before."""
    known = monitor.reviews.of(fresh.topic, fresh.chat)
    if known is not None and (known.window.end, known.state != "waits") > (fresh.window.end, False):
        return  # decided already, or somebody made a later one while this process stood still
    if known is not None and known.state == "sent":
        send(monitor, known)  # whoever pressed may have been killed before it was handed over
    is_known = known is not None and known.id == fresh.id
    if not is_known and not monitor.reviews.move(known, fresh):
        raise StoreError(f"the digest that waits for {fresh.chat} was decided on while the next one was made")
    monitor.reviews.sweep(now)
    _show(monitor, fresh, message, now)


def send(monitor: Monitor, review: Review, thread: int | None = None) -> Sent:
    """Hand an approved digest to its channel, once; "shown" when another message showed one of its posts there."""
    message = _copy(monitor, review)
    if message is None:
        return "lost"
    with speaking(language_in(monitor, review.chat)):
        greet(monitor, review.chat, thread, review.id)
    own = replace(
        message, id=part_id(review.id, 0), chat=review.chat, digest_id=review.id, part=0, thread=thread, buttons=()
    )
    parcel = Parcel(message=own, posts=tuple(claimed_by(review, message)))
    if monitor.outbox.hand_over(review.chat, [parcel], told_by=review.window.end):
        return "shown"
    monitor.chats.wake(review.chat, review.id)
    return "sent"


def _show(monitor: Monitor, review: Review, message: Message, now: datetime) -> None:
    chat = review_chat(monitor)
    assert chat is not None, "only then anything is offered"
    id_ = _shown_as(review)
    with speaking(language_in(monitor, chat)):
        greet(monitor, chat, None, id_)
        labels = ((SEND, say("Send")), (DROP, say("Drop")))
        row = tuple(shared_button(monitor, chat, said, Press("v", f"{review.id}{sign}"), now) for sign, said in labels)
        text = say("This digest is for {chat}. Shall it go there?", chat=review.chat)
    copy = replace(message, id=part_id(id_, 0), chat=chat, digest_id=id_, part=0, thread=None, buttons=())
    asked = Message(id=part_id(id_, 1), chat=chat, digest_id=id_, part=1, text=text, silent=False, buttons=(row,))
    monitor.outbox.hand_over(chat, [Parcel(message=copy), Parcel(message=asked)], told_by=review.window.end)
    monitor.chats.wake(chat, id_)


def _copy(monitor: Monitor, review: Review) -> Message | None:
    """Return a digest as the review chat has it now; None when its copy was forgotten, or the chat is another one."""
    chat = review_chat(monitor)
    found = None if chat is None else monitor.outbox.find(chat, part_id(_shown_as(review), 0))
    return None if found is None else found.parcel.message


def claimed_by(review: Review, message: Message | None) -> Sequence[PostKey]:
    """Return the posts that a digest claims: those that it quotes before its tail, which folds out.

    One of which only the title of a link tells is shown by nobody's quote.
    """
    if message is None or not review.claims:
        return ()
    tail = min((each.offset for each in message.entities if each.type == TAIL), default=utf16_length(message.text))
    links = [each for each in message.entities if each.type == "text_link"]
    return [each.key for each in message.quotes if each.offset < tail and not any(_holds(e, each) for e in links)]


def _holds(link: Entity, quoted: Quoted) -> bool:
    return link.offset <= quoted.offset and quoted.offset + quoted.length <= link.offset + link.length


def _shown_as(review: Review) -> str:
    return f"review-{review.id}"
