"""The lists of commands that Telegram shows while somebody types: by place and language. Pure.

Private chats see what editors may do, groups what may be done there; a list per role would have to be set for each
person.
https://core.telegram.org/bots/api#setmycommands
"""

from collections.abc import Iterator
from typing import NamedTuple

from monitor.bot.admission import is_enough
from monitor.bot.asked import ChatKind
from monitor.bot.commands import COMMANDS
from monitor.saying import say, speaking

SCOPES: dict[ChatKind, str] = {"private": "all_private_chats", "group": "all_group_chats"}
LANGUAGE_CODES = {"": "en", "zh": "zh-Hans"}
"""Telegram's two-letter codes; it knows no scripts here, so that "zh" is 简体. "" is for everybody else."""


class CommandList(NamedTuple):
    """What is shown in a scope to people of a language: commands with a line each."""

    scope: str
    language_code: str
    commands: tuple[tuple[str, str], ...]


def command_lists() -> Iterator[CommandList]:
    """Yield every list."""
    for place, scope in SCOPES.items():
        for code, language in LANGUAGE_CODES.items():
            with speaking(language):
                shown = tuple(
                    (each.name, say(each.help))
                    for each in COMMANDS.values()
                    if place in each.places and is_enough("editor", each.needs)
                )
            yield CommandList(scope, code, shown)
