"""Every sentence that the bot says. Short, friendly, and what to do next; no word that only its makers know."""

from collections.abc import Sequence

from monitor.models import Role

HELLO = "Hello! I follow public discussions and send one short digest a day: exact quotes, with links."
PICK = "Pick a topic to get its digest here:"
TICKED = "✓ comes here. /subscribe or /unsubscribe to change that."
NO_TOPICS = "I follow no topic yet. Whoever runs me can add some to the file topics.toml."
WHICH = "Which topic?"
NOT_FOLLOWED = "I do not follow this topic any more. Pick another one:"
HIDDEN = "I cannot see who you are when you write as a channel or as an anonymous admin. Please write as yourself."
NOT_ADMIN = "In groups I take requests from admins only. Ask one of them, or write to me in private."
UNSURE = "Telegram does not tell me just now whether you are an admin here. Please try again in a minute."
TOO_OLD = "These buttons are too old, or not yours. Send the command again."
USED_INVITATION = "This invitation was used already, or is too old. Ask for a new one."
GROUP_HELLO = "Hello! An admin whom I know can send /subscribe here to get a daily digest."
NOT_WORDS = "I understand commands. Try /recent for the newest posts, or /help for all I can do."
CONFLICT = (
    "Another program asks Telegram for my messages, so I miss some of them. "
    "Am I running twice? Stop the other one, or give it a bot of its own."
)
LAST_OWNER = "That would leave me without an owner. Make somebody else an owner first, with /grant."
WHO = "Tell me who and what, like this: /grant 123456 reader. People find their user id by writing /start to me."
WHOM = "Tell me who, like this: /revoke 123456. /people lists everybody."
TOO_MANY_INVITATIONS = "Too many invitations of the last week are still known. Try again tomorrow, or use /grant."
INVITE_WHAT = "Shall the invited person read, or also edit? Send /invite reader or /invite editor."

ROLE_HELP = {
    "reader": "can read and subscribe",
    "editor": "can read and subscribe (editing topics from here comes later)",
    "owner": "can do everything",
}


def stranger(user: str) -> str:
    """Word what somebody without a role is told, in private."""
    return (
        "Hello! I only work for people I know.\n"
        f"Your user id is {user}. Send it to whoever runs me and ask to be let in, then write /start again."
    )


def stranger_in_group(user: str) -> str:
    """Word what somebody without a role is told before others."""
    return f"I only work for people I know. Write to me in private to learn how to be let in (your user id is {user})."


def role_too_low(command: str, needs: str, role: Role) -> str:
    """Word that a role is not enough."""
    article = "an" if needs[0] in "aeiou" else "a"
    return f"/{command} is for {needs}s. You are {'an' if role[0] in 'aeiou' else 'a'} {role}; ask {article} {needs}."


def not_here(command: str) -> str:
    """Word that a command belongs into a private chat."""
    return f"Please send /{command} to me in a private chat: others read along here."


def unknown_command(command: str, near: str | None) -> str:
    """Word that there is no such command."""
    return f"I do not know /{command}. " + (f"Did you mean /{near}?" if near else "/help lists all I can do.")


def unknown_topic(words: str, titles: Sequence[str]) -> str:
    """Word that no topic is called so."""
    return f"I follow no topic called “{words}”. " + (f"I follow: {', '.join(titles)}." if titles else NO_TOPICS)


def which_of(titles: Sequence[str]) -> str:
    """Word that more than one topic may be meant."""
    return f"Which one do you mean: {' or '.join(titles)}?"


def subscribed(title: str, when: str, first: str, name: str) -> str:
    """Word that digests will come."""
    return f"Done. The digest on {title} comes here {when}; the next one {first}. To stop it: /unsubscribe {name}"


def subscribed_already(title: str, when: str, first: str) -> str:
    """Word that digests come already."""
    return f"The digest on {title} comes here already, {when}; the next one {first}."


def moved_here(title: str, when: str) -> str:
    """Word that digests come into this topic of the forum from now on."""
    return f"Done. The digest on {title} comes into this topic from now on, {when}."


