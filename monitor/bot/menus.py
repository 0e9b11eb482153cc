"""Buttons under an answer: signed for who asked, or for everybody in the chat."""

from collections.abc import Iterable
from datetime import datetime

from monitor.bot.asked import Asked
from monitor.bot.buttons import ANYBODY, Press, Signer
from monitor.models import Button
from monitor.wiring import Monitor


def button(asked: Asked, label: str, action: str, id_: str) -> Button:
    """Return a button that only who asks can press."""
    signer = Signer(asked.monitor.signing_key(), asked.user, asked.chat)
    return Button(label, signer.sign(Press(action, id_), asked.now))


def shared_button(monitor: Monitor, chat: str, label: str, press: Press, at: datetime) -> Button:
    """Return a button that anybody in the chat can press who may do what it does."""
    return Button(label, Signer(monitor.signing_key(), ANYBODY, chat).sign(press, at))


def column(buttons: Iterable[Button]) -> tuple[tuple[Button, ...], ...]:
    """Return buttons below each other."""
    return tuple((each,) for each in buttons)
