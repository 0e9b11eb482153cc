"""In which language commands and the page tell digests: the one asked for, else that of the settings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from monitor.saying import LANGUAGES, speaking
from monitor.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

_ASKED = "monitor.language"


def in_language(command: F) -> F:
    """Add the option --language, which holds for all that is `spoken` in the command."""
    return click.option(
        "--language",
        type=click.Choice(list(LANGUAGES)),
        expose_value=False,
        callback=lambda context, _, asked: context.meta.update({_ASKED: asked}),
        help="Tell it in this language; else in that of [telegram] language.",
    )(command)


@contextmanager
def spoken(settings: Settings) -> Iterator[None]:
    """Say everything in the language of the command, or of the settings, while in the block."""
    context = click.get_current_context(silent=True)
    asked = None if context is None else context.meta.get(_ASKED)
    with speaking(asked or settings.telegram.language):
        yield
