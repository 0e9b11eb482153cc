"""What somebody asked of the bot, and what it answers."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from monitor.digests.people import Policy
from monitor.digests.wishing import stricter
from monitor.models import Button, Entity, Incoming, Quoted, Role
from monitor.readers.recipients import is_configured
from monitor.store.subscriptions import Change
from monitor.wiring import Monitor

Needs: TypeAlias = Role | Literal["anyone"]
ChatKind: TypeAlias = Literal["private", "group"]


class Asked(NamedTuple):
    """A command with its words. `chat` is the id under which the chat is kept."""

    monitor: Monitor
    update: Incoming
    chat: str
    role: Role | None
    words: str
    now: datetime

    @property
    def user(self) -> str:
        """Return who asks; whoever cannot be seen is refused before anything is asked."""
        assert self.update.user is not None, "only people who can be seen are answered"
        return self.update.user

    @property
    def is_press(self) -> bool:
        """Return whether a button was pressed: its words are the name of a topic, not somebody's idea of it."""
        return self.update.kind == "button"

    @property
    def is_configured(self) -> bool:
        """Return whether the settings name this chat for all digests."""
        return is_configured(self.monitor, self.chat)

    @property
    def policy(self) -> Policy:
        """Return how much of people is shown in this chat."""
        return stricter(self.monitor.settings.people.policy, self.monitor.wishes.manners(self.chat).people)

    @property
    def place(self) -> ChatKind:
        """Return whether this is between the two of us or before others."""
        return "private" if self.update.chat_type == "private" else "group"


class Answer(NamedTuple):
    """What is said, and what is changed with it. What is refused, by its name here, is said once in a while only.

    The text is the caption of a photo or a document, where there is one.
    """

    text: str
    entities: tuple[Entity, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()
    changes: tuple[Change, ...] = ()
    refused: str = ""
    quotes: tuple[Quoted, ...] = ()
    photo: bytes | None = None
    document: bytes | None = None
    file_name: str = ""


class Command(NamedTuple):
    """A command: who may use it and where, what does it, and a line of help. `words` says what follows its name.

    With `appoints` it changes by itself who may do what: what was asked before it must be over by then.
    """

    name: str
    needs: Needs
    places: frozenset[ChatKind]
    run: Callable[[Asked], Answer]
    help: str
    words: str = ""
    appoints: bool = False
