"""Who may do what with the bot: a role for each person, and one-time tokens that give one."""

import hashlib
import secrets
from datetime import timedelta
from typing import get_args

from monitor.errors import StoreError
from monitor.models import Role
from monitor.store.connection import Argument, Connection
from monitor.store.keys import TOKENS_KEPT, UPDATES_KEPT
from monitor.store.schedule import ms

USED_KEPT = timedelta(days=7)
"""A used token is known for so long: a repeated update gets the same answer. Telegram repeats none after a day."""

TOKEN_BYTES = 24
"""192 bits of chance in 32 characters that a link to a bot may carry (A-Z a-z 0-9 _ -, 64 at most)."""

ROLES: tuple[Role, ...] = get_args(Role)


class TooManyTokens(StoreError):
    """No more tokens are kept; the store is well, so trying again at once is of no use."""


class PeopleStore:
    """Implements the People protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def role_of(self, user: str) -> Role | None:
        """Return what a person may do; None: nothing."""
        found = self._connection.execute(*self.reads(user))
        return None if found is None else _role(found)

    def reads(self, user: str) -> tuple[Argument, ...]:
        """Return what `role_of` asks the store."""
        return ("HGET", self._connection.keys.work.people, user)

    def owners(self) -> list[str]:
        """Return the ids of all owners, sorted."""
        return [user for user, role in self.all().items() if role == "owner"]

    def all(self) -> dict[str, Role]:
        """Return the role of each person who has one."""
        found = self._connection.execute("HGETALL", self._connection.keys.work.people)
        roles = dict(found) if isinstance(found, dict) else dict(zip(found[::2], found[1::2], strict=True))
        return {user.decode(): _role(role) for user, role in sorted(roles.items())}

    def grant(self, user: str, role: Role, update_id: int | None = None) -> bool:
        """Give a person a role instead of the one they have; False: the last owner stays one.

        The same update again changes nothing, whatever happened since, and gets the same answer.
        """
        return self._appoint(user, role, update_id)

    def revoke(self, user: str, update_id: int | None = None) -> bool:
        """Take a person's role away, if they have one; False: the last owner stays one. Updates count as in `grant`."""
        return self._appoint(user, "", update_id)

    def issue(self, role: Role, ttl: timedelta, token: str | None = None) -> str:
        """Return a token that gives a role to the first who redeems it in time. Only its hash is kept.

        A token that is given must have been chosen by chance; the same one again is the same token. Raises
        TooManyTokens.
        """
        token = token or secrets.token_urlsafe(TOKEN_BYTES)
        args = (_hash(token), role, ms(ttl), TOKENS_KEPT)
        if not self._connection.run("issue", (self._connection.keys.work.tokens,), args):
            raise TooManyTokens(f"{TOKENS_KEPT} invitations are open or were used lately; wait until some have run out")
        return token

    def redeem(self, token: str, user: str, update_id: int) -> Role | None:
        """Return the role that a token gives to a person by this update; None when it is unknown, used or too old.

        Who has that role already, or a greater one, leaves the token unused. An update that is repeated gets the same
        answer.
        """
        keys = self._connection.keys.work
        args = (_hash(token), user, update_id, ms(USED_KEPT))
        found = self._connection.run("redeem", (keys.tokens, keys.people), args)
        return None if found is None else _role(found)

    def _appoint(self, user: str, role: str, update_id: int | None) -> bool:
        keys = self._connection.keys.work
        args = (user, role, "" if update_id is None else update_id, UPDATES_KEPT)
        return bool(self._connection.run("appoint", (keys.people, keys.appointed), args))


def _hash(token: str) -> str:
    # A token has more chance in it than can be guessed, so a plain hash hides it as well as a slow one.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _role(name: bytes) -> Role:
    return next(role for role in ROLES if role == name.decode())
