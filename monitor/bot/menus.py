"""Buttons under an answer: signed for who asked, or for everybody in the chat."""

from collections.abc import Iterable

from monitor.bot.asked import Asked
from monitor.models import Button
from monitor.readers.buttons import Press, Signer


def button(asked: Asked, label: str, action: str, id_: str) -> Button:
    """Return a button that only who asks can press."""
    signer = Signer(asked.monitor.signing_key(), asked.user, asked.chat)
    return Button(label, signer.sign(Press(action, id_), asked.now))


def column(buttons: Iterable[Button]) -> tuple[tuple[Button, ...], ...]:
    """Return buttons below each other."""
    return tuple((each,) for each in buttons)
