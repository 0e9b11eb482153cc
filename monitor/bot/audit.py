"""Who changed what from the bot."""

from monitor.bot.asked import Answer, Asked
from monitor.digests.wording import plain
from monitor.nouns.proposal import Audited
from monitor.saying import phrase, say

SIGNS = {"↩": phrase("undone: {what}"), "→": phrase("sent: {what}"), "×": phrase("not sent: {what}")}
"""What the signs of the audit log mean."""


def write_down(asked: Asked, what: str, *, was_done: bool) -> None:
    """Note who did what; who presses a button again did nothing. A kill before it is noted brings the update again."""
    newest = asked.monitor.proposals.audited(1)
    if not (was_done and newest and newest[0][1].what == what):
        asked.monitor.proposals.audit(Audited(update=asked.update.id, user=asked.user, what=what), asked.now)


def audit(asked: Asked) -> Answer:
    """List who changed what, newest first."""
    lines = [
        say(
            "{time} UTC, {user}: {what}", time=f"{at:%Y-%m-%d %H:%M}", user=each.user, what=_done(plain(each.what, 200))
        )
        for at, each in asked.monitor.proposals.audited(20)
    ]
    return Answer("\n".join(lines) or say("Nobody changed anything from here yet."))


def _done(what: str) -> str:
    """Word what was done; it is kept with a sign in front where it was no change."""
    sign, _, rest = what.partition(" ")
    return say(SIGNS[sign], what=rest) if sign in SIGNS else what