def unsubscribed(title: str) -> str:
    """Word that digests will no longer come."""
    return f"Done. No more digests on {title} here."


def not_subscribed(title: str) -> str:
    """Word that there was nothing to end."""
    return f"The digest on {title} does not come here."


NOTHING_SUBSCRIBED = "No digest comes here. /subscribe to get one."
BY_SETTING = "This chat gets every topic's digest because monitor.toml says so ([telegram] chat); change it there."


def back(titles: Sequence[str]) -> str:
    """Word that digests go on."""
    return f"I am back. Digests on {', '.join(titles)} come here again."


def welcome(role: Role) -> str:
    """Word that an invitation was taken."""
    return f"Welcome! You are {'an' if role[0] in 'aeiou' else 'a'} {role} now: you {ROLE_HELP[role]}."


def not_needed(role: Role) -> str:
    """Word that somebody needs no invitation: this one was theirs, or is left to another."""
    return f"You are {'an' if role[0] in 'aeiou' else 'a'} {role} already and need no invitation."


def invitation(role: Role, link: str) -> str:
    """Word a one-time link."""
    return f"This link works once, for a day. Whoever opens it {ROLE_HELP[role]}:\n{link}"


def granted(user: str, role: Role) -> str:
    """Word that somebody has a role."""
    return f"Done. {user} is {'an' if role[0] in 'aeiou' else 'a'} {role} now and {ROLE_HELP[role]}."


def revoked(user: str) -> str:
    """Word that somebody has no role."""
    return f"Done. {user} has no access any more, and gets no digest in private."


def gone(place: str, titles: Sequence[str]) -> str:
    """Tell the owners that a chat put the bot out."""
    what = f" The digest on {', '.join(titles)} does not come there any more." if titles else ""
    return f"I can no longer write to {place}: I was removed or blocked.{what} It goes on once I am let in again."


def no_rights(place: str) -> str:
    """Tell the owners that the bot may not write."""
    return f"I may not write to {place}. Make me an admin there who may post messages; the next digest then arrives."


def topic_closed(place: str) -> str:
    """Tell the owners that a topic of a forum is closed."""
    return f"The topic of {place} into which I send digests is closed. Open it, or send /subscribe in another one."


def topic_deleted(place: str, title: str) -> str:
    """Tell the owners that a topic of a forum is gone."""
    return (
        f"The topic of {place} for the digest on {title} was deleted, so I stopped the digest. "
        "Send /subscribe where it shall go."
    )


def held(place: str) -> str:
    """Tell the owners that nobody knows whether a message arrived."""
    return (
        f"The connection broke while I sent a digest to {place}, and I cannot find out whether it arrived. "
        "I do not send it twice; what it showed may come in the next one."
    )


def refused(place: str, reason: str) -> str:
    """Tell the owners that a message was refused for what it says: our fault."""
    return f"Telegram refused a digest for {place} ({reason}). That is a fault of this program; please report it."


def channel_found(chat: str) -> str:
    """Tell who added the bot to a channel how it gets digests there."""
    setting = f'chat = "{chat}"'
    return (
        f"I was added to the channel {chat}. To send digests there, write {setting} under [telegram] in monitor.toml."
    )


def hello_chat(titles: Sequence[str]) -> str:
    """Word the first message to a chat that gets digests by the settings."""
    return f"Hello! I send one short digest a day here, on {', '.join(titles)}."


def place_of(chat: str) -> str:
    """Name a chat: people know what is theirs, of others we know the id only."""
    if chat.startswith("@"):
        return chat
    return f"the chat {chat}" if chat.startswith("-") else f"user {chat}"


def rival(reason: str) -> str:
    """Tell the owners that something else takes the updates of their bot."""
    return (
        "Another program asks Telegram for what people write to me, so I may miss some of it. Is my token used twice?"
        f" Stop the other one, or get a new token from @BotFather. Telegram says: {reason}"
    )
