"""The owners' commands: who may do what."""

import base64
import hashlib
import hmac
from datetime import timedelta

from monitor.bot import texts
from monitor.bot.asked import Answer, Asked
from monitor.errors import DeliveryError
from monitor.models import Role
from monitor.saying import phrase, say
from monitor.store.people import ROLES, TOKEN_BYTES, TooManyTokens
from monitor.text.folding import fold

INVITATION_LASTS = timedelta(days=1)
MOST_LISTED = 100
ROLE_NAMES: dict[Role, str] = {"reader": phrase("reader"), "editor": phrase("editor"), "owner": phrase("owner")}


def list_people(asked: Asked) -> Answer:
    """List who has a role."""
    people = asked.monitor.people.all()
    lines = [say("{label}: {value}", label=user, value=say(ROLE_NAMES[role])) for user, role in people.items()]
    more = [say("and {count} more", count=len(lines) - MOST_LISTED)] if len(lines) > MOST_LISTED else []
    return Answer("\n".join([*lines[:MOST_LISTED], *more]))


def invite(asked: Asked) -> Answer:
    """Make a link that gives a role once."""
    role = _role(asked.words)
    if role is None or role == "owner":
        return Answer(say(texts.INVITE_WHAT))
    try:
        token = asked.monitor.people.issue(role, INVITATION_LASTS, _token(asked, role))
    except TooManyTokens:
        return Answer(say(texts.TOO_MANY_INVITATIONS))
    return Answer(texts.invitation(role, _link(asked, token)))


def grant(asked: Asked) -> Answer:
    """Give somebody a role."""
    user, role = _user_and_role(asked.words)
    if user is None or role is None:
        return Answer(say(texts.WHO))
    is_done = asked.monitor.people.grant(user, role, asked.update.id)
    return Answer(texts.granted(user, role) if is_done else say(texts.LAST_OWNER))


def revoke(asked: Asked) -> Answer:
    """Take somebody's role."""
    user, _ = _user_and_role(asked.words)
    if user is None:
        return Answer(say(texts.WHOM))
    is_done = asked.monitor.people.revoke(user, asked.update.id)
    return Answer(texts.revoked(user) if is_done else say(texts.LAST_OWNER))


def _token(asked: Asked, role: Role) -> str:
    """Return a token of chance that is the same when this update comes again: two would be two invitations."""
    said = f"invite {asked.update.id} {asked.user} {role}".encode()
    chance = hmac.digest(asked.monitor.signing_key(), said, hashlib.sha256)[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(chance).decode()


def _link(asked: Asked, token: str) -> str:
    try:
        assert asked.monitor.telegram is not None, "there is a bot that was spoken to"
        return f"https://t.me/{asked.monitor.telegram.username()}?start={token}"
    except DeliveryError:
        # Its own name is all that is missing; the command does the same as the link.
        return f"/start {token}"


def _user_and_role(words: str) -> tuple[str | None, Role | None]:
    first, _, rest = fold(words).partition(" ")
    is_user = first.isascii() and first.isdigit() and 1 <= len(first) <= 19
    return (first.lstrip("0") or None) if is_user else None, _role(rest)


def _role(words: str) -> Role | None:
    asked = fold(words)
    return next((role for role in ROLES if role == asked), None)
