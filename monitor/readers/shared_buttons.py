"""Buttons that anybody in a chat may press who may do what they do."""

from datetime import datetime

from monitor.models import Button
from monitor.readers.buttons import ANYBODY, Press, Signer
from monitor.wiring import Monitor


def shared_button(monitor: Monitor, chat: str, label: str, press: Press, at: datetime) -> Button:
    """Return a button that anybody in the chat can press who may do what it does."""
    return Button(label, Signer(monitor.signing_key(), ANYBODY, chat).sign(press, at))
