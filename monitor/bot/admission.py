"""Who may use a command where: nobody, unless everything speaks for it."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from monitor.bot.asked import Command, Needs
from monitor.models import Incoming, Role

Verdict: TypeAlias = Literal["yes", "hidden", "stranger", "role", "place", "not admin"]

# Who writes as a group or a channel, or is forwarded by a linked channel, comes with one of these accounts:
# https://core.telegram.org/bots/api#message ("from")
NOBODY = frozenset(("1087968824", "136817688", "777000"))

ADMINS = frozenset(("creator", "administrator"))
_RANK: dict[Needs, int] = {"anyone": 0, "reader": 1, "editor": 2, "owner": 3}


def is_enough(role: Role | None, needs: Needs) -> bool:
    """Tell whether a role allows what needs another; each may all that the next may."""
    return _RANK[role or "anyone"] >= _RANK[needs]


def judge(command: Command, update: Incoming, role: Role | None, standing: Callable[[], str]) -> Verdict:
    """Return whether somebody may use a command, or why not.

    Before others it takes a role with us and the rights of an administrator there; `standing` asks for the second only
    when the first is given. What anybody may do, they may in private.
    """
    if update.user is None or update.user in NOBODY or update.chat_type == "channel":
        return "hidden"
    is_private = update.chat_type == "private"
    if role is None and not (is_private and command.needs == "anyone"):
        return "stranger"
    if not is_enough(role, command.needs):
        return "role"
    if is_private:
        return "yes" if "private" in command.places else "place"
    if "group" not in command.places:
        return "place"
    return "yes" if standing() in ADMINS else "not admin"
