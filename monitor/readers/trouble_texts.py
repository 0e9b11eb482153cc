"""Sentences for the owners: what did not arrive, or went wrong, and what they can do."""

from collections.abc import Sequence

from monitor.digests.wording import listed, sentences
from monitor.saying import say


def gone(place: str, titles: Sequence[str]) -> str:
    """Tell the owners that a chat put the bot out."""
    first = say("I can no longer write to {place}: I was removed or blocked.", place=place)
    lost = say("The digest on {titles} does not come there any more.", titles=listed(titles)) if titles else ""
    again = say("It goes on once I am let in again.")
    return sentences(first, lost, again)


def no_rights(place: str) -> str:
    """Tell the owners that the bot may not write."""
    return say(
        "I may not write to {place}. Make me an admin there who may post messages; the next digest then arrives.",
        place=place,
    )


def topic_closed(place: str) -> str:
    """Tell the owners that a topic of a forum is closed."""
    return say(
        "The topic of {place} into which I send digests is closed. Open it, or send /subscribe in another one.",
        place=place,
    )


def topic_deleted(place: str, title: str) -> str:
    """Tell the owners that a topic of a forum is gone."""
    return say(
        "The topic of {place} for the digest on {title} was deleted, so I stopped the digest. "
        "Send /subscribe where it shall go.",
        place=place,
        title=title,
    )


def held(place: str) -> str:
    """Tell the owners that nobody knows whether a message arrived."""
    return say(
        "The connection broke while I sent a digest to {place}, and I cannot find out whether it arrived. "
        "I do not send it twice; what it showed may come in the next one.",
        place=place,
    )


def refused(place: str, reason: str) -> str:
    """Tell the owners that a message was refused for what it says: our fault."""
    return say(
        "Telegram refused a digest for {place} ({reason}). That is a fault of this program; please report it.",
        place=place,
        reason=reason,
    )


def place_of(chat: str) -> str:
    """Name a chat: people know what is theirs, of others we know the id only."""
    if chat.startswith("@"):
        return chat
    return say("the chat {chat}", chat=chat) if chat.startswith("-") else say("user {user}", user=chat)


def rival(reason: str) -> str:
    """Tell the owners that something else takes the updates of their bot."""
    return say(
        "Another program asks Telegram for what people write to me, so I may miss some of it. Is my token used twice?"
        " Stop the other one, or get a new token from @BotFather. Telegram says: {reason}",
        reason=reason,
    )


def failed(command: str) -> str:
    """Tell the owners that we failed at what somebody asked."""
    return say(
        "I failed three times at what I was asked ({what}), and set it aside. That is a fault of this program:"
        " `monitor quarantine list` shows it; please report it.",
        what=command or say("a message"),
    )
