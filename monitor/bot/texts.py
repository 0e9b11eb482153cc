"""Sentences that the bot says in more than one place. Short, friendly, and what to do next; no maker's word."""

from collections.abc import Sequence

from monitor.digests.wording import listed, sentences
from monitor.models import Role
from monitor.saying import phrase, say

HELLO = phrase("Hello! I follow public discussions and send one short digest a day: exact quotes, with links.")
PICK = phrase("Pick a topic to get its digest here:")
TICKED = phrase("✓ comes here. /subscribe or /unsubscribe to change that.")
NO_TOPICS = phrase("I follow no topic yet. Whoever runs me can add some to the file topics.toml.")
WHICH = phrase("Which topic?")
WHICH_OPINION = phrase("Press the buttons under a digest to tell me whether it was useful.")
NOT_FOLLOWED = phrase("I do not follow this topic any more. Pick another one:")
HIDDEN = phrase("I cannot see who you are when you write as a channel or an anonymous admin. Please write as yourself.")
NOT_ADMIN = phrase("In groups I take requests from admins only. Ask one of them, or write to me in private.")
UNSURE = phrase("Telegram does not tell me just now whether you are an admin here. Please try again in a minute.")
TOO_OLD = phrase("These buttons are too old, or not yours. Send the command again.")
USED_INVITATION = phrase("This invitation was used already, or is too old. Ask for a new one.")
GROUP_HELLO = phrase("Hello! An admin whom I know can send /subscribe here to get a daily digest.")
NOT_WORDS = phrase("I understand commands. Try /recent for the newest posts, or /help for all I can do.")
LEGEND = phrase(
    "What the signs mean:\n"
    "Writing: 简 simplified Chinese, 繁 traditional Chinese, 中 Chinese that is the same in both, "
    "粵 or 粤 Cantonese, EN English, and so on\n"
    "♥310 (+290): 310 likes, 290 of them new\n"
    "×3.1: 3.1 times the usual"
)
LAST_OWNER = phrase("That would leave me without an owner. Make somebody else an owner first, with /grant.")
WHO = phrase("Tell me who and what, like this: /grant 123456 reader. People find their id by writing /start to me.")
WHOM = phrase("Tell me who, like this: /revoke 123456. /people lists everybody.")
TOO_MANY_INVITATIONS = phrase("Too many invitations of the last week are known. Try again tomorrow, or use /grant.")
INVITE_WHAT = phrase("Shall the invited person read, or also edit? Send /invite reader or /invite editor.")

ROLE_HELP: dict[Role, str] = {
    "reader": phrase("can read and subscribe"),
    "editor": phrase("can read, subscribe and edit topics"),
    "owner": phrase("can do everything"),
}
A_ROLE: dict[Role, str] = {"reader": phrase("a reader"), "editor": phrase("an editor"), "owner": phrase("an owner")}
ROLES: dict[str, str] = {"reader": phrase("readers"), "editor": phrase("editors"), "owner": phrase("owners")}


def stranger(user: str) -> str:
    """Word what somebody without a role is told, in private."""
    return say(
        "Hello! I only work for people I know.\n"
        "Your user id is {user}. Send it to whoever runs me and ask to be let in, then write /start again.",
        user=user,
    )


def stranger_in_group(user: str) -> str:
    """Word what somebody without a role is told before others."""
    return say(
        "I only work for people I know. Write to me in private to learn how to be let in (your user id is {user}).",
        user=user,
    )


def role_too_low(command: str, needs: str, role: Role) -> str:
    """Word that a role is not enough."""
    return say(
        "/{command} is for {roles}. You are {role}; ask one of them.",
        command=command,
        roles=say(ROLES[needs]),
        role=say(A_ROLE[role]),
    )


def not_here(command: str) -> str:
    """Word that a command belongs into a private chat."""
    return say("Please send /{command} to me in a private chat: others read along here.", command=command)


def unknown_command(command: str, near: str | None) -> str:
    """Word that there is no such command."""
    if near:
        return say("I do not know /{command}. Did you mean /{near}?", command=command, near=near)
    return say("I do not know /{command}. /help lists all I can do.", command=command)


def unknown_topic(words: str, titles: Sequence[str]) -> str:
    """Word that no topic is called so."""
    unknown = say("I follow no topic called “{words}”.", words=words)
    known = say("I follow: {titles}.", titles=listed(titles)) if titles else say(NO_TOPICS)
    return sentences(unknown, known)


def which_of(titles: Sequence[str]) -> str:
    """Word that more than one topic may be meant."""
    return say("Which one do you mean: {titles}?", titles=say(" or ").join(titles))


def subscribed(title: str, when: str, first: str, name: str) -> str:
    """Word that digests will come."""
    return say(
        "Done. The digest on {title} comes here {when}; the next one {first}. To stop it: /unsubscribe {name}",
        title=title,
        when=when,
        first=first,
        name=name,
    )


def subscribed_already(title: str, when: str, first: str) -> str:
    """Word that digests come already."""
    return say(
        "The digest on {title} comes here already, {when}; the next one {first}.", title=title, when=when, first=first
    )


def moved_here(title: str, when: str) -> str:
    """Word that digests come into this topic of the forum from now on."""
    return say("Done. The digest on {title} comes into this topic from now on, {when}.", title=title, when=when)


def unsubscribed(title: str) -> str:
    """Word that digests will no longer come."""
    return say("Done. No more digests on {title} here.", title=title)


def not_subscribed(title: str) -> str:
    """Word that there was nothing to end."""
    return say("The digest on {title} does not come here.", title=title)


NOTHING_SUBSCRIBED = phrase("No digest comes here. /subscribe to get one.")
BY_SETTING = phrase("This chat gets every topic's digest as monitor.toml says ([telegram] chat); change it there.")


def back(titles: Sequence[str]) -> str:
    """Word that digests go on."""
    return say("I am back. Digests on {titles} come here again.", titles=listed(titles))


def welcome(role: Role) -> str:
    """Word that an invitation was taken."""
    return say("Welcome! You are {role} now: you {may}.", role=say(A_ROLE[role]), may=say(ROLE_HELP[role]))


def not_needed(role: Role) -> str:
    """Word that somebody needs no invitation: this one was theirs, or is left to another."""
    return say("You are {role} already and need no invitation.", role=say(A_ROLE[role]))


def invitation(role: Role, link: str) -> str:
    """Word a one-time link."""
    first = say("This link works once, for a day. Whoever opens it {may}:", may=say(ROLE_HELP[role]))
    return f"{first}\n{link}"


def granted(user: str, role: Role) -> str:
    """Word that somebody has a role."""
    return say("Done. {user} is {role} now and {may}.", user=user, role=say(A_ROLE[role]), may=say(ROLE_HELP[role]))


def revoked(user: str) -> str:
    """Word that somebody has no role."""
    return say("Done. {user} has no access any more, and gets no digest in private.", user=user)


def channel_found(chat: str) -> str:
    """Tell who added the bot to a channel how it gets digests there."""
    return say(
        "I was added to the channel {chat}. To send digests there, write /subscribe {chat} and a topic to me here.",
        chat=chat,
    )


def sorry(command: str) -> str:
    """Tell somebody that we failed at what they asked; `command` is empty where it was none."""
    first = say("Something in me failed at {command}.", command=command) if command else say("Something in me failed.")
    return sentences(first, say("What you asked is set aside, and whoever runs me is told. I do not try it again."))


def slow_down() -> str:
    """Tell a sender whose updates are too many to wait."""
    return say("Too many messages: some were left out. Please wait a minute.")
